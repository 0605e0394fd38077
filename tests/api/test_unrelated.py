"""An answer that is not from the documents is not called one."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from flask import Flask

from backend.engines.base import Usage
from backend.pipeline.prompt import Prompt, Turn
from backend.pipeline.relevance import is_related, speaks_of_documents
from backend.services.draft import Draft, warning_of
from tests.api.test_presets import add
from tests.chatting import ask, messages_of, wait_for
from tests.ollama_stand_in import StandIn

PAPERS = {
    "lease.md": "# Lease\n\nThe rent is 1,250 euros a month. The tenancy ends on 31 March 2027. Pets are not allowed.",
    "boiler.md": "# Boiler\n\nThe pressure must stay between 1 and 2 bar. Bleed the radiators in autumn.",
    "minutes.md": "# Minutes\n\nThe board approved the budget for the new roof. Mrs Keller was elected as treasurer.",
}


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


@pytest.fixture
def papers(http: httpx.Client) -> dict[str, str]:
    """Names of the documents → their ids; all of them are read."""
    found = {name: add(http, name, text) for name, text in PAPERS.items()}
    wait_for(lambda: all(one["status"] == "ready" for one in http.get("/api/documents").json()["documents"]))
    return found


def test_what_the_documents_do_not_speak_of_is_answered_without_them_and_said(
    http: httpx.Client, papers: dict[str, str], ollama_stand_in: StandIn
) -> None:
    first, *_ = ask(http, "Give me a recipe for carrot soup with ginger")
    assert (first["sources"], first["unrelated"], first["proved"]) == ([], True, False)
    assert "boiler" not in str(ollama_stand_in.chats()[-1]).lower()
    answer = messages_of(http, first["conversation_id"])[1]
    assert answer["proof"]["unrelated"] is True, "it is still said after a restart"
    assert answer["sources"] == []


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When does the tenancy end?", "31 March 2027"),
        ("How much pressure does the heating need?", "1 and 2 bar"),
        ("Wer wurde treasurer?", "Keller"),
        ("Summarise my files", ""),
    ],
)
def test_what_they_do_speak_of_comes_from_them(
    http: httpx.Client, papers: dict[str, str], question: str, words: str
) -> None:
    first, *_ = ask(http, question)
    assert first["unrelated"] is False
    assert words in first["sources"][0]["text"]


def test_a_document_that_is_named_is_read_whatever_is_asked(http: httpx.Client, papers: dict[str, str]) -> None:
    first, *_ = ask(http, "Is there a recipe for carrot soup?", document_ids=[papers["lease.md"]])
    assert [source["filename"] for source in first["sources"]] == ["lease.md"]
    assert first["unrelated"] is False


def test_without_documents_nothing_is_said_of_them(http: httpx.Client) -> None:
    first, *_ = ask(http, "Give me a recipe for carrot soup")
    assert (first["sources"], first["unrelated"]) == ([], False)


@pytest.mark.parametrize(
    ("words", "meaning", "weight", "passages", "related"),
    [
        (0.5, 0.0, 0.3, 240, True),
        (0.05, 0.5, 0.3, 240, True),
        (0.05, 0.5, 0.08, 240, False),  # the embedder does not know the language
        (0.05, 0.1, 0.3, 240, False),
        (0.05, 0.1, 0.3, 3, True),  # one word in common
        (0.0, 0.1, 0.3, 3, False),
    ],
)
def test_when_words_and_meaning_relate_a_passage(
    words: float, meaning: float, weight: float, passages: int, *, related: bool
) -> None:
    assert is_related(words, meaning, weight, passages) is related


@pytest.mark.parametrize(
    "question", ["Fasse die Dokumente zusammen", "Résume ce fichier", "总结一下", "What is this PDF?"]
)
def test_questions_about_the_documents_themselves(question: str) -> None:
    assert speaks_of_documents(question)
    assert not speaks_of_documents("Tell me a joke about dockers")


def test_a_server_that_read_less_than_was_sent_is_told_of() -> None:
    prompt = Prompt([Turn("user", "word " * 3_000)], 0, 0, 0, 0, 0, 0, 0, 0)
    warning, details = warning_of(Draft(usage=Usage(2_048, 5, 1, 1, "stop")), prompt, 8_192)
    assert details is not None
    assert (details.reason, details.values) == ("prompt_cut", {"read": 2_048, "sent": 3_000})
    assert "2048 tokens" in str(warning)
    assert warning_of(Draft(usage=Usage(3_900, 5, 1, 1, "stop")), prompt, 8_192) == (None, None)
    uncounted = Draft(usage=Usage(0, 5, 1, 1, "stop"))
    assert warning_of(uncounted, prompt, 8_192) == (None, None), "an engine that does not count"
