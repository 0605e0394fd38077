"""Sentences held against passages: what supports them, and why they are marked."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from backend.engines.embedder import Embedder
from backend.pipeline.proof.align import Prepared, prepare
from backend.pipeline.proof.model import load
from backend.pipeline.proof.verdict import Verdict, prove
from build_scripts.models import MODELS

GROUPS = Path(__file__).resolve().parents[1] / "proof_groups"
SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "eval" / "proof_sample.jsonl"
LEASE = [
    "The rent of the ground floor is £1,850 a month, due on the third working day. The Tenant may keep a dog. "
    "The rooms may not be used for the sale of food. Mr Alan Corby collects the rent.",
    "The rent of the first floor is £1,420 a month, due on the last working day. The Tenant may not keep a dog. "
    "The yard is closed on Sunday.",
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(MODELS)


@pytest.fixture(scope="module")
def lease(embedder: Embedder) -> Prepared:
    return prepare(LEASE, embedder.embed)


def groups(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def marked(verdict: Verdict) -> bool:
    return verdict.outcome in {"contradicted", "unsupported"}


def test_what_stands_there_is_supported_by_its_words(lease: Prepared) -> None:
    verdict = prove(lease, "The rent of the first floor is £1,420 a month.")
    assert verdict.outcome == "supported"
    assert verdict.passage == 1
    assert "1,420" in verdict.words
    assert LEASE[1][verdict.start : verdict.end] == verdict.words


def test_a_figure_that_no_passage_has_is_named(lease: Prepared) -> None:
    verdict = prove(lease, "The rent of the first floor is £1,975 a month.")
    assert marked(verdict)
    assert verdict.reason is not None
    assert verdict.reason.code in {"number", "other_number"}
    assert "1,975" in verdict.reason.parameters["said"]


def test_a_negation_is_named(lease: Prepared) -> None:
    verdict = prove(lease, "The rooms on the ground floor may be used for the sale of food.")
    assert marked(verdict)
    assert verdict.reason is not None
    assert (verdict.reason.code, verdict.reason.parameters["there"]) == ("negation", "not")


def test_a_section_number_is_no_figure(embedder: Embedder) -> None:
    prepared = prepare(
        ["3.2 Term. The tenancy begins on 1 April 2025 and ends on 31 March 2027. 3.3 Rent. It is £900."],
        embedder.embed,
    )
    assert prove(prepared, "The tenancy ends on 31 March 2027.").outcome == "supported"
    verdict = prove(prepared, "The tenancy begins on 1 April 2025 and ends on 31 March 2029.")
    assert marked(verdict)
    assert verdict.reason is not None
    assert "3.2" not in verdict.reason.parameters.values()


def test_what_is_true_of_another_is_no_proof(embedder: Embedder) -> None:
    prepared = prepare(
        [
            "Ms Vasquez joins as engineer on 2 September. Her salary is paid on the 27th day of each month.",
            "Mr Oyelaran joins as technician on 4 November. His salary is paid on the 25th day of each month.",
        ],
        embedder.embed,
    )
    assert prove(prepared, "The salary of Ms Vasquez is paid on the 27th day of each month.").outcome == "supported"
    assert marked(prove(prepared, "The salary of Ms Vasquez is paid on the 25th day of each month."))


def test_a_name_that_no_passage_has_is_marked(lease: Prepared) -> None:
    verdict = prove(lease, "On the ground floor Ms Henrietta Vale collects the rent.")
    assert marked(verdict)


def test_what_no_passage_speaks_of_is_marked(lease: Prepared) -> None:
    assert marked(prove(lease, "Penguins breed in large colonies along the coasts of Antarctica."))


@pytest.mark.parametrize("sentence", ["Is there a dog?", "Here is what the documents say:", "Yes.", "", "…", "😀"])
def test_what_claims_nothing_is_left_alone(lease: Prepared, sentence: str) -> None:
    assert prove(lease, sentence).outcome == "neither"


def test_a_citation_is_checked_and_not_believed(lease: Prepared) -> None:
    sentence = "The rent of the first floor is £1,420 a month."
    assert prove(lease, sentence, (1,)).cited is True
    assert prove(lease, sentence, (0,)).cited is False
    assert prove(lease, sentence, (0,)).passage == 1
    assert prove(lease, sentence).cited is None


def test_without_passages_nothing_is_said() -> None:
    assert prove(prepare([]), "The rent is £1,850 a month.").outcome == "neither"
    assert prove(prepare(["", " "]), "The rent is £1,850 a month.").outcome == "neither"


def test_without_an_embedder_words_alone_decide() -> None:
    assert prove(prepare(LEASE), "The rent of the first floor is £1,420 a month.").outcome == "supported"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "sentence", ["word " * 4_000, "5 " * 2_000, "不" * 3_000, "\x00\ud7ff\u202e", "[" * 500, "Rain fell, " * 900]
)
def test_odd_sentences_never_fail(lease: Prepared, sentence: str) -> None:
    prove(lease, sentence)


def test_the_model_is_small() -> None:
    assert len(load().trees) > 0
    assert (Path(__file__).resolve().parents[2] / "backend/pipeline/proof/model.json").stat().st_size < 20_000


@pytest.mark.parametrize("file", sorted(GROUPS.glob("*.jsonl")), ids=lambda file: file.stem)
def test_the_labelled_groups_are_whole(file: Path) -> None:
    for group in groups(file):
        kinds = [sentence["kind"] for sentence in group["sentences"]]
        if file.stem == "joined":
            assert len(kinds) == 12
        else:
            assert len(kinds) == len(set(kinds)) == 10
        for sentence in group["sentences"]:
            assert (sentence["label"] == "supported") == (sentence.get("quote") is not None)
            if sentence.get("quote") is not None:
                assert sentence["quote"] in group["passages"][sentence["passage"]]
            both = zip(sentence.get("passages") or (), sentence.get("quotes") or (), strict=True)
            assert all(quote in group["passages"][number] for number, quote in both)


def test_the_sample_is_judged_well(embedder: Embedder) -> None:
    """Two groups that the model was not learnt from."""
    if not SAMPLE.exists():
        pytest.skip("the sample is not here")
    right = {"supported": 0, "unsupported": 0}
    for group in groups(SAMPLE):
        prepared = prepare(group["passages"], embedder.embed)
        for sentence in group["sentences"]:
            verdict = prove(prepared, sentence["text"])
            right[sentence["label"]] += (verdict.outcome == "supported") == (sentence["label"] == "supported")
    assert right["supported"] >= 7
    assert right["unsupported"] >= 7


def test_a_sentence_takes_milliseconds(embedder: Embedder) -> None:
    group = groups(GROUPS / "en.jsonl")[-1]
    prepared = prepare(group["passages"], embedder.embed)
    times = []
    for sentence in group["sentences"]:
        started = time.process_time()
        prove(prepared, sentence["text"])
        times.append(1000 * (time.process_time() - started))
    assert sorted(times)[len(times) // 2] < 30
