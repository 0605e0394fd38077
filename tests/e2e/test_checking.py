"""Open sentences of an answer, checked again on the page: chips and lines as they come, the card, stop."""

from __future__ import annotations

import dataclasses
import json
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from backend.services.events import Proof
from tests.checks import CONTENT, CONTRADICTED, COSTS, NOT_STATED, QUESTION, SOURCES, STRONG, SUPPORTED, citations
from tests.e2e.conftest import Begin, ready
from tests.e2e.pages import last_answer
from tests.e2e.test_accessibility import violations
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

AT = "2026-01-01T00:00:00+00:00"


def bring_in(page: Page) -> None:
    """A conversation whose answer has open sentences, as our own JSON has it; it is opened."""
    proof = dataclasses.asdict(Proof([], sure=False, folded=True, citations=citations()))
    sources = [dataclasses.asdict(source) for source in SOURCES]
    ask = {"id": "a" * 32, "parent_id": None, "role": "user", "content": QUESTION, "created_at": AT}
    answer = {"id": "b" * 32, "parent_id": "a" * 32, "role": "assistant", "content": CONTENT, "created_at": AT}
    messages = [ask, {**answer, "sources": sources, "proof": proof, "model": "m"}]
    item = {"id": "c" * 32, "title": "Lease", "created_at": AT, "leaf_id": "b" * 32, "messages": messages}
    page.evaluate(
        """async text => {
            const form = new FormData();
            form.append("file", new File([text], "conversations.json"));
            await (await fetch("/api/conversations/import", {method: "POST", body: form})).text();
        }""",
        json.dumps([item]),
    )
    page.evaluate(f"location.hash = '#/c/{'c' * 32}'")
    page.reload()
    ready(page)
    expect(last_answer(page).locator(".prose")).to_contain_text("Is that all?")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 420)])
def test_open_sentences_get_chips_and_lines_as_they_are_checked(
    begin: Begin, theme: Literal["light", "dark"], width: int, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.models[STRONG.name] = STRONG
    ollama_stand_in.answers.extend([SUPPORTED, dataclasses.replace(COSTS, first_token_seconds=120)])
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        bring_in(page)
        answer = last_answer(page)
        check = answer.get_by_role("button", name="Check again")
        expect(check).to_have_attribute("title", f"{STRONG.name} looks at 4 open sentences again")
        check.focus()
        page.keyboard.press("Enter")
        stop = answer.get_by_role("button", name="Stop checking")
        expect(stop).to_be_focused()
        expect(answer.get_by_text(f"{STRONG.name} has checked 1 of 4")).to_be_visible()
        expect(answer.locator(".prose .cite")).to_have_count(1)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Enter")
        expect(answer).to_contain_text(f"Checked by {STRONG.name}: 1 supported, 0 marked, 0 still open")

        ollama_stand_in.answers.extend([COSTS, CONTRADICTED, NOT_STATED])
        answer.get_by_role("button", name="Check again").click()
        expect(answer).to_contain_text(f"Checked by {STRONG.name}: 1 supported, 2 marked, 0 still open")
        expect(answer.locator(".prose .cite")).to_have_count(2)
        expect(answer.locator(".prose .unproved")).to_have_count(2)
        expect(answer.get_by_role("button", name="Check again")).to_have_count(0)
        expect(answer).to_contain_text("2 of 5 sentences supported")
        answer.locator(".prose .unproved").first.hover()
        card = page.get_by_role("tooltip")
        expect(card).to_contain_text(f"Checked by {STRONG.name}")
        expect(card).to_contain_text("an advance on operating costs of 310.00 euros")
        assert violations(page) == []
        page.keyboard.press("Escape")

        # It stays so.
        page.reload()
        ready(page)
        expect(last_answer(page).locator(".prose .cite")).to_have_count(2)
        expect(last_answer(page).locator(".prose .unproved")).to_have_count(2)


def test_without_a_capable_model_there_is_no_button(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        bring_in(session.page)
        expect(last_answer(session.page)).to_contain_text("0 of 5 sentences supported")
        expect(last_answer(session.page).get_by_role("button", name="Check again")).to_have_count(0)
