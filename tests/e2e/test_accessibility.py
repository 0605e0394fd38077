"""Every page passes axe in both themes, wide and narrow."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.e2e.conftest import Begin
from tests.e2e.pages import PAGES, ask, go, last_answer
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MARKDOWN = (
    "## Heading\n\n",
    "Text with `code`, **bold**, a [link](https://example.org) and a source [1].\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "```python\nprint('x')  # comment\n```\n\n",
    "$$C_1 V_1 = C_2 V_2$$\n\n- [ ] task\n- item\n",
)


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [f"{row['id']}: {row['nodes'][0]['html'][:200]}" for row in result["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_every_page_passes_axe(
    begin: Begin, theme: Literal["light", "dark"], width: int, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(tokens=MARKDOWN)
    found: dict[str, list[str]] = {}
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        for route in PAGES:
            go(page, route)
            page.wait_for_timeout(700)
            found[route or "start"] = violations(page)
        go(page, "")
        ask(page, "Show me everything")
        expect(last_answer(page).locator("table")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        page.wait_for_timeout(700)
        found["conversation"] = violations(page)
        # Nothing but code and wide tables scrolls sideways.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {name: rows for name, rows in found.items() if rows} == {}


def test_the_first_question_can_be_asked_and_stopped_by_keyboard_alone(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=[f" word{n}" for n in range(3000)], tokens_per_second=50)
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.keyboard.type("Hello")
        page.keyboard.press("Enter")
        expect(last_answer(page)).to_contain_text("word5", timeout=30_000)
        page.keyboard.press("Escape")
        expect(last_answer(page)).to_contain_text("Stopped. What was written is kept.")
        page.keyboard.press("Control+n")
        expect(page.get_by_role("textbox", name="Message")).to_be_focused()
        expect(page.get_by_role("heading", level=1)).to_have_text("New conversation")
