"""Documents over HTTP: the upload stream of the contract, lists, files, deletion."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import services_of


def events(body: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in body.split("\n") if line.startswith("data: ")]


def upload(client: FlaskClient, *files: tuple[bytes, str]) -> list[dict[str, Any]]:
    data = {"files": [(io.BytesIO(content), name) for content, name in files]}
    response = client.post("/api/documents/upload", data=data)
    assert response.status_code == 200, response.text
    assert response.mimetype == "text/event-stream"
    return events(response.text)


def test_the_stream_is_the_contracts(client: FlaskClient) -> None:
    said = upload(client, (b"The tower is high.", "test.txt"), (b"%PDF-1.4 junk", "bad.pdf"))
    assert said[0] == {"message": "Processing test.txt..."}
    assert said[-1] == {"total_documents": 2, "done": True}
    results = [event["result"] for event in said if "result" in event]
    assert [(result["filename"], result["success"]) for result in results] == [("test.txt", True), ("bad.pdf", False)]
    assert results[1]["code"] == "DamagedDocument"
    for event in said:
        if "progress" in event:
            assert set(event["progress"]) >= {"filename", "stage", "done", "total"}


def test_over_a_real_connection(http: httpx.Client, shared: Path) -> None:
    with (
        (shared / "corpus" / "DA-1p.pdf").open("rb") as file,
        http.stream("POST", "/api/documents/upload", files={"files": ("test.pdf", file)}) as response,
    ):
        said = events("\n".join(response.iter_lines()))
    assert said[0] == {"message": "Processing test.pdf..."}
    assert next(event for event in said if "result" in event)["result"]["success"]
    found = http.post("/api/search", json={"query": "abomination"}).json()["results"]
    assert found[0]["filename"] == "test.pdf"


def test_a_document_is_listed_looked_into_fetched_and_deleted(client: FlaskClient) -> None:
    text = b"The tower is high.\n\nIt was built in 1889."
    upload(client, (text, "../../tower.txt"))
    listed = client.get("/api/documents").get_json()
    assert (listed["total"], listed["passages"], listed["size"]) == (1, 1, len(text))
    (document,) = listed["documents"]
    assert (document["filename"], document["status"], document["error"]) == ("tower.txt", "ready", None)
    address = f"/api/documents/{document['id']}"
    assert client.get(address).get_json() == document
    passages = client.get(f"{address}/passages").get_json()
    assert passages["total"] == 1
    assert passages["passages"][0]["text"] == text.decode()
    with client.get(f"{address}/file") as fetched:
        assert fetched.data == text
        assert fetched.headers["Content-Disposition"].startswith("attachment")
        assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert client.delete(address).get_json() == {"ok": True}
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404
    assert client.get("/api/documents").get_json()["total"] == 0


def test_a_file_is_never_sent_as_something_that_runs(client: FlaskClient) -> None:
    upload(client, (b"alert(1)", "evil.js"))
    (document,) = client.get("/api/documents").get_json()["documents"]
    with client.get(f"/api/documents/{document['id']}/file") as response:
        assert response.mimetype == "application/octet-stream"


def test_lists_can_be_narrowed_and_paged(client: FlaskClient) -> None:
    upload(client, (b"one", "1.txt"), (b"two", "2.txt"), (b"\x00", "3.txt"))
    failed = client.get("/api/documents?status=failed").get_json()
    assert [(item["filename"], item["error"]["code"]) for item in failed["documents"]] == [("3.txt", "EmptyDocument")]
    second = client.get("/api/documents?offset=1&limit=1").get_json()
    assert ([item["filename"] for item in second["documents"]], second["total"]) == (["2.txt"], 3)
    assert client.get("/api/documents?status=nonsense").status_code == 422


def test_retry_reads_it_once_more(client: FlaskClient) -> None:
    upload(client, (b"one", "1.txt"))
    (document,) = client.get("/api/documents").get_json()["documents"]
    response = client.post(f"/api/documents/{document['id']}/retry")
    assert response.status_code == 200
    assert response.get_json()["status"] in ("queued", "reading", "embedding", "ready")
    assert client.post("/api/documents/unknown/retry").status_code == 404


def refused(client: FlaskClient, **request: Any) -> tuple[int, str]:
    response = client.post("/api/documents/upload", **request)
    return response.status_code, response.get_json()["error"]


def test_an_upload_that_makes_no_sense_is_refused(client: FlaskClient, app: Flask) -> None:
    assert refused(client, json={"files": []}) == (415, "UnsupportedType")
    other = {"other": (io.BytesIO(b"one"), "1.txt")}
    assert refused(client, data=other) == (422, "InvalidRequest")
    cut = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf'
    assert refused(client, data=cut, content_type="multipart/form-data; boundary=x")[1] == "MalformedRequest"
    assert refused(client, data=b"", content_type="multipart/form-data")[0] in (400, 422)
    folder = services_of(app).config.data / "files"
    assert not folder.exists() or list(folder.iterdir()) == [], "nothing is left of what was refused"


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(make_app: Callable[..., Flask]) -> None:
    client = make_app(max_upload=1000).test_client()
    assert refused(client, data={"files": (io.BytesIO(b"x" * 2000), "1.txt")}) == (413, "TooLarge")


class Window:
    """Stands for the native dialog, which needs a person."""

    def __init__(self, *paths: Path) -> None:
        self.paths = list(paths)

    def pick_files(self, *, folder: bool) -> list[Path]:
        return self.paths

    def save_file(self, name: str) -> Path | None:
        raise AssertionError("not asked for")

    def open_file(self, kind: str, pattern: str) -> Path | None:
        raise AssertionError("not asked for")

    def open_folder(self, folder: Path) -> None:
        raise AssertionError("not asked for")

    def show(self) -> None:
        raise AssertionError("not asked for")


def test_picking_needs_a_window(client: FlaskClient) -> None:
    response = client.post("/api/documents/pick", json={})
    assert (response.status_code, response.get_json()["error"]) == (409, "Conflict")


def test_a_picked_folder_brings_its_files_but_not_the_hidden_ones(
    client: FlaskClient, app: Flask, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    for name in ("a.txt", "inner/b.txt", ".git/c.txt", "inner/.hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    services_of(app).desktop = Window(folder)
    said = events(client.post("/api/documents/pick", json={"folder": True}).text)
    assert [event["result"]["filename"] for event in said if "result" in event] == ["a.txt", "b.txt"]


def test_picking_nothing_adds_nothing(client: FlaskClient, app: Flask) -> None:
    services_of(app).desktop = Window()
    assert events(client.post("/api/documents/pick", json={}).text) == [{"total_documents": 0, "done": True}]
