"""What a search finds in real documents, asked in a person's own words: `tests/found/questions.jsonl`.

    python -m tests.benchmarks.found               hit@1, hit@5, MRR, nDCG@10 of each mode, by document; quotes
    python -m tests.benchmarks.found --misses      also what came first instead, of each question that hybrid missed
    python -m tests.benchmarks.found --ask WORDS   the first five passages, as a person sees them

`sum` is the plain sum of scores that hybrid must not fall behind: half of BM25 by its best, half of the cosine. The
documents of ../shared/corpus are imported once, as the app does (ten minutes), into a folder below .cache that is made
anew when a reader or the cutting changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend import create_app
from backend.config import Config
from backend.engines.embedder import Embedder
from backend.pipeline.quotes import rank
from backend.pipeline.terms import guess_language, letters
from backend.services.evaluate import DEPTH, MODES, QUOTED, Tally
from backend.services.search import Found, Search
from backend.stores.vectors import StoredPassage
from tests.benchmarks.retrieval import Collection
from tests.conftest import NOBODY, ROOT, SHARED, services_of

QUESTIONS = ROOT / "tests" / "found" / "questions.jsonl"
CORPUS = SHARED / "corpus"
MAKES_PASSAGES = ("backend/pipeline/readers", "backend/pipeline/chunk.py")
ARMS = 50
SHORT = 8
"""Words of a passage that answers nothing: a heading alone, a page's header, a line of a table of contents."""

FIRST = 5


@dataclass(frozen=True)
class Question:
    """A passage of one of `files` answers if it holds one of `phrases`."""

    text: str
    files: tuple[str, ...]
    phrases: tuple[str, ...]

    @property
    def crosses(self) -> bool:
        """Asked in another language than the document's."""
        return self.files[0] not in OWN_LANGUAGE and guess_language(self.text) != "english"


OWN_LANGUAGE = ("korean-text-with-tables.pdf", "UDHR_first_article_all.txt")


def questions() -> list[Question]:
    rows = map(json.loads, QUESTIONS.read_text("utf-8").splitlines())
    return [Question(row["question"], tuple(row["files"]), tuple(row["phrases"])) for row in rows]


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def holds(text: str, question: Question) -> bool:
    text = plain(text)
    return any(plain(phrase) in text for phrase in question.phrases)


def collection() -> Collection:
    """The documents in a store of their own, imported where that was not done yet."""
    made = hashlib.sha256()
    for path in sorted(path for name in MAKES_PASSAGES for path in _files(ROOT / name)):
        made.update(path.read_bytes())
    folder = ROOT / ".cache" / "found" / made.hexdigest()[:12]
    if not (folder / "whole").exists():
        _import(folder)
        (folder / "whole").touch()
    return Collection(folder, Embedder(ROOT / "models", threads=1))


def _files(path: Path) -> Iterator[Path]:
    yield from path.rglob("*.py") if path.is_dir() else (path,)


def _import(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    services = services_of(create_app(Config(folder, ROOT / "models", folder, ollama_host=NOBODY)))
    try:
        for path in sorted(CORPUS.iterdir()):
            services.library.keep_path(path)
        while unfinished := sum(row.status not in {"ready", "failed"} for row in services.documents.list(limit=500)[0]):
            print(f"{unfinished} documents are being read", file=sys.stderr, flush=True)
            time.sleep(10)
    finally:
        services.close()


def relevant(collection: Collection, asked: Sequence[Question]) -> tuple[list[dict[str, int]], dict[str, str]]:
    """Of each question, the ids of the passages that answer it; and of each passage that its document has more than
    once, the first one's. Copies answer once. Raises ValueError where a phrase stands in no passage."""
    names: dict[str, list[str]] = defaultdict(list)
    for row in collection.documents.list(limit=500)[0]:
        names[row.filename].append(row.id)
    passages: dict[str, list[StoredPassage]] = {}
    for file in {file for one in asked for file in one.files}:
        passages[file] = [passage for document in names[file] for passage in _passages(collection, document)]
    firsts: dict[tuple[str, str], str] = {}
    copies: dict[str, str] = {}
    for passage in (passage for of_file in passages.values() for passage in of_file):
        first = firsts.setdefault((passage.document_id, plain(passage.text)), passage.id)
        if first != passage.id:
            copies[passage.id] = first
    said = {passage.id: plain(passage.text) for of_file in passages.values() for passage in of_file}
    found = []
    for one in asked:
        own = [passage.id for file in one.files for passage in passages[file]]
        for phrase in one.phrases:
            if not any(plain(phrase) in said[identity] for identity in own):
                raise ValueError(f"{one.files[0]} has no passage with: {phrase}")
        sought = [plain(phrase) for phrase in one.phrases]
        answers = (identity for identity in own if any(phrase in said[identity] for phrase in sought))
        found.append({copies.get(identity, identity): 1 for identity in answers})
    return found, copies


def distinct(identities: Sequence[str], copies: Mapping[str, str]) -> list[str]:
    """The first passage's id for each of its copies; a second one takes its place and answers nothing."""
    seen: set[str] = set()
    keys = []
    for identity in identities:
        first = copies.get(identity, identity)
        keys.append("" if first in seen else first)
        seen.add(first)
    return keys


def _passages(collection: Collection, document: str) -> list[StoredPassage]:
    found: list[StoredPassage] = []
    while part := collection.vectors.passages(document, len(found), 1000):
        found.extend(part)
    return found


def summed(collection: Collection, question: str) -> list[str]:
    """Ids by the plain sum of scores."""
    nearest = collection.search.find(question, limit=ARMS, mode="vector")
    matching = collection.search.find(question, limit=ARMS, mode="text")
    best = max((one.score for one in matching), default=1.0)
    words = {one.passage_id: one.score / best for one in matching}
    meaning = {one.passage_id: one.score for one in nearest}
    least = min(meaning.values(), default=0.0)
    identities = dict.fromkeys([*words, *meaning])
    return sorted(identities, key=lambda one: -(words.get(one, 0.0) + meaning.get(one, least)))


def measure(collection: Collection, asked: Sequence[Question], *, misses: bool) -> None:
    right, copies = relevant(collection, asked)
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    hybrid: list[list[Found]] = []
    for one, answers in zip(asked, right, strict=True):
        groups = ("all", "across languages" if one.crosses else "same language", one.files[0])
        for mode in MODES:
            started = time.perf_counter()
            found = collection.search.find(one.text, limit=DEPTH, mode=mode)
            seconds = time.perf_counter() - started
            if mode == "hybrid":
                hybrid.append(found)
            keys = distinct([passage.passage_id for passage in found], copies)
            for group in groups:
                tallies[group, mode].add(keys, answers, seconds)
        keys = distinct(summed(collection, one.text), copies)
        for group in groups:
            tallies[group, "sum"].add(keys, answers, 0.0)
    _print(tallies)
    _quotes(collection, asked, hybrid)
    if misses:
        for one, answers, found in zip(asked, right, hybrid, strict=True):
            _missed(one, answers, found, copies)


def _print(tallies: Mapping[tuple[str, str], Tally]) -> None:
    for (group, mode), tally in sorted(tallies.items(), key=lambda pair: -tallies[pair[0][0], "sum"].count):
        one = tally.figures()
        print(
            f"{group[:32]:32} {tally.count:4} {mode:7} hit@1 {one.hit_1:.3f}  hit@5 {one.hit_5:.3f}  "
            f"mrr {one.mrr:.3f}  ndcg@10 {one.ndcg_10:.3f}  {one.milliseconds:5.1f} ms"
        )


def _quotes(collection: Collection, asked: Sequence[Question], found: Sequence[Sequence[Found]]) -> None:
    one = three = 0
    used = 0.0
    for question, passages in zip(asked, found, strict=True):
        best = passages[:QUOTED]
        started = time.process_time()
        said = rank(
            question.text, [each.text for each in best], [each.score for each in best], collection.embedder.embed
        )
        used += time.process_time() - started
        hits = [best[each.passage].filename in question.files and holds(each.text, question) for each in said[:3]]
        one += any(hits[:1])
        three += any(hits)
    count = len(asked)
    words = [len(letters(each.text).split()) for passages in found for each in passages[:FIRST]]
    again = sum(len(passages[:FIRST]) - len({plain(each.text) for each in passages[:FIRST]}) for passages in found)
    print(
        f"of the first {FIRST} of hybrid: {sum(each < SHORT for each in words) / count:.2f} a question have fewer than "
        f"{SHORT} words, {again / count:.2f} say again what one above says"
    )
    print(f"quotes: hit@1 {one / count:.3f}  hit@3 {three / count:.3f}  {1000 * used / count:.1f} ms of the processor")


def _missed(question: Question, answers: Mapping[str, int], found: Sequence[Found], copies: Mapping[str, str]) -> None:
    keys = [copies.get(one.passage_id, one.passage_id) for one in found]
    place = next((at for at, key in enumerate(keys, 1) if key in answers), None)
    if place == 1:
        return
    print(f"\n{question.text}\n  rank {place}; {question.files[0]}: {question.phrases[0]}")
    for one in found[:3]:
        _passage(one)
    if place:
        _passage(found[place - 1])


def _passage(one: Found) -> None:
    shares = " ".join(f"{name} {share:.2f}" for name, share in one.shares.items())
    print(f"    {one.score:.3f} ({shares}) {one.filename[:24]} p{one.page}: {' '.join(one.text.split())[:150]}")


def _ask(search: Search, question: str) -> None:
    for one in search.find(question, limit=5):
        _passage(one)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="found")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--ask", nargs="+")
    options = parser.parse_args(arguments)
    documents = collection()
    documents.embedder.load()
    documents.knowledge.refresh()
    if options.ask:
        _ask(documents.search, " ".join(options.ask))
    else:
        measure(documents, questions(), misses=options.misses)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
