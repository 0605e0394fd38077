"""Two windows on one conversation: each learns what the other did, says so, and loses nothing that was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Begin, ready
from tests.e2e.pages import ask, fetch, last_answer, wait_until_written
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ELSEWHERE = "This conversation went on in another window."
DELETED = "This conversation was deleted in another window."
DRAFT = "half a thought, not sent"


@contextmanager
def two(begin: Begin, ollama: StandIn) -> Iterator[tuple[Page, Page]]:
    """Both look at a conversation of one question; in the second a draft is being written."""
    with begin("chromium", OLLAMA_HOST=ollama.host) as session:
        one = session.page
        ask(one, "The first question")
        wait_until_written(one)
        one.wait_for_url(re.compile("#/c/"))
        other = one.context.new_page()
        other.goto(one.url)
        ready(other)
        expect(last_answer(other)).to_contain_text("The sky is blue.")
        other.get_by_role("textbox", name="Message").fill(DRAFT)
        yield one, other
        session.complaints.clear()  # what was deleted is asked for once more


def test_what_was_asked_in_one_is_shown_in_the_other(begin: Begin, ollama_stand_in: StandIn) -> None:
    with two(begin, ollama_stand_in) as (one, other):
        ollama_stand_in.answer = Answer(tokens=("Grey", " today."))
        ask(one, "The second question")
        wait_until_written(one)
        expect(last_answer(other)).to_contain_text("Grey today.")
        expect(other.get_by_text(ELSEWHERE)).to_be_visible()
        expect(other.get_by_role("textbox", name="Message")).to_have_value(DRAFT)
        expect(one.get_by_text(ELSEWHERE)).to_have_count(0)


def test_both_ask_and_both_questions_are_kept(begin: Begin, ollama_stand_in: StandIn) -> None:
    with two(begin, ollama_stand_in) as (one, other):
        ollama_stand_in.answer = Answer(tokens=[f" word{n}" for n in range(40)], tokens_per_second=20)
        ask(one, "Asked here")
        ask(other, "Asked there")
        wait_until_written(one)
        wait_until_written(other)
        identity = one.url.split("/c/")[1]
        kept = fetch(one, f"/api/conversations/{identity}", method="GET")["messages"]
        assert {"Asked here", "Asked there"} <= {message["content"] for message in kept}
        assert all("word39" in message["content"] for message in kept[3:] if message["role"] == "assistant")
        # Each comes to know of the other's, as a version beside its own or as what follows.
        for page, question in ((one, "Asked there"), (other, "Asked here")):
            versions = page.get_by_role("button", name=re.compile("^(Next|Previous) version$"))
            expect(page.get_by_role("article").get_by_text(question).or_(versions).first).to_be_visible()


def test_a_new_name_is_seen_in_the_other(begin: Begin, ollama_stand_in: StandIn) -> None:
    with two(begin, ollama_stand_in) as (one, other):
        one.keyboard.press("F2")
        one.get_by_role("textbox", name="New name").fill("Another name")
        one.keyboard.press("Enter")
        expect(other.get_by_role("heading", level=1)).to_have_text("Another name")
        expect(other.get_by_role("textbox", name="Message")).to_have_value(DRAFT)


def test_deleted_in_one_the_other_says_so_and_moves_on_with_what_is_typed(
    begin: Begin, ollama_stand_in: StandIn
) -> None:
    with two(begin, ollama_stand_in) as (one, other):
        one.get_by_role("main").get_by_role("button", name=re.compile("^More about")).click()
        one.get_by_role("menuitem", name="Delete conversation").click()
        alert = other.get_by_role("alert").filter(has_text=DELETED)
        expect(alert).to_be_visible(timeout=60_000)
        # What was said can still be read, and copied.
        expect(last_answer(other)).to_contain_text("The sky is blue.")
        box = other.get_by_role("textbox", name="Message")
        expect(box).to_have_value(DRAFT)
        box.press("Enter")
        expect(box).to_have_value(DRAFT)
        alert.get_by_role("button", name="Start a fresh conversation").click()
        expect(box).to_have_value(DRAFT)
        box.press("Enter")
        expect(last_answer(other)).to_contain_text("The sky is blue.")
        expect(other.get_by_role("heading", level=1)).to_have_text(DRAFT)
