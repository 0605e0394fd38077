"""A question to each document of a collection, as its users meet it: asked, watched, stopped, checked, saved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin
from tests.e2e.pages import drop, fetch, go, source_panel
from tests.e2e.test_accessibility import violations
from tests.e2e.test_collections import look
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn
from tests.tables import COLUMNS, FIRST, LEASES, NOTHING, QUESTION, SECOND, reply

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROPOSED = Answer(
    tokens=(
        '{"columns": [{"name": "Ends", "kind": "date"}, {"name": "Rent", "kind": "number"},',
        '{"name": "Pets", "kind": "yes-no"}]}',
    )
)


def collect(page: Page, folder: Path) -> str:
    """The documents, in a collection, which is shown; its id."""
    files = []
    for name, text in LEASES.items():
        files.append(folder / f"{name}.txt")
        files[-1].write_text(text, encoding="utf-8")
    go(page, "#/documents")
    drop(page, *files)
    for file in files:
        expect(page.get_by_role("link", name=file.name)).to_be_visible(timeout=90_000)
    documents = fetch(page, "/api/documents", method="GET")["documents"]
    body = {"name": "Leases", "document_ids": [document["id"] for document in documents]}
    made: str = fetch(page, "/api/collections", body)["id"]
    page.get_by_role("button", name="Collection: All collections").click()
    page.get_by_role("menuitemcheckbox", name=re.compile("Leases")).click()
    return made


def filenames(page: Page) -> list[str]:
    return [name.strip() for name in page.get_by_role("rowheader").all_inner_texts()]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 420), ("dark", 420)])
def test_a_collection_is_asked_watched_stopped_and_read(
    begin: Begin, ollama_stand_in: StandIn, tmp_path: Path, theme: str, width: int
) -> None:
    name = f"{theme}-{width}"
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        collect(page, tmp_path)
        page.get_by_role("link", name="Ask each document…").click()
        page.get_by_role("textbox", name="Question").fill(QUESTION)
        ollama_stand_in.answers.append(PROPOSED)
        page.get_by_role("button", name="Propose columns").click()
        expect(page.get_by_label("Name of column 3")).to_have_value("Pets")
        expect(page.get_by_label("Kind of column Ends")).to_have_value("date")
        look(page, f"asking-{name}")
        assert violations(page) == []

        ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND, first_token_seconds=60)])
        page.get_by_role("button", name="Ask 3 documents").click()
        expect(page.get_by_text("1 of 3 asked")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="b-linden")).to_contain_text("Asking")
        look(page, f"answers-running-{name}")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("row").filter(has_text="b-linden")).to_contain_text("Not asked")

        ollama_stand_in.answers.extend([reply(SECOND), reply(NOTHING)])
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("3 of 3 asked")).to_be_visible()
        expect(page.get_by_text("2 answered")).to_be_visible()
        expect(page.get_by_text("1 says nothing")).to_be_visible()
        lindenstrasse = page.get_by_role("row").filter(has_text="b-linden")
        expect(lindenstrasse).to_contain_text("31 Mar 2027")
        expect(lindenstrasse).to_contain_text("1,540.00 is not in the document.")
        expect(page.get_by_role("row").filter(has_text="c-rules")).to_contain_text("Nothing about it")
        expect(page.get_by_text("5 values, each with its source")).to_be_visible()
        assert violations(page) == []
        look(page, f"answers-{name}")

        chip = page.get_by_role("button", name="Source in a-hafenring.txt").first
        chip.click()
        expect(source_panel(page).get_by_text("The lease ends on 31 December 2025")).to_be_visible()
        expect(chip).to_have_attribute("aria-expanded", "true")
        look(page, f"answers-source-{name}")
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(source_panel(page)).to_have_count(0)
        expect(chip).to_be_focused()


def test_rows_are_sorted_and_filtered_by_value_and_saved(
    begin: Begin, ollama_stand_in: StandIn, tmp_path: Path
) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        collection = collect(page, tmp_path)
        ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND), reply(NOTHING)])
        page.evaluate(
            """async ([id, body]) => {
                await (await fetch(`/api/collections/${id}/ask`, {method: "POST", body: JSON.stringify(body),
                    headers: {"Content-Type": "application/json"}})).text();
            }""",
            [collection, {"question": QUESTION, "columns": COLUMNS}],
        )
        go(page, f"#/collection/{collection}")
        page.get_by_role("link", name=QUESTION).click()
        expect(page.get_by_text("3 of 3 asked")).to_be_visible()
        page.get_by_role("columnheader", name="Ends").get_by_role("button").click()
        page.get_by_role("columnheader", name="Ends").get_by_role("button").click()
        expect(page.get_by_role("columnheader", name="Ends")).to_have_attribute("aria-sort", "descending")
        assert filenames(page) == ["b-lindenstrasse.txt", "a-hafenring.txt", "c-rules.txt"]

        page.get_by_label("Column to filter by").select_option(label="Ends")
        page.get_by_label("Value to compare with").fill("2026-06-01")
        expect(page.get_by_text("1 of 3 rows")).to_be_visible()
        assert filenames(page) == ["a-hafenring.txt"]
        look(page, "answers-filtered")
        assert violations(page) == []
        page.get_by_label("Column to filter by").select_option(label="Rent")
        page.get_by_label("Condition").select_option(label="more than")
        page.get_by_label("Value to compare with").fill("two")
        expect(page.get_by_label("Value to compare with")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Value to compare with").fill("2000,5")
        assert filenames(page) == ["a-hafenring.txt"]

        for kind, suffix in (("CSV", "csv"), ("Excel", "xlsx")):
            page.get_by_role("button", name="Export").click()
            with page.expect_download() as download:
                page.get_by_role("menuitem", name=kind).click()
            assert download.value.suggested_filename.endswith(f".{suffix}")

        # By keyboard: one stop for Tab in the table, arrows between rows and chips.
        page.get_by_label("Column to filter by").select_option(label="All rows")
        first = page.get_by_role("button", name="Source in b-lindenstrasse.txt").first
        first.focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("button", name="Source in a-hafenring.txt").first).to_be_focused()

        page.get_by_role("button", name="More about Answers").click()
        page.get_by_role("menuitem", name="Ask again…").click()
        expect(page.get_by_role("textbox", name="Question")).to_have_value(QUESTION)
        expect(page.get_by_label("Name of column 2")).to_have_value("Rent")
        page.go_back()
        page.get_by_role("button", name="More about Answers").click()
        page.get_by_role("menuitem", name="Delete…").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("button", name="Ask 3 documents")).to_be_visible()
        assert fetch(page, f"/api/collections/{collection}/tables", method="GET") == {"tables": []}


def test_without_a_model_it_says_so_and_a_failed_row_is_asked_again(
    begin: Begin, ollama_stand_in: StandIn, tmp_path: Path
) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        collection = collect(page, tmp_path)
        go(page, f"#/collection/{collection}")
        page.get_by_role("textbox", name="Question").fill("When does the lease end?")
        page.get_by_label("Answered by").select_option(label="The documents’ own sentences, no model")
        page.get_by_role("button", name="Ask 3 documents").click()
        expect(page.get_by_text("No model was asked.")).to_be_visible()
        expect(page.get_by_text("The lease ends on 31 December 2025.")).to_be_visible()
        expect(page.get_by_text("3 of 3 asked")).to_be_visible()
        look(page, "answers-quotes")
        assert ollama_stand_in.chats() == []

        broken = Answer(tokens=("I am sorry.",))
        ollama_stand_in.answers.extend([broken, broken, reply({"Answer": ("x", None)}), reply({"Answer": ("x", None)})])
        go(page, f"#/collection/{collection}")
        page.get_by_role("textbox", name="Question").fill("When does the lease end?")
        page.get_by_role("button", name="Ask 3 documents").click()
        row = page.get_by_role("row").filter(has_text="a-hafenring")
        expect(row).to_contain_text("did not answer in the form")
        expect(page.get_by_text("1 failed")).to_be_visible()
        look(page, "answers-failed")
        ended = "The lease ends on 31 December 2025"
        ollama_stand_in.answers.append(reply({"Answer": (ended, "31 December 2025")}))
        row.get_by_role("button", name="Try again").click()
        expect(row).to_contain_text("31 December 2025")
