"""The page in its languages: chosen from the system or in the settings, with room for the longest words."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import ready, tab
from tests.e2e.pages import PAGES, go

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FITS = "document.documentElement.scrollWidth <= innerWidth"
TITLE_BAR_HOLDS_ITS_BUTTONS = """() => {
    const bar = document.querySelector('.bar').getBoundingClientRect();
    return [...document.querySelectorAll('.bar button')].every((button) => {
        const {top, bottom} = button.getBoundingClientRect();
        return top >= bar.top && bottom <= bar.bottom;
    });
}"""


@pytest.mark.parametrize(
    ("system", "shown", "heading"),
    [
        ("de-AT", "de-DE", "Eine Frage stellen oder Dokumente hinzufügen."),
        ("fr", "fr-FR", "Posez une question ou ajoutez vos documents."),
        ("es-MX", "es-ES", None),
        ("zh-CN", "zh-CN", None),
        ("xx", "en-GB", "Ask something, or add your documents."),
    ],
)
def test_the_language_of_the_system_is_shown_and_fits(
    serve: Any, browser: Browser, system: str, shown: str, heading: str | None
) -> None:
    with serve() as served, tab(browser, width=320, locale=system) as page:
        page.goto(served.page)
        ready(page)
        assert page.evaluate("document.documentElement.lang") == shown
        if heading:
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
        for route in PAGES:
            go(page, route)
            page.wait_for_timeout(500)
            assert page.evaluate(FITS), f"{route or 'start'} scrolls sideways"
            assert page.evaluate(TITLE_BAR_HOLDS_ITS_BUTTONS), f"{route or 'start'} loses buttons"


def test_a_language_chosen_in_the_settings_shows_at_once_and_stays(serve: Any, browser: Browser) -> None:
    with serve() as served, tab(browser, locale="en") as page:
        page.goto(served.page)
        ready(page)
        go(page, "#/settings")
        page.get_by_label("Language", exact=True).select_option("de")
        expect(page.get_by_label("Sprache", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Dokumente")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Sprache", exact=True)).to_have_value("de")


def test_mirrored_for_scripts_that_run_from_right_to_left_nothing_is_lost(serve: Any, browser: Browser) -> None:
    """No such language is there yet; the layout is tried with the English words."""
    with serve() as served:
        for width in (1280, 420):
            with tab(browser, width=width) as page:
                page.goto(served.page)
                ready(page)
                page.evaluate("document.documentElement.dir = 'rtl'")
                for route in PAGES:
                    go(page, route)
                    page.wait_for_timeout(500)
                    assert page.evaluate(FITS), f"{route or 'start'} scrolls sideways at {width}"
                if width == 1280:
                    place = "document.querySelector('nav.side').getBoundingClientRect().left"
                    assert page.evaluate(f"{place} > innerWidth / 2"), "the sidebar is on the right"
