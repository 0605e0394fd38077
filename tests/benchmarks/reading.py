"""What is read of the documents in ../shared/corpus, held against the answer key ../shared/eval/reading.jsonl.

    python -m tests.benchmarks.reading [--misses] [FILE...]

Prints, for each reader, how many facts hold, and for each file the seconds that reading and cutting it took. A fact
is a phrase in one block with its page, slide, sheet or row; its heading; its kind; two phrases in order; a triple of a
table (title, label, value) in one block, label and value in one row; a text that must be absent. Seconds of a PDF are
given as a ratio too: over pypdfium2's bare text of the same pages, in the same run.
"""

from __future__ import annotations

import json
import re
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from backend.errors import LocalChatError
from backend.pipeline.readers import Block, read
from tests.conftest import ROOT, SHARED

MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "\u00ad": ""})
FEW_SECONDS = ("handbook-872p.docx", "example-10k.html", "book-war-and-peace-1225p.txt")
BAR_SECONDS = 4.0


@dataclass
class Outcome:
    held: int = 0
    asked: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, what: str, *, holds: bool) -> None:
        self.asked += 1
        self.held += holds
        if not holds:
            self.misses.append(what)

    @property
    def share(self) -> float:
        return self.held / self.asked if self.asked else 1.0


def plain(text: str) -> str:
    """Without what the comparison does not ask for: ligatures, white, hyphens at the ends of lines."""
    text = unicodedata.normalize("NFKC", text).translate(MARKS)
    text = re.sub(r"(?<=\w)-\s*\n\s*(?=[a-z])", "", text)
    return re.sub(r"\s+", "", text).casefold()


def documents(path: Path, filename: str, folder: Path) -> list[Block]:
    """The blocks of a file and of what is attached to it."""
    found: list[Block] = []
    for batch in read(path, filename):
        found.extend(batch.blocks)
        for number, attachment in enumerate(batch.attachments):
            inner = folder / f"attachment-{number}"
            inner.write_bytes(attachment.data)
            try:
                found.extend(documents(inner, attachment.name, folder))
            except LocalChatError:
                continue
    return found


def check(key: dict[str, Any], blocks: Sequence[Block]) -> Outcome:
    outcome = Outcome()
    texts = [plain(block.text) for block in blocks]
    whole = "".join(texts)
    for fact in key.get("facts", ()):
        _check_fact(fact, blocks, texts, outcome)
    for one, two in pairwise(key.get("order", ())):
        first = whole.find(plain(one))
        outcome.add(f"order: {one} < {two}", holds=0 <= first <= whole.rfind(plain(two)))
    for title, label, value in key.get("table", ()):
        outcome.add(f"table: {title} | {label} | {value}", holds=any(_together(b, title, label, value) for b in blocks))
    for text in key.get("absent", ()):
        outcome.add(f"absent: {text}", holds=plain(text) not in whole)
    return outcome


def _check_fact(fact: dict[str, Any], blocks: Sequence[Block], texts: Sequence[str], outcome: Outcome) -> None:
    phrase = plain(fact["text"])
    holding = [block for block, text in zip(blocks, texts, strict=True) if phrase in text]
    placed = [block for block in holding if _stands(fact, block)]
    outcome.add(f"phrase: {fact['text']} ({len(holding)} found)", holds=bool(placed))
    candidates = placed or holding
    kinds = sorted({block.kind for block in candidates})
    outcome.add(f"kind {fact['kind']}: {fact['text']} (is {kinds})", holds=fact["kind"] in kinds)
    if fact.get("heading"):
        wanted = plain(fact["heading"])
        above = [block.heading[-1] for block in candidates if block.heading]
        outcome.add(
            f"heading {fact['heading']}: {fact['text']} (is {above})",
            holds=any(wanted in plain(text) or (len(text) > 3 and plain(text) in wanted) for text in above),
        )


def _stands(fact: dict[str, Any], block: Block) -> bool:
    if "row" in fact:
        lines = block.text.split("\n")
        phrase = plain(fact["text"])
        rows = block.rows if len(block.rows) == len(lines) else (block.row,) * len(lines)
        if not any(row == fact["row"] and phrase in plain(line) for row, line in zip(rows, lines, strict=True)):
            return False
    return all(getattr(block, name) == fact[name] for name in ("page", "slide", "sheet") if name in fact)


def _together(block: Block, title: str | None, label: str | None, value: str) -> bool:
    if block.kind != "table" or (title and plain(title) not in plain(block.text)):
        return False
    lines = [plain(line) for line in block.text.split("\n")]
    if block.rows and len(set(block.rows)) == 1:
        lines = ["".join(lines)]
    return any(plain(value) in line and (label is None or plain(label) in line) for line in lines)


def keys() -> Iterator[dict[str, Any]]:
    for line in (SHARED / "eval" / "reading.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def reader_of(file: str) -> str:
    suffix = Path(file).suffix.lower()
    return {".jpg": ".png"}.get(suffix, suffix)


def measure(folder: Path, only: Sequence[str] = ()) -> tuple[dict[str, Outcome], dict[str, Outcome], dict[str, float]]:
    """(by file, by reader, seconds of reading by file)."""
    by_file: dict[str, Outcome] = {}
    by_reader: dict[str, Outcome] = {}
    seconds: dict[str, float] = {}
    for key in keys():
        file = key["file"]
        if only and file not in only:
            continue
        started = time.perf_counter()
        try:
            blocks = documents(SHARED / "corpus" / file, file, folder)
        except LocalChatError as error:
            blocks = []
            print(f"{file}: {error.message}")
        seconds[file] = time.perf_counter() - started
        outcome = by_file[file] = check(key, blocks)
        total = by_reader.setdefault(reader_of(file), Outcome())
        total.held += outcome.held
        total.asked += outcome.asked
    return by_file, by_reader, seconds


def bare(path: Path) -> float:
    """Seconds of pypdfium2's text of all pages."""
    import pypdfium2

    started = time.perf_counter()
    document = pypdfium2.PdfDocument(path)
    for page in document:
        text_page = page.get_textpage()
        text_page.get_text_range()
        text_page.close()
        page.close()
    document.close()
    return time.perf_counter() - started


def cutting(file: str) -> float:
    """Seconds of reading and cutting a file into passages, with the embedder's own count of tokens."""
    from backend.engines.embedder import Embedder
    from backend.pipeline.chunk import chunk

    embedder = Embedder(ROOT / "models")
    embedder.count(["warm"])
    started = time.perf_counter()
    passages = list(chunk((batch.blocks for batch in read(SHARED / "corpus" / file, file)), embedder.count))
    taken = time.perf_counter() - started
    print(f"  {file}: {taken:.2f} s read and cut into {len(passages)} passages (bar {BAR_SECONDS:.0f})")
    return taken


def main(arguments: Sequence[str]) -> None:
    import tempfile

    files = [name for name in arguments if not name.startswith("--")]
    with tempfile.TemporaryDirectory() as folder:
        by_file, by_reader, seconds = measure(Path(folder), files)
    for file, outcome in by_file.items():
        ratio = ""
        if file.endswith(".pdf"):
            ratio = f"  {seconds[file] / max(bare(SHARED / 'corpus' / file), 1e-3):5.1f} × bare"
        print(f"{file:50} {outcome.held:3} of {outcome.asked:3}  {seconds[file]:6.2f} s{ratio}")
        if "--misses" in arguments:
            for miss in outcome.misses:
                print(f"      {miss[:220]}")
    print()
    for reader, outcome in sorted(by_reader.items()):
        print(f"{reader:8} {outcome.held:4} of {outcome.asked:4}  {outcome.share:.3f} (bar .9)")
    held, asked = (sum(getattr(outcome, name) for outcome in by_reader.values()) for name in ("held", "asked"))
    print(f"{'all':8} {held:4} of {asked:4}  {held / max(asked, 1):.3f} (bar .97)")
    if not files:
        for file in FEW_SECONDS:
            cutting(file)


if __name__ == "__main__":
    main(sys.argv[1:])
