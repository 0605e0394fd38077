"""How long conversations take out and in: 1,000 of them in every format, and a ChatGPT export of 50 MB.

    python -m tests.benchmarks.transfer [--conversations 1000] [--megabytes 50] [--only md,json,html,docx,pdf,import]

Through the real server, over HTTP, as the page does it; meanwhile another client asks for the list of conversations,
as a window does, and its waits are printed. Beside each figure stands a raw limit of the same run, in one process:
for Markdown and JSON the bare zip of the same files, for web pages and Word markdown-it parsing the same answers and
the same zip, for PDF ReportLab with the same words in bare paragraphs, for the import the JSON decoder and one bare
SQLite transaction with the same index of words. Memory is that of the server's whole process tree at its highest.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sqlite3
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from backend.services.transfer.transcript import transcript
from backend.stores.conversations import Conversations
from backend.stores.database import Database
from backend.stores.imports import ImportedConversation, ImportedMessage, Imports
from tests.benchmarks.chat_stream import localchat_over
from tests.exports import message, node, text

TURNS: Final = 5
FORMATS: Final = ("md", "json", "html", "docx", "pdf")
TIME: Final = "2024-05-06T07:08:09.000+00:00"
LONGEST_SECONDS: Final = 600


class Writer:
    """Made-up conversations that look like real ones: headings, lists, code, tables, sources, some Chinese."""

    def __init__(self) -> None:
        self._draw = random.Random(7)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        lengths = [self._draw.randint(2, 10) for _ in range(5_000)]
        self._words = ["".join(self._draw.choices(letters, k=length)) for length in lengths]

    def words(self, count: int) -> str:
        return " ".join(self._draw.choices(self._words, k=count))

    def answer(self) -> str:
        items = "\n".join(f"{number}. **{self.words(2)}** {self.words(12)} [1]" for number in range(1, 4))
        parts = [
            f"{self.words(40)} *{self.words(3)}* [1]. {self.words(30)} `{self.words(1)}`.",
            f"## {self.words(4).capitalize()}\n\n{items}",
            f"{self.words(50)}, see [the page](https://example.org/{self.words(1)}).",
        ]
        kind = self._draw.random()
        if kind < 0.3:
            parts.insert(
                2, "```python\n" + "\n".join(f"{self.words(1)} = {self.words(5)!r}" for _ in range(8)) + "\n```"
            )
        elif kind < 0.5:
            rows = "\n".join(f"| {self.words(2)} | {self.words(3)} | {number} |" for number in range(5))
            parts.insert(2, f"| Name | What | Number |\n|---|---|--:|\n{rows}")
        elif kind < 0.55:
            parts.insert(2, "".join(chr(0x4E00 + self._draw.randrange(2_000)) for _ in range(80)))
        return "\n\n".join(parts)

    def sources(self) -> list[dict[str, Any]]:
        return [
            {"number": number, "filename": f"{self.words(2)}.pdf", "page": number, "text": self.words(60)}
            for number in (1, 2)
        ]

    def conversation(self, number: int) -> ImportedConversation:
        messages: list[ImportedMessage] = []
        for turn in range(TURNS):
            asked, parent = f"q{turn}", messages[-1].key if messages else None
            messages.append(ImportedMessage(asked, parent, "user", self.words(15) + "?", TIME))
            answer = ImportedMessage(
                f"a{turn}", asked, "assistant", self.answer(), TIME, model="llama3.2:1b", sources=self.sources()
            )
            messages.append(answer)
        return ImportedConversation(f"made:{number}", self.words(4), TIME, TIME, messages[-1].key, messages)

    def chatgpt(self, path: Path, size: int) -> int:
        """A conversations.json of `size` bytes, and how many conversations it has."""
        count = 0
        with path.open("w", encoding="utf-8") as file:
            file.write("[")
            while file.tell() < size:
                file.write((", " if count else "") + json.dumps(self._chatgpt_item(count), ensure_ascii=False))
                count += 1
            file.write("]")
        return count

    def _chatgpt_item(self, number: int) -> dict[str, Any]:
        names = ["root", *(f"m{place}" for place in range(20))]
        mapping = {"root": node("root", None, ["m0"], None)}
        for place, name in enumerate(names[1:]):
            role, said = ("user", self.words(40)) if place % 2 == 0 else ("assistant", self.answer())
            more = {"metadata": {"model_slug": "gpt-4o", "finish_details": {"type": "stop"}}}
            sent = message(name, role, text(said), 1_700_000_000.0 + place, **more)
            mapping[name] = node(name, names[place], names[place + 2 : place + 3], sent)
        return {
            "title": self.words(4),
            "create_time": 1_700_000_000.0,
            "update_time": 1_700_000_100.0,
            "mapping": mapping,
            "current_node": names[-1],
            "conversation_id": f"{number:032x}",
            "id": f"{number:032x}",
        }


def fill(database: Database, conversations: int) -> None:
    imports, writer = Imports(database), Writer()
    imports.add([writer.conversation(number) for number in range(conversations)])


@contextmanager
def watched(http: httpx.Client, process: psutil.Process) -> Iterator[dict[str, float]]:
    """While the work lasts: the longest wait of a window's question, in ms, and the most memory, in MB."""
    seen = {"wait": 0.0, "memory": 0.0}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            begin = time.perf_counter()
            http.get("/api/conversations", params={"limit": 100}).raise_for_status()
            seen["wait"] = max(seen["wait"], 1_000 * (time.perf_counter() - begin))
            seen["memory"] = max(seen["memory"], _memory(process))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _memory(process: psutil.Process) -> float:
    """MB that the process and those below it have in memory."""
    size = 0
    for one in (process, *process.children(recursive=True)):
        try:
            size += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return size / 1e6


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def export(http: httpx.Client, form: str) -> bytes:
    answer = http.get("/api/conversations/export", params={"format": form}, timeout=LONGEST_SECONDS)
    return answer.raise_for_status().content


def bare_zip(files: dict[str, bytes], *, packed: bool) -> int:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.tell()


def bare_markdown(database: Database) -> None:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    for said in _said(database):
        for _, content, is_question in said:
            if not is_question:
                parser.parse(content)


def bare_pdf(database: Database) -> None:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    style = getSampleStyleSheet()["Normal"]
    for said in _said(database):
        flow = [
            Paragraph(part.replace("&", "&amp;").replace("<", "&lt;"), style)
            for texts in said
            for part in "\n\n".join(filter(None, texts[:2])).split("\n\n")
        ]
        SimpleDocTemplate(io.BytesIO()).build(flow)


def _said(database: Database) -> Iterator[list[tuple[str, str, bool]]]:
    """Of each conversation (words of the sources, text, whether it is a question)."""
    conversations = Conversations(database)
    for summary in conversations.listed(limit=1_000_000)[0]:
        entries = transcript(conversations.get(summary.id)).entries
        yield [("\n\n".join(one.words for one in entry.sources), entry.content, entry.is_question) for entry in entries]


def bare_import(path: Path) -> None:
    """The JSON decoder, and one transaction into a table whose words are indexed as ours are."""
    items = json.loads(path.read_bytes())
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "bare.db")) as db:
        db.execute("CREATE TABLE messages (id, parent, role, content)")
        db.execute(
            "CREATE VIRTUAL TABLE words USING fts5 (content, content = 'messages', columnsize = 0, prefix = '1 2', "
            "tokenize = 'unicode61 remove_diacritics 2')"
        )
        with db:
            db.executemany(
                "INSERT INTO messages VALUES (?, ?, ?, ?)",
                (
                    (one["id"], one["parent"], one["message"]["author"]["role"], one["message"]["content"]["parts"][0])
                    for item in items
                    for one in item["mapping"].values()
                    if one["message"]
                ),
            )
            db.execute("INSERT INTO words (rowid, content) SELECT rowid, content FROM messages")


def measure_export(form: str, http: httpx.Client, process: psutil.Process, database: Database) -> None:
    with watched(http, process) as seen:
        seconds, data = timed(lambda: export(http, form))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != "index.html"}
    bare, _ = timed(lambda: bare_zip(files, packed=form in ("docx", "pdf")))
    if form == "pdf":
        bare += timed(lambda: bare_pdf(database))[0]
    elif form in ("html", "docx"):
        bare += timed(lambda: bare_markdown(database))[0]
    report(f"export {form}", len(files), len(data), (seconds, bare), seen)


def measure_import(path: Path, count: int, http: httpx.Client, process: psutil.Process) -> None:
    def send() -> list[str]:
        with (
            path.open("rb") as file,
            http.stream(
                "POST",
                "/api/conversations/import",
                files={"file": ("conversations.json", file)},
                timeout=LONGEST_SECONDS,
            ) as answer,
        ):
            return [line for line in answer.iter_lines() if line.startswith("data: ")]

    with watched(http, process) as seen:
        seconds, lines = timed(send)
    done = json.loads(lines[-1].removeprefix("data: "))
    assert done["report"]["imported"] == count, done
    bare, _ = timed(lambda: bare_import(path))
    report(f"import, {len(lines) - 1} reports", count, path.stat().st_size, (seconds, bare), seen)


def report(what: str, count: int, size: int, times: tuple[float, float], seen: dict[str, float]) -> None:
    seconds, bare = times
    print(
        f"{what:24} {count:5} conversations {size / 1e6:6.1f} MB  {seconds:6.1f} s  bare {bare:6.1f} s  "
        f"ratio {seconds / bare:5.2f}  longest wait {seen['wait']:5.0f} ms  memory {seen['memory']:4.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=1_000)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--only", default=",".join((*FORMATS, "import")))
    given = parser.parse_args()
    wanted = given.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        database = Database(data / "localchat.db")
        fill(database, given.conversations)
        with localchat_over(data, "127.0.0.1:1") as (url, process), httpx.Client(base_url=url) as http:
            http.get("/api/conversations").raise_for_status()
            for form in FORMATS:
                if form in wanted:
                    measure_export(form, http, process, database)
            if "import" in wanted:
                path = data / "conversations.json"
                count = Writer().chatgpt(path, given.megabytes * 10**6)
                measure_import(path, count, http, process)
        database.close()


if __name__ == "__main__":
    main()
