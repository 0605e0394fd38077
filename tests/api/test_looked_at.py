"""What an answer is held against: also what the model had no room to read, and each page by its own number."""

from __future__ import annotations

import io
from collections.abc import Callable

import httpx
import pytest
from flask import Flask
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from backend.services.chat import LOOKED_AT
from tests.chatting import ask, messages_of, wait_for
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn

FACTS = (
    "The harbour of Northport was opened in 1871.",
    "The harbour of Northport is closed by ice in January.",
    "The harbour of Northport is eleven metres deep.",
    "The harbour of Northport employs four pilots.",
    "The harbour of Northport has a lighthouse of red stone.",
    "The harbour of Northport sells its fish on Fridays.",
)
QUESTION = "What is known about the harbour of Northport?"


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


def add(http: httpx.Client, name: str, data: bytes) -> None:
    http.post("/api/documents/upload", files={"files": (name, data)})
    wait_for(lambda: all(one["status"] == "ready" for one in http.get("/api/documents").json()["documents"]))


def chapter(number: int) -> str:
    """A fact, and so much beside it that few of them fit a small window."""
    beside = " ".join(
        f"Of the quay {number * 100 + at} the clerk wrote that nothing happened there." for at in range(14)
    )
    return f"{FACTS[number]} {beside}"


def test_a_sentence_is_proved_by_what_the_model_had_no_room_to_read(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    for number in range(len(FACTS)):
        add(http, f"chapter-{number}.md", chapter(number).encode())
    small = {"context_window": 2048}
    first, *_ = ask(http, QUESTION, options=small)
    sources = first["sources"]
    given = [source["given"] for source in sources]
    assert len(sources) == LOOKED_AT
    assert given == sorted(given, reverse=True), "those that it reads come first"
    assert True in given
    assert False in given
    prompt = str(ollama_stand_in.chats()[-1])
    for source in sources:
        assert (source["text"][:40] in prompt) is source["given"]
    assert len(first["budget"]["left_out"]) == len(FACTS) - given.count(True)

    unread = sources[-1]
    fact = next(fact for fact in FACTS if fact in unread["text"])
    ollama_stand_in.answer = Answer(tokens=(fact,))
    events = ask(http, QUESTION, options=small)
    citation = next(one for event in events for one in event.get("citations", []))
    assert citation["verdict"] == "supported"
    assert [support["passage_id"] for support in citation["support"]] == [unread["passage_id"]]
    kept = messages_of(http, events[0]["conversation_id"])[1]
    assert [source["given"] for source in kept["sources"]] == given


def test_words_are_said_to_stand_on_their_own_page(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4)
    canvas.drawString(72, 100, "The harbour of Northport was opened in 1871 by the mayor of the town, who")
    canvas.drawString(72, 86, "had paid for most of it.")
    canvas.showPage()
    canvas.drawString(72, 760, "Ships from Eastwick paid a fee of seven crowns in those years.")
    canvas.showPage()
    canvas.save()
    add(http, "harbour.pdf", written.getvalue())
    ollama_stand_in.answer = Answer(
        tokens=("Ships from Eastwick paid a fee of seven crowns. ", "The harbour of Northport was opened in 1871.")
    )
    events = ask(http, "Which fee did ships from Eastwick pay at Northport?")
    [source] = events[0]["sources"]
    assert source["page"] == 1
    assert [start["page"] for start in source["pages"]] == [1, 2]
    quotes = [quote for event in events for quote in event.get("quotes", [])]
    fee = next(quote for quote in quotes if "seven crowns" in quote["text"])
    assert fee["page"] == 2
    cited = [one for event in events for one in event.get("citations", [])]
    assert [one["support"][0]["page"] for one in cited] == [2, 1]
