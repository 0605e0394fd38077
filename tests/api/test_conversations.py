"""Conversations over HTTP: listed, found, pinned, tagged, put away and deleted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from flask import Flask

from tests.conftest import services_of


def make(http: httpx.Client, title: str) -> str:
    identity: str = http.post("/api/conversations", json={"title": title}).json()["id"]
    return identity


def listed(http: httpx.Client, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/api/conversations", params=query).raise_for_status().json()
    return found


def change(http: httpx.Client, identity: str, **changes: Any) -> httpx.Response:
    return http.patch(f"/api/conversations/{identity}", json=changes)


def test_a_pin_and_tags_are_kept_and_listed(http: httpx.Client) -> None:
    first, second = make(http, "first"), make(http, "second")
    answer = change(http, first, pinned=True, tags=[" home ", "Home", "lease"]).json()
    assert (answer["pinned"], answer["tags"]) == (True, ["home", "lease"])
    everything = listed(http)
    assert [one["id"] for one in everything["conversations"]] == [first, second]
    assert everything["tags"] == [{"tag": "home", "conversations": 1}, {"tag": "lease", "conversations": 1}]
    tagged = listed(http, tag="lease")
    assert ([one["id"] for one in tagged["conversations"]], tagged["total"]) == ([first], 1)
    assert change(http, first, title="named").json()["tags"] == ["home", "lease"]


@pytest.mark.parametrize("tags", [[""], ["  "], ["x" * 41], ["x"] * 21, "home"])
def test_a_tag_that_cannot_be_one_is_refused(http: httpx.Client, tags: Any) -> None:
    answer = change(http, make(http, "t"), tags=tags)
    assert (answer.status_code, answer.json()["error"]) == (422, "InvalidRequest")


def test_hits_come_with_a_snippet_as_plain_text(app: Flask, http: httpx.Client) -> None:
    store = services_of(app).conversations
    identity = make(http, "Pool")
    turn = store.begin_turn(identity, None, "What lives there?", model="m", sources=[])
    store.finish(turn.answer_id, "done", "An <img src=x> octopus.", "")
    [hit] = listed(http, q="octo")["conversations"]
    assert hit["id"] == identity
    assert hit["match"] == {
        "hits": 1,
        "message_id": turn.answer_id,
        "title": [{"text": "Pool", "found": False}],
        "snippet": [
            {"text": "An <img src=x> ", "found": False},
            {"text": "octopus", "found": True},
            {"text": ".", "found": False},
        ],
    }
    assert listed(http)["conversations"][0]["match"] is None


def test_what_is_put_away_comes_back_or_is_deleted(http: httpx.Client) -> None:
    identity = make(http, "t")
    change(http, identity, put_away=True)
    assert (listed(http)["total"], listed(http, q="t")["total"]) == (0, 0)
    change(http, identity, put_away=False)
    assert listed(http)["total"] == 1
    change(http, identity, put_away=True)
    assert http.delete(f"/api/conversations/{identity}").json() == {"ok": True}
    assert http.get(f"/api/conversations/{identity}").status_code == 404


def test_a_conversation_that_is_not_there_cannot_be_changed(http: httpx.Client) -> None:
    for changes in ({"pinned": True}, {"tags": ["a"]}, {"put_away": True}, {"put_away": False}):
        assert change(http, "nowhere", **changes).status_code == 404
