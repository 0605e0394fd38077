"""Pictures in questions over real HTTP: sent, kept, shown, sent again with the history, and hostile ones refused."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest
from flask import Flask

from tests.chatting import ask, messages_of, refused, text_of
from tests.conftest import services_of
from tests.ollama_script import SMOLLM2, VISION
from tests.ollama_stand_in import StandIn
from tests.pictures import base64, noise, picture
from tests.pipeline.test_pictures import SVG

SEES, BLIND = VISION.name, SMOLLM2.name
RED, BLUE = picture(colour="red"), picture(colour="blue")


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    ollama_stand_in.models[SEES] = VISION
    return make_app(ollama_host=ollama_stand_in.host)


@pytest.fixture
def kept(app: Flask) -> Callable[[], int]:
    def count() -> int:
        with services_of(app).database.read() as db:
            return int(db.execute("SELECT count(*) FROM pictures").fetchone()[0])

    return count


def look_at(http: httpx.Client, *images: bytes, message: str = "What is this?", **body: Any) -> list[dict[str, Any]]:
    return ask(http, message, **{"model": SEES, "images": [base64(image) for image in images], **body})


def seen(stand_in: StandIn) -> list[list[bytes]]:
    """The pictures of each message of the last chat, as the engine got them."""
    return [[b64decode(one) for one in message.get("images", [])] for message in stand_in.chats()[-1]["messages"]]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_reaches_the_model_as_it_came_and_is_kept(
    http: httpx.Client, ollama_stand_in: StandIn, kind: str
) -> None:
    data = noise(kind, 90, 60)
    events = look_at(http, data)
    assert text_of(events) == "The sky is blue."
    assert seen(ollama_stand_in)[-1] == [data]
    assert (events[0]["unseen_pictures"], events[0]["warning"]) == (0, None)
    [image] = messages_of(http, events[0]["conversation_id"])[0]["images"]
    assert image == {
        "id": sha256(data).hexdigest(),
        "media_type": f"image/{kind.lower()}",
        "width": 90,
        "height": 60,
        "size": len(data),
    }
    shown = http.get(f"/api/pictures/{image['id']}")
    assert shown.content == data


def test_a_picture_is_served_so_that_it_can_be_nothing_else(http: httpx.Client) -> None:
    started = look_at(http, RED)[0]
    [image] = messages_of(http, started["conversation_id"])[0]["images"]
    response = http.get(f"/api/pictures/{image['id']}")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Content-Disposition"] == 'inline; filename="picture.png"'
    assert refused(http, "GET", "/api/pictures/" + "0" * 64) == (404, "NotFound")
    assert refused(http, "GET", "/api/pictures/..%2Flocalchat.db") == (404, "NotFound")


def test_pictures_of_the_history_go_along(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    conversation = look_at(http, RED)[0]["conversation_id"]
    events = look_at(http, BLUE, message="And this?", conversation_id=conversation)
    assert seen(ollama_stand_in) == [[], [RED], [], [BLUE]]
    assert events[0]["budget"]["history"] > 576
    assert events[0]["budget"]["question"] > 576


def test_pictures_of_the_history_that_do_not_fit_are_counted(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    large = picture(width=1536, height=1152)
    conversation = look_at(http, large, options={"context_window": 4096})[0]["conversation_id"]
    events = look_at(http, large, message="And this?", conversation_id=conversation, options={"context_window": 4096})
    assert seen(ollama_stand_in) == [[], [], [], [large]]
    assert events[0]["budget"]["pictures_left_out"] == 1
    assert events[0]["budget"]["history_left_out"] == 0


def test_where_the_engine_counts_more_for_a_picture_less_is_sent(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    conversation = look_at(http, RED)[0]["conversation_id"]
    ollama_stand_in.count = lambda messages: 3000 * sum(len(one.get("images") or ()) for one in messages)
    events = look_at(http, BLUE, message="And this?", conversation_id=conversation, options={"context_window": 2816})
    assert events[-1]["error"] == "ContextOverflow", "one alone is more than the window here"
    ollama_stand_in.count = lambda messages: 1600 * sum(len(one.get("images") or ()) for one in messages)
    events = look_at(http, BLUE, message="And now?", conversation_id=conversation, options={"context_window": 2816})
    assert text_of(events) == "The sky is blue."
    assert [event["budget"]["pictures_left_out"] for event in events if "budget" in event][-1] >= 1


def test_a_model_that_cannot_see_is_sent_none_and_says_so(
    http: httpx.Client, ollama_stand_in: StandIn, kept: Callable[[], int]
) -> None:
    assert refused(http, "POST", "/api/chat", json={"message": "?", "model": BLIND, "images": [base64(RED)]}) == (
        422,
        "InvalidRequest",
    )
    assert http.get("/api/conversations").json()["total"] == 0
    assert kept() == 0
    conversation = look_at(http, RED, BLUE)[0]["conversation_id"]
    events = ask(http, "And?", model=BLIND, conversation_id=conversation)
    assert seen(ollama_stand_in) == [[], [], [], []]
    assert events[0]["unseen_pictures"] == 2
    assert "cannot see" in events[0]["warning"]
    assert "2 pictures" in events[0]["warning"]
    assert events[0]["budget"]["history"] < 100


def test_an_answer_written_again_shows_the_same_pictures(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    first = look_at(http, RED, BLUE)[0]
    ids = [image["id"] for image in messages_of(http, first["conversation_id"])[0]["images"]]
    again = look_at(http, conversation_id=first["conversation_id"], parent_id=None, image_ids=ids)[0]
    assert again["question_id"] == first["question_id"]
    assert seen(ollama_stand_in)[-1] == [RED, BLUE]
    # By a model that cannot see too, which says so.
    blind = look_at(http, model=BLIND, conversation_id=first["conversation_id"], parent_id=None, image_ids=ids)[0]
    assert blind["question_id"] == first["question_id"]
    assert blind["unseen_pictures"] == 2
    assert seen(ollama_stand_in)[-1] == []


def test_an_edited_question_keeps_some_and_adds_others(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    first = look_at(http, RED)[0]
    [image] = messages_of(http, first["conversation_id"])[0]["images"]
    edited = look_at(
        http,
        BLUE,
        message="What are these?",
        conversation_id=first["conversation_id"],
        parent_id=None,
        image_ids=[image["id"]],
    )[0]
    assert edited["question_id"] != first["question_id"]
    assert seen(ollama_stand_in)[-1] == [RED, BLUE]


def test_a_picture_of_another_conversation_is_not_taken(http: httpx.Client) -> None:
    first = look_at(http, RED)[0]
    [image] = messages_of(http, first["conversation_id"])[0]["images"]
    other = look_at(http, BLUE)[0]["conversation_id"]
    body = {"message": "?", "model": SEES, "image_ids": [image["id"]]}
    assert refused(http, "POST", "/api/chat", json={**body, "conversation_id": other}) == (404, "NotFound")
    assert refused(http, "POST", "/api/chat", json=body) == (422, "InvalidRequest")


def test_the_pictures_are_gone_with_the_conversation(http: httpx.Client, kept: Callable[[], int]) -> None:
    one, other = look_at(http, RED, BLUE)[0], look_at(http, RED)[0]
    http.delete(f"/api/conversations/{one['conversation_id']}")
    assert kept() == 1
    http.delete(f"/api/conversations/{other['conversation_id']}")
    assert kept() == 0
    assert refused(http, "GET", f"/api/pictures/{sha256(RED).hexdigest()}") == (404, "NotFound")


def test_the_meter_counts_pictures_before_they_are_sent(http: httpx.Client) -> None:
    body = {"message": "What is this?", "pictures": [{"width": 1536, "height": 1152}]}
    with_one = http.post("/api/chat/budget", json={**body, "model": SEES}).json()["question"]
    assert with_one > 2310
    assert http.post("/api/chat/budget", json={**body, "model": BLIND}).json()["question"] < 100


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (base64(SVG), (415, "UnsupportedType")),
        (base64(b"%PDF-1.7"), (415, "UnsupportedType")),
        (base64(noise("PNG")[:-20]), (422, "InvalidRequest")),
        (base64(noise("JPEG")[:-20]), (422, "InvalidRequest")),
        ("", (422, "InvalidRequest")),
        ("not base64!", (422, "InvalidRequest")),
        ("\u00e9\U0001f600", (422, "InvalidRequest")),
        ("data:image/png;base64," + base64(RED), (422, "InvalidRequest")),
        ("/etc/passwd", (422, "InvalidRequest")),
        (7, (422, "InvalidRequest")),
        (base64(b"\x89PNG\r\n\x1a\n" + bytes(10_000_001)), (413, "TooLarge")),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_no_picture_is_refused_and_nothing_is_kept(
    http: httpx.Client, ollama_stand_in: StandIn, kept: Callable[[], int], image: object, error: tuple[int, str]
) -> None:
    body = {"message": "?", "model": SEES, "images": [base64(RED), image]}
    assert refused(http, "POST", "/api/chat", json=body) == error
    assert kept() == 0
    assert http.get("/api/conversations").json()["total"] == 0
    assert ollama_stand_in.chats() == []


def test_too_many_and_too_large_are_refused_with_a_sentence(http: httpx.Client) -> None:
    def says(images: list[str]) -> tuple[int, str]:
        response = http.post("/api/chat", json={"message": "?", "model": SEES, "images": images})
        return response.status_code, response.json()["message"]

    status, message = says([base64(RED)] * 1000)
    assert (status, "1,000 pictures; 8 are the most" in message) == (422, True)
    status, message = says([base64(noise("JPEG")) + "A" * 7_000_000] * 5)
    assert (status, "24 MB" in message) == (413, True)
    status, message = says(["A" * 100_000_000])
    assert (status, "40,000 kB" in message) == (413, True)


def test_a_text_that_looks_like_the_mark_of_a_picture_is_only_a_text(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    look_at(http, RED, message="What does [img-0] or [img] mean?")
    assert ollama_stand_in.chats()[-1]["messages"][-1]["content"] == "What does [ img-0] or [ img] mean?"


def test_own_json_brings_pictures_back(http: httpx.Client, kept: Callable[[], int]) -> None:
    conversation = look_at(http, RED, BLUE)[0]["conversation_id"]
    exported = http.get(f"/api/conversations/{conversation}/export?format=json").content
    before = messages_of(http, conversation)
    http.delete(f"/api/conversations/{conversation}")
    assert kept() == 0
    report = imported(http, exported)
    assert (report["imported"], report["not_understood"]) == (1, [])
    assert messages_of(http, conversation) == before
    assert http.get(f"/api/pictures/{before[0]['images'][0]['id']}").content == RED


def test_hostile_pictures_in_an_import_are_left_out_and_named(http: httpx.Client, kept: Callable[[], int]) -> None:
    conversation = look_at(http, RED)[0]["conversation_id"]
    exported = json.loads(http.get(f"/api/conversations/{conversation}/export?format=json").content)
    http.delete(f"/api/conversations/{conversation}")
    question, answer = exported["conversations"][0]["messages"]
    question["images"] += [
        {"media_type": "image/svg+xml", "data": base64(SVG)}, {"data": 7}, "x", None, {"data": "/etc/passwd"},
        {"media_type": "image/svg+xml", "data": base64(BLUE)},
    ]  # fmt: skip
    answer["images"] = [{"media_type": "image/png", "data": base64(BLUE)}]
    report = imported(http, json.dumps(exported).encode())
    assert report["imported"] == 1
    assert [one["reason"] for one in report["not_understood"]] == [
        "Some pictures could not be read. They were left out."
    ]
    first, second = messages_of(http, conversation)
    assert [image["media_type"] for image in first["images"]] == ["image/png", "image/png"]
    assert second["images"] == []
    assert kept() == 2


def imported(http: httpx.Client, content: bytes) -> dict[str, Any]:
    response = http.post("/api/conversations/import", files={"file": ("c.json", content)})
    *_, last = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    report: dict[str, Any] = last["report"]
    return report


def test_documents_hold_the_pictures_or_name_them(http: httpx.Client) -> None:
    conversation = look_at(http, RED)[0]["conversation_id"]

    def export(form: str) -> str:
        return http.get(f"/api/conversations/{conversation}/export?format={form}").text

    uri = f"data:image/png;base64,{base64(RED)}"
    assert f"![Picture 1 (64 × 48)]({uri})" in export("md")
    page = export("html")
    assert f'<img src="{uri}" alt="Picture 1 (64 × 48)">' in page
    assert "img-src data:" in page
    for form in ("docx", "pdf"):
        assert http.get(f"/api/conversations/{conversation}/export?format={form}").status_code == 200
