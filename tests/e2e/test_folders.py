"""A watched folder on the page, and a document that asks for its password."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chatting import wait_for
from tests.e2e.conftest import Begin
from tests.e2e.pages import drop, fetch, go
from tests.e2e.test_accessibility import violations

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize("width", [1280, 420])
def test_a_folder_is_watched_by_its_path_and_left_again(begin: Begin, tmp_path: Path, width: int) -> None:
    folder = tmp_path / "leases"
    folder.mkdir()
    (folder / "one.txt").write_text("The lease of the boat shed ends on 30 September 2027.", encoding="utf-8")
    with begin("chromium", width=width) as session:
        page = session.page
        go(page, "#/documents")
        page.get_by_role("button", name="Watch a folder…").click()
        asked = page.get_by_role("dialog", name="Watch a folder")
        expect(asked).to_be_visible()
        assert violations(page) == []
        asked.get_by_role("textbox").fill(str(folder))
        asked.get_by_role("button", name="Watch it").click()
        row = page.get_by_role("row").filter(has_text=str(folder))
        expect(row).to_contain_text("Watched")
        expect(page.get_by_role("link", name="one.txt")).to_be_visible(timeout=60_000)

        # One that is called alike in a folder of its own is told apart.
        (folder / "old").mkdir()
        (folder / "old" / "one.txt").write_text("The lease of the boat shed ended in 2022.", encoding="utf-8")
        old = page.get_by_role("row").filter(has_text="one.txt old")
        expect(old).to_be_visible(timeout=60_000)
        (folder / "old" / "one.txt").unlink()
        expect(old).to_have_count(0, timeout=60_000)

        # What comes into it later is in the list by itself.
        (folder / "two.txt").write_text("The lease of the cold store ends on 31 December 2028.", encoding="utf-8")
        expect(row).to_contain_text("2 documents", timeout=60_000)
        page.get_by_role("searchbox", name="Filter").or_(page.get_by_placeholder("Filter by name")).first.fill("two")
        expect(page.get_by_role("link", name="two.txt")).to_be_visible(timeout=60_000)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        # Its documents stand below it, and are put away with a button.
        page.get_by_placeholder("Filter by name").fill("")
        expect(page.get_by_role("link", name="one.txt")).to_be_visible()
        row.get_by_role("button", name="Hide the documents of leases").click()
        expect(page.get_by_role("link", name="one.txt")).to_have_count(0)
        row.get_by_role("button", name="Show the documents of leases").click()
        expect(page.get_by_role("link", name="two.txt")).to_be_visible()

        row.get_by_role("button", name=re.compile("^More about")).click()
        page.get_by_role("menuitem", name="Stop watching…").click()
        page.get_by_role("dialog").get_by_role("button", name="Stop watching").click()
        expect(page.get_by_role("link", name="two.txt")).to_have_count(0)
        assert sorted(path.name for path in folder.iterdir()) == ["old", "one.txt", "two.txt"]


def test_a_path_that_is_no_folder_is_refused_in_words(begin: Begin, tmp_path: Path) -> None:
    with begin("chromium") as session:
        page = session.page
        go(page, "#/documents")
        page.get_by_role("button", name="Watch a folder…").click()
        page.get_by_role("dialog").get_by_role("textbox").fill(str(tmp_path / "nowhere"))
        page.get_by_role("button", name="Watch it").click()
        expect(page.get_by_role("status").filter(has_text=re.compile("folder", re.IGNORECASE))).to_be_visible()
        session.complaints.clear()  # the refusal is what was asked for


def test_a_document_asks_for_its_password_and_is_read_with_it(begin: Begin, shared: Path) -> None:
    with begin("chromium") as session:
        page = session.page
        drop(page, shared / "corpus" / "password.pdf")
        go(page, "#/documents")
        row = page.get_by_role("row").filter(has_text="password.pdf")
        row.get_by_role("button", name="Enter password…").click()
        asked = page.get_by_role("dialog", name="Password of password.pdf")
        asked.get_by_label("Password").fill("no such word")
        asked.get_by_role("button", name="Read again").click()

        def tried() -> bool:
            (document,) = fetch(page, "/api/documents", method="GET")["documents"]
            return bool(document["status"] == "failed" and document["error"]["details"]["reason"] == "password_wrong")

        wait_for(tried)
        row.get_by_role("button", name="Enter password…").click()
        asked.get_by_label("Password").fill("password")
        asked.get_by_role("button", name="Read again").click()
        expect(page.get_by_role("link", name="password.pdf")).to_be_visible(timeout=60_000)
