"""The server goes away under an open page: the page says so, keeps what is written, and goes on by itself."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.conftest import ready, tab
from tests.e2e.pages import ask, last_answer, wait_until_written
from tests.ollama_script import Answer

if TYPE_CHECKING:
    from tests.ollama_stand_in import StandIn

pytestmark = pytest.mark.e2e

GONE = "LocalChat’s server does not answer."
ANEW = "LocalChat was started anew"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def test_killed_and_started_again_the_page_goes_on(serve: Any, chromium: str, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=["word "] * 10_000, tokens_per_second=100)
    port = free_port()
    start = {"OLLAMA_HOST": ollama_stand_in.host}
    with sync_playwright() as playwright:
        page = tab(playwright, chromium, "light", 1280)
        with serve("--no-token", "--port", port, **start) as served:
            page.goto(served.page)
            ready(page)
            ask(page, "Go on")
            expect(last_answer(page)).to_contain_text("word word word")
            page.wait_for_timeout(600)
            served.process.kill()
            served.process.wait()
        expect(page.get_by_role("alert").filter(has_text=GONE)).to_be_visible()
        box = page.get_by_role("textbox", name="Message")
        box.fill("A thought that must not be lost")
        ollama_stand_in.answer = Answer()
        with serve("--no-token", "--port", port, **start):
            expect(page.get_by_role("alert").filter(has_text=GONE)).to_have_count(0)
            expect(page.get_by_text("The answer was cut off. What was written is kept.")).to_be_visible()
            expect(last_answer(page)).to_contain_text("word word word")
            expect(box).to_have_value("A thought that must not be lost")
            box.press("Enter")
            expect(last_answer(page)).to_contain_text("The sky is blue.")
            wait_until_written(page)
        page.context.browser.close()  # type: ignore[union-attr]


def test_a_page_of_an_earlier_start_is_told_to_open_anew(serve: Any, chromium: str) -> None:
    port = free_port()
    with sync_playwright() as playwright:
        page = tab(playwright, chromium, "light", 1280)
        with serve("--port", port) as served:
            page.goto(served.page)
            ready(page)
        box = page.get_by_role("textbox", name="Message")
        box.fill("Is anybody there?")
        box.press("Enter")
        expect(page.get_by_role("alert").filter(has_text=GONE)).to_be_visible()
        expect(box).to_have_value("Is anybody there?")
        with serve("--port", port):
            expect(page.get_by_role("alert").filter(has_text=ANEW)).to_be_visible()
        page.context.browser.close()  # type: ignore[union-attr]
