"""Scans and pictures as sources: shown as they are, the words marked where they were drawn."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin, Kind
from tests.e2e.pages import ask, drop, go, last_answer, source_panel, wait_until_read, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.e2e.test_sources import asked
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn
from tests.scans import Place, Sheet, needs_tesseract, sheet

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), needs_tesseract]

LINES = [
    "The harbour of Northport was opened in the",
    "spring of 1871 by the mayor of the town.",
    "",
    "Ships from Eastwick paid a fee of seven crowns,",
    "and the pilot was given bread and water.",
]
QUESTION = "Which fee did ships from Eastwick pay?"
ANSWER = Answer(tokens=("Ships from Eastwick", " paid a fee of seven crowns."))
BEHIND = re.compile("[1-9]")
MARKED = """places => {
    const marks = document.querySelector(".marks");
    const { width, height } = marks;
    const { data } = marks.getContext("2d").getImageData(0, 0, width, height);
    return places.map(([left, top, right, bottom]) => {
        let all = 0, inked = 0;
        for (let y = Math.ceil(top * height); y < bottom * height; y++)
            for (let x = Math.ceil(left * width); x < right * width; x++) {
                all++;
                if (data[4 * (y * width + x) + 3] > 200) inked++;
            }
        return inked / Math.max(all, 1);
    });
}"""
"""The share of each place on the sheet (left, top, right, bottom, from 0 to 1) that is marked."""


def shares(page: Page, *places: Place) -> list[float]:
    found: list[float] = page.evaluate(MARKED, [list(place) for place in places])
    return found


def check(page: Page, drawn: Sheet) -> None:
    """The words that support the answer are marked, whole; what stands above them is not."""
    told = shares(
        page, drawn.place("Eastwick"), drawn.place("seven", "crowns,"), drawn.place("Northport"), drawn.place("mayor")
    )
    assert min(told[:2]) > 0.9, told
    assert max(told[2:]) < 0.05, told
    assert 0.002 < shares(page, (0, 0, 1, 1))[0] < 0.2


def in_view(page: Page) -> bool:
    """Whether the first mark is on the screen, in the desk."""
    seen: bool = page.evaluate(
        """() => {
            const marks = document.querySelector(".marks");
            const { data } = marks.getContext("2d").getImageData(0, 0, marks.width, marks.height);
            const first = data.findIndex((value, at) => at % 4 === 3 && value > 200) >> 2;
            const at = { x: first % marks.width, y: Math.floor(first / marks.width) };
            const sheet = marks.getBoundingClientRect();
            const desk = document.querySelector(".desk").getBoundingClientRect();
            const [x, y] = [sheet.left + at.x, sheet.top + at.y];
            return x >= desk.left && x < desk.right && y >= desk.top && y < desk.bottom;
        }"""
    )
    return seen


@pytest.mark.parametrize("kind", ["chromium", "window"])
@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_the_words_are_marked_where_they_were_drawn(
    begin: Begin, kind: Kind, tmp_path: Path, ollama_stand_in: StandIn, suffix: str
) -> None:
    drawn = sheet(LINES)
    file = tmp_path / f"harbour.{suffix}"
    file.write_bytes(drawn.pdf() if suffix == "pdf" else drawn.png())
    ollama_stand_in.answer = ANSWER
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        asked(page, file, QUESTION)
        last_answer(page).locator(".prose .cite").first.click()
        panel = source_panel(page)
        expect(panel.locator(".marks")).to_have_attribute("data-marks", BEHIND)
        check(page, drawn)
        assert in_view(page)
        assert violations(page) == []

        # Twice as large, the marks still lie on the words, and the first is still in view.
        before = panel.locator(".paper").bounding_box()
        for _ in range(3):
            panel.get_by_role("button", name="Larger").click()
        expect(panel).to_contain_text("200%")
        page.wait_for_function(
            "width => document.querySelector('.marks').width > width * 1.9", arg=before and before["width"]
        )
        page.wait_for_timeout(300)
        check(page, drawn)
        assert in_view(page)


def test_a_word_of_a_page_further_on_is_shown_there(begin: Begin, tmp_path: Path, ollama_stand_in: StandIn) -> None:
    """A passage begins on one page and its words stand on the next."""
    first = sheet(["The harbour of Northport was opened in the", "spring of 1871 by the mayor of the town, and"])
    second = sheet(
        ["there ships from Eastwick paid a fee of seven", "crowns, and the pilot was given bread."], top=1200
    )
    file = tmp_path / "harbour.pdf"
    first.picture.save(file, "PDF", resolution=150, save_all=True, append_images=[second.picture])
    ollama_stand_in.answer = ANSWER
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        asked(page, file, QUESTION)
        page.evaluate("document.querySelectorAll('details.quotes').forEach(one => { one.open = true })")
        last_answer(page).locator(".prose .cite").first.click()
        panel = source_panel(page)
        expect(panel).to_contain_text("Page 2 of 2")
        expect(panel.locator(".marks")).to_have_attribute("data-marks", BEHIND)
        page.wait_for_function("document.querySelector('.paper canvas').width > 0")
        assert min(shares(page, second.place("Eastwick"), second.place("seven"))) > 0.9
        assert in_view(page)


def test_light_writing_on_dark_is_marked_in_a_colour_that_is_seen(
    begin: Begin, tmp_path: Path, ollama_stand_in: StandIn
) -> None:
    drawn = sheet(LINES, size=(1240, 700), top=100, ink="#eeeeee", paper="#101010")
    file = tmp_path / "screen.png"
    file.write_bytes(drawn.png())
    ollama_stand_in.answer = ANSWER
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        asked(page, file, QUESTION)
        last_answer(page).locator(".prose .cite").first.click()
        panel = source_panel(page)
        expect(panel.locator(".marks.on-dark")).to_have_attribute("data-marks", BEHIND)
        check(page, drawn)
        assert panel.locator(".marks").evaluate("marks => getComputedStyle(marks).mixBlendMode") == "screen"


def test_one_that_was_read_before_is_shown_unmarked_and_a_tiff_as_text(
    begin: Begin, tmp_path: Path, ollama_stand_in: StandIn
) -> None:
    drawn = sheet(LINES)
    (tmp_path / "old.png").write_bytes(drawn.png())
    drawn.picture.convert("1").save(tmp_path / "fax.tiff", dpi=(150, 150))
    ollama_stand_in.answer = ANSWER
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        # What the server says of a document that was read before boxes were kept.
        page.route(
            re.compile("/boxes$"),
            lambda route: route.fulfill(content_type="application/json", body=json.dumps({"boxes": []})),
        )
        asked(page, tmp_path / "old.png", QUESTION)
        last_answer(page).locator(".prose .cite").first.click()
        panel = source_panel(page)
        expect(panel.locator(".marks")).to_have_attribute("data-marks", "0")
        expect(panel.get_by_role("img", name="old.png")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        page.keyboard.press("Escape")

        page.unroute_all()
        go(page, "#/documents")
        drop(page, tmp_path / "fax.tiff")
        wait_until_read(page, "fax.tiff")
        go(page, "")
        ask(page, "Which fee did ships from Eastwick pay, says fax.tiff?")
        wait_until_written(page)
        last_answer(page).get_by_role("button", name=re.compile(r"^\d+ sources?$")).click()
        source = panel.get_by_role("button", name=re.compile("fax.tiff"))
        if source.count():
            source.first.click()
        expect(panel.get_by_role("region", name="The document as it was read")).to_contain_text("seven crowns")


def test_a_damaged_picture_is_shown_as_text(begin: Begin, tmp_path: Path, ollama_stand_in: StandIn) -> None:
    (tmp_path / "harbour.png").write_bytes(sheet(LINES).png())
    ollama_stand_in.answer = ANSWER
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        page.route(re.compile("/file$"), lambda route: route.fulfill(content_type="image/png", body=b"\x89PNG nothing"))
        asked(page, tmp_path / "harbour.png", QUESTION)
        last_answer(page).locator(".prose .cite").first.click()
        panel = source_panel(page)
        expect(panel.get_by_role("region", name="The document as it was read")).to_contain_text("seven crowns")
        expect(panel.locator(".is-source")).to_be_visible()
