"""Processor time of the proof, on the groups with passages of about 100 words: `python -m tests.benchmarks.proof`.
Beside it, what the embedder alone needs for the same texts.

Figures of its judgement: `localchat evaluate --proof FILE`; by groups left out: `python -m build_scripts.proof_model`.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Final

from backend.engines.embedder import Embedder
from backend.pipeline.proof.align import prepare
from backend.pipeline.proof.verdict import prove
from backend.pipeline.sentences import split
from build_scripts.models import MODELS

LONG: Final = 2
"""Groups at the end of each file: their passages are as long as those that search gives."""
GROUPS: Final = Path(__file__).resolve().parents[1] / "proof_groups"


def main() -> int:
    embedder = Embedder(MODELS, threads=1)
    embedder.load()
    preparing, proving, raw, alone = [], [], [], []
    for file in sorted(GROUPS.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines()[-LONG:]:
            group = json.loads(line)
            passages = group["passages"] + group["passages"][:2]
            started = time.process_time()
            prepared = prepare(passages, embedder.embed)
            preparing.append(time.process_time() - started)
            texts = [passage[span.start : span.end] for passage in passages for span in split(passage)]
            started = time.process_time()
            embedder.embed(texts)
            raw.append(time.process_time() - started)
            for sentence in group["sentences"]:
                started = time.process_time()
                prove(prepared, sentence["text"])
                proving.append(time.process_time() - started)
                started = time.process_time()
                embedder.embed([sentence["text"]])
                alone.append(time.process_time() - started)
    named = (
        ("prepare 8 passages", preparing),
        ("embed their sentences alone", raw),
        ("a sentence", proving),
        ("embed a sentence alone", alone),
    )
    for name, times in named:
        ordered = sorted(times)
        late = ordered[int(0.95 * len(ordered))]
        print(f"{name:<28} median {1000 * statistics.median(ordered):6.1f} ms, p95 {1000 * late:6.1f}")
    print(f"prepare ÷ embed alone        {statistics.median(preparing) / statistics.median(raw):.2f}")
    print(f"a sentence ÷ embed it alone  {statistics.median(proving) / statistics.median(alone):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
