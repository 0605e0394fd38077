"""Conversations as trees: branches, siblings, pins, tags, and what a crash leaves."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from backend.errors import NotFound
from backend.stores.conversation_search import ConversationSearch
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


def test_a_deleted_conversation_is_not_found_again(conversations: Conversations) -> None:
    identity = conversations.create("t")
    turn(conversations, identity, None, "q?", "a")
    conversations.delete(identity)
    with pytest.raises(NotFound):
        conversations.get(identity)


def test_pinned_conversations_come_first_then_the_newest(conversations: Conversations) -> None:
    first, second, third = (conversations.create(title) for title in ("first", "second", "third"))
    for identity in (first, second, third):
        turn(conversations, identity, None, "q?", "a")
        time.sleep(0.002)  # times have milliseconds
    conversations.pin(first, pinned=True)
    listed, total = conversations.listed()
    assert [(one.title, one.pinned) for one in listed] == [("first", True), ("third", False), ("second", False)]
    assert total == 3
    conversations.pin(first, pinned=False)
    assert [one.id for one in conversations.listed()[0]] == [third, second, first]


def test_the_list_is_read_in_pages_that_meet(conversations: Conversations) -> None:
    made = {conversations.create(f"c{number}") for number in range(7)}
    pages = [conversations.listed(offset=offset, limit=3)[0] for offset in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {one.id for page in pages for one in page} == made


def test_tags_are_counted_and_filtered(conversations: Conversations) -> None:
    lease, lab = conversations.create("Lease"), conversations.create("Lab")
    conversations.tag(lease, ["home", "Verträge"])
    conversations.tag(lab, ["HOME", "bench", "Bench"])
    assert conversations.tags() == [("bench", 1), ("home", 2), ("Verträge", 1)]
    assert [one.id for one in conversations.listed("Verträge")[0]] == [lease]
    assert conversations.get(lab).tags == ["bench", "home"]
    conversations.tag(lab, [])
    assert conversations.tags() == [("home", 1), ("Verträge", 1)]
    assert conversations.listed("bench") == ([], 0)


def test_what_is_put_away_is_in_no_list_and_comes_back_whole(conversations: Conversations) -> None:
    identity = conversations.create("t")
    turn(conversations, identity, None, "q?", "a")
    conversations.tag(identity, ["home"])
    conversations.put_away(identity)
    assert conversations.listed() == ([], 0)
    assert conversations.tags() == []
    conversations.bring_back(identity)
    assert [one.id for one in conversations.listed()[0]] == [identity]
    assert len(conversations.get(identity).messages) == 2


def test_what_was_put_away_is_deleted_at_the_next_start_and_nothing_else(conversations: Conversations) -> None:
    kept, gone = conversations.create("kept"), conversations.create("gone")
    conversations.put_away(gone)
    assert conversations.delete_put_away() == 1
    assert [one.id for one in conversations.listed()[0]] == [kept]
    with pytest.raises(NotFound):
        conversations.get(gone)


def test_what_was_put_away_long_ago_is_deleted_with_the_next(conversations: Conversations) -> None:
    old, new = conversations.create("old"), conversations.create("new")
    conversations.put_away(old)
    with conversations._database.write() as db:
        db.execute("UPDATE conversations SET put_away_at = '2020-01-01T00:00:00.000+00:00'")
    conversations.put_away(new)
    with pytest.raises(NotFound):
        conversations.get(old)
    assert conversations.get(new).title == "new"


def test_a_partial_answer_survives_kill_9(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from backend.stores.conversation_search import ConversationSearch
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
    [summary], _ = store.listed()
    _, answer = store.get(summary.id).messages
    assert (answer.content, answer.thinking, answer.status) == ("half of the answer", "some thought", "interrupted")
    assert ConversationSearch(Database(tmp_path / "localchat.db")).search("half").total == 1


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


def test_a_clock_that_was_set_back_does_not_turn_the_order_round(
    conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(["2026-05-01T10:00:00.000+00:00", "2020-01-01T00:00:00.000+00:00", "2020-01-01T00:00:01.000+00:00"])
    monkeypatch.setattr("backend.stores.conversations._now", lambda: next(clock))
    first = conversations.begin_turn(None, None, "First?", model="m", sources=[], title="T")
    second = conversations.begin_turn(first.conversation_id, first.answer_id, "Second?", model="m", sources=[])
    again = conversations.begin_turn(first.conversation_id, first.answer_id, "Second?", model="m", sources=[])
    kept = conversations.get(first.conversation_id)
    assert [message.id for message in kept.messages] == [
        first.question_id,
        first.answer_id,
        second.question_id,
        second.answer_id,
        again.answer_id,
    ]
    times = [message.created_at for message in kept.messages]
    assert times == sorted(times)
    assert kept.updated_at >= kept.created_at


def test_a_citation_is_replaced_where_it_still_stands(conversations: Conversations) -> None:
    identity = conversations.create("Sea")
    _, answer = turn(conversations, identity, None, "one?", "one")
    before = {"start": 0, "end": 3, "verdict": "open", "checked_by": None}
    after = {**before, "verdict": "supported", "checked_by": "m"}
    # As it was kept before there was the last field.
    old = {"start": 0, "end": 3, "verdict": "open"}
    conversations.finish(answer, "done", "one", "", proof={"sure": True, "citations": [old, old]})
    assert conversations.settle(answer, 1, before, after)
    assert conversations.message(answer).proof == {"sure": True, "citations": [old, after]}
    assert not conversations.settle(answer, 1, before, before)
    assert not conversations.settle(answer, 2, before, after)
    assert not conversations.settle("gone", 1, before, after)
    conversations.delete(identity)
    assert not conversations.settle(answer, 0, before, after)
