"""The database refuses what it cannot understand, and keeps whole transactions only."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import DamagedData, DiskFull, NewerData, ReadOnlyData
from backend.stores.collections import Collections
from backend.stores.conversations import Conversations
from backend.stores.database import MIGRATIONS, Database, by_value
from backend.stores.documents import Documents
from backend.stores.imports import ImportedConversation, Imports
from backend.stores.presets import Presets
from backend.stores.settings import Settings
from backend.stores.words import separated


def test_a_new_database_knows_its_version(tmp_path: Path) -> None:
    Database(tmp_path / "db")
    connection = sqlite3.connect(tmp_path / "db")
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    connection.close()


def before(folder: Path, version: int) -> sqlite3.Connection:
    """A database as the program of an earlier data version left it."""
    connection = sqlite3.connect(folder / "db")
    connection.create_function("separated", 1, separated, deterministic=True)
    connection.create_function("folded", 1, str.casefold, deterministic=True)
    connection.create_function("by_value", 1, by_value, deterministic=True)
    for script in MIGRATIONS[:version]:
        connection.executescript(script)
    connection.execute(f"PRAGMA user_version = {version}")
    return connection


def test_one_from_before_presets_keeps_its_conversations(tmp_path: Path) -> None:
    old = before(tmp_path, next(n for n, script in enumerate(MIGRATIONS) if "CREATE TABLE presets" in script))
    now = "2026-01-01T00:00:00.000+00:00"
    old.execute("INSERT INTO conversations (id, title, created_at, updated_at) VALUES ('c', 'Old', ?, ?)", (now, now))
    old.commit()
    old.close()
    database = Database(tmp_path / "db")
    conversation = Conversations(database).get("c")
    assert (conversation.title, conversation.preset_id) == ("Old", None)
    preset = Presets(database).create("New", {})
    Conversations(database).use_preset("c", preset.id)
    assert Conversations(database).preset("c") == preset.id


@pytest.mark.parametrize(
    "version", range(1, next(n for n, script in enumerate(MIGRATIONS) if "CREATE TABLE collections" in script) + 1)
)
def test_one_from_before_collections_keeps_its_documents(tmp_path: Path, version: int) -> None:
    old = before(tmp_path, version)
    old.execute(
        "INSERT INTO documents (id, sha256, filename, size, status, added_at)"
        " VALUES ('d', 'e', 'a.txt', 1, 'ready', '')"
    )
    old.commit()
    old.close()
    database = Database(tmp_path / "db")
    assert [row.filename for row in Documents(database).list(words="A.T", sort="name")[0]] == ["a.txt"]
    made = Collections(database).create("Alps", ["d"])
    assert Documents(database).list(collection=made.id)[1] == 1


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    Settings(Database(tmp_path / "db")).update({"theme": "dark"})
    assert Settings(Database(tmp_path / "db")).get("theme") == "dark"


def test_one_of_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "db")
    connection.execute("PRAGMA user_version = 999")
    connection.execute("CREATE TABLE future (x)")
    connection.commit()
    connection.close()
    before = (tmp_path / "db").read_bytes()
    with pytest.raises(NewerData, match="newer LocalChat"):
        Database(tmp_path / "db")
    assert (tmp_path / "db").read_bytes() == before


def test_something_else_under_its_name_is_named_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"not a database" * 1000)
    with pytest.raises(DamagedData):
        Database(tmp_path / "db")


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ReadOnlyData):
        Database(tmp_path / "nowhere" / "db")


def test_a_full_disk_is_a_clear_error_and_what_was_written_stays(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    settings = Settings(database)
    settings.update({"theme": "dark"})
    with database.read() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]

    class Small(Database):
        def _open(self) -> sqlite3.Connection:
            connection = super()._open()
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
            return connection

    small = Small(tmp_path / "db")
    with pytest.raises(DiskFull):
        Settings(small).update({"note": "x" * 100_000})
    assert Settings(Database(tmp_path / "db")).all() == {"theme": "dark"}


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "db"
    Database(path)
    path.chmod(stat.S_IRUSR)
    yield path
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_an_error_inside_a_transaction_takes_all_of_it_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")

    def fail_half_way() -> None:
        with database.write() as db:
            db.execute("INSERT INTO settings VALUES ('a', '1')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert Settings(database).all() == {}


def test_conversations_of_a_data_folder_from_before_imports_come_from_nowhere(tmp_path: Path) -> None:
    old = before(tmp_path, next(n for n, script in enumerate(MIGRATIONS) if "ADD COLUMN origin" in script))
    old.execute("INSERT INTO conversations (id, title, created_at, updated_at) VALUES ('c', 'Old', '2024', '2024')")
    old.commit()
    old.close()
    database = Database(tmp_path / "db")
    imports = Imports(database)
    assert imports.origin("c") is None
    assert [one.title for one in Conversations(database).listed()[0]] == ["Old"]
    new = ImportedConversation("chatgpt:1", "New", "2024", "2024", None, [])
    assert imports.add([new, new]) == [True, False]
