"""Settings: found by words, taken back, what is stored where, the logs; the composer's row in each language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chatting import wait_for
from tests.e2e.conftest import Begin, ready, tab
from tests.e2e.pages import drop, fetch, go, wait_until_read
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CUT = """() => [...document.querySelectorAll('.composer-row .clip')]
    .filter((label) => label.scrollWidth > label.clientWidth).map((label) => label.textContent)"""


HOLDS_FOCUS = "place => document.querySelector(place).contains(document.activeElement)"
READ = "async () => (await (await fetch('/api/documents')).json()).documents[0]?.status === 'ready'"


def kept(page: Page) -> Any:
    return fetch(page, "/api/settings", method="GET")


def test_settings_are_found_by_their_words_and_taken_back(begin: Begin) -> None:
    with begin("chromium") as session:
        page = session.page
        go(page, "#/settings")
        find = page.get_by_role("searchbox", name="Search settings")
        find.fill("freer")
        expect(page.get_by_label("Temperature", exact=True)).to_be_visible()
        expect(page.get_by_label("Language", exact=True)).to_have_count(0)
        expect(page.get_by_role("heading", name="Appearance")).to_have_count(0)
        find.fill("nothing of this kind")
        expect(page.get_by_text("No setting for “nothing of this kind”.")).to_be_visible()
        find.press("Escape")
        expect(page.get_by_label("Language", exact=True)).to_be_visible()

        # One, with a comma as it is written in many places.
        temperature = page.get_by_label("Temperature", exact=True)
        temperature.fill("0,7")
        temperature.press("Enter")
        expect(temperature).to_have_value("0.7")
        wait_for(lambda: kept(page)["temperature"] == 0.7)
        page.get_by_role("button", name="Reset: Temperature").click()
        expect(temperature).to_have_value("0.3")
        expect(page.get_by_role("button", name="Reset: Temperature")).to_have_count(0)
        wait_for(lambda: kept(page)["temperature"] == 0.3)

        # A group, and all of them; each asks first.
        page.get_by_role("radio", name="Dark").check(force=True)
        page.get_by_role("radio", name="Large").check(force=True)
        temperature.fill("1")
        temperature.press("Enter")
        page.get_by_role("button", name="Reset: Appearance").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Theme, Reading size")
        dialog.get_by_role("button", name="Reset").click()
        expect(page.get_by_role("radio", name="System")).to_be_checked()
        wait_for(lambda: (kept(page)["theme"], kept(page)["reading_size"]) == ("system", "normal"))
        assert kept(page)["temperature"] == 1
        page.get_by_role("button", name="Reset all settings…").click()
        dialog.get_by_role("button", name="Reset").click()
        expect(temperature).to_have_value("0.3")
        expect(page.get_by_role("button", name="Reset all settings…")).to_have_count(0)


def test_the_palette_opens_a_setting_and_remembers_it_over_a_start(serve: Any, browser: Browser) -> None:
    """The port changes with each start, and with it the page's own store."""
    for start in (1, 2):
        with serve() as served, tab(browser) as page:
            page.goto(served.page)
            ready(page)
            page.keyboard.press("Control+k")
            if start == 1:
                page.keyboard.type("reading size")
                page.get_by_role("option", name="Appearance: Reading size").click()
                expect(page.locator("#setting-reading-size")).to_be_in_viewport()
                assert page.evaluate("document.querySelector('#setting-reading-size').contains(document.activeElement)")
            else:
                recent = page.get_by_role("group", name="Recent")
                expect(recent.get_by_role("option", name="Appearance: Reading size")).to_be_visible()


def test_what_is_stored_where_and_the_logs_are_shown(begin: Begin, tmp_path: Path) -> None:
    file = tmp_path / "lease.md"
    file.write_text("The lease ends in March.\n" * 200, encoding="utf-8")
    with begin("chromium") as session:
        page = session.page
        drop(page, file)
        wait_until_read(page, "lease.md")
        go(page, "#/settings/storage")
        row = page.get_by_role("listitem").filter(has_text="Files as they were added")
        expect(row).to_contain_text(str(tmp_path / "data" / "files"))
        expect(row).to_contain_text("5 kB")
        expect(row.get_by_role("button", name="Copy the path: Files as they were added")).to_be_visible()
        go(page, "#/settings/logs")
        dialog = page.get_by_role("dialog", name="Logs")
        expect(dialog).to_contain_text(str(tmp_path / "data" / "logs" / "localchat.log"))
        expect(dialog.get_by_role("region", name="Logs")).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def test_trouble_is_told_in_the_users_language_with_a_button_each(serve: Any, browser: Browser) -> None:
    with serve() as served, tab(browser, locale="de") as page:
        page.goto(served.page)
        ready(page)
        go(page, "#/settings")
        trouble = page.locator("#trouble")
        row = trouble.locator(".fault-row").filter(has_text="Ollama antwortet unter http://127.0.0.1:9 nicht.")
        # Where Ollama is installed, it can be started; else its address can be looked at.
        expect(row.get_by_role("button")).to_have_count(1)
        expect(row.get_by_role("button")).to_have_text(re.compile("Ollama starten|Adresse"))
        go(page, "#/settings/ollama-host")
        expect(page.get_by_label("Adresse von Ollama")).to_be_focused()
        expect(trouble).to_contain_text("Datenträger")
        assert "does not answer" not in trouble.inner_text()


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh"])
def test_the_composers_labels_are_whole_on_narrow_windows(
    serve: Any, browser: Browser, ollama_stand_in: StandIn, language: str, tmp_path: Path
) -> None:
    file = tmp_path / "lease.md"
    file.write_text("The lease ends in March.", encoding="utf-8")
    with serve(OLLAMA_HOST=ollama_stand_in.host) as served, tab(browser, width=420, locale=language) as page:
        page.goto(served.page)
        ready(page)
        fetch(page, "/api/presets", {"name": "Contracts", "is_default": True})
        drop(page, file)
        page.wait_for_function(
            "async () => (await (await fetch('/api/documents')).json()).documents[0]?.status === 'ready'",
            timeout=90_000,
        )
        for model in (None, "builtin/smollm2-135m"):
            fetch(page, "/api/models/active", {"model": model}, "PUT")
            page.reload()
            ready(page)
            expect(page.locator(".composer-row .clip")).to_have_count(3)
            for width in (420, 320):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(CUT) == [], f"{language}, {width} px, {model}"
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
