"""Boxes of words: small, whole, and with their document."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from backend.stores.boxes import STEPS, PageBoxes, WordBox, pack, unpack
from backend.stores.database import MIGRATIONS, Database
from backend.stores.documents import Documents, Finished
from tests.stores.test_database import before


def page_of(number: int, first: int, count: int = 400, seed: int = 1) -> list[WordBox]:
    """A page of running text, eleven words a line."""
    chance, found, start = random.Random(seed + number), [], first
    for at in range(count):
        left, top = 0.1 + at % 11 * 0.07, 0.1 + at // 11 * 0.02
        letters = chance.randint(1, 11)
        found.append(WordBox(start, start + letters, left, top, left + 0.006 * letters, top + 0.0137))
        start += letters + 1
    return found


def packed(page: int, words: list[WordBox]) -> PageBoxes:
    found = pack(page, words)
    assert found is not None
    return found


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(Database(tmp_path / "localchat.db"))


def finish(documents: Documents, sha256: str, pages: list[PageBoxes]) -> str:
    row, _ = documents.add(sha256 * 64, "scan.pdf", 5)
    documents.queue(row.id)
    assert documents.finish([Finished(row.id, row.sha256, len(pages), 1, "text", boxes=pages)])[0] == {row.id}
    return row.id


def test_what_is_unpacked_holds_what_was_packed_and_hardly_more() -> None:
    words = page_of(1, 70_000)
    for before_, after in zip(words, unpack(packed(1, words)), strict=True):
        assert after[:2] == before_[:2]
        for given, kept, way in zip(before_[2:], after[2:], (-1, -1, 1, 1), strict=True):
            assert 0 <= way * (kept - given) <= 1 / STEPS + 1e-9


def test_a_word_takes_few_bytes() -> None:
    page = packed(1, page_of(1, 0))
    assert len(page.packed) < 6 * 400


def test_words_in_another_order_and_words_of_nothing_are_sorted_out() -> None:
    words = page_of(1, 0, 5)
    page = packed(1, [*reversed(words), WordBox(7, 7, 0, 0, 1, 1)])
    assert [word[:2] for word in unpack(page)] == [word[:2] for word in words]
    assert pack(1, []) is None


def test_only_the_pages_that_hold_the_letters_are_read(documents: Documents) -> None:
    pages = [packed(number, page_of(number, 10_000 * number)) for number in (1, 2, 3)]
    identity = finish(documents, "a", pages)
    assert documents.boxes(identity, 0, 100_000) == pages
    assert [page.page for page in documents.boxes(identity, 20_000, 20_001)] == [2]
    assert [page.page for page in documents.boxes(identity, pages[0].last - 1, 20_001)] == [1, 2]
    assert documents.boxes(identity, pages[0].last, 20_000) == []
    assert documents.boxes("nobody", 0, 100_000) == []


def test_a_new_version_has_its_own_and_a_deleted_document_none(documents: Documents, tmp_path: Path) -> None:
    identity = finish(documents, "a", [packed(1, page_of(1, 0)), packed(2, page_of(2, 9_000))])
    again = [packed(1, page_of(1, 0, 7, seed=2))]
    assert finish(documents, "a", again) == identity
    assert documents.boxes(identity, 0, 100_000) == again
    documents.delete(identity)
    with sqlite3.connect(tmp_path / "localchat.db") as connection:
        assert connection.execute("SELECT count(*) FROM document_boxes").fetchone() == (0,)
    connection.close()


def test_documents_of_before_have_none_and_can_have_them(tmp_path: Path) -> None:
    version = next(n for n, script in enumerate(MIGRATIONS) if "CREATE TABLE document_boxes" in script)
    old = before(tmp_path, version)
    old.execute(
        "INSERT INTO documents (id, sha256, filename, size, status, added_at, answers)"
        " VALUES ('d', 'e', 'a.pdf', 1, 'ready', '', 1)"
    )
    old.commit()
    old.close()
    documents = Documents(Database(tmp_path / "db"))
    assert documents.boxes("d", 0, 1_000) == []
    documents.queue("d")
    page = packed(1, page_of(1, 0))
    documents.finish([Finished("d", "e", 1, 1, "text", boxes=[page])])
    assert documents.boxes("d", 0, 1_000) == [page]
