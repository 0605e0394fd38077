"""Collections over HTTP: kept, filled, and a filter of what is listed, searched and asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flask import Flask

from tests.chatting import ask, refused, wait_for
from tests.ollama_stand_in import StandIn

MISSING = "0" * 32


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


def make(http: httpx.Client, name: str = "Lights", **fields: Any) -> dict[str, Any]:
    response = http.post("/api/collections", json={"name": name, **fields})
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


@pytest.fixture
def documents(http: httpx.Client) -> dict[str, str]:
    """Ids by name, all ready."""
    for name in ("harbour", "garden", "cellar"):
        text = f"The lighthouse in the {name} is painted green."
        http.post("/api/documents/upload", files={"files": (f"{name}.txt", text.encode())})

    def listed() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = http.get("/api/documents").json()["documents"]
        return rows

    wait_for(lambda: all(row["status"] == "ready" for row in listed()))
    return {row["filename"].removesuffix(".txt"): row["id"] for row in listed()}


def test_one_is_made_renamed_filled_emptied_and_deleted(http: httpx.Client, documents: dict[str, str]) -> None:
    made = make(http, "  Lights ", document_ids=[documents["garden"], MISSING])
    assert (made["name"], made["documents"]) == ("Lights", 1)
    path = f"/api/collections/{made['id']}"
    assert http.patch(path, json={"name": "Lamps"}).json()["name"] == "Lamps"
    inside = f"{path}/documents/{documents['harbour']}"
    assert http.put(inside).json()["documents"] == 2
    listed = http.get("/api/documents", params={"collection": made["id"]}).json()
    assert {row["filename"] for row in listed["documents"]} == {"harbour.txt", "garden.txt"}
    assert listed["total"] == 2
    assert all(row["collections"] == [made["id"]] for row in listed["documents"])
    assert http.get(f"/api/documents/{documents['cellar']}").json()["collections"] == []
    assert http.get("/api/documents", params={"collection": made["id"], "status": "failed"}).json()["total"] == 0
    assert http.delete(inside).json()["documents"] == 1
    assert http.get(path).json() == http.get("/api/collections").json()["collections"][0]
    assert http.delete(path).json() == {"ok": True}
    assert http.get("/api/documents").json()["total"] == 3
    for method in ("GET", "DELETE"):
        assert refused(http, method, path) == (404, "NotFound")
    assert refused(http, "PATCH", path, json={"name": "a"}) == (404, "NotFound")
    assert refused(http, "PUT", inside) == (404, "NotFound")
    assert make(http, "Lamps", id=made["id"], document_ids=[documents["garden"]])["id"] == made["id"]
    assert refused(http, "PUT", f"{path}/documents/{MISSING}") == (404, "NotFound")
    http.delete(f"/api/documents/{documents['garden']}")
    assert http.get(path).json()["documents"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "\ud800"},
        {"name": "a", "colour": "red"},
        {"name": "a", "id": "../../etc"},
        {"name": "a", "document_ids": ["x" * 65]},
        {"name": "a", "document_ids": "all"},
    ],
)
def test_a_value_that_is_wrong_is_refused(http: httpx.Client, wrong: dict[str, Any]) -> None:
    body = {"content": json.dumps(wrong), "headers": {"Content-Type": "application/json"}}
    assert refused(http, "POST", "/api/collections", **body)[0] == 422
    assert http.get("/api/collections").json() == {"collections": []}


def test_a_taken_name_is_a_conflict(http: httpx.Client) -> None:
    make(http, "Lights")
    assert refused(http, "POST", "/api/collections", json={"name": "LIGHTS"}) == (409, "Conflict")


def test_search_and_questions_keep_to_the_union(http: httpx.Client, documents: dict[str, str]) -> None:
    lights, empty = make(http, document_ids=[documents["garden"]]), make(http, "Empty")

    def searched(**where: Any) -> set[str]:
        results = http.post("/api/search", json={"query": "lighthouse", **where}).json()["results"]
        return {found["filename"].removesuffix(".txt") for found in results}

    def asked(**where: Any) -> set[str]:
        sources = ask(http, "What colour is the lighthouse?", **where)[0]["sources"]
        return {source["filename"].removesuffix(".txt") for source in sources}

    for found in (searched, asked):
        assert found() == {"harbour", "garden", "cellar"}
        assert found(collection_ids=[lights["id"]]) == {"garden"}
        assert found(collection_ids=[lights["id"]], document_ids=[documents["cellar"]]) == {"garden", "cellar"}
        assert found(collection_ids=[empty["id"]]) == set()
    body = {"query": "lighthouse", "collection_ids": [MISSING]}
    assert refused(http, "POST", "/api/search", json=body) == (404, "NotFound")
    body = {"message": "Sky?", "collection_ids": [MISSING]}
    assert refused(http, "POST", "/api/chat", json=body) == (404, "NotFound")

    preset = http.post("/api/presets", json={"name": "Law", "collection_ids": [lights["id"]]}).json()
    assert preset["collections"] == [{"id": lights["id"], "name": "Lights", "gone": False}]
    assert asked(preset_id=preset["id"]) == {"garden"}
    assert asked(preset_id=preset["id"], document_ids=[documents["harbour"]]) == {"harbour"}
    http.delete(f"/api/collections/{lights['id']}")
    assert asked(preset_id=preset["id"]) == set(), "none is left, which is not all"
    changed = http.patch(f"/api/presets/{preset['id']}", json={"collection_ids": None}).json()
    assert changed["collections"] == []
    assert asked(preset_id=preset["id"]) == {"harbour", "garden", "cellar"}


def test_a_preset_as_a_file_names_its_collections(http: httpx.Client) -> None:
    lights = make(http)
    preset = http.post("/api/presets", json={"name": "Law", "collection_ids": [lights["id"]]}).json()
    file = http.get(f"/api/presets/{preset['id']}/export").json()
    assert file["collections"] == [{"name": "Lights"}]
    again = http.post("/api/presets/import", json={**file, "collections": [{"name": "LIGHTS"}, {"name": "Other"}]})
    assert [(one["name"], one["gone"]) for one in again.json()["collections"]] == [("Lights", False), ("Other", True)]
