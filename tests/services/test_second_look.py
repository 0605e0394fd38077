"""A model's word on a sentence is believed only where the words that it quotes hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.engines.embedder import Embedder
from backend.pipeline.checks import Said, ask, reply
from backend.pipeline.prompt import Excerpt
from backend.services.events import Citation, Reason
from backend.services.second_look import settled
from tests.checks import LEASE, SENTENCES, SOURCES, citations
from tests.conftest import ROOT

OPEN = citations()[0]
MARKED = replace(OPEN, verdict="unsupported", reason=Reason("name", {"said": "Oyelaran"}, "Not named."))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ROOT / "models")


def looked_at(embedder: Embedder, sentence: str, said: Said, citation: Citation = OPEN) -> Citation:
    return settled(citation, sentence, said, SOURCES, complete=True, embed=embedder.embed, model="qwen3:8b")


def test_words_that_stand_there_support_a_sentence(embedder: Embedder) -> None:
    # By their letters: how they are set in the passage, and how the model writes them, may differ.
    said = Said("supported", "UNTIL that day, ordinary notice is\nexcluded for both parties.", 1)
    found = looked_at(embedder, SENTENCES[0], said)
    assert (found.verdict, found.reason, found.checked_by) == ("supported", None, "qwen3:8b")
    (support,) = found.support
    (span,) = support.words
    assert LEASE[span.start : span.end] == support.text == "Until that day ordinary notice is excluded for both parties"
    assert (support.source, support.page, support.passage_id) == (1, 1, "p1")


@pytest.mark.parametrize(
    "said",
    [
        Said("supported", "Nobody may leave before the term has ended", 1),  # invented
        Said("supported", "Until that day ordinary notice is excluded for both parties", 2),  # of another passage
        Said("supported", "Until that day ordinary notice is excluded for both parties", 3),  # of no passage
        Said("supported", "Until that day ordinary notice is excluded for both parties", -1),
        Said("supported", "Until that day ordinary notice is excluded for both parties", None),
        Said("supported", None, 1),
        Said("supported", "the", 1),  # stands everywhere
        Said("supported", "…", 1),
        Said("contradicted", "Nobody may leave before the term has ended", 1),
        Said("contradicted", None, None),
    ],
)
def test_words_that_do_not_stand_there_leave_it_open(embedder: Embedder, said: Said) -> None:
    assert looked_at(embedder, SENTENCES[0], said) == replace(OPEN, checked_by="qwen3:8b")


@pytest.mark.parametrize(
    ("sentence", "words", "source"),
    [
        ("On top of the rent come 330 euros for operating costs.", "an advance on operating costs of 310.00 euros", 2),
        ("Ms Vasquez pays an advance on operating costs.", "plus an advance on operating costs of 310.00 euros", 2),
        ("Until that day ordinary notice is not excluded.", "Until that day ordinary notice is excluded", 1),
        # The figure stands in the passage, and not in the words that are to decide.
        ("The rent of 1,450 euros comes with operating costs.", "an advance on operating costs of 310.00 euros", 2),
    ],
)
def test_a_number_or_a_name_that_the_words_have_not_leaves_it_open(
    embedder: Embedder, sentence: str, words: str, source: int
) -> None:
    assert looked_at(embedder, sentence, Said("supported", words, source)).verdict == "open"


def test_what_is_otherwise_is_marked_with_the_words_that_say_so(embedder: Embedder) -> None:
    words = "plus an advance on operating costs of 310.00 euros"
    found = looked_at(embedder, SENTENCES[2], Said("contradicted", words, 2))
    assert found.verdict == "contradicted"
    assert found.support[0].text == words
    assert found.reason is not None
    other = looked_at(embedder, "The advance on operating costs is 330 euros.", Said("contradicted", words, 2))
    assert other.reason == Reason(
        "other_number",
        {"said": "330 euros", "there": "310.00 euros"},
        "The sentence says 330 euros, the passage 310.00 euros.",
    )  # fmt: skip


def test_a_sentence_is_not_contradicted_by_its_own_words(embedder: Embedder) -> None:
    said = Said("contradicted", "Until that day ordinary notice is excluded for both parties", 1)
    assert looked_at(embedder, "Until that day ordinary notice is excluded for both parties.", said).verdict == "open"


def test_what_is_not_stated_is_marked_and_keeps_the_reason_that_it_had(embedder: Embedder) -> None:
    said = Said("not_stated", None, None)
    found = looked_at(embedder, SENTENCES[3], said)
    assert (found.verdict, found.reason and found.reason.code, found.support) == ("unsupported", "nothing", [])
    assert looked_at(embedder, SENTENCES[3], said, MARKED) == replace(MARKED, checked_by="qwen3:8b")


def test_nobody_can_say_that_it_is_not_stated_without_all_passages(embedder: Embedder) -> None:
    said, some = Said("not_stated", None, None), SOURCES[:1]
    found = settled(OPEN, SENTENCES[3], said, some, complete=False, embed=embedder.embed, model="m")
    assert found == replace(OPEN, checked_by="m")


def test_what_is_marked_may_turn_out_to_be_supported(embedder: Embedder) -> None:
    said = Said("supported", "Until that day ordinary notice is excluded for both parties", 1)
    found = looked_at(embedder, SENTENCES[0], said, MARKED)
    assert (found.verdict, found.reason) == ("supported", None)


@pytest.mark.parametrize(
    "text",
    ["", "I am sorry.", "{", "{}", '{"verdict": "maybe", "words": "x", "source": 1}', '{"verdict": 7}', "[1]", "}{",
     '{"verdict": "supported", "words": ["a"], "source": 1}', '{"verdict": "supported", "words": "a", "source": 1'],
)  # fmt: skip
def test_another_form_is_no_reply(text: str) -> None:
    assert reply(text) is None


def test_a_reply_is_read_round_what_stands_beside_it() -> None:
    text = '```json\n{"words": " a b ", "source": 2, "verdict": "supported", "more": {}}\n```'
    assert reply(text) == Said("supported", "a b", 2)


def test_the_passages_stand_first() -> None:
    excerpts = [Excerpt(LEASE, "Lease.pdf, page 1")]
    asked = ask("Why?", "It ends.", "Then it is over.", excerpts)
    assert asked.startswith(f"[1] Lease.pdf, page 1\n{LEASE}\n\n")
    assert asked.endswith("The sentence before it: It ends.\n\nThe sentence to check: Then it is over.")
    assert "before it" not in ask("", "", "Then it is over.", excerpts)
