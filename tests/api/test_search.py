"""Search over HTTP."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.api.test_documents import upload


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


def test_nothing_to_search_is_no_error(client: FlaskClient) -> None:
    assert client.post("/api/search", json={"query": "tower"}).get_json()["results"] == []


@pytest.mark.parametrize(
    "body",
    [{}, {"query": ""}, {"query": "x", "limit": 0}, {"query": "x", "limit": 101}, {"query": "x", "mode": "magic"}],
)
def test_a_search_that_makes_no_sense_is_refused(client: FlaskClient, body: dict[str, object]) -> None:
    response = client.post("/api/search", json=body)
    assert (response.status_code, response.get_json()["error"]) == (422, "InvalidRequest")
