"""The search page and its measure: why a passage stands where it stands, where is searched, and the figures."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from backend.engines.builtin import FILE
from tests.api.test_search import GROUP
from tests.conftest import ROOT
from tests.e2e.conftest import Begin
from tests.e2e.pages import ask, drop, fetch, go, last_answer, source_panel, wait_until_read, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn
from tests.services.test_evaluate import PLACES, squad

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def places(folder: Path) -> Path:
    """A document with ten chapters, each long enough for a question."""
    path = folder / "places.md"
    path.write_text(
        "\n\n".join(
            f"# The {place}\n\nThe {place} lies in the north of the country. The {place} was opened to visitors by the "
            f"mayor in {1900 + number}. Everyone who likes a {place} should come early in the morning."
            for number, place in enumerate(PLACES)
        ),
        "utf-8",
    )
    return path


def search(page: Page, question: str) -> None:
    page.get_by_role("searchbox", name="Question").fill(question)


def measure(page: Page, file: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("region", name=f"Figures: {file.name}")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=90_000)


def test_the_search_is_measured_on_ones_own_documents_and_the_figures_stay(begin: Begin, tmp_path: Path) -> None:
    with begin("chromium") as session:
        page = session.page
        drop(page, places(tmp_path))
        wait_until_read(page, "places.md")
        go(page, "#/search")
        page.get_by_role("link", name="Evaluate on my files…").click()
        page.get_by_role("button", name="Measure on my documents").click()
        figures = page.get_by_role("region", name="Figures: Your documents")
        expect(figures.get_by_role("row")).to_have_count(4, timeout=90_000)
        both = figures.get_by_role("row", name="Both")
        (kept,) = fetch(page, "/api/evaluations", method="GET")["evaluations"]
        expect(both.get_by_role("cell").first).to_have_text(f"{kept['result']['hybrid']['hit_1']:.3f}")
        card = page.get_by_role("region", name="Your documents", exact=True)
        expect(card).to_contain_text("the right passage stands first for")
        expect(card).to_contain_text("What to change")
        assert violations(page) == []
        # They are there after a reload, and the search page says them too.
        page.reload()
        expect(figures).to_be_visible()
        go(page, "#/search")
        expect(page.get_by_text("Last evaluation, today: 10 questions")).to_be_visible()


def test_labelled_files_are_measured_and_compared_with_the_time_before(begin: Begin, tmp_path: Path) -> None:
    with begin("chromium") as session:
        page = session.page
        go(page, "#/evaluation")
        expect(page.get_by_role("button", name="Measure on my documents")).to_be_disabled()
        file = squad(tmp_path)
        measure(page, file)
        card = page.get_by_role("region", name="set.json", exact=True)
        expect(card).to_contain_text("10 questions, 10 passages")
        expect(card).to_contain_text("Quotes: the first sentence holds the answer for")
        expect(card.locator(".change")).to_have_count(0)

        # Harder questions under the same name: the figures have gone down since.
        content = json.loads(file.read_text("utf-8"))
        for article in content["data"]:
            article["paragraphs"][0]["qas"][0]["question"] = "Where do people go on Sundays?"
        file.write_text(json.dumps(content), "utf-8")
        page.locator("input[type=file]").first.set_input_files(file)
        expect(card.get_by_role("row", name="Both").locator(".change").first).to_have_text(
            re.compile(r"^[-−]0\.\d{3}$")
        )

        proof = tmp_path / "proof.jsonl"
        proof.write_text(json.dumps(GROUP), "utf-8")
        measure(page, proof)
        card = page.get_by_role("region", name="proof.jsonl", exact=True)
        expect(card).to_contain_text("100% of the sentences that the passages support were found.")
        expect(card.get_by_role("row", name="number")).to_contain_text("1.000")

        (tmp_path / "notes.json").write_text("[]", "utf-8")
        page.locator("input[type=file]").first.set_input_files(tmp_path / "notes.json")
        expect(page.get_by_role("alert")).to_contain_text("notes.json is no labelled set.")


def test_a_measure_can_be_cancelled(begin: Begin, tmp_path: Path) -> None:
    articles = [
        {"paragraphs": [{"context": f"House {n} is red.", "qas": [{"question": f"House {n}?"}]}]} for n in range(2_000)
    ]
    file = tmp_path / "houses.json"
    file.write_text(json.dumps({"data": articles}), "utf-8")
    with begin("chromium") as session:
        page = session.page
        go(page, "#/evaluation")
        page.locator("input[type=file]").first.set_input_files(file)
        expect(page.get_by_role("region", name="Measuring: houses.json")).to_contain_text("passages prepared")
        # It goes on while another page is looked at.
        go(page, "#/models")
        go(page, "#/evaluation")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("status")).to_contain_text(["Stopped. The figures of before are kept."])
        assert fetch(page, "/api/evaluations", method="GET") == {"evaluations": []}


def test_a_search_says_why_and_stays_where_it_is_told_to(begin: Begin, tmp_path: Path) -> None:
    other = tmp_path / "harbours.txt"
    other.write_text("The harbour of the island is closed in winter.", "utf-8")
    with begin("chromium") as session:
        page = session.page
        drop(page, places(tmp_path), other)
        wait_until_read(page, "places.md")
        wait_until_read(page, "harbours.txt")
        documents = fetch(page, "/api/documents", method="GET")["documents"]
        ids = {one["filename"]: one["id"] for one in documents}
        fetch(page, "/api/collections", {"name": "Islands", "document_ids": [ids["harbours.txt"]]})
        go(page, "#/search")
        search(page, "harbour mayor")
        results = page.locator(".results > li")
        expect(results.first).to_contain_text("places.md")
        expect(page.locator(".page").get_by_role("status")).to_contain_text(re.compile(r"passages in [\d,]+ ms"))
        expect(page.locator(".page")).to_contain_text(re.compile(r"Here words weigh \d+%"))
        results.first.get_by_text("Why it stands here").click()
        shares = results.first.locator("dd .r")
        expect(shares).to_have_count(5)
        total = float(results.first.locator(".arms .r.total").inner_text())
        assert sum(float(share) for share in shares.all_inner_texts()) == pytest.approx(total, abs=0.03)
        assert violations(page) == []

        page.get_by_role("button", name="Searched in: All 2 documents").click()
        page.get_by_role("menuitemcheckbox", name="Islands").click()
        expect(results).to_have_count(1)
        expect(results.first).to_contain_text("harbours.txt")
        page.get_by_role("button", name="Searched in: Islands").click()
        page.get_by_role("menuitemcheckbox", name="All 2 documents").click()
        expect(results).not_to_have_count(1)
        page.get_by_role("button", name="Searched in").click()
        page.get_by_role("menuitemcheckbox", name="Choose documents…").click()
        page.get_by_role("dialog").get_by_role("checkbox", name="places.md").check()
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        expect(results.filter(has_text="harbours.txt")).to_have_count(0)

        # Words that are nowhere in what is chosen.
        page.get_by_role("radio", name="Words").check()
        search(page, "island winter")
        page.get_by_role("button", name="Search in all documents").click()
        results.first.get_by_role("link", name="harbours.txt").click()
        expect(page).to_have_url(re.compile(f"#/documents/{ids['harbours.txt']}/1$"))


def test_without_a_model_the_documents_answer_themselves(begin: Begin, shared: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for file in (ROOT / "models").iterdir():
        if file.name != FILE:
            shutil.copy(file, models)
    with begin("chromium", LOCALCHAT_MODELS=str(models)) as session:
        page = session.page
        drop(page, shared / "corpus" / "handbook-1p.docx")
        wait_until_read(page, "handbook-1p.docx")
        go(page, "")
        ask(page, "Which act removed the bankruptcy judge?")
        answer = last_answer(page)
        for _ in range(2):
            expect(answer.locator("blockquote")).to_contain_text(["The Bankruptcy Reform Act of 1978 removed"])
            expect(answer).to_contain_text("No model runs, so this is only what the documents say.")
            expect(answer.get_by_role("button", name=re.compile("Start Ollama|Choose a model"))).to_be_visible()
            page.reload()
        answer.locator("blockquote .cite").first.click()
        expect(source_panel(page)).to_contain_text("handbook-1p.docx")
        assert violations(page) == []
        session.complaints.clear()


def test_an_old_answer_keeps_its_quote_when_its_document_is_deleted(
    begin: Begin, shared: Path, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(tokens=("The Bankruptcy Reform Act removed the bankruptcy judge.",))
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        drop(page, shared / "corpus" / "handbook-1p.docx")
        wait_until_read(page, "handbook-1p.docx")
        go(page, "")
        ask(page, "Which act removed the bankruptcy judge?")
        wait_until_written(page)
        (document,) = fetch(page, "/api/documents", method="GET")["documents"]
        fetch(page, f"/api/documents/{document['id']}", method="DELETE")
        page.reload()
        quote = last_answer(page).locator("blockquote").first
        expect(quote).to_contain_text("The Bankruptcy Reform Act of 1978 removed")
        quote.locator(".cite").click()
        panel = source_panel(page)
        expect(panel).to_contain_text("This document is no longer in LocalChat.")
        expect(panel.locator("blockquote.is-source")).to_contain_text("Bankruptcy Reform Act")
        session.complaints.clear()  # the 404 is what was asked for
