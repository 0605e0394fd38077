"""How soon the sidebar has its list and its hits with many conversations, beside SQLite asked directly.

    python -m tests.benchmarks.sidebar [--conversations 10000] [--rounds 40] [--data FOLDER]

Fills a data folder with conversations of ten messages (kept for the next run when `--data` names it), then asks the
real server for the first page, a deep page, and for words as they are typed. The bare query is what SQLite takes to
find the same hits and count them, without snippets, JSON or HTTP.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from backend.stores.conversation_search import MOST_HITS
from backend.stores.database import Database
from backend.stores.words import match_query
from tests.benchmarks.chat_stream import localchat_over

MESSAGES = 10
WORDS = 80
HITS = f"""
    SELECT number >> 20, count(*), max(number) FROM (
        SELECT rowid AS number FROM message_words WHERE message_words MATCH ? ORDER BY rowid DESC LIMIT {MOST_HITS}
    ) GROUP BY 1
"""
PAGE = (
    "SELECT * FROM conversations WHERE put_away_at IS NULL ORDER BY pinned DESC, updated_at DESC, id LIMIT ? OFFSET ?"
)


def vocabulary(draw: random.Random, size: int) -> list[str]:
    """Made-up words, and runs of Chinese between them."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [26 - place for place in range(26)]
    made = ["".join(draw.choices(letters, weights, k=draw.randint(2, 10))) for _ in range(size)]
    for place in range(0, size, 10):
        made[place] = "".join(chr(0x4E00 + int(2500 * draw.random() ** 2)) for _ in range(draw.randint(2, 8)))
    return made


def fill(data: Path, conversations: int) -> None:
    """Texts in which few words are frequent and most are rare, as in real ones."""
    database, draw = Database(data / "localchat.db"), random.Random(1)
    words = vocabulary(draw, 20_000)
    begin = datetime(2024, 1, 1, tzinfo=UTC)

    def text(length: int) -> str:
        return " ".join(words[int(len(words) * draw.random() ** 3)] for _ in range(length))

    with database.write() as db:
        for number in range(conversations):
            name = f"{number:032x}"
            at = (begin + timedelta(minutes=97 * number)).isoformat(timespec="milliseconds")
            db.execute(
                "INSERT INTO conversations (id, title, created_at, updated_at) VALUES (?, ?, ?, ?)",
                (name, text(5), at, at),
            )
            parent = None
            for place in range(MESSAGES):
                message = f"{number:024x}{place:08x}"
                db.execute(
                    "INSERT INTO messages (id, conversation_id, parent_id, role, content, status, created_at) "
                    "VALUES (?, ?, ?, ?, ?, 'done', ?)",
                    (message, name, parent, ("user", "assistant")[place % 2], text(WORDS), at),
                )
                parent = message
    database.close()


def typed(data: Path) -> list[str]:
    """What is asked for as words are typed: their first letter, two, three, all; frequent, rare and Chinese."""
    with sqlite3.connect(data / "localchat.db") as db:
        texts = [
            row[0].split()
            for row in db.execute(
                "SELECT content FROM messages WHERE number % 1048576 = 3 AND (number >> 20) % 97 = 0 LIMIT 30"
            )
        ]
    latin = [next(word for word in words if word.isascii() and len(word) > 4) for words in texts]
    chinese = [next((word for word in words if not word.isascii()), "水鸟") for words in texts]
    queries = [word[:length] for word in latin[:12] for length in (1, 2, 3, len(word))]
    queries += [word[:length] for word in chinese[:12] for length in (1, 2)]
    return queries + [f"{one} {two[:3]}" for one, two in zip(latin[:8], latin[8:16], strict=True)]


def times(ask: Callable[[], Any], rounds: int) -> list[float]:
    """Milliseconds of each call."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - begin))
    return taken


def report(name: str, ours: Sequence[float], bare: Sequence[float]) -> None:
    for what, values in (("server", ours), ("bare", bare)):
        ordered = sorted(values)
        print(
            f"{name:28} {what:7} median {statistics.median(ordered):6.1f} ms   "
            f"p95 {ordered[int(0.95 * (len(ordered) - 1))]:6.1f} ms   worst {ordered[-1]:6.1f} ms",
            flush=True,
        )


@contextmanager
def folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
    else:
        with tempfile.TemporaryDirectory() as made:
            yield Path(made)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with folder(given.data) as data:
        if not (data / "localchat.db").exists():
            begin = time.perf_counter()
            fill(data, given.conversations)
            print(f"{given.conversations} conversations written in {time.perf_counter() - begin:.0f} s")
        print(f"{(data / 'localchat.db').stat().st_size / 1e6:.0f} MB")
        with (
            localchat_over(data, "127.0.0.1:1") as (url, _),
            httpx.Client(base_url=url) as http,
            sqlite3.connect(data / "localchat.db") as db,
        ):

            def ask(**query: Any) -> Callable[[], object]:
                return lambda: http.get("/api/conversations", params=query).raise_for_status()

            def directly(sql: str, values: Sequence[Any]) -> Callable[[], object]:
                return lambda: db.execute(sql, values).fetchall()

            ask()()
            for name, limit, offset in (("first page", 200, 0), ("page at 9,000", 500, 9_000), ("all", 10_000, 0)):
                ours = times(ask(limit=limit, offset=offset), given.rounds)
                bare = times(directly(PAGE, (limit, offset)), given.rounds)
                report(f"list, {name}", ours, bare)
            everything: tuple[list[float], list[float]] = ([], [])
            for query in typed(data):
                everything[0].extend(times(ask(q=query, limit=50), 3))
                everything[1].extend(times(directly(HITS, [match_query(query)]), 3))
            report(f"search, {len(everything[0])} queries", *everything)


if __name__ == "__main__":
    main()
