"""Conversations are found by the beginnings of their words, in every script, and only as long as they are there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backend.stores.conversation_search import ConversationSearch
from backend.stores.conversations import Conversations
from backend.stores.database import MIGRATIONS, Database
from backend.stores.words import Part, match_query, parts, separated
from tests.stores.test_conversations import turn


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "localchat.db")


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture
def found(database: Database) -> ConversationSearch:
    return ConversationSearch(database)


def texts(marked: list[Part]) -> list[str]:
    return [part.text for part in marked if part.found]


def whole(marked: list[Part]) -> str:
    return "".join(part.text for part in marked)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("octopus", ["octopus"]),
        ("OCTO", ["octopus"]),
        ("at tim", ["at", "times"]),
        ("öctopüs", ["octopus"]),
        ("cafe", ["Café"]),
        ("cafe\u0301", ["Café"]),
        ("鸟", ["鸟"]),
        ("河里", ["河里"]),
        ("鸟在河里 octo", ["octopus", "鸟在河里"]),
        ("用pc", ["用PCR"]),
    ],
)
def test_words_are_found_by_their_beginnings_in_every_script(
    conversations: Conversations, found: ConversationSearch, query: str, words: list[str]
) -> None:
    identity = conversations.create("Sea animals")
    answer = "An octopus, at times, in the Café. 水鸟在河里。我们用PCR测。"
    _, answered = turn(conversations, identity, None, "What lives in a tide pool?", answer)
    turn(conversations, conversations.create("Leases"), None, "When does it end?", "In March. 鸟 河")
    matched = [one for one in found.search(query)[0] if one.id == identity]
    assert [one.match.message_id for one in matched] == [answered]
    assert texts(matched[0].match.snippet) == words
    assert "\u200b" not in whole(matched[0].match.snippet)


def test_a_run_of_chinese_is_found_only_where_it_stands_together(
    conversations: Conversations, found: ConversationSearch
) -> None:
    turn(conversations, conversations.create("t"), None, "q?", "蛋 糕 是 白 的")
    together = conversations.create("t")
    turn(conversations, together, None, "q?", "这是蛋白质的结构")
    assert [one.id for one in found.search("蛋白")[0]] == [together]


def test_a_word_is_not_found_by_its_middle(conversations: Conversations, found: ConversationSearch) -> None:
    turn(conversations, conversations.create("t"), None, "q?", "whirlpool")
    assert found.search("pool") == ([], 0)


def test_a_title_is_found_and_comes_before_messages(conversations: Conversations, found: ConversationSearch) -> None:
    titled = conversations.create("Éléphants <b>of</b> the sea")
    spoken = conversations.create("Other")
    turn(conversations, spoken, None, "elephants?", "Two elephants.")
    first, second = found.search("elephants")[0]
    assert (first.id, first.match.hits, first.match.message_id, first.match.snippet) == (titled, 0, None, [])
    assert texts(first.match.title) == ["Éléphants"]
    assert whole(first.match.title) == "Éléphants <b>of</b> the sea"
    assert (second.id, second.match.hits) == (spoken, 2)
    assert texts(second.match.title) == []


def test_the_newest_message_of_all_that_hold_the_words_is_shown(
    conversations: Conversations, found: ConversationSearch
) -> None:
    identity = conversations.create("t")
    _, first = turn(conversations, identity, None, "ring?", "a ring")
    _, second = turn(conversations, identity, first, "and?", "another ring")
    [only], total = found.search("ring")
    assert (only.match.hits, only.match.message_id, total) == (3, second, 1)


def test_hits_come_in_pages_with_how_many_there_are(conversations: Conversations, found: ConversationSearch) -> None:
    made = {conversations.create(f"same {number}") for number in range(5)}
    pages = [found.search("same", offset=offset, limit=2) for offset in (0, 2, 4)]
    assert [total for _, total in pages] == [5, 5, 5]
    assert {one.id for page, _ in pages for one in page} == made


def test_hits_of_a_tag_alone(conversations: Conversations, found: ConversationSearch) -> None:
    tagged, _ = conversations.create("same"), conversations.create("same")
    conversations.tag(tagged, ["home"])
    assert [one.id for one in found.search("same", "home")[0]] == [tagged]
    assert found.search("same", "work") == ([], 0)


@pytest.mark.parametrize(
    "query", ['"', "a AND", "NEAR(", "*", "%", "_", "x' OR 1=1", "(", "-", "content:", "\x02", "^"]
)
def test_any_text_is_taken_as_words(conversations: Conversations, found: ConversationSearch, query: str) -> None:
    turn(conversations, conversations.create("Sea"), None, "q?", "a")
    assert found.search(query) == ([], 0)


def test_a_new_title_is_found_and_the_old_one_no_more(conversations: Conversations, found: ConversationSearch) -> None:
    identity = conversations.create("octopus")
    conversations.rename(identity, "水鸟")
    assert found.search("octopus")[1] == 0
    assert found.search("鸟")[1] == 1


def test_deleted_words_are_found_no_more(conversations: Conversations, found: ConversationSearch) -> None:
    identity = conversations.create("octopus")
    turn(conversations, identity, None, "octopus?", "octopus 鸟")
    conversations.delete(identity)
    for word in ("octopus", "鸟"):
        assert found.search(word)[1] == 0


def test_what_is_put_away_is_not_found_until_it_is_back(
    conversations: Conversations, found: ConversationSearch
) -> None:
    identity = conversations.create("octopus")
    conversations.put_away(identity)
    assert found.search("octopus")[1] == 0
    conversations.bring_back(identity)
    assert found.search("octopus")[1] == 1


def test_an_answer_that_is_deleted_while_it_is_written_stays_deleted(
    conversations: Conversations, found: ConversationSearch
) -> None:
    identity = conversations.create("t")
    answer = conversations.begin_turn(identity, None, "q", model="m", sources=[]).answer_id
    conversations.delete(identity)
    conversations.keep_partial(answer, "half", "")
    conversations.finish(answer, "done", "whole", "")
    assert found.search("whole")[1] == 0


def test_an_answer_that_ends_twice_is_found_by_its_last_words(
    conversations: Conversations, found: ConversationSearch
) -> None:
    identity = conversations.create("t")
    answer = conversations.begin_turn(identity, None, "q", model="m", sources=[]).answer_id
    conversations.finish(answer, "stopped", "half", "")
    conversations.finish(answer, "done", "whole", "")
    assert [found.search(word)[1] for word in ("half", "whole")] == [0, 1]


def test_words_stay_with_their_messages_when_the_file_is_packed(
    conversations: Conversations, found: ConversationSearch, tmp_path: Path
) -> None:
    gone = conversations.create("gone")
    turn(conversations, gone, None, "q?", "a")
    identity = conversations.create("t")
    _, answered = turn(conversations, identity, None, "q?", "octopus")
    conversations.delete(gone)
    connection = sqlite3.connect(tmp_path / "localchat.db")
    connection.execute("VACUUM")
    connection.close()
    [only], _ = found.search("octopus")
    assert (only.match.message_id, texts(only.match.snippet)) == (answered, ["octopus"])


def test_a_message_that_holds_the_marks_of_a_snippet_does_not_mark_itself(
    conversations: Conversations, found: ConversationSearch
) -> None:
    turn(conversations, conversations.create("t"), None, "q?", "\x02evil\x03 octopus")
    [only], _ = found.search("octopus")
    assert texts(only.match.snippet) == ["octopus"]


def test_conversations_of_the_first_version_are_found(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "old.db")
    connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
    now = "2026-01-01T00:00:00.000+00:00"
    for name in ("one", "two"):
        connection.execute(
            "INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (name, f"Title {name}", now, now),
        )
        for number, status in enumerate(("done", "done", "streaming")):
            connection.execute(
                "INSERT INTO messages (id, conversation_id, role, content, status, created_at) "
                "VALUES (?, ?, 'user', ?, ?, ?)",
                (f"{name}{number}", name, f"{name} 水鸟 {number}", status, now),
            )
    connection.commit()
    connection.close()

    database = Database(tmp_path / "old.db")
    conversations, found = Conversations(database), ConversationSearch(database)
    listed, total = conversations.listed()
    assert total == 2
    assert {(one.id, one.title, one.pinned, tuple(one.tags)) for one in listed} == {
        ("one", "Title one", False, ()),
        ("two", "Title two", False, ()),
    }
    hits = {one.id: (one.match.hits, one.match.message_id) for one in found.search("水鸟")[0]}
    assert hits == {"one": (2, "one1"), "two": (2, "two1")}
    assert [one.id for one in found.search("title two")[0]] == ["two"]
    # What comes after goes on from there.
    conversations.finish("one2", "done", "late words", "")
    turn(conversations, "two", "two1", "more?", "late words")
    assert {one.id for one in found.search("late")[0]} == {"one", "two"}
    conversations.delete("one")
    assert {one.id for one in found.search("水")[0]} == {"two"}


def test_characters_without_spaces_are_tokens_of_their_own() -> None:
    assert separated("用PCR测") == "\u200b用\u200bPCR\u200b测\u200b"
    assert separated("plain words") == "plain words"
    assert match_query(' "a" 蛋白 -- ') == '"a"* "\u200b蛋\u200b白\u200b"*'


def test_a_snippet_is_one_line_of_parts() -> None:
    assert parts("…a\n\x02b\x03  c") == [Part("…a ", found=False), Part("b", found=True), Part(" c", found=False)]
