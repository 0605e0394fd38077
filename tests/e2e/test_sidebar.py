"""Conversations in the sidebar: found and opened at the message, pinned, tagged, renamed, deleted, walked by keys."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.stores.conversations import Conversations
from backend.stores.database import Database
from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, fetch, go, last_answer
from tests.e2e.test_accessibility import violations
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LONG = "\n\n".join(f"Paragraph {number} of a long answer that says little." for number in range(60))


@pytest.fixture
def data(environment: dict[str, str]) -> Path:
    return Path(environment["LOCALCHAT_DATA"])


def fill(data: Path, titles: list[str]) -> list[str]:
    """Conversations of one turn each, the last of them the newest; their ids."""
    data.mkdir(parents=True, exist_ok=True)
    database = Database(data / "localchat.db")
    store, made = Conversations(database), []
    for title in titles:
        turn = store.begin_turn(None, None, f"What of {title}?", model="m", sources=[], title=title)
        store.finish(turn.answer_id, "done", f"{title} is well.", "")
        made.append(turn.conversation_id)
        time.sleep(0.001)  # of the same millisecond, either may come first
    database.close()
    return made


def item(page: Page, title: str) -> Locator:
    region = page.get_by_role("region", name="Conversations", exact=True)
    return region.get_by_role("link", name=re.compile(f"^{re.escape(title)}"))


def titles(page: Page) -> list[str]:
    return page.locator(".conversation .clip").all_inner_texts()


def menu(page: Page, title: str, entry: str) -> None:
    item(page, title).hover()
    page.get_by_role("button", name=f"More about {title}").first.click()
    page.get_by_role("menuitem", name=entry).click()


def focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.querySelector('.clip')?.textContent ?? document.activeElement.id")
    return text


def highlighted(page: Page) -> list[str]:
    words: list[str] = page.evaluate("[...(CSS.highlights.get('found') ?? [])].map(range => range.toString())")
    return words


def test_a_hit_opens_the_conversation_at_its_message(begin: Begin, data: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    database = Database(data / "localchat.db")
    store = Conversations(database)
    first = store.begin_turn(None, None, "What lives in the sea?", model="m", sources=[], title="Sea")
    store.finish(first.answer_id, "done", f"{LONG}\n\nAn **octopus** and 水鸟 too.\n\n{LONG}", "")
    # Another version of the question is shown; the words are on the branch that is not.
    other = store.begin_turn(first.conversation_id, None, "What lives here?", model="m", sources=[])
    store.finish(other.answer_id, "done", "Nothing <b>bold</b>.", "")
    database.close()
    fill(data, ["Leases", "Lab"])

    with begin("chromium") as session:
        page = session.page
        page.keyboard.press("Control+Shift+F")
        page.keyboard.type("octo")
        expect(page.locator(".hit mark")).to_have_text("octopus")
        expect(page.locator(".conversation")).to_have_count(1)
        page.keyboard.press("Enter")
        words = page.locator("strong", has_text="octopus")
        expect(words).to_be_in_viewport()
        page.wait_for_timeout(300)
        assert highlighted(page) == ["octopus"]
        assert focused(page) == "Sea"
        # The branch is the one that opens next time.
        assert fetch(page, f"/api/conversations/{first.conversation_id}")["leaf_id"] == first.answer_id

        page.locator("#find-conversations").fill("鸟")
        expect(page.locator(".hit mark")).to_have_text("鸟")
        item(page, "Sea").click()
        page.wait_for_timeout(500)
        assert highlighted(page) == ["鸟"]
        expect(words).to_be_in_viewport()

        # Markup in a message is text in its snippet.
        page.locator("#find-conversations").fill("bold")
        expect(page.locator(".hit")).to_contain_text("<b>bold</b>")
        page.locator("#find-conversations").press("Escape")
        expect(page.locator(".conversation")).to_have_count(3)
        page.wait_for_timeout(200)
        assert highlighted(page) == []


def test_hits_are_walked_by_arrow_keys(begin: Begin, data: Path) -> None:
    fill(data, ["Sea one", "Lab", "Sea two"])
    with begin("chromium") as session:
        page = session.page
        page.keyboard.press("Control+Shift+F")
        page.keyboard.type("sea")
        expect(page.locator(".conversation")).to_have_count(2)
        page.keyboard.press("ArrowDown")
        assert focused(page) == "Sea two"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sea one")
        expect(last_answer(page)).to_contain_text("Sea one is well.")
        assert focused(page) == "Sea one"
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sea two")
        page.keyboard.press("ArrowUp")
        assert focused(page) == "find-conversations"


def test_a_pinned_conversation_comes_first_and_stays_so(begin: Begin, data: Path) -> None:
    fill(data, ["one", "two", "three"])
    with begin("chromium") as session:
        page = session.page
        expect(page.locator(".conversation")).to_have_count(3)
        assert titles(page) == ["three", "two", "one"]
        menu(page, "one", "Pin")
        expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
        assert titles(page) == ["one", "three", "two"]
        page.reload()
        expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
        menu(page, "one", "Unpin")
        expect(page.get_by_role("heading", name="Pinned")).to_have_count(0)
        # The heading goes at once, the place in the list with the server's next answer.
        expect(page.locator(".conversation .clip")).to_have_text(["three", "two", "one"])


def test_tags_are_given_and_filter_the_list(begin: Begin, data: Path) -> None:
    fill(data, ["one", "two"])
    with begin("chromium") as session:
        page = session.page
        menu(page, "one", "Tags")
        page.get_by_role("textbox", name="New tag").fill("All conversations")
        page.keyboard.press("Enter")
        page.get_by_role("textbox", name="New tag").fill("home")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="All conversations, filter by tag").click()
        page.get_by_role("menuitemcheckbox", name="home 1").click()
        expect(page.locator(".conversation")).to_have_count(1)
        assert titles(page) == ["one"]
        # From the menu of the conversation itself; the last tag goes, and with it the filter.
        item(page, "one").click()
        page.get_by_role("banner").or_(page.locator("header")).get_by_role("button", name="More about one").click()
        page.get_by_role("menuitem", name="Tags").click()
        page.get_by_role("checkbox", name="home").uncheck()
        page.get_by_role("checkbox", name="All conversations").uncheck()
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".conversation")).to_have_count(2)
        expect(page.get_by_role("button", name="filter by tag")).to_have_count(0)


def test_renaming_in_place_and_deleting_with_undo_by_keys(begin: Begin, data: Path) -> None:
    identities = fill(data, ["one", "two", "three"])
    with begin("chromium") as session:
        page = session.page
        item(page, "two").focus()
        page.keyboard.press("F2")
        expect(page.get_by_role("textbox", name="New name")).to_be_focused()
        page.wait_for_timeout(100)
        page.keyboard.type("zwei <b>")
        page.keyboard.press("Enter")
        expect(item(page, "zwei <b>")).to_be_focused()
        page.keyboard.press("F2")
        page.wait_for_timeout(100)
        page.keyboard.type("nothing")
        page.keyboard.press("Escape")
        expect(item(page, "zwei <b>")).to_be_focused()

        page.keyboard.press("Delete")
        expect(page.locator(".conversation")).to_have_count(2)
        expect(item(page, "one")).to_be_focused()
        page.get_by_role("button", name="Undo").click()
        expect(item(page, "zwei <b>")).to_be_visible()

        item(page, "one").focus()
        page.keyboard.press("Delete")
        expect(page.locator(".conversation")).to_have_count(2)
        page.get_by_role("button", name="Dismiss").click()
        page.wait_for_timeout(500)
        assert fetch(page, "/api/conversations")["total"] == 2
        assert fetch_status(page, identities[0]) == 404
        session.complaints.clear()  # the 404 that was asked for


def fetch_status(page: Page, identity: str) -> Any:
    return page.evaluate("async (id) => (await fetch('/api/conversations/' + id)).status", identity)


def test_what_is_deleted_is_gone_when_the_page_is_closed_at_once(begin: Begin, data: Path) -> None:
    gone, _ = fill(data, ["one", "two"])
    with begin("chromium") as session:
        page = session.page
        item(page, "one").focus()
        page.keyboard.press("Delete")
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        page.goto("about:blank")
        page.go_back()
        expect(page.locator(".conversation")).to_have_count(1)
        page.wait_for_timeout(500)
        assert fetch_status(page, gone) == 404
        session.complaints.clear()


def test_what_is_deleted_is_gone_when_everything_was_killed_at_once(begin: Begin, data: Path) -> None:
    gone, _ = fill(data, ["one", "two"])
    with begin("chromium") as session:
        page = session.page
        item(page, "one").focus()
        with page.expect_response(lambda response: gone in response.url):
            page.keyboard.press("Delete")
        session.kill()
        session.complaints.clear()
    with begin("chromium") as session:
        expect(session.page.locator(".conversation")).to_have_count(1)
        assert fetch_status(session.page, gone) == 404
        session.complaints.clear()


def test_a_long_list_is_made_in_view_only_and_walked_to_its_end(begin: Begin, data: Path) -> None:
    fill(data, [f"number {number}" for number in range(700)])
    with begin("chromium") as session:
        page = session.page
        expect(item(page, "number 699")).to_be_visible()
        assert page.locator(".conversation").count() < 80
        first = page.locator(".conversation").first
        assert (first.get_attribute("aria-setsize"), first.get_attribute("aria-posinset")) == ("700", "1")
        item(page, "number 699").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert focused(page) == "number 697"
        page.keyboard.press("End")
        expect(page.get_by_role("link", name="number 0", exact=True)).to_be_focused()
        expect(page.get_by_role("link", name="number 0", exact=True)).to_be_in_viewport()
        page.keyboard.press("PageUp")
        expect(page.get_by_role("link", name="number 0", exact=True)).not_to_be_focused()
        page.keyboard.press("Home")
        expect(item(page, "number 699")).to_be_focused()
        # The row that has the focus stays when it is scrolled away, and Tab leads from it to its menu.
        page.evaluate("document.querySelector('.side-list').scrollTop = 9000")
        expect(page.locator(".conversation", has_text="number 380")).to_be_attached()
        assert focused(page) == "number 699"
        assert page.locator(".conversation").count() < 80


def test_the_dot_goes_out_when_an_answer_is_stopped(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=[f" word{n}" for n in range(3000)], tokens_per_second=50)
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Hello")
        dot = page.get_by_role("img", name="An answer is being written")
        expect(dot).to_be_visible()
        expect(last_answer(page)).to_contain_text("word5", timeout=30_000)
        page.get_by_role("button", name="Stop").click()
        expect(dot).to_have_count(0)
        page.wait_for_timeout(1500)
        expect(dot).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_the_sidebar_passes_axe(begin: Begin, data: Path, theme: Literal["light", "dark"], width: int) -> None:
    identities = fill(data, [f"sea {number}" for number in range(60)])
    found: dict[str, list[str]] = {}
    with begin("chromium", theme=theme, width=width) as session:
        page = session.page
        fetch(page, f"/api/conversations/{identities[3]}", {"pinned": True, "tags": ["home"]}, "PATCH")
        page.reload()
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        if width < 760:
            page.get_by_role("button", name="Show conversations").click()
        expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
        page.wait_for_timeout(500)
        found["list"] = violations(page)
        page.locator("#find-conversations").fill("sea")
        expect(page.locator(".hit").first).to_be_visible()
        page.wait_for_timeout(300)
        found["hits"] = violations(page)
        page.locator("#find-conversations").press("ArrowDown")
        menu(page, "sea 59", "Tags")
        expect(page.get_by_role("dialog", name="Tags of")).to_be_visible()
        page.wait_for_timeout(300)
        found["tags"] = violations(page)
        page.get_by_role("button", name="Cancel").click()
        if width > 760:
            go(page, f"#/c/{identities[0]}")
            page.wait_for_timeout(700)
            found["conversation"] = violations(page)
    assert {name: rows for name, rows in found.items() if rows} == {}
