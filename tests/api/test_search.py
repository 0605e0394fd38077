"""Search over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from desktop.client import read_events
from tests.api.test_documents import upload
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
