"""The library with its real parts: queue, reader process, embedder, LanceDB; killed, too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.config import Config
from backend.engines.embedder import Embedder
from backend.errors import Conflict, Details, NotFound
from backend.services.child import environment
from backend.services.documents import Library
from backend.services.events import FileResult, Notice, Progress, Result, UploadDone
from backend.services.knowledge import Knowledge
from backend.services.search import Search
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.folders import Folders
from backend.stores.passages_search import PassageSearch
from backend.stores.settings import Settings
from backend.stores.vectors import Vectors
from tests.conftest import ROOT, SOON


class Shelf:
    """A library and what it is made of, over one data folder."""

    def __init__(self, data: Path, models: Path = ROOT / "models") -> None:
        data.mkdir(exist_ok=True)
        self.data = data
        database = Database(data / "localchat.db")
        self.documents = Documents(database)
        self.folders = Folders(database)
        self.vectors = Vectors(data / "passages.lance")
        embedder = Embedder(models)
        config = Config(data, models, data)
        self.library = Library(config, self.documents, self.vectors, embedder, folders=self.folders)
        passages = PassageSearch(self.vectors)
        knowledge = Knowledge(self.vectors, passages, embedder, Settings(database))
        self.search = Search(self.documents, passages, embedder, knowledge)

    def add(self, path: Path, name: str | None = None) -> FileResult:
        incoming = self.library.receive()
        incoming.write(path.read_bytes())
        events = list(self.library.follow([self.library.keep(incoming, name or path.name)]))
        assert isinstance(events[0], Notice)
        assert isinstance(events[-1], UploadDone)
        return next(event.result for event in events if isinstance(event, Result))

    def wait(self, identity: str) -> str:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            status = self.documents.get(identity).status
            if status in ("ready", "failed"):
                return status
            time.sleep(0.05)
        raise AssertionError(f"still {status}")


@pytest.fixture
def open_shelf(tmp_path: Path) -> Iterator[Callable[..., Shelf]]:
    shelves: list[Shelf] = []

    def make(**options: Path) -> Shelf:
        shelf = Shelf(tmp_path / "data", **options)
        shelves.append(shelf)
        shelf.library.start()
        return shelf

    yield make
    for shelf in shelves:
        shelf.library.close()


@pytest.fixture
def shelf(open_shelf: Callable[..., Shelf]) -> Shelf:
    return open_shelf()


@pytest.fixture
def long_text(shared: Path, tmp_path: Path) -> Path:
    """Some eighty passages: long enough to be interrupted."""
    path = tmp_path / "long.txt"
    with (shared / "corpus" / "book-war-and-peace-1225p.txt").open("rb") as book:
        path.write_bytes(book.read(60_000))
    return path


def test_a_file_is_read_and_found(shelf: Shelf, shared: Path) -> None:
    result = shelf.add(shared / "corpus" / "DA-1p.pdf")
    assert result.success
    assert result.message == "Added 5 passages from 1 page."
    (best, *_) = shelf.search.find("What is an abomination?")
    assert (best.filename, best.page) == ("DA-1p.pdf", 1)
    assert "abomination" in best.text.lower()


def test_the_same_bytes_twice_are_one_document(shelf: Shelf, shared: Path) -> None:
    first = shelf.add(shared / "corpus" / "DA-1p.pdf")
    again = shelf.add(shared / "corpus" / "DA-1p.pdf", "copy.pdf")
    assert again.success
    assert again.document_id == first.document_id
    assert "Already in your documents as DA-1p.pdf" in again.message
    assert shelf.vectors.count() == first.passages


def test_a_file_that_cannot_be_read_does_not_stop_the_others(shelf: Shelf, shared: Path) -> None:
    corpus = shared / "corpus"
    names = ["password.pdf", "empty.xlsx", "fake-power-point-malformed.pptx", "category-level.docx"]
    events = list(shelf.library.follow([shelf.library.keep_path(corpus / name) for name in names]))
    results = [event.result for event in events if isinstance(event, Result)]
    assert [result.code for result in results] == ["EncryptedDocument", "EmptyDocument", "DamagedDocument", None]
    assert results[3].success
    rows, _ = shelf.documents.list("failed")
    assert {row.error_code for row in rows} == {"EncryptedDocument", "EmptyDocument", "DamagedDocument"}
    assert events[-1] == UploadDone(4)


def test_a_path_that_cannot_be_opened_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    events = list(shelf.library.follow([shelf.library.keep_path(tmp_path / "gone.txt")]))
    (result,) = [event.result for event in events if isinstance(event, Result)]
    assert not result.success
    assert "gone.txt" in result.message
    assert not list((tmp_path / "data" / "files").iterdir())


def test_progress_only_rises_and_ends_at_its_total(shelf: Shelf, long_text: Path) -> None:
    events = list(shelf.library.follow([shelf.library.keep_path(long_text)]))
    progress = [event.progress for event in events if isinstance(event, Progress)]
    stages = list(dict.fromkeys(item.stage for item in progress))
    assert [stage for stage in stages if stage != "queued"] == ["storing", "reading", "embedding"]
    embedding = [item for item in progress if item.stage == "embedding"]
    assert len(embedding) > 2
    assert [item.done for item in embedding] == sorted(item.done for item in embedding)
    assert {item.total for item in embedding} == {shelf.vectors.count()}
    assert embedding[-1].done == embedding[-1].total


def test_leaving_the_stream_does_not_stop_the_work(shelf: Shelf, shared: Path) -> None:
    arrival = shelf.library.keep_path(shared / "corpus" / "DA-1p.pdf")
    stream = shelf.library.follow([arrival])
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert arrival.document is not None
    assert shelf.wait(arrival.document.id) == "ready"


def test_deletion_leaves_nothing(shelf: Shelf, shared: Path) -> None:
    result = shelf.add(shared / "corpus" / "DA-1p.pdf")
    assert result.document_id is not None
    shelf.library.delete(result.document_id)
    assert shelf.search.find("abomination") == []
    assert shelf.vectors.count() == 0
    assert list((shelf.data / "files").iterdir()) == []
    with pytest.raises(NotFound):
        shelf.library.delete(result.document_id)


def test_deletion_in_the_middle_of_the_work_leaves_nothing_and_the_next_goes_on(
    shelf: Shelf, long_text: Path, shared: Path
) -> None:
    arrival = shelf.library.keep_path(long_text)
    assert arrival.document is not None
    results = []
    for event in shelf.library.follow([arrival]):
        if isinstance(event, Progress) and event.progress.stage == "embedding":
            shelf.library.delete(arrival.document.id)
        if isinstance(event, Result):
            results.append(event.result)
    assert [(result.success, result.code) for result in results] == [(False, "NotFound")]
    after = shelf.add(shared / "corpus" / "DA-1p.pdf")
    assert shelf.vectors.count() == after.passages


def test_a_document_that_failed_can_be_tried_again(
    open_shelf: Callable[..., Shelf], tmp_path: Path, shared: Path
) -> None:
    broken = open_shelf(models=tmp_path / "nowhere")
    result = broken.add(shared / "corpus" / "DA-1p.pdf")
    assert (result.success, result.code) == (False, "EngineUnavailable")
    assert result.document_id is not None
    broken.library.close()
    mended = open_shelf()
    mended.library.retry(result.document_id)
    assert mended.wait(result.document_id) == "ready"
    assert mended.documents.get(result.document_id).error_code is None


def test_a_document_that_is_being_read_is_not_queued_twice(shelf: Shelf, long_text: Path) -> None:
    arrival = shelf.library.keep_path(long_text)
    assert arrival.document is not None
    with pytest.raises(Conflict):
        shelf.library.retry(arrival.document.id)


def test_reading_again_gives_each_passage_once(shelf: Shelf, shared: Path) -> None:
    result = shelf.add(shared / "corpus" / "DA-1p.pdf")
    assert result.document_id is not None
    shelf.library.retry(result.document_id)
    assert shelf.wait(result.document_id) == "ready"
    assert shelf.vectors.count() == result.passages


def test_a_new_version_of_a_path_replaces_the_old_which_answers_until_then(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "news.txt"
    path.write_text("The zebra ran away.", encoding="utf-8")
    first = shelf.library.keep_path(path).document
    assert first is not None
    assert shelf.wait(first.id) == "ready"
    path.write_text("The giraffe came back.", encoding="utf-8")
    arrival = shelf.library.keep_path(path)
    assert arrival.document is not None
    assert (arrival.document.id, arrival.known) == (first.id, False)
    assert any(found.filename == "news.txt" for found in shelf.search.find("animal that ran", limit=1))
    assert shelf.wait(first.id) == "ready"
    assert [passage.text for passage in shelf.vectors.passages(first.id)] == ["The giraffe came back."]
    assert shelf.documents.list()[1] == 1
    assert len(list((shelf.data / "files").iterdir())) == 1, "the original of the version before is gone"
    assert shelf.documents.text(first.id, 0, 100) == ("The giraffe came back.", 22)


def test_a_new_version_that_cannot_be_read_leaves_the_old_answering(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "news.txt"
    path.write_text("The zebra ran away.", encoding="utf-8")
    first = shelf.library.keep_path(path).document
    assert first is not None
    assert shelf.wait(first.id) == "ready"
    path.write_bytes(b"")
    shelf.library.keep_path(path)
    assert shelf.wait(first.id) == "failed"
    assert shelf.documents.get(first.id).error_code == "EmptyDocument"
    assert shelf.search.find("zebra")[0].text == "The zebra ran away."


def test_cancelled_work_stops_at_once_and_can_be_taken_up_again(shelf: Shelf, long_text: Path, shared: Path) -> None:
    arrival = shelf.library.keep_path(long_text)
    assert arrival.document is not None
    identity = arrival.document.id
    results: list[str | None] = []
    for event in shelf.library.follow([arrival]):
        if isinstance(event, Progress) and event.progress.stage == "embedding" and not results:
            assert shelf.library.cancel(identity).error_code == "Cancelled"
        if isinstance(event, Result):
            results.append(event.result.code)
    assert results == ["Cancelled"]
    assert shelf.library.progress(identity) is None
    with pytest.raises(Conflict):
        shelf.library.cancel(identity)
    assert shelf.add(shared / "corpus" / "DA-1p.pdf").success, "the next goes on"
    assert shelf.vectors.count(identity) == 0
    shelf.library.retry(identity)
    assert shelf.wait(identity) == "ready"


def test_what_is_put_away_goes_when_the_library_closes_and_what_is_brought_back_stays(
    open_shelf: Callable[[], Shelf], tmp_path: Path
) -> None:
    shelf = open_shelf()
    ids = []
    for name in ("one.txt", "two.txt", "three.txt"):
        (tmp_path / name).write_text(f"The file {name} holds a sentence.", encoding="utf-8")
        ids.append(str(shelf.add(tmp_path / name).document_id))
    shelf.library.put_away(ids)
    shelf.library.bring_back(ids[1:2])
    assert shelf.documents.ids() == set(ids), "until then it is there"
    shelf.library.delete(ids[2])
    shelf.library.close()
    assert open_shelf().documents.ids() == {ids[1]}


def test_what_is_put_away_and_added_again_stays(open_shelf: Callable[[], Shelf], tmp_path: Path) -> None:
    shelf = open_shelf()
    (tmp_path / "one.txt").write_text("The file holds a sentence.", encoding="utf-8")
    identity = shelf.add(tmp_path / "one.txt").document_id
    assert identity is not None
    shelf.library.put_away([identity])
    shelf.add(tmp_path / "one.txt")
    shelf.library.close()
    assert open_shelf().documents.ids() == {identity}


def test_a_protected_file_asks_for_its_password_and_takes_it(shelf: Shelf, shared: Path) -> None:
    result = shelf.add(shared / "corpus" / "password.pdf")
    assert result.code == "EncryptedDocument"
    assert result.details == Details("password_needed", {"filename": "password.pdf"})
    assert result.document_id is not None
    shelf.library.retry(result.document_id, "wrong")
    assert shelf.wait(result.document_id) == "failed"
    assert shelf.documents.get(result.document_id).error_code == "EncryptedDocument"
    shelf.library.retry(result.document_id, "password")
    assert shelf.wait(result.document_id) == "ready"
    assert b"wrong" not in (shelf.data / "localchat.db").read_bytes()


def test_progress_tells_the_seconds_that_are_left(shelf: Shelf, long_text: Path) -> None:
    events = list(shelf.library.follow([shelf.library.keep_path(long_text)]))
    left = [event.progress.seconds_left for event in events if isinstance(event, Progress)]
    assert left[-1] == 0
    assert any(seconds for seconds in left[:-1] if seconds is not None)


NAMES = [
    "../../etc/passwd",
    "a\"b'c;--.txt",
    "new\nline.txt",
    "\U0001f389 emoji.txt",
    "x" * 300 + ".txt",
    "..",
    "\u202etxt.exe.txt",
]


def test_hostile_names_are_shown_and_lead_nowhere(shelf: Shelf, tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        (tmp_path / "file").write_text(f"This is file number {number}.", encoding="utf-8")
        assert shelf.add(tmp_path / "file", name).success, name
    shown = [row.filename for row in shelf.documents.list()[0]]
    assert len(shown) == len(NAMES)
    assert not any("/" in name or "\n" in name or "\u202e" in name for name in shown)
    assert shelf.documents.list(words="emoji")[1] == 1
    assert {len(path.name) for path in (shelf.data / "files").iterdir()} == {64}


def test_two_uploads_of_one_file_at_once_are_one_document(shelf: Shelf, shared: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: shelf.add(shared / "corpus" / "DA-1p.pdf"), range(4)))
    assert all(result.success for result in results)
    assert len({result.document_id for result in results}) == 1
    assert shelf.vectors.count() == results[0].passages


def test_many_small_files_come_in_few_commits(shelf: Shelf, tmp_path: Path) -> None:
    arrivals = []
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"This is file number {number}.", encoding="utf-8")
        arrivals.append(shelf.library.keep_path(tmp_path / f"{number}.txt"))
    results = [event.result for event in shelf.library.follow(arrivals) if isinstance(event, Result)]
    assert all(result.success for result in results)
    assert shelf.vectors.count() == 30
    commits = len(list((shelf.data / "passages.lance" / "passages.lance" / "_versions").glob("*.manifest")))
    assert commits < 25


def test_closing_in_the_middle_is_quick_and_the_next_start_goes_on(
    open_shelf: Callable[..., Shelf], long_text: Path
) -> None:
    shelf = open_shelf()
    arrival = shelf.library.keep_path(long_text)
    assert arrival.document is not None
    for event in shelf.library.follow([arrival]):
        if isinstance(event, Progress) and event.progress.stage == "embedding":
            break
    started = time.monotonic()
    shelf.library.close()
    assert time.monotonic() - started < SOON
    assert shelf.documents.get(arrival.document.id).status != "failed"
    again = open_shelf()
    assert again.wait(arrival.document.id) == "ready"
    assert again.vectors.count() == again.documents.get(arrival.document.id).passages


WORK = """
import sys
from pathlib import Path
from tests.services.test_documents import Shelf
from backend.services.events import Progress
shelf = Shelf(Path(sys.argv[1]))
shelf.library.start()
for event in shelf.library.follow([shelf.library.keep_path(Path(sys.argv[2]))]):
    if isinstance(event, Progress):
        print(event.progress.stage, event.progress.done, flush=True)
print("finished", flush=True)
import time; time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("moment", ["reading", "embedding", "finished"])
def test_after_kill_9_each_passage_is_there_once(
    open_shelf: Callable[..., Shelf], tmp_path: Path, long_text: Path, moment: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(tmp_path / "data"), str(long_text)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        for line in lines:
            if line.startswith(moment):
                break
        os.kill(process.pid, signal.SIGKILL)
    shelf = open_shelf()
    ((row,), _) = shelf.documents.list()
    assert shelf.wait(row.id) == "ready"
    passages = shelf.vectors.passages(row.id, 0, 100_000)
    assert [passage.index for passage in passages] == list(range(shelf.documents.get(row.id).passages))
    assert shelf.vectors.count() == len(passages)
    assert [path.name for path in (tmp_path / "data" / "files").iterdir()] == [row.sha256]
