"""Collections hold documents without owning them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import Conflict, NotFound
from backend.stores.collections import Collections
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.presets import Presets


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "db")


@pytest.fixture
def documents(database: Database) -> list[str]:
    store = Documents(database)
    return [store.add(letter * 64, f"{letter}.txt", 1)[0].id for letter in "abc"]


def test_a_document_can_be_in_several_and_neither_goes_with_the_other(database: Database, documents: list[str]) -> None:
    collections, store = Collections(database), Documents(database)
    first, second = collections.create("Zoo", documents[:2]), collections.create("Alps", [documents[0]])
    assert [(one.name, one.documents) for one in collections.list()] == [("Alps", 1), ("Zoo", 2)]
    assert collections.of_documents(documents) == {documents[0]: [second.id, first.id], documents[1]: [first.id]}
    store.delete(documents[0])
    assert [(one.name, one.documents) for one in collections.list()] == [("Alps", 0), ("Zoo", 1)]
    collections.delete(first.id)
    assert store.ids() == set(documents[1:])
    with pytest.raises(NotFound):
        collections.get(first.id)


def test_putting_in_twice_and_taking_out_twice_is_no_error(database: Database, documents: list[str]) -> None:
    collections = Collections(database)
    one = collections.create("Alps")
    assert collections.put(one.id, documents[0]).documents == 1
    assert collections.put(one.id, documents[0]).documents == 1
    assert collections.take_out(one.id, documents[0]).documents == 0
    assert collections.take_out(one.id, documents[0]).documents == 0
    for collection, document in ((one.id, "no"), ("no", documents[0])):
        with pytest.raises(NotFound):
            collections.put(collection, document)


def test_names_are_unique_without_regard_to_case(database: Database) -> None:
    collections = Collections(database)
    one, other = collections.create("Straße"), collections.create("Alps")
    with pytest.raises(Conflict, match="Choose another name"):
        collections.create("STRASSE")
    with pytest.raises(Conflict, match="Choose another name"):
        collections.rename(other.id, "strasse")
    assert collections.rename(one.id, "STRASSE").name == "STRASSE"


def test_where_to_search_is_the_union(database: Database, documents: list[str]) -> None:
    collections = Collections(database)
    one, empty = collections.create("Alps", documents[:2]), collections.create("Empty")
    assert collections.scope(None, None) is None
    assert collections.scope([documents[2]], None) == [documents[2]]
    assert set(collections.scope([documents[2], documents[0]], [one.id, empty.id]) or ()) == set(documents)
    assert collections.scope(None, [empty.id]) == [], "an empty collection is not everything"
    with pytest.raises(NotFound):
        collections.scope(documents, ["no"])


def test_a_deleted_one_comes_back_under_its_id_and_its_preset_knows_it(
    database: Database, documents: list[str]
) -> None:
    collections, presets = Collections(database), Presets(database)
    one = collections.create("Alps", documents)
    preset = presets.create("Law", {}, [], [one.id])
    assert (preset.document_ids, preset.collection_ids) == ([], [one.id])
    collections.delete(one.id)
    preset = presets.get(preset.id)
    assert [(was.name, was.gone) for was in preset.collections] == [("Alps", True)]
    assert (preset.document_ids, preset.collection_ids) == ([], []), "none is left, which is not all"
    assert presets.change(preset.id, {}, None, [one.id]).collections[0].name == "Alps"
    collections.create("Alps", [*documents, "gone"], one.id)
    assert presets.get(preset.id).collection_ids == [one.id]
    assert collections.get(one.id).documents == 3
    with pytest.raises(Conflict):
        collections.create("Other", identity=one.id)
    assert presets.change(preset.id, {}, [], []).document_ids is None
