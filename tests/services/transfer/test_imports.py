"""Exports of other programs come in as they were held, once, and whatever is wrong with them is said by name."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from backend.errors import DiskFull, InvalidRequest
from backend.services.events import ImportDone, Importing, ImportReport
from backend.services.transfer import imports as importing
from backend.services.transfer.imports import import_file
from backend.stores.conversation_search import ConversationSearch
from backend.stores.conversations import Conversation, Conversations, Message
from backend.stores.database import Database
from backend.stores.imports import Imports
from tests.exports import chatgpt_item, message, node, open_webui_item, simple_chatgpt_item, text


class Desk:
    """A data folder to import into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / "db")
        self.conversations = Conversations(self.database)

    def take(self, content: object) -> ImportReport:
        """Imports JSON (an object) or a file (bytes); the report."""
        path = self.folder / "arrived"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        last = list(import_file(path, Imports(self.database)))[-1]
        assert isinstance(last, ImportDone)
        assert not path.exists()
        return last.report

    def all(self) -> list[Conversation]:
        return [self.conversations.get(found.id) for found in self.conversations.listed()[0]]

    def only(self) -> Conversation:
        (one,) = self.all()
        return one


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.imported, report.already_there, report.skipped


def reasons(report: ImportReport) -> str:
    return " ".join(remark.reason for remark in report.not_understood)


def by_content(conversation: Conversation, part: str) -> Message:
    (found,) = [message for message in conversation.messages if part in message.content]
    return found


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return file.getvalue()


# --- ChatGPT ---


def test_a_conversation_of_chatgpt_with_its_versions_its_reasoning_and_its_times(desk: Desk) -> None:
    report = desk.take([chatgpt_item()])
    assert counts(report) == (1, 0, 0)
    assert [(remark.title, remark.reason) for remark in report.not_understood] == [
        ("Towers of the world", "Images are not part of it. Their places are marked.")
    ]
    held = desk.only()
    assert (held.title, held.created_at, held.updated_at) == (
        "Towers of the world",
        "2023-11-14T22:13:20.000+00:00",
        "2023-11-14T22:13:30.500+00:00",
    )
    question, first, second = held.messages
    assert question.content == "[An image that is not part of the export]\n\nWhich tower is this?"
    assert (question.role, question.parent_id, question.model) == ("user", None, None)
    # The tool call, its output and the mark of a search are not words to the user.
    assert (first.content, first.thinking) == (
        "The **Eiffel Tower**, 330 m high.",
        "**Looking**\n\nIt is made of iron.",
    )
    assert (first.parent_id, first.model, first.status) == (question.id, "gpt-4o", "done")
    assert (second.content, second.parent_id) == ("That is the Eiffel Tower.", question.id)
    assert held.leaf_id == second.id
    assert ConversationSearch(desk.database).search("eiffel")[1] == 1


def test_the_same_export_twice_adds_nothing(desk: Desk) -> None:
    items = [chatgpt_item(f"id-{number}") for number in range(3)]
    assert counts(desk.take(items)) == (3, 0, 0)
    assert counts(desk.take([*items, chatgpt_item("new")])) == (1, 3, 0)
    assert len(desk.all()) == 4


def test_one_without_an_id_comes_only_once_too(desk: Desk) -> None:
    item = chatgpt_item()
    del item["id"], item["conversation_id"]
    assert counts(desk.take([item])) == (1, 0, 0)
    assert counts(desk.take([item])) == (0, 1, 0)


def test_the_zip_as_it_is_downloaded(desk: Desk) -> None:
    data = zipped(
        user__json=b'{"id": "user-1", "email": "me@example.org"}',
        conversations__json=json.dumps([chatgpt_item()]).encode(),
        chat__html=b"<html></html>",
        message_feedback__json=b"[]",
    )
    assert counts(desk.take(data)) == (1, 0, 0)


def test_a_big_export_in_several_files(desk: Desk) -> None:
    parts = {f"conversations-{n:03}__json": json.dumps([chatgpt_item(f"id-{n}")]).encode() for n in range(3)}
    assert counts(desk.take(zipped(**parts))) == (3, 0, 0)


def test_code_for_the_user_is_a_block_and_an_unfinished_answer_is_marked(desk: Desk) -> None:
    item = simple_chatgpt_item("x", "Show me", "")
    item["mapping"]["a"]["message"] = message(
        "a",
        "assistant",
        {"content_type": "code", "language": "python", "text": 'print("```")'},
        1_700_000_001.0,
        status="in_progress",
    )
    desk.take([item])
    answer = desk.only().messages[1]
    assert answer.content == '````python\nprint("```")\n````'
    assert answer.status == "interrupted"


# --- Open WebUI ---


def test_a_conversation_of_open_webui(desk: Desk) -> None:
    report = desk.take([open_webui_item()])
    assert counts(report) == (1, 0, 0)
    assert report.not_understood == []
    held = desk.only()
    question, first, second = held.messages
    assert (first.content, first.thinking) == ("330 metres.", "It is <tall>.\nVery.")
    assert (first.model, first.parent_id, first.status) == ("llama3.2:1b", question.id, "done")
    assert (second.model, second.parent_id, second.status) == ("qwen3:8b", question.id, "interrupted")
    assert held.leaf_id == first.id
    assert held.created_at == "2023-11-14T22:13:20.000+00:00"


def test_an_old_one_without_a_tree(desk: Desk) -> None:
    item = open_webui_item()
    item["chat"]["history"] = {}
    desk.take([item])
    assert [message.content for message in desk.only().messages] == ["How high is it?", "330 metres."]


def test_both_programs_in_one_file_and_a_single_object(desk: Desk) -> None:
    assert counts(desk.take([chatgpt_item(), open_webui_item()])) == (2, 0, 0)
    assert counts(desk.take(chatgpt_item("alone"))) == (1, 0, 0)


# --- what is wrong ---


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"[]", b"{}", b"[1, 2]", b'"text"', b"null", b"[" * 100_000]
)
def test_what_is_no_export_is_refused_in_words(desk: Desk, content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        desk.take(content)
    assert desk.all() == []


def test_a_file_that_was_cut_off_gives_what_is_whole(desk: Desk) -> None:
    whole = json.dumps([chatgpt_item(f"id-{n}") for n in range(20)])
    report = desk.take(whole[: len(whole) * 3 // 4].encode())
    assert report.imported == 15
    assert "cut off" in reasons(report)


def test_damage_in_the_middle_is_said_and_what_stood_before_is_kept(desk: Desk) -> None:
    report = desk.take(f"[{json.dumps(chatgpt_item())} oops".encode())
    assert report.imported == 1
    assert "not valid JSON" in reasons(report)


WRONG: list[Any] = [None, True, 0, -1.5, 1e300, "", "text", [], [None], {}, {"a": 1}, "\ud800", 10**40]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, one in inner for path in paths(one, (*at, key)))]


@pytest.mark.parametrize("make", [chatgpt_item, open_webui_item])
def test_wrong_types_at_any_place_harm_nobody(desk: Desk, make: Any) -> None:
    items: list[Any] = []
    for path in paths(make("same"))[1:]:
        for wrong in WRONG:
            item = make("same")
            at: Any = item
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = wrong
            if item.get("id") == "same":
                item["id"] = item["conversation_id"] = f"id-{len(items)}"
            items.append(item)
    report = desk.take(items)
    assert report.imported + report.already_there + report.skipped == len(items)
    assert "log has the details" not in reasons(report)
    for conversation in desk.all():
        known = {message.id for message in conversation.messages}
        assert conversation.leaf_id in known
        assert all(message.parent_id is None or message.parent_id in known for message in conversation.messages)


def test_circles_are_cut_and_said(desk: Desk) -> None:
    item = simple_chatgpt_item("x", "Round?", "And round.")
    item["mapping"]["q"]["parent"] = "a"
    report = desk.take([item])
    assert "circle" in reasons(report)
    assert {message.content for message in desk.only().messages} == {"Round?", "And round."}


def test_one_that_is_its_own_parent(desk: Desk) -> None:
    item = simple_chatgpt_item("x", "Me?", "Yes.")
    item["mapping"]["q"]["parent"] = "q"
    assert "circle" in reasons(desk.take([item]))
    assert len(desk.only().messages) == 2


def test_parents_that_are_not_there(desk: Desk) -> None:
    item = simple_chatgpt_item("x", "Where?", "Gone.")
    item["mapping"]["a"]["parent"] = "nowhere"
    report = desk.take([item])
    assert "not in the file" in reasons(report)
    assert [message.parent_id for message in desk.only().messages] == [None, None]


def test_a_chain_of_many_thousand_messages(desk: Desk) -> None:
    mapping = {}
    for n in range(20_000):
        said = message(f"{n}", "user" if n % 2 == 0 else "assistant", text(f"message {n}"), None)
        mapping[f"{n}"] = node(f"{n}", f"{n - 1}" if n else None, [f"{n + 1}"], said)
    desk.take([{**simple_chatgpt_item("x", "", ""), "mapping": mapping, "current_node": "19999"}])
    held = desk.only()
    assert len(desk.conversations.branch(held.id, held.leaf_id)) == 20_000


def test_messages_of_two_megabytes_and_halves_of_surrogate_pairs(desk: Desk) -> None:
    long = "word " * 400_000
    desk.take([simple_chatgpt_item("x", "Long \ud83d?", long + "\x00end")])
    question, answer = desk.only().messages
    assert question.content == "Long \ufffd?"
    assert answer.content == long + "end"


@pytest.mark.parametrize(
    "time", [-62_167_219_200, 253_402_300_799, 1e18, -1, float("inf"), "0000-01-01T00:00:00", "x", True]
)
def test_times_that_never_were(desk: Desk, time: Any) -> None:
    item = simple_chatgpt_item("x", "When?", "Then.", create_time=time, update_time=time)
    for key in ("q", "a"):
        item["mapping"][key]["message"]["create_time"] = time
    desk.take([item])
    held = desk.only()
    times = [held.created_at, held.updated_at, *(message.created_at for message in held.messages)]
    assert all("1990" < one < "2100" for one in times)
    assert times == sorted(times)


def test_titles_with_controls_and_turned_writing(desk: Desk) -> None:
    desk.take(
        [simple_chatgpt_item("x", "Q", "A", title="A\x00\x1b[31m\ninvoice\u202efdp.exe\u2066 👨‍👩‍👧" + "x" * 500)]
    )
    title = desk.only().title
    assert title.startswith("A[31m invoicefdp.exe 👨\u200d👩\u200d👧")
    assert len(title) <= 200


def test_one_without_a_title_is_called_after_its_question(desk: Desk) -> None:
    desk.take([simple_chatgpt_item("x", "What is RAG?", "A way.", title=None)])
    assert desk.only().title == "What is RAG?"


def test_a_zip_that_unpacks_to_far_too_much_is_not_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "items", lambda _: pytest.fail("it was opened"))
    with pytest.raises(InvalidRequest, match="far more"):
        desk.take(zipped(conversations__json=b" " * 400_000_000))


def test_a_zip_that_lies_about_its_size_gives_no_more_than_it_says(desk: Desk) -> None:
    data = bytearray(zipped(conversations__json=b"[" + b" " * 1_000_000 + b"]"))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(InvalidRequest):
        desk.take(bytes(data))


def test_zips_that_are_damaged_locked_or_hold_nothing(desk: Desk) -> None:
    whole = zipped(conversations__json=json.dumps([chatgpt_item()]).encode())
    for data in (whole[:-30], whole[:40], zipped(picture__png=b"x")):
        with pytest.raises(InvalidRequest):
            desk.take(data)
    locked = bytearray(whole)
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InvalidRequest, match="password"):
        desk.take(bytes(locked))


def test_many_strange_things_end_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_STRANGE", 50)
    monkeypatch.setattr(importing, "MOST_REMARKS", 10)
    report = desk.take([simple_chatgpt_item("x", "Q", "A"), *[{"nothing": n} for n in range(1000)]])
    assert counts(report) == (1, 0, 51)
    assert (len(report.not_understood), report.more_remarks) == (10, 42)


def test_a_full_disk_is_an_error_and_keeps_what_was_imported(desk: Desk) -> None:
    with desk.database.read() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]

    class Small(Database):
        def _open(self) -> sqlite3.Connection:
            connection = super()._open()
            connection.execute(f"PRAGMA max_page_count = {pages + 60}")
            return connection

    path = desk.folder / "arrived"
    path.write_text(
        json.dumps([simple_chatgpt_item(f"id-{n}", "Q", "word " * 5_000) for n in range(50)]), encoding="utf-8"
    )
    with pytest.raises(DiskFull):
        list(import_file(path, Imports(Small(desk.folder / "db"))))
    assert not path.exists()
    kept = desk.all()
    assert 0 < len(kept) < 50
    assert all(len(conversation.messages) == 2 for conversation in kept)


def test_leaving_in_the_middle_keeps_whole_conversations_and_the_rest_comes_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "TELL_SECONDS", 0.0)
    items = [chatgpt_item(f"id-{n}") for n in range(10)]
    path = desk.folder / "arrived"
    path.write_text(json.dumps(items), encoding="utf-8")
    events = import_file(path, Imports(desk.database))
    told = [next(events) for _ in range(7)]
    events.close()  # type: ignore[attr-defined]
    progress = [event.progress for event in told if isinstance(event, Importing)]
    assert [one.imported for one in progress] == [1, 2, 3, 4]
    assert all(0 < one.done <= one.total for one in progress)
    assert not path.exists()
    assert len(desk.all()) == 4
    assert counts(desk.take(items)) == (6, 4, 0)
