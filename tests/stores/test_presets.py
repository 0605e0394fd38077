"""Presets: unique names, at most one default, documents that go and come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import Conflict, NotFound
from backend.stores.conversations import Conversations
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.presets import NAME_LENGTH, Presets


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "db")


@pytest.fixture
def presets(database: Database) -> Presets:
    return Presets(database)


def test_one_is_kept_as_it_was_given(presets: Presets) -> None:
    values = {
        "system_prompt": "Answer in Latin.",
        "model": "llama3.2:1b",
        "temperature": 0.0,
        "context_window": 4096,
        "use_documents": False,
    }
    made = presets.create("Contracts", values)
    kept = presets.get(made.id)
    assert made == kept
    assert {name: getattr(kept, name) for name in values} == values
    assert (kept.documents, kept.document_ids, kept.is_default) == ([], None, False)


def test_what_is_not_given_is_as_the_settings_say(presets: Presets) -> None:
    made = presets.create("Plain", {})
    assert (made.system_prompt, made.model, made.temperature, made.use_documents) == ("", None, None, None)


def test_a_change_leaves_the_rest_as_it_was(presets: Presets) -> None:
    made = presets.create("Plain", {"temperature": 0.5, "model": "m"})
    changed = presets.change(made.id, {"model": None, "name": "Other"})
    assert (changed.name, changed.model, changed.temperature) == ("Other", None, 0.5)


@pytest.mark.parametrize("other", ["Straße", "STRASSE", "strasse"])
def test_a_name_is_taken_whatever_its_case(presets: Presets, other: str) -> None:
    presets.create("Strasse", {})
    with pytest.raises(Conflict, match="already"):
        presets.create(other, {})
    second = presets.create("Weg", {"temperature": 1.0})
    with pytest.raises(Conflict):
        presets.change(second.id, {"temperature": 0.0, "name": other})
    assert presets.get(second.id) == second, "all of a change, or nothing"
    assert len(presets.list()) == 2


def test_its_own_name_in_another_case_is_free(presets: Presets) -> None:
    made = presets.create("Weg", {})
    assert presets.change(made.id, {"name": "WEG"}).name == "WEG"


def test_at_most_one_is_the_default(presets: Presets) -> None:
    first = presets.create("First", {"is_default": True})
    second = presets.create("Second", {"is_default": True})
    assert [preset.is_default for preset in presets.list()] == [False, True]
    assert presets.change(first.id, {"is_default": True}).is_default
    assert not presets.get(second.id).is_default
    presets.change(first.id, {"is_default": False})
    assert presets.default() is None


def test_a_document_that_goes_is_shown_as_gone_and_is_back_when_it_comes_back(
    database: Database, presets: Presets
) -> None:
    documents = Documents(database)
    lease, _ = documents.add("a" * 64, "lease.pdf", 1)
    annex, _ = documents.add("b" * 64, "annex.pdf", 1)
    preset = presets.create("Lease", {}, [lease.id, annex.id, lease.id])
    assert preset.document_ids == [lease.id, annex.id]

    documents.delete(lease.id)
    preset = presets.get(preset.id)
    assert [(one.filename, one.gone) for one in preset.documents] == [("lease.pdf", True), ("annex.pdf", False)]
    assert preset.document_ids == [annex.id]
    kept = presets.change(preset.id, {"temperature": 1.0}, [one.id for one in preset.documents])
    assert kept.documents == preset.documents, "one that is gone keeps its name"

    documents.delete(annex.id)
    assert presets.get(preset.id).document_ids == [], "none is left, which is not all"

    again, _ = documents.add("a" * 64, "the lease.pdf", 1)
    assert presets.get(preset.id).document_ids == [again.id]
    assert presets.change(preset.id, {}, []).document_ids is None


def test_documents_that_never_were_are_gone(presets: Presets) -> None:
    [one] = presets.create("Odd", {}, ["nothing"]).documents
    assert (one.id, one.filename, one.gone) == ("nothing", "", True)


def test_a_conversation_forgets_a_preset_that_is_deleted(database: Database, presets: Presets) -> None:
    conversations = Conversations(database)
    identity, preset = conversations.create("About"), presets.create("P", {})
    conversations.use_preset(identity, preset.id)
    presets.delete(preset.id)
    assert conversations.preset(identity) is None
    with pytest.raises(NotFound):
        conversations.use_preset(identity, preset.id)
    with pytest.raises(NotFound):
        presets.delete(preset.id)


def test_one_from_a_file_gets_a_name_that_is_free(presets: Presets) -> None:
    long = "x" * NAME_LENGTH
    names = [presets.bring_in(name, {}, []).name for name in ("Law", "law", "LAW", long, long)]
    assert names == ["Law", "law 2", "LAW 3", long, "x" * (NAME_LENGTH - 2) + " 2"]


def test_one_from_a_file_finds_its_documents_by_their_content(database: Database, presets: Presets) -> None:
    here, _ = Documents(database).add("a" * 64, "mine.pdf", 1)
    preset = presets.bring_in("Law", {}, [("a" * 64, "theirs.pdf"), ("b" * 64, "other.pdf")])
    assert [(one.filename, one.gone) for one in preset.documents] == [("mine.pdf", False), ("other.pdf", True)]
    assert preset.document_ids == [here.id]
