"""A source beside the conversation: the page of a PDF or the text as it was read, with its words marked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin, Kind
from tests.e2e.pages import ask, drop, fetch, go, last_answer, source_panel, wait_until_read, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
both = pytest.mark.parametrize("kind", ["chromium", "window"])

CITED = Answer(tokens=("Demons are drawn", " to mages", " [1]."))
INK = """() => {
    const canvas = document.querySelector(".paper canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200 && data[at] < 100) ink++;
    return ink;
}"""
MARKED = """() => {
    const marks = document.querySelector(".marks");
    const { data } = marks.getContext("2d").getImageData(0, 0, marks.width, marks.height);
    let yellow = 0;
    for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 200 && data[at] > 200 && data[at + 2] < 150) yellow++;
    return yellow / (marks.width * marks.height);
}"""
EVIDENCE = "() => [...(CSS.highlights.get('evidence') ?? [])].map(range => range.toString()).join(' ')"


def asked(page: Page, file: Path, question: str) -> None:
    drop(page, file)
    wait_until_read(page, file.name)
    go(page, "")
    ask(page, question)
    wait_until_written(page)


@both
def test_a_pdf_opens_at_its_page_with_the_passage_marked(
    begin: Begin, kind: Kind, shared: Path, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = CITED
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        asked(page, shared / "corpus" / "DA-1p.pdf", "What is an abomination?")
        chip = last_answer(page).locator(".prose .cite").first
        chip.click()
        panel = source_panel(page)
        expect(panel).to_be_focused()
        expect(panel).to_contain_text("Page 1 of 1")
        expect(panel.locator(".marks")).to_have_attribute("data-marks", re.compile("[1-9]"))
        page.wait_for_function(f"() => ({INK})() > 2_000")  # the page is drawn, and not an empty sheet
        assert 0.0005 < page.evaluate(MARKED) < 0.5  # some words of the page, not all of it
        words = panel.locator(".textLayer").inner_text()
        assert "Abomination" in words

        # Larger: the page grows, and the marks with it.
        before = panel.locator("canvas").first.bounding_box()
        panel.get_by_role("button", name="Larger").click()
        expect(panel).to_contain_text("125%")
        page.wait_for_function(
            "width => document.querySelector('.paper canvas').getBoundingClientRect().width > width * 1.2",
            arg=before and before["width"],
        )
        assert 0.0005 < page.evaluate(MARKED) < 0.5  # some words of the page, not all of it

        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        expect(chip).to_be_focused()


def test_a_text_opens_round_its_passage_and_says_when_its_document_is_gone(
    begin: Begin, shared: Path, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = CITED
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        asked(page, shared / "corpus" / "handbook-1p.docx", "Which act removed the bankruptcy judge?")
        page.set_viewport_size({"width": 420, "height": 800})
        last_answer(page).get_by_role("button", name=re.compile(r"^\d+ sources?$")).click()
        panel = source_panel(page)
        expect(panel.locator(".is-source")).to_be_visible()
        assert page.evaluate("CSS.highlights.get('evidence').size") > 0
        # On a narrow window it is a sheet from the bottom, and nothing of it is cut off.
        box = panel.bounding_box()
        assert box is not None
        assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 420, 800)
        assert violations(page) == []

        # Passages before and after stand round it.
        assert panel.locator(".words").count() > 1
        (document,) = fetch(page, "/api/documents", method="GET")["documents"]
        fetch(page, f"/api/documents/{document['id']}", method="DELETE")
        panel.get_by_role("button", name=re.compile("Source 2 ")).click()
        expect(panel).to_contain_text("This document is no longer in LocalChat.")
        expect(panel.locator("blockquote.is-source")).to_contain_text(re.compile(r"\w+ \w+ \w+"))
        session.complaints.clear()  # the 404 is what was asked for


@both
def test_a_sentence_over_two_documents_has_a_chip_for_each(
    begin: Begin, kind: Kind, tmp_path: Path, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(
        tokens=("The T80 weighs 52 kg,", " and its foam filter has to be washed out", " after 25 loads.")
    )
    data, care = tmp_path / "Lavetta T80 data sheet.txt", tmp_path / "Lavetta T80 care.txt"
    data.write_text("The Lavetta T80 is a condenser dryer for laundries. It weighs 52 kg and needs a drain.\n", "utf-8")
    care.write_text(
        "The foam filter of the Lavetta T80 has to be washed out after 25 loads; the lint sieve is emptied daily.\n",
        "utf-8",
    )
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        drop(page, data)
        wait_until_read(page, data.name)
        asked(page, care, "What does the T80 weigh and how often is its filter washed?")
        chips = last_answer(page).locator(".prose .cite")
        expect(chips).to_have_count(2)
        panel = source_panel(page)
        for chip in chips.all():
            chip.click()
            heading = panel.get_by_role("heading").first
            expect(heading).to_contain_text("Lavetta T80")
            marked = "52 kg" if "data sheet" in heading.inner_text() else "25 loads"
            page.wait_for_function(f"words => ({EVIDENCE})().includes(words)", arg=marked)
            page.keyboard.press("Escape")
