"""The first five minutes, in Chromium and in the real window, with the built-in model."""

from __future__ import annotations

import re
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from tests.chatting import wait_for
from tests.e2e.conftest import Begin, Kind
from tests.e2e.pages import ask, drop, go, last_answer, source_panel, wait_until_read, wait_until_written
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SOURCES = re.compile(r"^\d+ sources?$")
SOURCE_1 = re.compile(r"Source 1 .*handbook-1p\.docx")

both = pytest.mark.parametrize("kind", ["chromium", "window"])


@both
def test_from_the_first_start_to_a_cited_answer_and_back_after_a_restart(
    begin: Begin, kind: Kind, shared: Path
) -> None:
    with begin(kind) as session:
        page = session.page
        expect(page.get_by_role("heading", name="Ask something, or add your documents.")).to_be_visible()
        expect(page.get_by_text("the small model that comes with LocalChat").first).to_be_visible()
        # Without a window manager the window itself has no focus; the page's own must lie in the composer.
        assert page.evaluate("document.activeElement.ariaLabel") == "Message"

        ask(page, "Tell me a long story about the sea.")
        # Words of the answer, not of its heading: an answer that has not begun is taken back by Stop.
        expect(last_answer(page).locator(".prose").first).to_contain_text(re.compile(r"\w+ \w+ \w+"), timeout=60_000)
        page.get_by_role("button", name="Stop").click()
        wait_until_written(page)
        expect(last_answer(page)).to_contain_text("Stopped. What was written is kept.")
        stopped = last_answer(page).inner_text()

        drop(page, shared / "corpus" / "DA-1p.pdf", shared / "corpus" / "handbook-1p.docx")
        wait_until_read(page, "DA-1p.pdf")
        wait_until_read(page, "handbook-1p.docx")

        page.get_by_role("button", name="New conversation").click()
        ask(page, "What does the handbook say about the bankruptcy judge?")
        # The small model may take its time; its sources stand there whether it is let to finish or not.
        expect(page.get_by_role("heading", name="Answer, being written")).to_be_visible(timeout=60_000)
        page.wait_for_url(re.compile("#/c/"))
        page.get_by_role("button", name="Stop").click()
        wait_until_written(page)
        last_answer(page).get_by_role("button", name=SOURCES).click()
        expect(source_panel(page)).to_contain_text("bankruptcy judge")
        expect(source_panel(page).get_by_role("button", name=SOURCE_1)).to_be_visible()
        source_panel(page).get_by_role("button", name="Close").click()
        expect(source_panel(page)).to_have_count(0)

    with begin(kind) as session:
        page = session.page
        page.get_by_role("link", name=re.compile("What does the handbook say")).click()
        expect(last_answer(page).get_by_role("button", name=SOURCES)).to_be_visible()
        page.get_by_role("link", name="Tell me a long story about the sea.").click()
        expect(last_answer(page)).to_contain_text(stopped.split("\n")[1][:40])
        go(page, "#/documents")
        expect(page.get_by_role("link", name="DA-1p.pdf")).to_be_visible()


@both
def test_a_cited_answer_shows_its_chips_and_a_chip_opens_its_source(
    begin: Begin, kind: Kind, shared: Path, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(
        tokens=(
            "The Bankruptcy Reform Act of 1978 removed the **bankruptcy judge**",
            " from the administration of cases",
            " [1].",
            " It cost 25 euros.",
        )
    )
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        drop(page, shared / "corpus" / "handbook-1p.docx")
        wait_until_read(page, "handbook-1p.docx")
        go(page, "")
        ask(page, "Which act removed the bankruptcy judge?")
        chip = (
            last_answer(page).locator(".prose").get_by_role("button", name=re.compile(r"Source \d, handbook-1p\.docx"))
        )
        expect(chip).to_be_visible(timeout=30_000)
        expect(last_answer(page).locator("strong")).to_have_text("bankruptcy judge")
        # What the documents say stands above the words of a small model; what nothing supports is marked.
        expect(last_answer(page).get_by_text(re.compile("What your documents? sa"))).to_be_visible()
        expect(last_answer(page).locator(".unproved")).to_have_text("It cost 25 euros.")
        expect(last_answer(page)).to_contain_text("1 of 2 sentences supported")
        chip.click()
        expect(chip).to_have_attribute("aria-expanded", "true")
        expect(source_panel(page)).to_contain_text("Bankruptcy Reform Act")
        sent = ollama_stand_in.chats()[-1]["messages"][-1]["content"]
        assert "Bankruptcy Reform Act" in sent
        assert "handbook-1p.docx" in sent


@both
def test_killed_in_mid_answer_it_keeps_what_was_written(begin: Begin, kind: Kind, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=[f" word{n}" for n in range(5000)], tokens_per_second=50)
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        ask(session.page, "Go on and on")
        expect(last_answer(session.page)).to_contain_text("word60", timeout=30_000)
        children = psutil.Process(session.pid).children(recursive=True)
        session.kill()
        session.complaints.clear()
        wait_for(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))
    with begin(kind, OLLAMA_HOST=ollama_stand_in.host) as session:
        session.page.get_by_role("link", name="Go on and on").click()
        expect(last_answer(session.page)).to_contain_text("word30")
        expect(last_answer(session.page)).to_contain_text("The answer was cut off. What was written is kept.")
        expect(session.page.get_by_role("button", name="Write again").first).to_be_visible()


def test_an_engine_that_fails_is_shown_where_it_happened(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answers.append(Answer(tokens=("Half", " of", " it"), until=2, cut=True))
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Hello")
        expect(last_answer(page)).to_contain_text("Half of", timeout=30_000)
        expect(last_answer(page)).to_contain_text("stopped in the middle of the answer")
        page.get_by_role("button", name="Write again").first.click()
        expect(last_answer(page)).to_contain_text("The sky is blue.")


def test_an_answer_is_written_again_and_both_versions_stay(begin: Begin, ollama_stand_in: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Hello")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        ollama_stand_in.answer = Answer(tokens=("Grey", " today."))
        page.get_by_role("button", name="Write again").click()
        expect(last_answer(page)).to_contain_text("Grey today.")
        page.get_by_role("button", name="Previous version").click()
        expect(last_answer(page)).to_contain_text("The sky is blue.")


def test_refused_files_say_why_and_the_others_go_on(begin: Begin, shared: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "really.docx").write_bytes((shared / "corpus" / "DA-1p.pdf").read_bytes())
    (tmp_path / "good.md").write_text("# Rent\n\nThe rent is 1,450 euros a month.\n", encoding="utf-8")
    with begin("chromium") as session:
        drop(session.page, shared / "corpus" / "password.pdf", *sorted(tmp_path.glob("*.*")))
        wait_until_read(session.page, "good.md")
        rows = session.page.get_by_role("region", name="List of documents")
        expect(rows).to_contain_text("A password is needed to open password.pdf", timeout=60_000)
        expect(rows).to_contain_text("empty")
        expect(rows).to_contain_text("PDF")
