"""Conversations out and in over HTTP."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.config import Config
from backend.stores.conversations import Conversations
from backend.stores.database import Database
from backend.stores.imports import Imports
from tests.chatting import refused, streaming
from tests.conftest import ROOT, SOON, services_of
from tests.exports import chatgpt_item, open_webui_item, simple_chatgpt_item


def send(client: FlaskClient, content: bytes, name: str = "conversations.json") -> Any:
    return client.post("/api/conversations/import", data={"file": (io.BytesIO(content), name)})


def events(body: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in body.split("\n") if line.startswith("data: ")]


def import_all(client: FlaskClient, *items: dict[str, Any]) -> dict[str, Any]:
    response = send(client, json.dumps(items).encode())
    assert response.mimetype == "text/event-stream"
    *_, last = events(response.text)
    report: dict[str, Any] = last["report"]
    return report


def test_an_import_streams_its_progress_and_ends_with_a_report(client: FlaskClient) -> None:
    body = json.dumps([chatgpt_item(), open_webui_item()]).encode()
    *progress, last = events(send(client, body).text)
    assert all(
        set(event["progress"]) == {"done", "total", "imported", "already_there", "skipped"} for event in progress
    )
    assert progress[-1]["progress"] | {"total": 0} == {
        "done": len(body), "total": 0, "imported": 2, "already_there": 0, "skipped": 0,
    }  # fmt: skip
    assert last == {
        "done": True,
        "report": {
            "imported": 2,
            "already_there": 0,
            "skipped": 0,
            "not_understood": [
                {"title": "Towers of the world", "reason": "Images are not part of it. Their places are marked."}
            ],
            "more_remarks": 0,
        },
    }
    listed = client.get("/api/conversations").get_json()
    assert {one["title"] for one in listed["conversations"]} == {"Towers of the world", "Height"}
    for one in listed["conversations"]:
        assert client.get(f"/api/conversations/{one['id']}").status_code == 200


def test_nothing_of_the_upload_is_left(client: FlaskClient, config: Config) -> None:
    import_all(client, chatgpt_item())
    assert "error" in send(client, b"nonsense").text
    # Nobody reads this one.
    send(client, json.dumps([chatgpt_item()]).encode()).close()
    assert [path for path in (config.data / "files").iterdir() if path.name.startswith("incoming-")] == []


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 broken", b"[]"])
def test_a_file_that_is_no_export_ends_with_an_error_that_says_so(client: FlaskClient, content: bytes) -> None:
    (event,) = events(send(client, content).text)
    assert event["error"] == "InvalidRequest"
    assert len(event["message"]) > 20


def test_requests_that_hold_no_file_are_refused(http: httpx.Client) -> None:
    address = "/api/conversations/import"
    assert refused(http, "POST", address, json={}) == (415, "UnsupportedType")
    assert refused(http, "POST", address, files={"other": ("x.json", b"[]")}) == (422, "InvalidRequest")
    assert refused(http, "POST", address, files=[("file", ("x", b"[]")), ("file", ("y", b"[]"))]) == (
        422,
        "InvalidRequest",
    )
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    assert refused(http, "POST", address, content=b"--x\r\nbroken", headers=head) == (400, "MalformedRequest")


@pytest.mark.parametrize(
    ("form", "kind", "begin"),
    [
        ("md", "text/markdown", b"# Towers"),
        ("json", "application/json", b"{"),
        ("html", "text/html", b"<!doctype html>"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK"),
        ("pdf", "application/pdf", b"%PDF-"),
    ],
)
def test_one_conversation_in_each_format(client: FlaskClient, form: str, kind: str, begin: bytes) -> None:
    import_all(client, chatgpt_item(title="Towers – věže"))
    (one,) = client.get("/api/conversations").get_json()["conversations"]
    response = client.get(f"/api/conversations/{one['id']}/export?format={form}")
    assert (response.status_code, response.mimetype) == (200, kind)
    assert response.data.startswith(begin)
    assert response.headers["Content-Disposition"] == (
        f"attachment; filename=\"Towers  veze.{form}\"; filename*=UTF-8''Towers%20%E2%80%93%20v%C4%9B%C5%BEe.{form}"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_what_cannot_be_exported_is_an_error(http: httpx.Client) -> None:
    assert refused(http, "GET", "/api/conversations/none/export") == (404, "NotFound")
    assert refused(http, "GET", "/api/conversations/none/export?format=exe") == (422, "InvalidRequest")
    assert refused(http, "GET", "/api/conversations/export?format=exe") == (422, "InvalidRequest")


def test_all_of_them_in_a_zip_and_back(http: httpx.Client, app: Flask) -> None:
    client = app.test_client()
    import_all(client, *(simple_chatgpt_item(f"id-{n}", f"Question {n}", "Answer") for n in range(30)))
    response = http.get("/api/conversations/export?format=json")
    assert response.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert len(archive.namelist()) == 31
    before = http.get("/api/conversations").json()
    for one in before["conversations"]:
        http.delete(f"/api/conversations/{one['id']}")
    *_, last = events(send(client, response.content, "all.zip").text)
    assert last["report"]["imported"] == 30
    assert http.get("/api/conversations").json() == before


def test_an_export_of_none_is_an_empty_index(client: FlaskClient) -> None:
    archive = zipfile.ZipFile(io.BytesIO(client.get("/api/conversations/export?format=md").data))
    assert archive.namelist() == ["index.html"]


def test_others_are_answered_while_an_import_runs(http: httpx.Client, app: Flask) -> None:
    words = "Words of an answer, and more of them. " * 300
    body = json.dumps([simple_chatgpt_item(f"id-{n}", "Question", words) for n in range(2_000)]).encode()
    ended = threading.Event()

    def run() -> None:
        with streaming(http, "/api/conversations/import", files={"file": ("c.json", body)}) as said:
            assert list(said)[-1]["report"]["imported"] == 2_000
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    asked = 0
    while not ended.is_set():
        began = time.monotonic()
        assert http.post("/api/conversations", json={}).status_code == 200
        assert time.monotonic() - began < SOON
        asked += 1
    thread.join()
    assert asked > 3


def test_a_client_that_leaves_stops_it_between_two_conversations(http: httpx.Client, app: Flask) -> None:
    words = "Words of an answer. " * 500
    items = [simple_chatgpt_item(f"id-{n}", "Question", words) for n in range(3_000)]
    body = json.dumps(items).encode()
    with streaming(http, "/api/conversations/import", files={"file": ("c.json", body)}) as said:
        assert next(said)["progress"]["total"] == len(body)
    folder = services_of(app).config.data / "files"
    began = time.monotonic()
    while any(path.name.startswith("incoming-") for path in folder.iterdir()):
        assert time.monotonic() - began < 60
        time.sleep(0.05)
    kept = http.get("/api/conversations?limit=1").json()["total"]
    assert kept > 0
    with streaming(http, "/api/conversations/import", files={"file": ("c.json", body)}) as said:
        report = list(said)[-1]["report"]
    assert (report["already_there"], report["imported"]) == (kept, 3_000 - kept)


SCRIPT = """
import sys
from pathlib import Path
from backend.services.transfer.imports import import_file
from backend.stores.database import Database
from backend.stores.imports import Imports
from backend.stores.imports import Imports
for event in import_file(Path(sys.argv[2]), Imports(Database(Path(sys.argv[1])))):
    print(event, flush=True)
"""


def test_a_kill_in_the_middle_loses_nothing_imported_and_leaves_nothing_half(tmp_path: Path) -> None:
    items = [simple_chatgpt_item(f"id-{n}", "Question", "Words of an answer. " * 500) for n in range(3_000)]
    (tmp_path / "arrived").write_text(json.dumps(items), encoding="utf-8")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "db"), str(tmp_path / "arrived")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ}) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGKILL)
    said = int(told[2].split("imported=")[1].split(",")[0])
    conversations = Conversations(Database(tmp_path / "db"))
    kept, total = conversations.listed(limit=10_000)
    assert said <= total < 3_000
    for one in kept:
        held = conversations.get(one.id)
        assert len(held.messages) == 2
        assert held.leaf_id == held.messages[1].id


def test_a_full_disk_is_an_event_of_its_own(app: Flask) -> None:
    services = services_of(app)
    with services.database.read() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]

    class Small(Database):
        def _open(self) -> sqlite3.Connection:
            connection = super()._open()
            connection.execute(f"PRAGMA max_page_count = {pages + 60}")
            return connection

    small = Small(services.database.path)
    services.imports = Imports(small)
    items = [simple_chatgpt_item(f"id-{n}", "Q", "word " * 5_000) for n in range(50)]
    *_, last = events(send(app.test_client(), json.dumps(items).encode()).text)
    small.close()
    assert last["error"] == "DiskFull"
    assert app.test_client().get("/api/conversations").get_json()["total"] > 0
