"""Conversations as trees: branches, siblings, search, and what a crash leaves."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.errors import NotFound
from backend.stores.conversations import Conversations
from backend.stores.database import Database


@pytest.fixture
def conversations(tmp_path: Path) -> Conversations:
    return Conversations(Database(tmp_path / "localchat.db"))


def turn(store: Conversations, conversation: str, parent: str | None, question: str, answer: str) -> tuple[str, str]:
    turn = store.begin_turn(conversation, parent, question, model="m", sources=[])
    asked, answered = turn.question_id, turn.answer_id
    store.finish(answered, "done", answer, "")
    return asked, answered


def test_a_branch_runs_from_the_first_message_to_the_leaf(conversations: Conversations) -> None:
    identity = conversations.create("Sea")
    _, first = turn(conversations, identity, None, "one?", "one")
    _, second = turn(conversations, identity, first, "two?", "two")
    assert [message.content for message in conversations.branch(identity, second)] == ["one?", "one", "two?", "two"]
    assert conversations.leaf(identity) == second


def test_the_same_question_again_is_a_sibling_of_the_answer_and_not_a_second_question(
    conversations: Conversations,
) -> None:
    identity = conversations.create("Sea")
    asked, _ = turn(conversations, identity, None, "one?", "first try")
    again, answered = turn(conversations, identity, None, "one?", "second try")
    assert again == asked
    assert [message.content for message in conversations.branch(identity, answered)] == ["one?", "second try"]
    assert len(conversations.get(identity).messages) == 3


def test_an_edited_question_is_a_sibling_of_the_question(conversations: Conversations) -> None:
    identity = conversations.create("Sea")
    turn(conversations, identity, None, "one?", "one")
    _, edited = turn(conversations, identity, None, "uno?", "uno")
    assert [message.content for message in conversations.branch(identity, edited)] == ["uno?", "uno"]


def test_a_shown_branch_is_remembered(conversations: Conversations) -> None:
    identity = conversations.create("Sea")
    _, first = turn(conversations, identity, None, "one?", "a")
    turn(conversations, identity, None, "one?", "b")
    conversations.show_branch(identity, first)
    assert conversations.get(identity).leaf_id == first


def test_a_message_of_another_conversation_is_refused(conversations: Conversations) -> None:
    one, other = conversations.create("one"), conversations.create("other")
    _, answered = turn(conversations, one, None, "q", "a")
    with pytest.raises(NotFound):
        conversations.branch(other, answered)
    with pytest.raises(NotFound):
        conversations.show_branch(other, answered)
    with pytest.raises(NotFound):
        conversations.begin_turn(other, answered, "q", model="m", sources=[])


@pytest.mark.parametrize("query", ["octopus", "OCTO", "pool tide", "Sea"])
def test_search_finds_words_of_messages_and_titles(conversations: Conversations, query: str) -> None:
    identity = conversations.create("Sea animals")
    turn(conversations, identity, None, "What lives in a tide pool?", "An octopus, at times.")
    turn(conversations, conversations.create("Leases"), None, "When does it end?", "In March.")
    found, total = conversations.search(query)
    assert [summary.id for summary in found] == [identity]
    assert total == 1


@pytest.mark.parametrize("query", ['"', "a AND", "NEAR(", "*", "%", "_", "x' OR 1=1", "(", "-", "content:"])
def test_search_takes_any_text_as_words(conversations: Conversations, query: str) -> None:
    turn(conversations, conversations.create("Sea"), None, "q?", "a")
    assert conversations.search(query)[1] == 0


def test_deleted_words_are_found_no_more(conversations: Conversations) -> None:
    identity = conversations.create("t")
    turn(conversations, identity, None, "q?", "octopus")
    conversations.delete(identity)
    assert conversations.search("octopus")[1] == 0
    with pytest.raises(NotFound):
        conversations.get(identity)


def test_an_answer_that_is_deleted_while_it_is_written_stays_deleted(conversations: Conversations) -> None:
    identity = conversations.create("t")
    answer = conversations.begin_turn(identity, None, "q", model="m", sources=[]).answer_id
    conversations.delete(identity)
    conversations.keep_partial(answer, "half", "")
    conversations.finish(answer, "done", "whole", "")
    assert conversations.search("whole")[1] == 0


def test_a_partial_answer_survives_kill_9(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from backend.stores.conversations import Conversations
from backend.stores.database import Database
store = Conversations(Database(Path({str(tmp_path / "localchat.db")!r})))
identity = store.create("t")
answer = store.begin_turn(identity, None, "q", model="m", sources=[]).answer_id
store.keep_partial(answer, "half of the answer", "some thought")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], check=False)
    store = Conversations(Database(tmp_path / "localchat.db"))
    assert store.interrupt_unfinished() == 1
    [summary], _ = store.search()
    _, answer = store.get(summary.id).messages
    assert (answer.content, answer.thinking, answer.status) == ("half of the answer", "some thought", "interrupted")
    assert store.search("half")[1] == 1


def test_many_threads_write_at_once(conversations: Conversations) -> None:
    identity = conversations.create("t")

    def write(number: int) -> None:
        turn(conversations, identity, None, f"question {number}", "answer")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conversations.get(identity).messages) == 48
