"""Documents over HTTP: the upload stream of the contract, lists, files, deletion."""

from __future__ import annotations

import io
import json
import time
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

    def dropped(self) -> list[Path]:
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


def test_a_list_is_searched_sorted_and_summed(client: FlaskClient) -> None:
    upload(client, (b"one two three", "Bericht März.txt"), (b"two", "a.txt"), (b"\x00", "empty März.txt"))
    found = client.get("/api/documents?q=MÄRZ&sort=name").get_json()
    assert [item["filename"] for item in found["documents"]] == ["Bericht März.txt", "empty März.txt"]
    assert (found["total"], found["documents_total"], found["passages"]) == (2, 3, 2)
    assert found["disk"] > found["size"] == 17
    assert found["free"] > 0
    assert found["groups"] == []
    assert client.get("/api/documents?by_folder=true").get_json()["groups"] == [{"folder_id": None, "total": 3}]
    first = client.get("/api/documents?sort=status&limit=1").get_json()["documents"][0]
    assert (first["status"], first["searchable"]) == ("failed", False)
    assert client.get("/api/documents?sort=nonsense").status_code == 422
    assert client.get("/api/documents?folder=unknown").get_json()["total"] == 0


def test_the_text_is_shown_as_it_was_read(client: FlaskClient) -> None:
    upload(client, (b"# Title\n\nThe tower is high.\n\nIt is old.", "tower.md"))
    (document,) = client.get("/api/documents").get_json()["documents"]
    address = f"/api/documents/{document['id']}"
    whole = client.get(f"{address}/text").get_json()
    assert whole == {"text": "Title\n\nThe tower is high.\n\nIt is old.", "offset": 0, "total": 37}
    for passage in client.get(f"{address}/passages").get_json()["passages"]:
        assert whole["text"][passage["start"] : passage["end"]] == passage["text"]
    assert client.get(f"{address}/text?offset=7&limit=5").get_json()["text"] == "The t"
    assert client.get("/api/documents/unknown/text").status_code == 404


def test_a_protected_file_says_so_and_takes_its_password(http: httpx.Client, shared: Path) -> None:
    with (shared / "corpus" / "password.pdf").open("rb") as file:
        http.post("/api/documents/upload", files={"files": ("password.pdf", file)})
    (document,) = http.get("/api/documents").json()["documents"]
    assert document["error"]["code"] == "EncryptedDocument"
    assert document["error"]["details"] == {"reason": "password_needed", "values": {"filename": "password.pdf"}}
    address = f"/api/documents/{document['id']}"
    http.post(f"{address}/retry", json={"password": "no such word"})
    assert wait_until_done(http, address)["error"]["details"]["reason"] == "password_wrong"
    assert http.post(f"{address}/retry", json={"password": ""}).status_code == 422
    assert http.post(f"{address}/retry", json={"password": "password"}).status_code == 200
    assert wait_until_done(http, address)["status"] == "ready"


def wait_until_done(http: httpx.Client, address: str) -> dict[str, Any]:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        document: dict[str, Any] = http.get(address).json()
        if document["status"] in ("ready", "failed"):
            return document
        time.sleep(0.05)
    raise AssertionError("it does not come to an end")


def test_what_waits_is_cancelled_and_what_is_done_is_not(http: httpx.Client, app: Flask, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("A sentence of many words that goes on. " * 20_000, encoding="utf-8")
    arrival = services_of(app).library.keep_path(tmp_path / "long.txt")
    assert arrival.document is not None
    address = f"/api/documents/{arrival.document.id}"
    cancelled = http.post(f"{address}/cancel").json()
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "Cancelled")
    assert http.post(f"{address}/cancel").status_code == 409
    assert http.delete(address).status_code == 200
    assert http.post(f"{address}/cancel").status_code == 404


def test_a_file_with_its_path_replaces_its_earlier_version(client: FlaskClient, tmp_path: Path) -> None:
    path = str(tmp_path / "news.txt")
    for content in (b"The zebra ran.", b"The giraffe came."):
        data = {"files": (io.BytesIO(content), "news.txt"), "paths": path}
        assert '"success":true' in client.post("/api/documents/upload", data=data).text
    (document,) = client.get("/api/documents").get_json()["documents"]
    assert (document["path"], document["passages"]) == (path, 1)
    assert client.get(f"/api/documents/{document['id']}/text").get_json()["text"] == "The giraffe came."
    two = {"files": (io.BytesIO(b"x"), "a.txt"), "paths": [path, path]}
    assert client.post("/api/documents/upload", data=two).get_json()["error"] == "InvalidRequest"


def test_folders_are_added_listed_and_left(http: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("The zebra ran.", encoding="utf-8")
    assert http.post("/api/folders", json={"path": str(tmp_path / "nowhere")}).json()["error"] == "InvalidRequest"
    assert http.post("/api/folders", json={}).json()["error"] == "Conflict", "there is no window to choose in"
    folder = http.post("/api/folders", json={"path": str(tmp_path / "papers")}).json()
    assert (folder["path"], folder["error"]) == (str(tmp_path / "papers"), None)
    deadline = time.monotonic() + 90
    while http.get("/api/folders").json()["folders"][0]["ready"] < 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (document,) = http.get(f"/api/documents?folder={folder['id']}").json()["documents"]
    assert (document["folder_id"], document["path"]) == (folder["id"], str(tmp_path / "papers" / "a.txt"))
    assert http.post(f"/api/folders/{folder['id']}/look").json()["state"] in ("scanning", "watching")
    assert http.delete(f"/api/folders/{folder['id']}").json() == {"ok": True}
    assert http.get("/api/documents").json()["total"] == 0
    assert http.delete(f"/api/folders/{folder['id']}").status_code == 404


def test_many_are_deleted_as_one(client: FlaskClient) -> None:
    upload(client, (b"one", "a.txt"), (b"two", "b.txt"), (b"three", "c.txt"))
    ids = {item["filename"]: item["id"] for item in client.get("/api/documents").get_json()["documents"]}
    body = {"document_ids": [ids["a.txt"], ids["c.txt"], "nobody"]}
    assert client.post("/api/documents/delete", json=body).get_json() == {"ok": True}
    left = client.get("/api/documents").get_json()
    assert ([item["filename"] for item in left["documents"]], left["passages"]) == (["b.txt"], 1)
    assert client.post("/api/documents/delete", json={"document_ids": []}).status_code == 422


def test_the_words_of_a_source_have_their_boxes(client: FlaskClient, shared: Path) -> None:
    upload(client, ((shared / "corpus" / "DA-1p.pdf").read_bytes(), "ages.pdf"))
    (document,) = client.get("/api/documents").get_json()["documents"]
    address = f"/api/documents/{document['id']}/boxes"
    passage = client.get(f"/api/documents/{document['id']}/passages").get_json()["passages"][0]
    whole = client.get(f"{address}?offset={passage['start']}&limit={passage['end'] - passage['start']}").get_json()
    assert whole["boxes"]
    for box in whole["boxes"]:
        assert box["page"] == 1
        assert 0 <= box["left"] < box["right"] <= 1
        assert 0 <= box["top"] < box["bottom"] <= 1

    words = {"passage_id": passage["id"], "text": passage["text"], "start": 0, "end": len(passage["text"])}
    assert client.post(address, json=words).get_json() == whole
    some = client.post(address, json=words | {"end": 10}).get_json()["boxes"]
    assert 0 < len(some) < len(whole["boxes"])
    # What is not there any more has none, and neither has a passage that is not of this document.
    assert client.post(address, json=words | {"text": "Other words", "end": 5}).get_json() == {"boxes": []}
    assert client.post(address, json=words | {"passage_id": "f" * 32 + "-0"}).get_json() == {"boxes": []}


def test_boxes_are_asked_for_in_bounds(client: FlaskClient) -> None:
    upload(client, (b"The tower is high.", "tower.txt"))
    (document,) = client.get("/api/documents").get_json()["documents"]
    address = f"/api/documents/{document['id']}/boxes"
    assert client.get(address).get_json() == {"boxes": []}
    for query in ("offset=-1", "limit=0", "limit=65537", "limit=x"):
        assert client.get(f"{address}?{query}").status_code == 422
    words = {"passage_id": f"{document['id']}-0", "text": "The tower", "start": 0, "end": 3}
    for wrong in ({"start": -1}, {"text": "x" * 40_000}, {"passage_id": ""}, {"more": 1}):
        assert client.post(address, json=words | wrong).status_code == 422
    assert client.post(address, json=words | {"passage_id": "' OR 1=1"}).get_json() == {"boxes": []}
    assert client.get("/api/documents/nobody/boxes").status_code == 404
    assert client.post("/api/documents/nobody/boxes", json=words).status_code == 404
