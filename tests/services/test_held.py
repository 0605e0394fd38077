"""An answer is held against its sources while it is written: quotes, then sentence by sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.engines.embedder import Embedder
from backend.services.events import Citations, Quotes, Source
from backend.services.held import Held
from tests.conftest import ROOT

LEASE = (
    "3.2 The tenancy is concluded for a fixed term ending on 31 March 2027. Until that day ordinary notice is excluded "
    "for both parties; the right to terminate for good cause remains unaffected."
)
RENT = "4.1 The monthly rent is 1,450.00 euros, plus an advance on operating costs of 310.00 euros."
PLACE = "The rooms lie on the second floor of Lindenstrasse 14 and have 84 square metres."


def source(number: int, text: str) -> Source:
    return Source(number, f"p{number}", "d1", "Lease.pdf", number, ["Term"], text, 0.9)


SOURCES = [source(1, LEASE), source(2, RENT), source(3, PLACE)]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ROOT / "models")


def test_sentences_are_held_against_the_sources_with_their_places(embedder: Embedder) -> None:
    held = Held("When does the tenancy end?", SOURCES, embedder.embed, folded=False)
    answer = "The rooms have 84 square metres [1]. The monthly rent is 2,900 euros [2].\n\nIs that all?"
    for at in range(0, len(answer), 7):
        held.feed(answer[at : at + 7])
    found = list(held.end(60))
    quotes = [one for one in found if isinstance(one, Quotes)]
    citations = [citation for one in found if isinstance(one, Citations) for citation in one.citations]

    assert quotes[0].quotes[0].text in LEASE
    quote = quotes[0].quotes[0]
    assert LEASE[quote.start : quote.end] == quote.text
    assert (quote.source, quote.page, quote.filename) == (1, 1, "Lease.pdf")

    rooms, rent, question = citations
    assert rooms.verdict == "supported"
    # The model said 1; it stands in the third.
    assert rooms.support[0].source == 3
    (words,) = rooms.support[0].words
    assert PLACE[words.start : words.end] == rooms.support[0].text
    assert "84 square metres" in rooms.support[0].text
    assert answer[rooms.start : rooms.end].startswith("The rooms have 84 square metres")

    assert rent.verdict in {"unsupported", "contradicted"}
    assert rent.reason is not None
    assert "2,900" in rent.reason.message
    assert question.verdict == "open"

    assert held.proof is not None
    assert held.proof.citations == citations
    assert held.proof.quotes == quotes[0].quotes


def test_without_sources_nothing_is_done_and_nothing_is_kept(embedder: Embedder) -> None:
    held = Held("Hello?", [], embedder.embed, folded=False)
    held.feed("Hello.")
    assert list(held.end(1)) == []
    assert held.proof is None


def test_quotes_can_be_turned_off(embedder: Embedder) -> None:
    held = Held("When does the tenancy end?", SOURCES, embedder.embed, folded=True, quoted=False)
    held.feed("On 31 March 2027.")
    assert not any(isinstance(one, Quotes) for one in held.end(60))


def test_a_slow_matching_keeps_no_token_back(embedder: Embedder) -> None:
    go = threading.Event()

    def slow(texts: Sequence[str]) -> NDArray[np.float32]:
        go.wait(30)
        return embedder.embed(texts)

    held = Held("When does the tenancy end?", SOURCES, slow, folded=False)
    began = time.monotonic()
    for _ in range(1000):
        held.feed("The tenancy ends on 31 March 2027. ")
        assert not any(isinstance(one, Citations) for one in held.news())
    assert time.monotonic() - began < 5  # it never waits for the embedder, which does not come at all
    held.leave()
    go.set()
    list(held.end(60))


def test_a_matching_that_breaks_leaves_the_answer_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_texts: Sequence[str]) -> NDArray[np.float32]:
        raise RuntimeError("no model")

    held = Held("When does the tenancy end?", SOURCES, broken, folded=False)
    held.feed("It ends in 2027.")
    assert not any(isinstance(one, Citations) for one in held.end(30))
    assert "could not be held against its sources" in caplog.text
