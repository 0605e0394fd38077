"""Backup and restore over HTTP, and through the window's dialogs."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from flask import Flask

from tests.chatting import Event, refused, streaming, wait_for
from tests.conftest import services_of, serving


@dataclass
class Dialogs:
    """A window whose dialogs are answered with `path`; `asked`: what they proposed."""

    path: Path | None
    asked: list[str] = field(default_factory=list)

    def pick_files(self, *, folder: bool) -> list[Path]:
        raise AssertionError

    def dropped(self) -> list[Path]:
        raise AssertionError("not asked for")

    def save_file(self, name: str) -> Path | None:
        self.asked.append(name)
        return self.path

    def open_file(self, kind: str, pattern: str) -> Path | None:
        self.asked.append(f"{kind} ({pattern})")
        return self.path

    def open_folder(self, folder: Path) -> None:
        raise AssertionError("not asked for")

    def show(self) -> None: ...


def events_of(http: httpx.Client, at: str, /, **body: object) -> list[Event]:
    with streaming(http, at, json=body) as events:
        return list(events)


def test_a_backup_is_streamed_and_ends_with_its_path_and_hash(http: httpx.Client, tmp_path: Path) -> None:
    http.post("/api/conversations", json={"title": "Kept"})
    *steps, done = events_of(http, "/api/backup", path=str(tmp_path / "b.zip"))
    assert {step["progress"]["stage"] for step in steps} == {"collecting", "writing", "checking"}
    assert steps[-1]["progress"]["done"] == steps[-1]["progress"]["total"] > 0
    assert (done["done"], done["path"], done["conversations"]) == (True, str(tmp_path / "b.zip"), 1)
    assert done["sha256"] == hashlib.sha256((tmp_path / "b.zip").read_bytes()).hexdigest()
    assert zipfile.ZipFile(tmp_path / "b.zip").testzip() is None


def test_a_place_that_is_none_is_refused_before_the_stream(http: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "thesis.zip").write_text("years of work")
    assert refused(http, "POST", "/api/backup", json={"path": "b.zip"}) == (422, "InvalidRequest")
    assert refused(http, "POST", "/api/backup", json={"path": str(tmp_path / "thesis.zip")}) == (409, "Conflict")
    assert refused(http, "POST", "/api/backup", json={"ask": True}) == (409, "Conflict")
    assert refused(http, "POST", "/api/restore", json={}) == (422, "InvalidRequest")
    assert refused(http, "POST", "/api/restore", json={"path": str(tmp_path / "thesis.zip")}) == (422, "RefusedBackup")
    assert (tmp_path / "thesis.zip").read_text() == "years of work"


def test_a_restore_waits_for_the_next_start_and_can_be_taken_back(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    first = make_app()
    with serving(first) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        assert http.get("/api/restore").json() == {"staged": None}
        http.post("/api/conversations", json={"title": "Before"})
        events_of(http, "/api/backup", path=str(tmp_path / "b.zip"))
        http.post("/api/conversations", json={"title": "After"})
        *_, done = events_of(http, "/api/restore", path=str(tmp_path / "b.zip"))
        assert (done["done"], done["restart"], done["conversations"]) == (True, True, 1)
        assert http.get("/api/conversations").json()["total"] == 2
        staged = http.get("/api/restore").json()["staged"]
        assert (staged["path"], staged["conversations"]) == (str(tmp_path / "b.zip"), 1)
        assert http.delete("/api/restore").json() == {"ok": True}
        assert http.get("/api/restore").json() == {"staged": None}
        events_of(http, "/api/restore", path=str(tmp_path / "b.zip"))
    services_of(first).close()
    with serving(make_app()) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        assert [one["title"] for one in http.get("/api/conversations").json()["conversations"]] == ["Before"]
        assert http.get("/api/restore").json() == {"staged": None}


def test_a_backup_that_is_left_in_the_middle_leaves_nothing(http: httpx.Client, app: Flask, tmp_path: Path) -> None:
    # Something to write, so that the stream has a middle.
    services = services_of(app)
    incoming = services.library.receive()
    incoming.write(bytes(100 * 1024**2))
    services.library.keep(incoming, "large.bin")
    with streaming(http, "/api/backup", json={"path": str(tmp_path / "b.zip")}) as events:
        next(event for event in events if event["progress"]["stage"] == "writing")
    wait_for(lambda: not list(tmp_path.glob("*.part")))
    ends: list[Event] = []

    def again() -> bool:
        """The first one may be a moment from its end still, which is said."""
        ends.append(events_of(http, "/api/backup", path=str(tmp_path / "c.zip"))[-1])
        return ends[-1].get("error") != "Conflict"

    wait_for(again)
    assert ends[-1]["done"]
    assert sorted(path.name for path in tmp_path.glob("*.zip*")) in (["c.zip"], ["b.zip", "c.zip"])
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("name", ["chosen.zip", "chosen"])
def test_the_window_asks_where_to_write_and_what_to_read(
    http: httpx.Client, app: Flask, tmp_path: Path, name: str
) -> None:
    dialogs = Dialogs(tmp_path / name)
    services_of(app).desktop = dialogs
    *_, done = events_of(http, "/api/backup", ask=True)
    assert done["path"] == str(tmp_path / "chosen.zip")
    assert dialogs.asked[0].startswith("LocalChat-")
    assert dialogs.asked[0].endswith(".zip")
    dialogs.path = tmp_path / "chosen.zip"
    *_, done = events_of(http, "/api/restore", ask=True)
    assert done["restart"]
    dialogs.path = None
    assert events_of(http, "/api/backup", ask=True) == [{"cancelled": True}]
    assert events_of(http, "/api/restore", ask=True) == [{"cancelled": True}]
