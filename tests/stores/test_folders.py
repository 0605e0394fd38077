"""Places of documents: the same bytes are one document, a changed file is its next version, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import Conflict, NotFound
from backend.stores.database import Database
from backend.stores.documents import Documents, Finished, Group
from backend.stores.folders import Folders, Place, Put

A, B, C = "a" * 64, "b" * 64, "c" * 64


class Stores:
    def __init__(self, path: Path) -> None:
        database = Database(path)
        self.documents = Documents(database)
        self.folders = Folders(database)
        self.folder = self.folders.add("/papers").id

    def put(self, name: str, sha256: str, *, picked: bool = False, folder: bool = True) -> Put:
        place = Place(f"/papers/{name}", self.folder if folder else None, sha256, 5, 1, picked)
        return self.folders.put([(place, name)])

    def ready(self, name: str, sha256: str) -> str:
        """Put and read."""
        ((identity, _),) = self.put(name, sha256).documents
        assert identity is not None
        assert self.documents.ready(identity, None, 3)
        return identity


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path / "localchat.db")


def test_copies_in_a_folder_are_one_document_until_the_last_is_gone(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    assert stores.put("two.txt", A).documents == [(identity, False)]
    gone, moved = stores.folders.remove(["/papers/one.txt"])
    assert (gone.documents, moved) == ([], {identity: "/papers/two.txt"})
    gone, moved = stores.folders.remove(["/papers/two.txt"])
    assert (gone.documents, gone.originals, moved) == ([identity], [A], {})
    assert stores.documents.find(identity) is None


def test_a_changed_file_is_the_next_version_and_the_present_one_answers_until_it_is_read(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    put = stores.put("one.txt", B)
    assert (put.documents, put.changed) == ([(identity, True)], [identity])
    row = stores.documents.get(identity)
    assert (row.status, row.sha256, row.next_sha256, row.answers, row.passages) == ("queued", A, B, True, 3)
    assert stores.documents.names_of_ready([identity]) == {identity: "one.txt"}
    assert stores.documents.originals() == {A, B}
    done, gone = stores.documents.finish([Finished(identity, B, 2, 7)])
    assert (done, gone.originals) == ({identity}, [A])
    row = stores.documents.get(identity)
    assert (row.status, row.sha256, row.next_sha256, row.passages) == ("ready", B, None, 7)


def test_a_version_that_is_outdated_before_it_is_read_takes_no_place(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    stores.put("one.txt", B)
    assert stores.put("one.txt", C).gone.originals == [B]
    assert stores.documents.finish([Finished(identity, B, None, 1)])[0] == set()
    assert stores.documents.get(identity).next_sha256 == C


def test_a_file_that_has_its_earlier_content_again_need_not_be_read(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    stores.put("one.txt", B)
    put = stores.put("one.txt", A)
    row = stores.documents.get(identity)
    assert (row.status, row.sha256, row.next_sha256) == ("ready", A, None)
    assert stores.documents.originals() == {A}
    assert put.documents == [(identity, False)]


def test_what_a_person_added_too_stays_as_it_was_when_the_file_changes(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    stores.documents.add(A, "mine.txt", 5)
    ((other, new),) = stores.put("one.txt", B).documents
    assert new
    assert other != identity
    assert stores.documents.get(identity).sha256 == A
    stores.folders.remove(["/papers/one.txt"])
    assert stores.documents.ids() == {identity}


def test_a_person_who_adds_the_version_before_keeps_it(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    stores.put("one.txt", B)
    kept, new = stores.documents.add(A, "mine.txt", 5)
    assert (kept.id, new, kept.status, kept.next_sha256) == (identity, False, "ready", None)
    place = stores.folders.place("/papers/one.txt")
    assert place is not None
    assert place.document_id is not None
    other = stores.documents.get(place.document_id)
    assert (other.sha256, other.status) == (B, "queued")


def test_a_changed_file_that_holds_a_known_document_becomes_its_copy(stores: Stores) -> None:
    first, second = stores.ready("one.txt", A), stores.ready("two.txt", B)
    put = stores.put("one.txt", B)
    assert put.documents == [(second, False)]
    assert (put.gone.documents, put.gone.originals) == ([first], [A])


def test_a_document_that_a_person_deleted_stays_away_until_its_file_changes(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    stores.documents.delete(identity)
    assert stores.put("one.txt", A).documents == [(None, False)]
    assert stores.put("one.txt", A, picked=True).documents[0][1], "unless it is chosen by itself"
    stores.documents.delete(next(iter(stores.documents.ids())))
    assert stores.put("one.txt", B).documents[0][1]


def test_a_folder_leaves_with_its_documents_but_not_with_those_that_lie_elsewhere(stores: Stores) -> None:
    alone, twice, chosen = stores.ready("1.txt", A), stores.ready("2.txt", B), stores.ready("3.txt", C)
    stores.put("elsewhere.txt", B, folder=False)
    stores.put("3.txt", C, picked=True)
    row = stores.folders.get(stores.folder)
    assert (row.files, row.documents, row.ready, row.failed, row.passages) == (3, 3, 3, 0, 9)
    gone = stores.folders.delete(stores.folder)
    assert gone.documents == [alone]
    assert stores.documents.ids() == {twice, chosen}
    with pytest.raises(NotFound):
        stores.folders.delete(stores.folder)


def test_a_folder_is_there_once(stores: Stores) -> None:
    with pytest.raises(Conflict):
        stores.folders.add("/papers")


def test_lists_are_narrowed_to_a_folder_and_to_words_in_any_case(stores: Stores) -> None:
    stores.ready("Überblick 2024.txt", A)
    stores.documents.add(B, "überblick.txt", 9)
    assert stores.documents.list(folder_id=stores.folder)[1] == 1
    rows, total = stores.documents.list(words="ÜBERBLICK txt", sort="name")
    assert ([row.filename for row in rows], total) == (["Überblick 2024.txt", "überblick.txt"], 2)
    assert stores.documents.list(words="100% '_")[1] == 0
    assert [row.size for row in stores.documents.list(sort="size")[0]] == [9, 5]


def test_what_a_mail_carries_leaves_with_it(stores: Stores) -> None:
    mail, _ = stores.documents.add(A, "mail.eml", 5)
    paper, again = stores.documents.attach(mail.id, [(B, "paper.txt", 1), (C, "again.txt", 1)])
    stores.documents.add(C, "again.txt", 1)
    assert stores.documents.get(paper).parent_id == mail.id
    assert stores.documents.depth(paper) == 1
    stores.documents.finish([Finished(mail.id, A, None, 1, attachments=[paper, again])])
    gone = stores.documents.delete(mail.id)
    assert gone is not None
    assert (gone.documents, gone.originals) == ([mail.id, paper], [A, B])
    assert stores.documents.ids() == {again}
    assert stores.documents.attach(mail.id, [(B, "paper.txt", 1)]) == [], "a mail that is gone carries nothing"


def test_a_mail_that_no_longer_carries_a_file_lets_it_go(stores: Stores) -> None:
    mail, _ = stores.documents.add(A, "mail.eml", 5)
    (paper,) = stores.documents.attach(mail.id, [(B, "paper.txt", 1)])
    _, gone = stores.documents.finish([Finished(mail.id, A, None, 1)])
    assert gone.documents == [paper]


def test_the_text_is_kept_in_parts(stores: Stores) -> None:
    text = "".join(chr(0x4E00 + number % 1000) for number in range(150_000))
    row, _ = stores.documents.add(A, "long.txt", 5)
    assert stores.documents.text(row.id, 0, 10) == ("", 0)
    stores.documents.finish([Finished(row.id, A, None, 1, text)])
    for offset, limit in ((0, 10), (65_530, 20), (131_072, 100_000), (149_999, 5), (200_000, 5)):
        assert stores.documents.text(row.id, offset, limit) == (text[offset : offset + limit], len(text))
    with pytest.raises(NotFound):
        stores.documents.text("unknown", 0, 10)


def test_documents_are_listed_by_their_folder_and_counted(stores: Stores) -> None:
    stores.ready("one.txt", A)
    stores.documents.add(B, "loose one.txt", 1)
    stores.ready("two.txt", C)
    listed, total = stores.documents.list(by_folder=True, sort="name")
    assert ([row.filename for row in listed], total) == (["one.txt", "two.txt", "loose one.txt"], 3)
    assert stores.documents.groups() == [Group(stores.folder, 2), Group(None, 1)]
    assert [row.filename for row in stores.documents.list(offset=1, limit=1, by_folder=True, sort="name")[0]] == [
        "two.txt"
    ]
    assert stores.documents.groups(words="ONE") == [Group(stores.folder, 1), Group(None, 1)]
    assert stores.documents.groups("failed") == []


def test_a_document_is_listed_in_the_folder_of_its_first_place_whatever_comes_and_goes(stores: Stores) -> None:
    stores.ready("two.txt", A)
    assert stores.documents.groups() == [Group(stores.folder, 1)]
    picked = Place("/alone/two.txt", None, A, 5, 1, picked=True)
    stores.folders.put([(picked, "two.txt")])
    assert stores.documents.groups() == [Group(None, 1)]
    stores.folders.remove(["/alone/two.txt"])
    assert stores.documents.groups() == [Group(stores.folder, 1)]
    stores.folders.put([(picked, "two.txt")])
    stores.folders.delete(stores.folder)
    assert stores.documents.groups() == [Group(None, 1)]


def test_a_document_is_found_by_the_name_it_was_given_last(stores: Stores) -> None:
    identity = stores.ready("one.txt", A)
    assert stores.documents.rename(identity, "ÜBER 10.txt")
    assert [row.id for row in stores.documents.list(words="über")[0]] == [identity]
    assert stores.documents.list(words="one")[1] == 0
    stores.ready("Über 9.txt", B)
    assert [row.filename for row in stores.documents.list(sort="name")[0]] == ["Über 9.txt", "ÜBER 10.txt"]
