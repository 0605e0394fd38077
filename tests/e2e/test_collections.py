"""Collections as their users meet them: made, filled, shown, asked, picked in a preset, deleted and taken back."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, drop, fetch, go, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def add(page: Page, folder: Path) -> None:
    files = []
    for name in ("harbour", "garden"):
        files.append(folder / f"{name}.txt")
        files[-1].write_text(f"The lighthouse in the {name} is painted green.", encoding="utf-8")
    drop(page, *files)
    for file in files:
        expect(page.get_by_role("link", name=file.name)).to_be_visible()


def pick(page: Page, entry: str) -> None:
    page.get_by_role("button", name=re.compile("for the next question$")).click()
    page.get_by_role("menu").get_by_text(entry, exact=True).click()


def sources(page: Page) -> set[str]:
    [newest, *_] = fetch(page, "/api/conversations", method="GET")["conversations"]
    messages = fetch(page, f"/api/conversations/{newest['id']}", method="GET")["messages"]
    return {source["filename"] for source in messages[-1]["sources"]}


def look(page: Page, name: str) -> None:
    """A picture, for whoever asks for one."""
    if folder := os.environ.get("LOCALCHAT_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 420)])
def test_a_collection_is_made_filled_asked_and_deleted(
    begin: Begin, ollama_stand_in: StandIn, tmp_path: Path, theme: str, width: int
) -> None:
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        go(page, "#/documents")
        add(page, tmp_path)
        page.get_by_role("button", name="Collection: All collections").click()
        page.get_by_role("menu").get_by_text("New collection…").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Lights")
        look(page, f"collection-new-{theme}")
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(page.get_by_text("There is no document in this collection.")).to_be_visible()
        assert violations(page) == []

        page.get_by_role("button", name="Collection: Lights").click()
        page.get_by_role("menu").get_by_text("All collections", exact=True).click()
        page.get_by_role("row").filter(has_text="garden.txt").hover()
        page.get_by_role("button", name="More about garden.txt").click()
        page.get_by_role("menuitem", name="Collections").click()
        page.get_by_role("menuitem", name="Add to “Lights”").click()
        page.get_by_role("button", name="Collection: All collections").click()
        expect(page.get_by_role("menuitemcheckbox", name=re.compile("Lights"))).to_contain_text("1")
        look(page, f"collection-menu-{theme}")
        page.get_by_role("menuitemcheckbox", name=re.compile("Lights")).click()
        expect(page.get_by_role("link", name="garden.txt")).to_be_visible()
        expect(page.get_by_role("link", name="harbour.txt")).to_have_count(0)

        go(page, "")
        pick(page, "Lights")
        expect(page.get_by_role("button", name="Lights for the next question")).to_be_visible()
        look(page, f"collection-picked-{theme}")
        assert violations(page) == []
        ask(page, "What colour is the lighthouse?")
        wait_until_written(page)
        assert sources(page) == {"garden.txt"}
        pick(page, "All 2 documents")
        ask(page, "What colour is the lighthouse really?")
        wait_until_written(page)
        assert sources(page) == {"garden.txt", "harbour.txt"}

        go(page, "#/settings")
        page.get_by_role("button", name="New preset…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Lamps")
        dialog.get_by_role("checkbox", name=re.compile("^Lights")).check()
        look(page, f"collection-preset-{theme}")
        dialog.get_by_role("button", name="Save").click()
        expect(page.get_by_role("listitem").filter(has_text="Lamps")).to_contain_text("Lights")

        go(page, "#/documents")
        page.get_by_role("button", name="Collection: All collections").click()
        page.get_by_role("menuitemcheckbox", name=re.compile("Lights")).click()
        page.get_by_role("button", name="Collection: Lights").click()
        page.get_by_role("menu").get_by_text("Delete collection", exact=True).click()
        expect(page.get_by_role("link", name="harbour.txt")).to_be_visible()
        assert fetch(page, "/api/collections", method="GET")["collections"] == []
        [preset] = fetch(page, "/api/presets", method="GET")["presets"]
        assert [one["gone"] for one in preset["collections"]] == [True]
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Collection: All collections").click()
        expect(page.get_by_role("menuitemcheckbox", name=re.compile("Lights"))).to_contain_text("1")
        [preset] = fetch(page, "/api/presets", method="GET")["presets"]
        assert [one["gone"] for one in preset["collections"]] == [False]
