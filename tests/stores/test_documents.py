"""The documents table as a queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import Details, NotFound
from backend.stores.database import Database
from backend.stores.documents import Documents, Gone


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(Database(tmp_path / "localchat.db"))


def test_the_same_bytes_are_one_document(documents: Documents) -> None:
    first, new = documents.add("a" * 64, "one.txt", 5)
    again, new_again = documents.add("a" * 64, "two.txt", 5)
    assert (new, new_again) == (True, False)
    assert again.id == first.id
    assert again.filename == "one.txt"


def test_the_queue_is_first_in_first_out(documents: Documents) -> None:
    rows = [documents.add(str(number) * 64, f"{number}.txt", 1)[0] for number in range(3)]
    assert documents.ahead_of(rows[2]) == 2
    assert documents.next_queued() == rows[0]
    documents.move(rows[0].id, "reading")
    assert documents.next_queued() == rows[1]


def test_what_was_interrupted_is_queued_again(documents: Documents) -> None:
    rows = [documents.add(str(number) * 64, f"{number}.txt", 1)[0] for number in range(4)]
    documents.move(rows[0].id, "reading")
    documents.move(rows[1].id, "embedding")
    documents.ready(rows[2].id, 1, 2)
    documents.fail(rows[3].id, "DamagedDocument", "It is damaged.")
    assert documents.requeue_unfinished() == 2
    assert [documents.get(row.id).status for row in rows] == ["queued", "queued", "ready", "failed"]


def test_a_deleted_row_cannot_become_ready(documents: Documents) -> None:
    row, _ = documents.add("a" * 64, "one.txt", 5)
    assert documents.delete(row.id) == Gone([row.id], [row.sha256])
    assert not documents.ready(row.id, 1, 1)
    assert documents.delete(row.id) is None
    with pytest.raises(NotFound):
        documents.get(row.id)


def test_lists_and_counts(documents: Documents) -> None:
    rows = [documents.add(str(number) * 64, f"{number}.txt", 10)[0] for number in range(3)]
    documents.ready(rows[0].id, None, 7)
    assert [row.filename for row in documents.list()[0]] == ["2.txt", "1.txt", "0.txt"]
    listed, total = documents.list("queued", offset=1, limit=1)
    assert ([row.filename for row in listed], total) == (["1.txt"], 2)
    counts = documents.counts()
    assert (counts.documents, counts.passages, counts.size, counts.working) == (3, 7, 30, 2)
    assert documents.names_of_ready([rows[0].id, rows[1].id, "' OR 1=1"]) == {rows[0].id: "0.txt"}


def test_queued_again_forgets_its_failure(documents: Documents) -> None:
    row, _ = documents.add("a" * 64, "one.txt", 5)
    why = Details("password_needed", {"filename": "one.txt"})
    documents.fail(row.id, "EncryptedDocument", "It is locked.", details=why)
    assert documents.get(row.id).error_details == why
    documents.queue(row.id)
    found = documents.get(row.id)
    assert (found.status, found.error_code, found.error_message, found.error_details) == ("queued", None, None, None)


def test_names_are_sorted_by_the_value_of_their_figures(documents: Documents) -> None:
    for number, name in enumerate(("page 10.txt", "Page 9.txt", "page 009b.txt", "Äpfel.txt")):
        documents.add(str(number) * 64, name, 1)
    listed, _ = documents.list(sort="name")
    assert [row.filename for row in listed] == ["Page 9.txt", "page 009b.txt", "page 10.txt", "Äpfel.txt"]


def test_what_is_on_its_way_is_one_state(documents: Documents) -> None:
    rows = [documents.add(str(number) * 64, f"{number}.txt", 1)[0] for number in range(4)]
    documents.move(rows[0].id, "reading")
    documents.ready(rows[1].id, 1, 2)
    documents.fail(rows[2].id, "DamagedDocument", "It is damaged.")
    listed, total = documents.list("working")
    assert ([row.filename for row in listed], total) == (["3.txt", "0.txt"], 2)


def test_the_queue_tells_how_many_are_before_each(documents: Documents) -> None:
    rows = [documents.add(str(number) * 64, f"{number}.txt", 1)[0] for number in range(4)]
    documents.move(rows[1].id, "embedding")
    asked = [row.id for row in rows]
    assert documents.waiting(asked) == {rows[0].id: 1, rows[2].id: 2, rows[3].id: 3}
    assert documents.waiting(asked[:1]) == {rows[0].id: documents.ahead_of(rows[0])}
    assert documents.waiting([]) == {}


def test_many_are_deleted_as_one(documents: Documents) -> None:
    rows = [documents.add(str(number) * 64, f"{number}.txt", 1)[0] for number in range(3)]
    gone = documents.delete_many([rows[0].id, rows[2].id, "nobody"])
    assert sorted(gone.documents) == sorted([rows[0].id, rows[2].id])
    assert sorted(gone.originals) == ["0" * 64, "2" * 64]
    assert documents.ids() == {rows[1].id}
