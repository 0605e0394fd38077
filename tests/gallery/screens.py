"""Goes through every screen, wide and narrow, light and dark, and takes its picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.e2e.conftest import ready
from tests.e2e.pages import ask, drop, fetch, go, last_answer, wait_until_read
from tests.e2e.test_accessibility import violations
from tests.gallery import story
from tests.gallery.pictures import Gallery
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn
from tests.tables import reply

pytestmark = pytest.mark.timeout(1800)

Theme = Literal["light", "dark"]
LOOKS: dict[str, tuple[Theme, int]] = {
    "light": ("light", 1280),
    "dark": ("dark", 1280),
    "narrow-light": ("light", 420),
    "narrow-dark": ("dark", 420),
}
HEIGHT = 800
GROUPS = ROOT / "tests" / "proof_groups" / "held_out" / "all.jsonl"


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    """One for all tests of this file; its page is written when all of them have run."""
    made = Gallery()
    yield made
    made.write_page()
    assert made.violations() == []


@dataclass
class Camera:
    """A page in one look."""

    page: Page
    look: str
    gallery: Gallery

    @property
    def narrow(self) -> bool:
        return self.look.startswith("narrow")

    def take(self, name: str, shows: str, *, still: bool = False) -> None:
        """`still`: the pointer stays where it is."""
        if not still:
            self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(400)
        found = violations(self.page)
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        self.gallery.keep(name, shows, self.look, self.page.screenshot(), found)

    def open_drawer(self) -> None:
        if self.narrow:
            self.page.get_by_role("button", name="Show conversations").click()
            expect(self.page.get_by_role("dialog")).to_be_visible()


def cameras(browser: Browser, gallery: Gallery, address: str) -> Iterator[Camera]:
    for look, (theme, width) in LOOKS.items():
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=theme)
        page = context.new_page()
        page.goto(address)
        ready(page)
        yield Camera(page, look, gallery)
        context.close()


def test_of_a_computer_without_ollama(gallery: Gallery, serve: Any, browser: Browser) -> None:
    with serve() as served:
        for camera in cameras(browser, gallery, served.page):
            page = camera.page
            expect(page.get_by_role("heading", name=re.compile("^You are talking to"))).to_be_visible()
            expect(page.get_by_text(re.compile(r"of [\d,]+ tokens"))).to_be_visible()
            camera.take("first-start", "The first start: nothing to read before the first question")
            go(page, "#/models")
            expect(page.get_by_role("heading", name="Ollama")).to_be_visible()
            camera.take("models-stopped", "Models while no Ollama runs")
            go(page, "#/settings")
            expect(page.get_by_role("heading", name="Trouble")).to_be_visible()
            camera.take("trouble", "What is wrong with this computer, and what helps")


def test_of_a_household_with_ollama(
    gallery: Gallery, serve: Any, browser: Browser, ollama_stand_in: StandIn, tmp_path: Path
) -> None:
    ollama_stand_in.models = {model.name: model for model in story.MODELS}
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    story.write_conversations(data)
    papers = story.write_papers(tmp_path / "papers")
    with serve(OLLAMA_HOST=ollama_stand_in.host) as served:
        prepare(browser, served.page, papers, ollama_stand_in)
        for camera in cameras(browser, gallery, served.page):
            conversation(camera, ollama_stand_in)
            over_the_page(camera)
            pages(camera)
        gone(browser, gallery, served)


def prepare(browser: Browser, address: str, papers: list[Path], ollama: StandIn) -> None:
    """The papers are added, two presets made, each contract is asked, and the proof is measured, as a user does it."""
    page = browser.new_page()
    page.goto(address)
    ready(page)
    go(page, "#/documents")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files…").first.click()
    chooser.value.set_files(papers)
    for name in (*story.PAPERS, story.PDF):
        wait_until_read(page, name)
    fetch(page, "/api/settings", {"meter_open": True}, "PATCH")
    fetch(page, "/api/presets", {"name": "Contracts", "system_prompt": "You check contracts. Quote the clause."})
    fetch(page, "/api/presets", {"name": "Letters", "system_prompt": "You write polite letters.", "temperature": 0.8})
    documents = fetch(page, "/api/documents", method="GET")["documents"]
    contracts = [document["id"] for document in documents if document["filename"] in story.CONTRACTS]
    ollama.answers.extend(reply(row) for row in story.ROWS)
    body = {"question": story.EACH, "columns": story.COLUMNS}
    page.evaluate(
        """async ([id, body]) => {
            await (await fetch(`/api/collections/${id}/ask`, {method: "POST", body: JSON.stringify(body),
                headers: {"Content-Type": "application/json"}})).text();
        }""",
        [fetch(page, "/api/collections", {"name": "Contracts", "document_ids": contracts})["id"], body],
    )
    go(page, "#/evaluation")
    page.locator("input[type=file]").first.set_input_files(GROUPS)
    expect(page.get_by_role("region", name=f"Figures: {GROUPS.name}")).to_be_visible(timeout=90_000)
    page.close()


def answer(page: Page) -> Answer:
    """Names the sources by the numbers that they get."""
    found = fetch(page, "/api/search", {"query": story.QUESTION})["results"]

    def number(words: str) -> int:
        return next(place for place, passage in enumerate(found, 1) if words in passage["text"])

    return story.answer(number("fixed term"), number("six weeks"), number("email is not enough"))


def conversation(camera: Camera, ollama: StandIn) -> None:
    page = camera.page
    ollama.answers.append(answer(page))
    ask(page, story.QUESTION)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    expect(last_answer(page).locator("pre")).to_contain_text("timedelta")
    page.get_by_role("region", name="Conversation", exact=True).evaluate("region => { region.scrollTop = 0 }")
    camera.take("chat-top", "A question, and the beginning of its answer with chips, table and formula")
    last_answer(page).get_by_role("button", name=re.compile("^Source ")).first.click()
    camera.take("sources", "The words of a source, opened at its chip")
    page.keyboard.press("Escape")
    last_answer(page).locator(".prose .unproved").first.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    camera.take("reason", "Why a sentence has no source", still=True)
    page.keyboard.press("Escape")

    ollama.answers.append(story.THOUGHT)
    ask(page, story.FOLLOW_UP)
    expect(page.get_by_text(re.compile("^Thinking, "))).to_be_visible()
    camera.take("thinking", "The model thinks; the seconds count in place")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)

    ollama.answers.append(story.STREAMING)
    last_answer(page).get_by_role("button", name="Write again").click()
    expect(last_answer(page)).to_contain_text("Ask the landlord")
    camera.take("chat", "An answer being written, the meter opened")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)

    ollama.answers.append(story.HALF)
    ask(page, "Which of them comes first?")
    expect(page.get_by_role("button", name="Write again").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    camera.take("chat-failed", "The engine died in the middle of an answer")


def over_the_page(camera: Camera) -> None:
    page = camera.page
    page.get_by_role("main").get_by_role("button", name=re.compile("^More about")).click()
    expect(page.get_by_role("menu")).to_be_visible()
    camera.take("menu", "What can be done with a conversation, with its keys")
    page.keyboard.press("Escape")
    camera.open_drawer()
    page.get_by_role("searchbox", name="Search conversations").fill("what lease")
    expect(page.get_by_role("link", name=re.compile("Lindenstrasse")).locator("mark, b, strong").first).to_be_visible()
    camera.take("sidebar", "The sidebar searches through every message as one types")
    page.get_by_role("searchbox", name="Search conversations").fill("")
    if camera.narrow:
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.type("lease")
    expect(page.get_by_role("option", name=re.compile("Kaiweg")).first).to_be_visible()
    camera.take("palette", "One field for conversations, documents, passages and commands")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    camera.take("shortcuts", "Every key")
    page.keyboard.press("Escape")
    # It goes, so that the next look begins as this one did.
    fetch(page, f"/api/conversations/{page.url.split('/c/')[1]}", None, "DELETE")


def pages(camera: Camera) -> None:
    page = camera.page
    go(page, "#/documents")
    expect(page.get_by_role("row")).not_to_have_count(0)
    camera.take("documents", "Documents, one of which could not be read")
    hold(page, 14)
    camera.take("documents-drop", "Files held over the window")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=story.CONTRACTS[1]).click()
    expect(page.get_by_role("dialog", name=story.CONTRACTS[1]).get_by_text("ordinary notice")).to_be_visible()
    camera.take("reader", "The whole text of a document, as it was read")
    page.keyboard.press("Escape")
    (collection,) = fetch(page, "/api/collections", method="GET")["collections"]
    go(page, f"#/collection/{collection['id']}")
    page.get_by_role("link", name=story.EACH).click()
    expect(page.get_by_text("3 of 3 asked")).to_be_visible()
    camera.take("collection", "A question asked of each document of a collection, every value with its source")
    go(page, "#/evaluation")
    expect(page.get_by_role("region", name=f"Figures: {GROUPS.name}")).to_be_visible()
    camera.take("evaluation", "What the proof and the search are worth, measured")
    go(page, "#/models")
    expect(page.get_by_role("row", name=re.compile(re.escape("qwen3:8b"))).first).to_be_visible()
    camera.take("models", "Models, and how they fit this computer")
    go(page, "#/search")
    page.get_by_role("searchbox", name="Question").fill("early termination notice period")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Lease Kaiweg 3, storage.md").first).to_be_visible()
    camera.take("search", "What a question finds, with the scores of both arms")
    go(page, "#/settings")
    page.get_by_role("heading", name="Appearance").scroll_into_view_if_needed()
    camera.take("settings", "Settings in groups")
    page.get_by_role("button", name="New preset…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take("preset", "A preset is made")
    page.keyboard.press("Escape")


def hold(page: Page, files: int) -> None:
    """Files over the window that are not let go."""
    page.evaluate(
        """count => {
            const transfer = new DataTransfer();
            for (let one = 0; one < count; one++) transfer.items.add(new File(["x"], `${one}.pdf`));
            const how = {dataTransfer: transfer, bubbles: true, cancelable: true};
            document.body.dispatchEvent(new DragEvent("dragenter", how));
        }""",
        files,
    )


def gone(browser: Browser, gallery: Gallery, served: Any) -> None:
    """Every look is open when the server dies."""
    open_now = []
    for look, (theme, width) in LOOKS.items():
        page = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=theme).new_page()
        page.goto(served.page)
        ready(page)
        page.get_by_role("textbox", name="Message").fill("A thought that must not be lost")
        open_now.append(Camera(page, look, gallery))
    served.process.kill()
    served.process.wait()
    for camera in open_now:
        camera.page.get_by_role("textbox", name="Message").press("Enter")
        expect(camera.page.get_by_role("alert").first).to_be_visible()
        camera.take("server-gone", "The server is gone; what was written stays")


def test_of_the_real_window(gallery: Gallery, open_window: Any, ollama_stand_in: StandIn, tmp_path: Path) -> None:
    ollama_stand_in.models = {model.name: model for model in story.MODELS}
    papers = story.write_papers(tmp_path / "papers")
    with open_window(OLLAMA_HOST=ollama_stand_in.host) as opened:
        page = opened.page
        ready(page)
        # The dialog of the window is the system's own: the files come as a drop brings them.
        drop(page, *papers)
        for name in (*story.PAPERS, story.PDF):
            wait_until_read(page, name)
        go(page, "")
        page.reload()
        ready(page)
        ollama_stand_in.answers.append(answer(page))
        ask(page, story.QUESTION)
        expect(last_answer(page).locator("pre")).to_contain_text("timedelta")
        answered = page.evaluate("location.hash")
        for theme in ("light", "dark"):
            fetch(page, "/api/settings", {"theme": theme}, "PATCH")
            go(page, answered)
            page.reload()
            ready(page)
            for name, route in (("chat", answered), ("documents", "#/documents"), ("settings", "#/settings")):
                go(page, route)
                page.wait_for_timeout(1000)
                gallery.keep(f"window-{name}", f"The real window: {name}", theme, page.screenshot(), None)
