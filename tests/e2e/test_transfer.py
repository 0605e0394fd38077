"""Conversations out and in, on the page."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chatting import wait_for
from tests.desktop.test_window import is_shown, xdotool
from tests.e2e.conftest import Begin, ready
from tests.e2e.pages import go
from tests.exports import chatgpt_item, open_webui_item

DIALOG = "^Save"
OPENING = "^Open"
"""What Qt calls its dialogs that ask for a file."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def choose(page: Page, path: Path) -> None:
    """Through the page's own button, in Settings."""
    go(page, "#/settings")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import conversations…").click()
    chooser.value.set_files(path)


def test_an_export_of_another_program_comes_in_and_goes_out_again_chromium(begin: Begin, tmp_path: Path) -> None:
    export = tmp_path / "conversations.json"
    export.write_text(json.dumps([chatgpt_item(), open_webui_item(), {"odd": 1}]), encoding="utf-8")
    with begin("chromium") as session:
        page = session.page
        choose(page, export)
        report = page.get_by_role("status").filter(has_text="conversations.json")
        expect(report).to_contain_text("2 conversations imported, 1 left out.")
        report.get_by_text("What was not understood (2)").click()
        expect(report).to_contain_text("Towers of the world Images are not part of it.")
        expect(report).to_contain_text("This is no conversation of a kind that is known here.")
        # Twice adds nothing.
        choose(page, export)
        expect(report).to_contain_text("0 conversations imported, 2 already there, 1 left out.")

        page.get_by_role("link", name="Towers of the world").click()
        expect(page.get_by_text("That is the Eiffel Tower.")).to_be_visible()
        page.get_by_role("main").get_by_role("button", name="More about Towers of the world").click()
        # By keyboard, as in any menu of menus.
        page.keyboard.type("exp")
        expect(page.get_by_role("menuitem", name="Export")).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("menuitem", name="Markdown")).to_be_focused()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "Towers of the world.md"
        assert "That is the Eiffel Tower." in Path(download.value.path()).read_text(encoding="utf-8")
        expect(page.get_by_role("menu")).to_have_count(0)

        item = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Height"))
        item.hover()
        item.get_by_role("button").click()
        page.get_by_role("menuitem", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="PDF").click()
        assert download.value.suggested_filename == "Height.pdf"
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")

        go(page, "#/settings")
        page.get_by_role("button", name="Export all conversations…").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="Web page").click()
        names = set(zipfile.ZipFile(download.value.path()).namelist())
        assert names == {"Towers of the world.html", "Height.html", "index.html"}


def test_a_file_that_is_no_export_says_so_chromium(begin: Begin, tmp_path: Path) -> None:
    wrong = tmp_path / "holiday.json"
    wrong.write_text("once upon a time", encoding="utf-8")
    with begin("chromium") as session:
        choose(session.page, wrong)
        alert = session.page.get_by_role("alert")
        expect(alert).to_contain_text(re.compile("The import ended early: This file is not JSON"))


def test_the_web_page_of_an_export_runs_nothing_chromium(begin: Begin, tmp_path: Path) -> None:
    export = tmp_path / "x.json"
    item = chatgpt_item(title="<img src=x onerror='document.title=1'>")
    evil = "<script>document.title='run'</script> [x](javascript:document.title='run') <img src=x onerror=alert(1)>"
    item["mapping"][item["current_node"]]["message"]["content"]["parts"] = [evil]
    export.write_text(json.dumps([item]), encoding="utf-8")
    with begin("chromium") as session:
        page = session.page
        choose(page, export)
        expect(page.get_by_text("1 conversation imported")).to_be_visible()
        go(page, "#/settings")
        page.get_by_role("button", name="Export all conversations…").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="Web page").click()
        archive = zipfile.ZipFile(download.value.path())
        (name,) = set(archive.namelist()) - {"index.html"}
        saved = tmp_path / "page.html"
        saved.write_bytes(archive.read(name))
        asked: list[str] = []
        tab = page.context.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(saved.as_uri())
        expect(tab.get_by_role("heading", level=1)).to_have_text("<img src=x onerror='document.title=1'>")
        assert tab.title() == "<img src=x onerror='document.title=1'>"
        assert tab.locator("script, img").count() == 0
        assert asked == [saved.as_uri()]


def test_in_the_window_a_dialog_asks_where_the_file_goes(open_window: Any, tmp_path: Path) -> None:
    kept = tmp_path / "kept.md"
    with open_window() as opened:
        page = opened.page
        ready(page)
        page.evaluate(
            """async text => {
                const form = new FormData();
                form.append("file", new File([text], "conversations.json"));
                await (await fetch("/api/conversations/import", {method: "POST", body: form})).text();
            }""",
            json.dumps([chatgpt_item()]),
        )
        page.reload()
        ready(page)
        page.get_by_role("link", name="Towers of the world").click()
        page.get_by_role("main").get_by_role("button", name="More about Towers of the world").click()
        page.get_by_role("menuitem", name="Export").click()
        page.get_by_role("menuitem", name="Markdown").click()

        wait_for(lambda: is_shown(opened.display, DIALOG))
        (dialog,) = xdotool(opened.display, "search", "--onlyvisible", "--name", DIALOG).split()
        # There is no window manager in Xvfb that would give the dialog the keyboard.
        xdotool(opened.display, "windowfocus", "--sync", dialog)
        xdotool(opened.display, "key", "ctrl+a")
        xdotool(opened.display, "type", "--delay", "20", str(kept))
        xdotool(opened.display, "key", "Return")
        wait_for(kept.is_file)
        wait_for(lambda: "That is the Eiffel Tower." in kept.read_text(encoding="utf-8"))
        assert page.get_by_text("That is the Eiffel Tower.").is_visible()


def test_in_the_window_a_dialog_asks_which_export_comes_in(open_window: Any, tmp_path: Path) -> None:
    export = tmp_path / "conversations.json"
    export.write_text(json.dumps([chatgpt_item()]), encoding="utf-8")
    with open_window() as opened:
        page = opened.page
        ready(page)
        go(page, "#/settings")
        page.get_by_role("button", name="Import conversations…").click()
        wait_for(lambda: is_shown(opened.display, OPENING))
        (dialog,) = xdotool(opened.display, "search", "--onlyvisible", "--name", OPENING).split()
        xdotool(opened.display, "windowfocus", "--sync", dialog)
        xdotool(opened.display, "key", "ctrl+a")
        xdotool(opened.display, "type", "--delay", "20", str(export))
        xdotool(opened.display, "key", "Return")
        expect(page.get_by_text("1 conversation imported.")).to_be_visible()
