"""The embedder over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from desktop.client import read_events
from tests.api.test_documents import upload
from tests.chatting import wait_for
from tests.ollama_script import MINILM, NOMIC, SMOLLM2
from tests.ollama_stand_in import StandIn

NOMIC_ID = "ollama/nomic-embed-text:latest"


@pytest.fixture
def app(make_app: Any, ollama_stand_in: StandIn) -> Flask:
    ollama_stand_in.models = {model.name: model for model in (SMOLLM2, NOMIC, MINILM)}
    made: Flask = make_app(ollama_host=ollama_stand_in.host)
    return made


def state(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/embedder").get_json()
    return found


def changed(client: FlaskClient, identity: str) -> dict[str, Any]:
    wait_for(lambda: state(client)["id"] == identity and state(client)["change"] is None)
    return state(client)


def test_from_the_first_look_to_the_way_back(client: FlaskClient, ollama_stand_in: StandIn) -> None:
    upload(client, (b"# Towers\n\nThe Eiffel tower is 330 metres high.", "tower.md"))
    before = state(client)
    assert (before["id"], before["engine"], before["dimensions"]) == ("builtin", "builtin", 384)
    assert (before["change"], before["before"], before["problem"]) == (None, None, None)
    assert [(one["id"], one["active"]) for one in before["options"]] == [
        ("builtin", True), (NOMIC_ID, False), ("ollama/all-minilm:latest", False),
    ]  # fmt: skip
    cost = client.post("/api/embedder/estimate", json={"embedder": NOMIC_ID}).get_json()
    assert (cost["passages"], cost["dimensions"], cost["reads_whole"]) == (1, 768, True)
    ollama_stand_in.embedding_seconds = 0.5
    begun = client.put("/api/embedder", json={"embedder": NOMIC_ID}).get_json()
    assert begun["id"] == "builtin"
    assert (begun["change"]["id"], begun["change"]["trouble"]) == (NOMIC_ID, None)
    refused = client.put("/api/embedder", json={"embedder": "ollama/all-minilm:latest"})
    assert (refused.status_code, refused.get_json()["details"]["reason"]) == (409, "embedder_runs")
    ollama_stand_in.embedding_seconds = 0.0
    after = changed(client, NOMIC_ID)
    assert (after["model"], after["dimensions"], after["before"]["id"]) == ("nomic-embed-text:latest", 768, "builtin")
    assert client.get("/api/storage").get_json()["before"] == after["before"]["size"] > 0
    (check,) = [one for one in client.get("/api/status").get_json()["checks"] if one["id"] == "embedder"]
    assert (check["code"], check["values"]) == ("embedder_own_ok", {"model": "nomic-embed-text:latest"})
    assert client.post("/api/embedder/undo").status_code == 200
    assert changed(client, "builtin")["before"]["id"] == NOMIC_ID
    gone = client.delete("/api/embedder/before").get_json()
    assert gone["before"] is None
    assert client.post("/api/embedder/undo").status_code == 404
    assert client.delete("/api/embedder/change").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "InvalidRequest"),
        ({"embedder": ""}, 422, "InvalidRequest"),
        ({"embedder": "ollama/smollm2:135m"}, 404, "ModelNotFound"),
        ({"embedder": "nothing"}, 404, "ModelNotFound"),
        ({"embedder": "builtin"}, 409, "Conflict"),
    ],
)
def test_what_cannot_be_chosen_is_refused(client: FlaskClient, body: dict[str, str], status: int, code: str) -> None:
    response = client.put("/api/embedder", json=body)
    assert (response.status_code, response.get_json()["error"]) == (status, code)


def test_words_alone_answer_and_say_so_while_the_model_is_gone(client: FlaskClient, ollama_stand_in: StandIn) -> None:
    upload(client, (b"# Towers\n\nThe Eiffel tower is 330 metres high.", "tower.md"))
    client.put("/api/embedder", json={"embedder": NOMIC_ID})
    changed(client, NOMIC_ID)
    assert client.post("/api/search", json={"query": "How high is the tower?"}).get_json()["words_only"] is None
    del ollama_stand_in.models[NOMIC.name]
    body = client.post("/api/search", json={"query": "How high is the tower?"}).get_json()
    assert body["results"][0]["filename"] == "tower.md"
    assert body["words_only"]["details"] == {"reason": "embedder_gone", "values": {"model": "nomic-embed-text:latest"}}
    (started, *_) = read_events([client.post("/api/chat", json={"message": "How high is the tower?"}).data])
    assert started["words_only"]["details"]["reason"] == "embedder_gone"
    assert started["sources"][0]["filename"] == "tower.md"
    wait_for(lambda: state(client)["problem"])
    assert state(client)["problem"]["details"]["reason"] == "embedder_gone"
    (check,) = [one for one in client.get("/api/status").get_json()["checks"] if one["id"] == "embedder"]
    assert (check["state"], check["code"]) == ("warning", "embedder_away")
