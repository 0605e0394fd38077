"""Quotes on the labelled questions: `python -m tests.benchmarks.quotes xquad.en.json …`. hit@1, hit@3, milliseconds
of the processor.

The passages are the five best by their words alone (BM25 of words and of character 4-grams, in equal parts), as a
search without vectors would give them; `localchat evaluate --set` takes those of the whole search. `--meaning` lets
the embedder order the best few again.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.engines.embedder import Embedder
from backend.pipeline.quotes import rank
from backend.pipeline.terms import terms
from build_scripts.models import MODELS

Ranker = Callable[[str], NDArray[np.float64]]


def grams(text: str) -> list[str]:
    text = " ".join(text.lower().split())
    size = 2 if sum("\u4e00" <= letter <= "\u9fff" for letter in text) * 4 > len(text) else 4
    return [text[at : at + size] for at in range(len(text) - size + 1)]


def bm25(passages: Sequence[str], units: Callable[[str], list[str]]) -> Ranker:
    counted = [Counter(units(passage)) for passage in passages]
    mean = sum(sum(count.values()) for count in counted) / len(counted)
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for at, count in enumerate(counted):
        length = 1.2 * (0.25 + 0.75 * sum(count.values()) / mean)
        for unit, times in count.items():
            places[unit].append((at, times * 2.2 / (times + length)))

    def scores(question: str) -> NDArray[np.float64]:
        result = np.zeros(len(passages))
        for unit in set(units(question)):
            found = places.get(unit, [])
            idf = math.log(1 + (len(passages) - len(found) + 0.5) / (len(found) + 0.5))
            for at, weight in found:
                result[at] += idf * weight
        return result / (result.max() or 1.0)

    return scores


def measure(file: Path, embedder: Embedder | None) -> None:
    paragraphs = [one for article in json.loads(file.read_text("utf-8"))["data"] for one in article["paragraphs"]]
    contexts = [one["context"] for one in paragraphs]
    words, letters = bm25(contexts, terms), bm25(contexts, grams)
    first = three = asked = 0
    times = []
    for question in (question for one in paragraphs for question in one["qas"]):
        scores = (words(question["question"]) + letters(question["question"])) / 2
        best = [int(at) for at in np.argsort(-scores)[:5]]
        started = time.process_time()
        found = rank(
            question["question"],
            [contexts[at] for at in best],
            [float(scores[at]) for at in best],
            embedder.embed if embedder else None,
        )
        times.append(1000 * (time.process_time() - started))
        holds = [any(answer["text"] in quote.text for answer in question["answers"]) for quote in found[:3]]
        first += bool(holds and holds[0])
        three += any(holds)
        asked += 1
    times.sort()
    print(
        f"{file.name}: hit@1 {first / asked:.3f}, hit@3 {three / asked:.3f}, "
        f"mean {statistics.mean(times):.1f} ms, median {statistics.median(times):.1f}, "
        f"p95 {times[int(0.95 * asked)]:.1f}"
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="quotes")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--meaning", action="store_true")
    options = parser.parse_args(arguments)
    embedder = Embedder(MODELS, threads=1) if options.meaning else None
    for file in options.files:
        measure(file, embedder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
