"""What the embedder costs over onnxruntime alone: 1,000 passages of about 180 tokens.

    python -m tests.benchmarks.embedding [FILE] [ROUNDS]

Bare: a session alone, the tokens at hand. Once as one would write it, with onnxruntime's own settings (its threads spin
between two batches) and the passages in the order of their document; once as the embedder does it, those of like length
together and the threads at rest. The ways take turns, a batch each, so that what else the machine does falls on all of
them alike. The bar is 1.05, against the quicker of the bare ones.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from backend.engines.embedder import BATCH, MODEL_FILE, MOST_TOKENS, TOKENIZER_FILE, Embedder
from backend.pipeline.chunk import chunk, with_heading
from backend.pipeline.readers import read
from tests.conftest import ROOT, SHARED

PASSAGES = 1_000
THREADS = 2
BOOK = SHARED / "corpus" / "book-war-and-peace-1225p.txt"


def main(source: Path = BOOK, rounds: int = 3) -> None:
    embedder = Embedder(ROOT / "models", THREADS)
    embedder.embed(["warm"])
    spinning, resting = bare_session(spinning=True), bare_session(spinning=False)
    texts = passages(source, embedder)
    tokens = tokens_of(texts)
    print(f"{len(texts)} passages of {np.mean([len(row) for row in tokens]):.0f} tokens", flush=True)
    ratios: list[float] = []
    for _ in range(rounds):
        ways = {
            "embedder": (None for _ in embedder.embed_batches(texts)),
            "bare, as they stand": bare(spinning, tokens),
            "bare, by length": bare(resting, sorted(tokens, key=len, reverse=True)),
        }
        wall, processor = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0.0)
        for _ in itertools.zip_longest(*(timed(way, name, wall, processor) for name, way in ways.items())):
            pass
        own = wall["embedder"], processor["embedder"]
        quickest = [min(of[name] for name in ways if name != "embedder") for of in (wall, processor)]
        ratios.append(own[0] / quickest[0])
        print(
            "; ".join(f"{name} {wall[name]:.2f} s ({processor[name]:.2f} of processor)" for name in ways)
            + f"; ratio {ratios[-1]:.3f}, of processor seconds {own[1] / quickest[1]:.3f}",
            flush=True,
        )
    print(f"median ratio {sorted(ratios)[rounds // 2]:.3f} (bar 1.05)")


def passages(source: Path, embedder: Embedder) -> list[str]:
    """From the middle of a document: its first pages are titles."""
    blocks = (batch.blocks for batch in read(source, source.name))
    found = [with_heading(passage.heading, passage.text) for passage in chunk(blocks, embedder.count)]
    first = max(0, len(found) - PASSAGES) // 2
    return found[first : first + PASSAGES]


def tokens_of(texts: list[str]) -> list[list[int]]:
    tokenizer = Tokenizer.from_file(str(ROOT / "models" / TOKENIZER_FILE))
    tokenizer.enable_truncation(MOST_TOKENS)
    return [code.ids for code in tokenizer.encode_batch_fast(texts)]


def bare_session(*, spinning: bool) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    path = str(ROOT / "models" / MODEL_FILE)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def bare(session: Any, tokens: list[list[int]]) -> Iterator[None]:
    for first in range(0, len(tokens), BATCH):
        batch = tokens[first : first + BATCH]
        longest = max(map(len, batch))
        ids = np.zeros((len(batch), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(batch):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})
        yield


def timed(way: Iterator[None], name: str, wall: dict[str, float], processor: dict[str, float]) -> Iterator[None]:
    """A step at a time, its seconds added."""
    while True:
        started, used = time.perf_counter(), time.process_time()
        ended = next(way, StopIteration) is StopIteration
        wall[name] += time.perf_counter() - started
        processor[name] += time.process_time() - used
        if ended:
            return
        yield


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else BOOK, *map(int, sys.argv[2:]))
