"""Pictures live as long as a question shows them, and each lies there once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backend.errors import NotFound
from backend.stores.conversations import Conversations
from backend.stores.database import MIGRATIONS, Database, check_copy
from backend.stores.pictures import Image, Pictures
from tests.pictures import picture
from tests.stores.test_database import before

RED = Image.of(picture(colour="red"), "image/png", 64, 48)
BLUE = Image.of(picture(colour="blue"), "image/png", 64, 48)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "db")


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def ask(conversations: Conversations, *images: Image, words: str = "What is this?", into: str | None = None) -> str:
    turn = conversations.begin_turn(into, None, words, model="m", sources=[], title="t", images=images)
    conversations.finish(turn.answer_id, "done", "A colour.", "")
    return turn.conversation_id


def kept(database: Database) -> int:
    with database.read() as db:
        return int(db.execute("SELECT count(*) FROM pictures").fetchone()[0])


def test_a_question_has_its_pictures_in_their_order(conversations: Conversations, database: Database) -> None:
    identity = ask(conversations, BLUE, RED, BLUE)
    question, answer = conversations.get(identity).messages
    assert [image.id for image in question.images] == [BLUE.picture.id, RED.picture.id, BLUE.picture.id]
    assert answer.images == []
    assert conversations.branch(identity, answer.id)[0].images == question.images
    assert conversations.message(question.id).images == question.images
    assert Pictures(database).get(RED.picture.id) == RED


def test_the_same_picture_lies_there_once_and_goes_with_the_last_that_shows_it(
    conversations: Conversations, database: Database
) -> None:
    one, other = ask(conversations, RED, BLUE), ask(conversations, RED)
    assert kept(database) == 2
    conversations.delete(one)
    assert kept(database) == 1
    assert Pictures(database).get(RED.picture.id) == RED
    conversations.delete(other)
    assert kept(database) == 0
    with pytest.raises(NotFound):
        Pictures(database).get(RED.picture.id)


def test_what_can_still_be_brought_back_keeps_its_pictures(conversations: Conversations, database: Database) -> None:
    identity = ask(conversations, RED)
    conversations.put_away(identity)
    assert kept(database) == 1
    conversations.bring_back(identity)
    assert conversations.get(identity).messages[0].images
    conversations.put_away(identity)
    assert conversations.delete_put_away() == 1
    assert kept(database) == 0


def test_the_same_words_with_other_pictures_are_another_question(conversations: Conversations) -> None:
    identity = ask(conversations, RED, BLUE)
    for images, messages in ([RED, BLUE], 3), ([BLUE, RED], 5), ([RED], 7), ([], 9), ([], 10):
        ask(conversations, *images, into=identity)
        assert len(conversations.get(identity).messages) == messages


def test_pictures_are_given_only_to_their_own_conversation(conversations: Conversations, database: Database) -> None:
    mine, other = ask(conversations, RED), ask(conversations, BLUE)
    pictures = Pictures(database)
    assert pictures.of_conversation(mine, [RED.picture.id]) == [RED]
    with pytest.raises(NotFound, match="Add it once more"):
        pictures.of_conversation(other, [RED.picture.id])


def test_a_question_that_could_not_be_kept_leaves_no_picture(conversations: Conversations, database: Database) -> None:
    with pytest.raises(NotFound):
        conversations.begin_turn("nowhere", None, "q", model="m", sources=[], images=[RED])
    assert kept(database) == 0


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_data_folder_of_every_earlier_version_takes_pictures(tmp_path: Path, version: int) -> None:
    old = before(tmp_path, version)
    now = "2026-01-01T00:00:00.000+00:00"
    old.execute("INSERT INTO conversations (id, title, created_at, updated_at) VALUES ('c', 'Old', ?, ?)", (now, now))
    old.execute(
        "INSERT INTO messages (id, conversation_id, role, content, status, created_at) "
        "VALUES ('q', 'c', 'user', 'Old question', 'done', ?)",
        (now,),
    )
    old.commit()
    old.close()
    database = Database(tmp_path / "db")
    conversations = Conversations(database)
    assert [(one.content, one.images) for one in conversations.get("c").messages] == [("Old question", [])]
    ask(conversations, RED, into="c")
    assert conversations.get("c").messages[1].images == [RED.picture]
    conversations.delete("c")
    assert kept(database) == 0
    database.close()
    check_copy(tmp_path / "db")


def test_the_database_itself_takes_no_other_type(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.write() as db:
        db.execute("INSERT INTO pictures VALUES ('x', 'image/svg+xml', 1, 1, 1, x'00')")
