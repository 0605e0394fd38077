"""The documents page: thousands of rows, keys in them, many at once, the text as it was read, dropped folders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.benchmarks.documents_page import fill
from tests.e2e.conftest import Begin
from tests.e2e.pages import drop, fetch, go
from tests.e2e.states import misplaced
from tests.e2e.test_accessibility import violations

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

MANY = 3000


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    fill(data, MANY)
    return data


def focused_row(page: Page) -> int:
    return int(page.evaluate("document.activeElement.closest('[data-row]')?.dataset.row ?? -1"))


def test_thousands_are_walked_filtered_and_sorted_while_few_are_made(begin: Begin, filled: Path) -> None:
    with begin("chromium", LOCALCHAT_DATA=str(filled)) as session:
        page = session.page
        go(page, "#/documents")
        table = page.get_by_role("table", name="Documents")
        expect(table).to_have_attribute("aria-rowcount", str(MANY + 1))
        page.get_by_role("link", name=re.compile("^Letter 2999,")).focus()
        page.keyboard.press("End")
        expect(page.get_by_role("link", name=re.compile("^Lease 0,"))).to_be_focused()
        assert focused_row(page) == MANY - 1
        assert page.get_by_role("row").count() < 80
        page.keyboard.press("PageUp")
        assert MANY - 40 < focused_row(page) < MANY - 5
        page.keyboard.press("Home")
        expect(page.get_by_role("link", name=re.compile("^Letter 2999,"))).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("button", name=re.compile("^More about Protocol 2998"))).to_be_focused()
        assert violations(page) == []

        page.get_by_placeholder("Filter by name").fill("annex 77")
        expect(table).to_have_attribute("aria-rowcount", "4")
        page.get_by_placeholder("Filter by name").fill("")
        page.get_by_role("button", name="Order: Newest first").click()
        page.get_by_role("menuitemcheckbox", name="By name").click()
        expect(page.locator('[data-row="0"]')).to_contain_text("Annex 4,")
        expect(page.locator('[data-row="1"]')).to_contain_text("Annex 12,")
        page.get_by_role("button", name="State: Any state").click()
        page.get_by_role("menuitemcheckbox", name="Failed").click()
        expect(table).to_have_attribute("aria-rowcount", "32")


def test_many_are_picked_over_pages_collected_and_deleted_with_undo(begin: Begin, filled: Path) -> None:
    with begin("chromium", LOCALCHAT_DATA=str(filled)) as session:
        page = session.page
        made = fetch(page, "/api/collections", {"name": "Old", "document_ids": []})
        go(page, "#/documents")
        page.get_by_role("link", name=re.compile("^Letter 2999,")).focus()
        page.keyboard.press(" ")
        expect(page.get_by_text("1 picked").first).to_be_visible()
        # To the end of another page of the server.
        page.get_by_role("region", name="List of documents").evaluate("region => { region.scrollTop = 36 * 250 }")
        page.locator('[data-row="250"] .c-size').click(modifiers=["Shift"])
        expect(page.get_by_text("251 picked").first).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="Add to a collection").click()
        page.get_by_role("menuitem", name="Old").click()
        expect(page.get_by_text("251 picked")).to_have_count(0)
        assert fetch(page, f"/api/collections/{made['id']}", method="GET")["documents"] == 251

        page.locator('[data-row="250"] a').focus()
        page.keyboard.press("Control+a")
        expect(page.get_by_text("3,000 picked").first).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("Delete")
        gone = page.get_by_role("status").filter(has_text="deleted")
        expect(gone).to_be_visible()
        expect(page.get_by_text("2,999 documents")).to_be_visible()
        gone.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("3,000 documents")).to_be_visible()
        page.get_by_role("region", name="List of documents").evaluate("region => { region.scrollTop = 0 }")
        page.get_by_role("link", name=re.compile("^Letter 2999,")).focus()
        page.keyboard.press("Delete")
        expect(page.get_by_role("link", name=re.compile("^Letter 2999,"))).to_have_count(0)
        page.mouse.move(600, 300)  # under the pointer the toast stays
        expect(gone).to_have_count(0, timeout=15_000)
        expect(page.get_by_text("2,999 documents")).to_be_visible()
        assert fetch(page, "/api/documents?limit=1", method="GET")["total"] == 2999


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 420)])
def test_a_document_is_shown_as_it_was_read_and_a_passage_leads_to_its_place(
    begin: Begin, tmp_path: Path, theme: str, width: int
) -> None:
    berths = "\n\n".join(f"### Berth {n}\n\n" + f"Berth {n} lies behind the crane. " * 20 for n in range(120))
    guide = tmp_path / "guide.md"
    table = "| Pier | Length |\n|---|---|\n| North | 120 m |\n| South | 90 m |"
    code = "## Code\n\n```\nmoor(ship)\n```"
    guide.write_text(f"# Harbour 😀 guide\n\n{table}\n\n{code}\n\n{berths}\n", encoding="utf-8")
    with begin("chromium", theme=theme, width=width) as session:
        page = session.page
        drop(page, guide)
        go(page, "#/documents")
        page.get_by_role("link", name="guide.md").click(timeout=60_000)
        reader = page.get_by_role("dialog", name="guide.md")
        expect(reader.get_by_role("heading", name="Harbour 😀 guide")).to_be_visible()
        expect(reader.get_by_role("cell", name="120 m")).to_be_visible()
        expect(reader.locator("pre")).to_contain_text("moor(ship)")
        assert violations(page) == []
        assert misplaced(page) == []
        assert reader.locator(".unit").count() < 40

        reader.get_by_text("Passages", exact=True).click()
        text = reader.get_by_role("region", name="Passages")
        expect(text.get_by_role("listitem").first).to_be_visible()
        text.evaluate("region => { region.scrollTop = region.scrollHeight }")
        expect(text.get_by_text("Berth 119 lies behind", exact=False).last).to_be_visible()
        assert violations(page) == []
        text.get_by_role("button", name=re.compile("in the text$")).last.click()
        sought = reader.locator(".is-sought")
        expect(sought).to_be_in_viewport()
        expect(sought).to_contain_text("Berth 119 lies behind the crane.")
        page.keyboard.press("Escape")
        expect(reader).to_have_count(0)


FOLDER = """() => {
    const file = (name) => ({name, isFile: true, file: (done) => done(new File(['The ' + name + ' is open.'], name))});
    const folder = (name, inside) => ({name, isDirectory: true, createReader: () => {
        const parts = [inside.slice(0, 2), inside.slice(2), []];
        return {readEntries: (done) => done(parts.shift() ?? [])};
    }});
    const entry = folder('Papers', [file('one.txt'), folder('node_modules', [file('x.txt')]), file('.hidden.txt'),
                                    folder('deep', [file('two.txt'), file('~$two.txt')])]);
    const transfer = {types: ['Files'], items: [{kind: 'file', webkitGetAsEntry: () => entry}], files: []};
    for (const kind of ['dragenter', 'drop']) {
        const event = new Event(kind, {bubbles: true, cancelable: true});
        Object.defineProperty(event, 'dataTransfer', {value: transfer});
        document.body.dispatchEvent(event);
    }
}"""


def test_a_dropped_folder_brings_its_files_and_names_what_was_left_out(begin: Begin) -> None:
    with begin("chromium") as session:
        page = session.page
        go(page, "#/documents")
        page.evaluate(FOLDER)
        said = page.get_by_role("status").filter(has_text="2 files found.")
        expect(said).to_contain_text("3 left out: Papers/.hidden.txt, Papers/deep/~$two.txt, Papers/node_modules")
        expect(page.get_by_role("link", name="one.txt")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("link", name="two.txt", exact=True)).to_be_visible(timeout=60_000)
        assert fetch(page, "/api/documents", method="GET")["total"] == 2


def test_each_fault_has_its_one_button(begin: Begin, filled: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n" + b"nothing " * 50)
    with begin("chromium", LOCALCHAT_DATA=str(filled)) as session:
        page = session.page
        drop(page, broken)
        go(page, "#/documents")
        row = page.get_by_role("row").filter(has_text="broken.pdf")
        row.get_by_role("button", name="Remove").click(timeout=60_000)
        expect(row).to_have_count(0)
        page.get_by_role("button", name="State: Any state").click()
        page.get_by_role("menuitemcheckbox", name="Failed").click()
        locked = page.get_by_role("row").filter(has_text="encrypted").filter(has_text=".pdf")
        expect(locked.first.get_by_role("button")).to_contain_text(["Enter password…"])
