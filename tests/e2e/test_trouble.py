"""The server goes away under an open page: the page says so, keeps what is written, and goes on by itself."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Begin, ready, tab
from tests.e2e.pages import ask, fetch, go, last_answer, wait_until_written
from tests.ollama_script import Answer

if TYPE_CHECKING:
    from tests.ollama_stand_in import StandIn

pytestmark = pytest.mark.e2e

GONE = "LocalChat’s server does not answer."
ANEW = "LocalChat was started anew"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def test_killed_and_started_again_the_page_goes_on(serve: Any, browser: Browser, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=["word "] * 10_000, tokens_per_second=100)
    port = free_port()
    start = {"OLLAMA_HOST": ollama_stand_in.host}
    with tab(browser) as page:
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


def test_a_page_of_an_earlier_start_is_told_to_open_anew(serve: Any, browser: Browser) -> None:
    port = free_port()
    with tab(browser) as page:
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


def test_an_engine_that_is_gone_is_told_where_one_asks_with_a_button_that_helps(
    begin: Begin, ollama_stand_in: StandIn
) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        fetch(page, "/api/models/active", {"model": "smollm2:135m"}, "PUT")
        ollama_stand_in.models.clear()
        page.wait_for_timeout(3500)  # what was found is believed for three seconds
        ask(page, "Is the model there?")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("smollm2:135m is not installed any more.")
        expect(page.get_by_role("textbox", name="Message")).to_have_value("Is the model there?")
        alert.get_by_role("button", name="Choose a model").click()
        expect(page.get_by_role("heading", name="Models", level=1)).to_be_visible()
        session.complaints.clear()  # The browser's own, of the answer 404.


def test_an_answer_that_the_engine_breaks_off_is_kept_and_can_be_written_again(
    begin: Begin, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = Answer(tokens=["half "] * 20, until=10, cut=True)
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Go on")
        alert = last_answer(page).get_by_role("alert")
        expect(alert).to_contain_text("stopped in the middle of the answer. What it wrote is kept")
        expect(last_answer(page)).to_contain_text("half half")
        ollama_stand_in.answer = Answer()
        alert.get_by_role("button", name="Write again").click()
        expect(last_answer(page)).to_contain_text("The sky is blue.")


def test_a_page_that_slept_goes_on(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=[f"word{n} " for n in range(60)], tokens_per_second=20)
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        ask(page, "Go on")
        expect(last_answer(page)).to_contain_text("word3")
        page.get_by_role("textbox", name="Message").fill("The next thought")
        tools = page.context.new_cdp_session(page)
        tools.send("Page.setWebLifecycleState", {"state": "frozen"})
        time.sleep(4)  # The answer ends meanwhile.
        tools.send("Page.setWebLifecycleState", {"state": "active"})
        expect(last_answer(page)).to_contain_text("word59")
        wait_until_written(page)
        expect(page.get_by_role("textbox", name="Message")).to_have_value("The next thought")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("this system does not let us mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_told_where_one_asks_and_the_question_stays(
    begin: Begin, ollama_stand_in: StandIn, small_disk: Path
) -> None:
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host, LOCALCHAT_DATA=str(small_disk)) as session:
        page = session.page
        filler = small_disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        question = "Where has all the room gone? " * 400
        ask(page, question)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The disk is full. Nothing that was saved before is lost.")
        expect(page.get_by_role("textbox", name="Message")).to_have_value(question.strip())
        alert.get_by_role("button", name="See what takes room").click()
        expect(page.get_by_role("listitem").filter(has_text="Conversations and settings")).to_be_visible()
        filler.unlink()
        go(page, "")
        page.get_by_role("textbox", name="Message").press("Enter")
        expect(last_answer(page)).to_contain_text("The sky is blue.")
        session.complaints.clear()  # The browser's own, of the answer 507.
