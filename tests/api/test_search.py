"""Search over HTTP."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from desktop.client import read_events
from tests.api.test_documents import upload
from tests.chatting import streaming, wait_for
from tests.services.test_evaluate import squad


def test_passages_come_with_the_scores_of_both_arms(client: FlaskClient) -> None:
    upload(client, (b"# Towers\n\nThe Eiffel tower is 330 metres high.", "tower.md"))
    response = client.post("/api/search", json={"query": "How high is the tower?", "limit": 3})
    body = response.get_json()
    assert body["milliseconds"] > 0
    (found,) = body["results"]
    assert found["filename"] == "tower.md"
    assert found["heading"] == ["Towers"]
    assert found["text"] == "The Eiffel tower is 330 metres high."
    assert found["vector"]["rank"] == found["text_match"]["rank"] == 1
    assert found["passage_id"].startswith(found["document_id"])
    assert sum(found["shares"].values()) == pytest.approx(found["score"], abs=1e-3)
    assert (found["index"], found["end"] - found["start"]) == (0, len(found["text"]))


def test_nothing_to_search_is_no_error(client: FlaskClient) -> None:
    assert client.post("/api/search", json={"query": "tower"}).get_json()["results"] == []


def test_what_each_signal_weighs_is_said_of_a_hybrid_search(client: FlaskClient) -> None:
    upload(client, (b"# Towers\n\nThe Eiffel tower is 330 metres high.", "tower.md"))
    weights = client.post("/api/search", json={"query": "How high is it?"}).get_json()["weights"]
    assert set(weights) == {"words", "letters", "sentence", "meaning"}
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert client.post("/api/search", json={"query": "high", "mode": "text"}).get_json()["weights"] == {}


def test_a_search_stays_within_a_watched_folder(client: FlaskClient, tmp_path: Path) -> None:
    upload(client, (b"The Eiffel tower is 330 metres high.", "tower.txt"))
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "bridge.txt").write_text("The bridge is as high as a tower.", "utf-8")
    identity = client.post("/api/folders", json={"path": str(folder)}).get_json()["id"]
    wait_for(lambda: client.get("/api/documents?status=ready").get_json()["total"] == 2)

    def names(**scope: object) -> set[str]:
        results = client.post("/api/search", json={"query": "high tower", **scope}).get_json()["results"]
        return {found["filename"] for found in results}

    assert names() == {"tower.txt", "bridge.txt"}
    assert names(folder_ids=[identity]) == {"bridge.txt"}
    assert names(folder_ids=[]) == set()
    tower = next(
        one["id"] for one in client.get("/api/documents").get_json()["documents"] if one["filename"] == "tower.txt"
    )
    assert names(folder_ids=[identity], document_ids=[tower]) == {"tower.txt", "bridge.txt"}
    gone = client.post("/api/search", json={"query": "high", "folder_ids": ["0" * 32]})
    assert (gone.status_code, gone.get_json()["error"]) == (404, "NotFound")


@pytest.mark.parametrize(
    "body",
    [{}, {"query": ""}, {"query": "x", "limit": 0}, {"query": "x", "limit": 101}, {"query": "x", "mode": "magic"}],
)
def test_a_search_that_makes_no_sense_is_refused(client: FlaskClient, body: dict[str, object]) -> None:
    response = client.post("/api/search", json=body)
    assert (response.status_code, response.get_json()["error"]) == (422, "InvalidRequest")


def test_a_labelled_set_is_evaluated_with_progress(client: FlaskClient, tmp_path: Path) -> None:
    path = squad(tmp_path)
    events = list(read_events([client.post("/api/evaluate", json={"set": str(path)}).data]))
    assert events[0]["progress"]["stage"] == "reading"
    assert events[-1]["hybrid"]["hit_1"] == 1
    assert events[-1]["questions"] == 10


def test_what_cannot_be_evaluated_is_said(client: FlaskClient) -> None:
    assert client.post("/api/evaluate", json={"set": "set.json"}).status_code == 422
    (*_, event) = read_events([client.post("/api/evaluate", json={"set": "/nowhere/set.json"}).data])
    assert event["error"] == "InvalidRequest"
    (*_, event) = read_events([client.post("/api/evaluate", json={}).data])
    assert "Add some documents" in event["message"]


GROUP = {
    "group": "tower",
    "passages": ["The Eiffel tower in Paris is 330 metres high."],
    "sentences": [
        {"text": "The Eiffel tower in Paris is 330 metres high.", "label": "supported", "kind": "copy"},
        {"text": "The Eiffel tower in Paris is 220 metres high.", "label": "unsupported", "kind": "number"},
    ],
}


def send(client: FlaskClient, content: bytes, name: str) -> list[dict[str, Any]]:
    response = client.post("/api/evaluate/file", data={"file": (io.BytesIO(content), name)})
    assert response.status_code == 200, response.text
    return list(read_events([response.data]))


def test_a_labelled_file_that_is_sent_is_evaluated_and_its_figures_stay(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    client = make_app().test_client()
    content = squad(tmp_path).read_bytes()
    (*_, done) = send(client, content, "places.json")
    assert (done["hybrid"]["hit_1"], done["quotes"]["hit_3"]) == (1, 1)
    (*_, proved) = send(client, json.dumps(GROUP).encode(), "proof.jsonl")
    assert (proved["groups"], proved["sentences"]) == (1, 2)
    assert (proved["supported_found"], proved["unsupported_marked"]) == (1, 1)
    assert [kind["kind"] for kind in proved["kinds"]] == ["copy", "number"]
    send(client, content, "places.json")
    send(client, content, "places.json")
    # The same figures after a start, two of each file.
    again = make_app().test_client()
    kept = again.get("/api/evaluations").get_json()["evaluations"]
    assert [one["name"] for one in kept] == ["places.json", "places.json", "proof.jsonl"]
    assert kept[-1]["result"] == proved
    assert kept[0]["result"]["hybrid"]["hit_1"] == 1
    assert kept[0]["at"] > kept[1]["at"] > kept[2]["at"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"{}", "set.json", "set.json is no labelled set"),
        (b"\xff\x00", "set.json", "set.json is no labelled set"),
        (b"no group", "proof.jsonl", "Line 1 of proof.jsonl"),
        (b"\xff\xfe", "proof.jsonl", "proof.jsonl cannot be read"),
        (b"", "proof.jsonl", "proof.jsonl has no groups"),
    ],
)
def test_a_file_that_is_no_labelled_set_is_refused_by_its_name(
    client: FlaskClient, content: bytes, name: str, words: str
) -> None:
    (*_, event) = send(client, content, name)
    assert event["error"] == "InvalidRequest"
    assert words in event["message"]
    assert client.get("/api/evaluations").get_json()["evaluations"] == []


def test_one_file_is_sent_at_a_time(client: FlaskClient) -> None:
    files = [(io.BytesIO(b"{}"), "a.json"), (io.BytesIO(b"{}"), "b.json")]
    response = client.post("/api/evaluate/file", data={"files": files})
    assert (response.status_code, response.get_json()["error"]) == (422, "InvalidRequest")


def test_leaving_the_stream_ends_an_evaluation(
    http: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    articles = [
        {"paragraphs": [{"context": f"House {n} is red.", "qas": [{"question": f"House {n}?"}]}]} for n in range(600)
    ]
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": articles}), "utf-8")
    with streaming(http, "/api/evaluate", json={"set": str(path)}) as events:
        assert next(events)["progress"]["stage"] == "reading"
        assert next(events)["progress"]["stage"] == "embedding"
    wait_for(lambda: not list(tmp_path.glob("localchat-evaluate-*")))
    assert http.get("/api/evaluations").json()["evaluations"] == []
