"""The first five minutes with the keyboard alone, and what a screen reader is told on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Begin, Kind
from tests.e2e.pages import last_answer, source_panel, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

STORY = Answer(tokens=[f" word{n}" for n in range(3000)], tokens_per_second=50)
CITED = Answer(
    tokens=(
        "The Bankruptcy Reform Act of 1978",
        " removed the bankruptcy judge",
        " from the administration of cases [1].",
    )
)


@contextmanager
def no_mouse(page: Page) -> Iterator[None]:
    """Fails if anything in the block was done by a pointer. A key that presses a button makes a click of no detail."""
    page.evaluate(
        """() => {
            window.pointed = [];
            const note = event => { if (event.type !== "click" || event.detail) window.pointed.push(event.type); };
            for (const kind of ["pointerdown", "mousedown", "touchstart", "click"])
                addEventListener(kind, note, true);
        }"""
    )
    yield
    assert page.evaluate("window.pointed") == []


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Presses Tab until the focus is there, as often as a user may be asked to."""
    for _ in range(40):
        if target.count() and target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not reach {target}")


def run(page: Page, words: str, name: str | re.Pattern[str]) -> None:
    """Runs what the palette offers for these words, which must come first."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Commands and search")).to_be_visible()
    expect(field_of_palette(page)).to_be_focused()
    page.keyboard.type(words)
    offered = page.get_by_role("listbox", name="Results").get_by_role("option", selected=True)
    expect(offered).to_have_accessible_name(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Commands and search")).to_have_count(0)


def stops(within: Locator) -> int:
    """How often Tab stops in it."""
    return int(
        within.evaluate("root => [...root.querySelectorAll('a[href], button')].filter(e => e.tabIndex >= 0).length")
    )


def field_of_palette(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search, or run a command")


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_the_five_minutes_with_the_keyboard_alone(begin: Begin, shared: Path, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = STORY
    files = [shared / "corpus" / "handbook-1p.docx", shared / "corpus" / "DA-1p.pdf"]
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session, no_mouse(session.page):
        page = session.page
        for landmark, name in (("navigation", "Conversations and pages"), ("main", "Conversation")):
            expect(page.get_by_role(landmark, name=name)).to_be_visible()  # type: ignore[arg-type]

        # Asked for now: Chromium begins to hand over its dialogs only a moment after it is told to.
        page.on("filechooser", lambda _: None)

        # Ask, and stop.
        expect(composer(page)).to_be_focused()
        page.keyboard.type("Tell me of the sea")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Answer, being written")).to_be_attached()
        expect(last_answer(page)).to_contain_text("word5")
        page.keyboard.press("Escape")
        expect(last_answer(page)).to_contain_text("Stopped. What was written is kept.")
        expect(last_answer(page).get_by_role("toolbar", name="Tools of the answer")).to_be_visible()

        # Add two documents through the button.
        page.keyboard.press("Control+1")
        expect(heading(page)).to_have_text("Documents")
        tab_to(page, page.get_by_role("button", name="Add files…").first)
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(files)
        for file in files:
            expect(page.get_by_role("link", name=file.name)).to_be_visible(timeout=90_000)

        # The list is one stop for Tab; arrow keys go through rows, and through the tools of a row.
        rows = page.get_by_role("table", name="Documents")
        assert stops(rows) == 1
        first, second = rows.get_by_role("link").first, rows.get_by_role("link").nth(1)
        tab_to(page, first)
        page.keyboard.press("ArrowDown")
        expect(second).to_be_focused()
        page.keyboard.press("ArrowRight")
        name = second.inner_text()
        expect(page.get_by_role("button", name=f"More about {name}")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("menuitem").first).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name=f"More about {name}")).to_be_focused()

        # Ask about them, open a source from its chip, and go back.
        ollama_stand_in.answer = CITED
        page.keyboard.press("Control+n")
        expect(composer(page)).to_be_focused()
        page.keyboard.type("Which act removed the bankruptcy judge?")
        page.keyboard.press("Enter")
        wait_until_written(page)
        chip = last_answer(page).locator(".prose").get_by_role("button", name=re.compile(r"Source \d, .*\.docx")).first
        expect(chip).to_be_visible()
        tab_to(page, chip, "Shift+Tab")
        page.keyboard.press("Enter")
        panel = source_panel(page)
        expect(panel).to_be_focused()
        expect(chip).to_have_attribute("aria-expanded", "true")
        expect(panel).to_contain_text("Bankruptcy Reform Act")
        first_source = panel.get_by_role("button", name=re.compile(r"Source \d .*\.docx")).first
        tab_to(page, first_source)
        expect(first_source).to_have_attribute("aria-current", "true")
        page.keyboard.press("ArrowDown")
        expect(panel.get_by_role("button", name=re.compile("Source 2 "))).to_be_focused()
        page.keyboard.press("Enter")
        expect(chip).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        expect(chip).to_be_focused()

        # Search: the palette finds the conversation, a document and a passage.
        run(page, "of the sea", re.compile("Tell me of the sea"))
        expect(heading(page)).to_have_text("Tell me of the sea")
        expect(composer(page)).to_be_focused()
        page.keyboard.press("Control+k")
        page.keyboard.type("bankruptcy judge")
        passage = page.get_by_role("group", name="Passages").get_by_role("option").first
        expect(passage).to_contain_text("judge")
        expect(page.get_by_role("group").first).to_have_accessible_name("Conversations")
        page.keyboard.press("Escape")
        expect(composer(page)).to_be_focused()

        # Rename and delete, with Undo.
        page.keyboard.press("F2")
        expect(page.get_by_role("dialog", name="Rename conversation")).to_be_visible()
        expect(page.get_by_role("textbox", name="New name")).to_be_focused()
        page.keyboard.type("The sea")
        page.keyboard.press("Enter")
        expect(heading(page)).to_have_text("The sea")
        expect(composer(page)).to_be_focused()
        run(page, "delete conv", re.compile("Delete conversation"))
        expect(page.get_by_role("status").filter(has_text="“The sea” deleted")).to_be_visible()
        expect(page.get_by_role("link", name="The sea")).to_have_count(0)
        page.keyboard.press("Control+z")
        expect(page.get_by_role("link", name="The sea")).to_be_visible()

        # The theme.
        run(page, "dark theme", re.compile("Theme: Dark"))
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("kind", ["chromium", "window"])
def test_what_is_typed_is_text_and_escape_closes_the_nearest(
    begin: Begin, kind: Kind, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(tokens=("Blue.",))
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session, no_mouse(session.page):
        page = session.page
        page.keyboard.type("Why? ")
        expect(composer(page)).to_have_value("Why? ")
        page.keyboard.press("Control+/")
        shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(shortcuts.get_by_role("heading", name="The last answer")).to_be_visible()
        page.keyboard.press("Control+k")
        expect(shortcuts).to_have_count(0)
        expect(field_of_palette(page)).to_be_focused()
        page.keyboard.press("Escape")
        expect(composer(page)).to_be_focused()
        page.keyboard.type("Really?")
        page.keyboard.press("Enter")
        expect(last_answer(page)).to_contain_text("Blue.")
        wait_until_written(page)

        # Outside of text, ? opens the sheet.
        tab_to(page, page.get_by_role("region", name="Conversation", exact=True), "Shift+Tab")
        page.keyboard.press("?")
        expect(shortcuts).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("region", name="Conversation", exact=True)).to_be_focused()

        # ↑ in the empty composer edits the question; Escape gives the focus back.
        page.keyboard.press("Control+j")
        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("textbox", name="Edit question")).to_be_focused()
        page.keyboard.press("Escape")
        expect(composer(page)).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.type(" Again.")
        page.keyboard.press("Enter")
        expect(page.get_by_role("article").first).to_contain_text("Why? Really? Again.")
        expect(composer(page)).to_be_focused()
        wait_until_written(page)

        # The menu of the conversation knows the same commands and keys.
        more = page.get_by_role("main").locator("header").get_by_role("button", name=re.compile("More about"))
        tab_to(page, more, "Shift+Tab")
        page.keyboard.press("Enter")
        rename = page.get_by_role("menuitem", name="Rename conversation…")
        expect(rename).to_contain_text("F2")
        page.keyboard.type("ren")
        expect(rename).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="New name")).to_be_focused()
        page.keyboard.press("Escape")
        expect(more).to_be_focused()
        page.keyboard.press("Control+j")

        # Each conversation keeps what is not sent yet.
        page.keyboard.type("half a quest")
        page.keyboard.press("Control+n")
        expect(composer(page)).to_have_value("")
        page.keyboard.type("another")
        run(page, "why really", re.compile("Why. Really"))
        expect(composer(page)).to_have_value("half a quest")
        page.keyboard.press("Control+n")
        expect(composer(page)).to_have_value("another")


def test_the_sidebar_is_skipped_and_its_search_is_found(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session, no_mouse(session.page):
        page = session.page
        page.keyboard.press("Control+Shift+F")
        expect(page.get_by_role("searchbox", name="Search conversations")).to_be_focused()
        tab_to(page, page.get_by_role("button", name="Skip to the page"), "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        page.keyboard.press("Control+,")
        expect(heading(page)).to_have_text("Settings")
        expect(page).to_have_title("Settings · LocalChat")
        expect(page.get_by_role("main", name="Settings")).to_be_focused()
        run(page, "go to search", re.compile("Go to Search"))
        expect(page.get_by_role("searchbox", name="Question")).to_be_focused()
        run(page, ">settings engines", re.compile("Settings: Engines"))
        expect(page.locator("#engines")).to_be_focused()
    with begin("chromium", width=420, OLLAMA_HOST=ollama_stand_in.host) as session:
        session.page.keyboard.press("Control+Shift+F")
        expect(session.page.get_by_role("searchbox", name="Search conversations")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_palette_and_sheet_pass_axe(
    begin: Begin, theme: Literal["light", "dark"], width: int, ollama_stand_in: StandIn
) -> None:
    found: dict[str, list[str]] = {}
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.keyboard.press("Control+k")
        expect(page.get_by_role("option").first).to_be_visible()
        found["palette"] = violations(page)
        page.keyboard.type("theme")
        expect(page.get_by_role("option").first).to_contain_text(re.compile("theme", re.IGNORECASE))
        found["palette, matching"] = violations(page)
        page.keyboard.type(" of nothing")
        expect(page.get_by_role("status").filter(has_text="Nothing found")).to_be_visible()
        found["palette, nothing found"] = violations(page)
        page.keyboard.press("Control+/")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        found["sheet"] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert {name: rows for name, rows in found.items() if rows} == {}
