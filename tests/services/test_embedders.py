"""Another embedder: built beside the one that answers, swapped in one go, cancelled, killed, undone, and gone.

With the real built-in embedder, real LanceDB, and the stand-in's models, whose vectors have directions by chance.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend import create_app
from backend.config import Config
from backend.engines.embedder import NAME
from backend.engines.embedding import Prefixes, prefixes
from backend.errors import Conflict, EngineError, EngineUnavailable, ModelNotFound, NotFound
from backend.pipeline.chunk import with_heading
from backend.services import Services
from backend.services.child import environment
from backend.services.embedders import KEY
from backend.services.events import Result
from tests.chatting import wait_for
from tests.conftest import ROOT, services_of
from tests.ollama_script import MINILM, NOMIC, Model, vector
from tests.ollama_stand_in import StandIn

NOMIC_ID = "ollama/nomic-embed-text:latest"
SMALL = Model("small-embed:latest", ("embedding",), 24, 384)
"""Reads 24 tokens: less than a passage has."""

Open = Callable[[], Services]


@pytest.fixture
def stand_in(ollama_stand_in: StandIn) -> StandIn:
    ollama_stand_in.models = {model.name: model for model in (NOMIC, MINILM, SMALL)}
    return ollama_stand_in


@pytest.fixture
def open_services(tmp_path: Path, stand_in: StandIn) -> Iterator[Open]:
    opened: list[Services] = []

    def make() -> Services:
        for services in opened:
            services.close()
        config = Config(tmp_path / "data", ROOT / "models", tmp_path, ollama_host=stand_in.host)
        opened.append(services_of(create_app(config)))
        return opened[-1]

    yield make
    for services in opened:
        services.close()


@pytest.fixture
def services(open_services: Open) -> Services:
    return open_services()


def add(services: Services, name: str, text: str) -> str:
    """The id of a document, when it can be found."""
    arrival = start_adding(services, name, text)
    results = [event.result for event in services.library.follow([arrival]) if isinstance(event, Result)]
    assert results[0].success, results
    assert results[0].document_id is not None
    return results[0].document_id


def start_adding(services: Services, name: str, text: str) -> Any:
    incoming = services.library.receive()
    incoming.write(text.encode())
    return services.library.keep(incoming, name)


def essay(subject: str, paragraphs: int = 12) -> str:
    """A passage a paragraph, more or less."""
    return "\n\n".join(
        f"## Part {number} of the {subject}\n\n" + f"The {subject} number {number} is told of here at length. " * 3
        for number in range(paragraphs)
    )


def changed(services: Services, identity: str) -> None:
    wait_for(lambda: services.embedders.active.id == identity and services.embedders.progress() is None, 60)


def ids_in(services: Services) -> list[str]:
    """Of the passages in the table that answers, sorted."""
    rows = services.embedders.tables.current.run(lambda table: table.search().select(["id"]).limit(10_000).to_arrow())
    return sorted(rows["id"].to_pylist())


def tables(services: Services) -> set[str]:
    return {path.stem for path in (services.config.data / "passages.lance").glob("*.lance")}


def test_only_what_is_there_can_be_chosen(services: Services, stand_in: StandIn) -> None:
    assert [option.id for option in services.embedders.options()] == [
        "builtin", NOMIC_ID, "ollama/all-minilm:latest", "ollama/small-embed:latest",
    ]  # fmt: skip
    assert services.embedders.options()[0].active
    with pytest.raises(ModelNotFound, match="Pull it"):
        services.embedders.choose("ollama/mxbai-embed-large:latest")
    with pytest.raises(ModelNotFound):
        services.embedders.choose("ollama/../../etc/passwd")
    with pytest.raises(Conflict, match="already"):
        services.embedders.choose("builtin")
    stand_in.models["smollm2:135m"] = Model("smollm2:135m")
    services.models.ollama.forget()
    assert len(services.embedders.options()) == 4


def test_the_cost_is_told_before(services: Services, stand_in: StandIn) -> None:
    add(services, "river.md", essay("river", 30))
    stand_in.embedding_seconds = 0.01
    estimate = services.embedders.estimate(NOMIC_ID)
    count = len(ids_in(services))
    assert (estimate.passages, estimate.dimensions, estimate.reads_whole) == (count, 768, True)
    assert 0.01 * count <= estimate.seconds < 1.0 * count
    assert estimate.size > count * 768 * 4
    assert not services.embedders.estimate("ollama/small-embed:latest").reads_whole
    assert tables(services) == {"passages"}


def test_a_change_embeds_the_stored_passages_and_can_be_undone(services: Services, stand_in: StandIn) -> None:
    identity = add(services, "river.md", essay("river"))
    ids, before = ids_in(services), services.library.passages(identity, 0, 1000)
    (services.config.data / "files").rename(services.config.data / "elsewhere")  # nothing is read again
    services.embedders.choose(NOMIC_ID)
    changed(services, NOMIC_ID)
    (services.config.data / "elsewhere").rename(services.config.data / "files")
    assert ids_in(services) == ids
    assert services.library.passages(identity, 0, 1000) == before
    index = services.embedders.index
    assert index.embedder.dimensions == 768
    rows = services.embedders.tables.current.run(lambda table: table.search().select(["vector", "embedder"]).to_arrow())
    assert len(rows["vector"][0].as_py()) == 768
    assert {one.split("@")[0] for one in rows["embedder"].to_pylist()} == {NOMIC_ID}
    asked = [request.body for request in stand_in.requests if request.path == "/api/embed"]
    texts = [text for body in asked for text in body["input"]]
    assert sum(text.startswith("search_document: ") for text in texts) >= len(ids)
    (best, *_) = services.search.find("What is told of the river?", mode="vector")
    assert best.filename == "river.md"
    assert stand_in.requests[-1].body["input"] == ["search_query: What is told of the river?"]
    # Documents that come now, and go, are right after the way back.
    new = add(services, "mountain.md", essay("mountain", 3))
    kept = services.embedders.previous()
    assert kept is not None
    assert (kept.spec.name, kept.size > 0) == (NAME, True)
    services.library.delete(identity)
    services.embedders.undo()
    changed(services, "builtin")
    assert {one.split("-")[0] for one in ids_in(services)} == {new}
    (best, *_) = services.search.find("How is the mountain?", mode="vector")
    assert best.filename == "mountain.md"
    assert services.embedders.index.embedder.dimensions == 384


def test_what_is_kept_of_before_is_given_up_on_request_and_by_the_next_change(services: Services) -> None:
    add(services, "river.md", essay("river", 2))
    with pytest.raises(NotFound):
        services.embedders.undo()
    services.embedders.choose(NOMIC_ID)
    changed(services, NOMIC_ID)
    services.embedders.choose("ollama/all-minilm:latest")
    changed(services, "ollama/all-minilm:latest")
    wait_for(lambda: len(tables(services)) == 2)
    assert "passages" not in tables(services)
    assert all(f"retrieval:{NAME}" != key for key in services.settings.all())
    services.embedders.give_up()
    assert len(tables(services)) == 1
    assert services.embedders.previous() is None
    with pytest.raises(NotFound):
        services.embedders.give_up()
    assert services.search.find("river")


def test_documents_that_come_change_and_go_meanwhile_are_right_afterwards(
    services: Services, stand_in: StandIn, tmp_path: Path
) -> None:
    file = tmp_path / "changing.md"
    file.write_text(essay("old forest", 8))
    arrival = services.library.keep_path(file)
    list(services.library.follow([arrival]))
    gone = add(services, "gone.md", essay("desert", 8))
    add(services, "river.md", essay("river", 150))
    stand_in.embedding_seconds = 0.01
    services.embedders.choose(NOMIC_ID)
    wait_for(lambda: (progress := services.embedders.progress()) and progress[1].done > 20)
    assert services.embedders.active.id == "builtin"
    (best, *_) = services.search.find("What is told of the desert?")
    assert best.filename == "gone.md"
    services.library.delete(gone)
    file.write_text(essay("new meadow", 5))
    list(services.library.follow([services.library.keep_path(file)]))
    new = add(services, "mountain.md", essay("mountain", 4))
    assert services.embedders.active.id == "builtin"
    ids = ids_in(services)
    changed(services, NOMIC_ID)
    assert ids_in(services) == ids
    assert any(one.startswith(new) for one in ids)
    assert not any(one.startswith(gone) for one in ids)
    assert arrival.document is not None
    texts = [passage.text for passage in services.library.passages(arrival.document.id, 0, 100)]
    assert "meadow" in " ".join(texts)
    assert "forest" not in " ".join(texts)
    # Each vector is that of the text as it is now: the stand-in's depend on the text alone.
    stored = services.embedders.tables.current.run(lambda table: table.search().limit(10_000).to_list())
    for row in stored[:20]:
        text = with_heading(row["heading"], row["text"], row["title"] or "")
        assert np.allclose(row["vector"], vector(f"search_document: {text}", 768), atol=1e-6)


def test_cancelled_it_leaves_nothing(services: Services, stand_in: StandIn) -> None:
    add(services, "river.md", essay("river", 60))
    stand_in.embedding_seconds = 0.05
    services.embedders.choose(NOMIC_ID)
    wait_for(lambda: len(tables(services)) == 2)
    with pytest.raises(Conflict, match="being changed"):
        services.embedders.choose("ollama/all-minilm:latest")
    began = time.monotonic()
    services.embedders.cancel()
    assert time.monotonic() - began < 3
    assert tables(services) == {"passages"}
    assert services.embedders.progress() is None
    with pytest.raises(NotFound):
        services.embedders.cancel()
    assert services.search.find("What is told of the river?", mode="vector")


def test_a_start_goes_on_where_the_last_run_stopped(open_services: Open, stand_in: StandIn) -> None:
    services = open_services()
    add(services, "river.md", essay("river", 150))
    ids = ids_in(services)
    stand_in.embedding_seconds = 0.01
    services.embedders.choose(NOMIC_ID)
    wait_for(lambda: (progress := services.embedders.progress()) and progress[1].done > 140)
    stand_in.requests.clear()
    services = open_services()
    changed(services, NOMIC_ID)
    assert ids_in(services) == ids
    again = sum(
        text.startswith("search_document: The river") or "Part" in text
        for request in stand_in.requests
        if request.path == "/api/embed"
        for text in request.body["input"]
    )
    assert again < len(ids) + 100


CHANGE = """
import sys, time
from pathlib import Path
from backend import create_app
from backend.config import Config
from tests.conftest import ROOT, services_of
data = Path(sys.argv[1])
services = services_of(create_app(Config(data, ROOT / "models", data, ollama_host=sys.argv[2])))
if services.embedders.active.id == "builtin" and services.embedders.progress() is None:
    services.embedders.choose("ollama/nomic-embed-text:latest")
print("started", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.timeout(300)
def test_killed_at_any_moment_one_whole_table_answers(open_services: Open, stand_in: StandIn) -> None:
    services = open_services()
    add(services, "river.md", essay("river", 120))
    add(services, "mountain.md", essay("mountain", 40))
    ids, data = ids_in(services), services.config.data
    services.close()
    stand_in.embedding_seconds = 0.004
    for seconds in (0.2, 0.6, 0.9, 1.2, 0.4):
        process = subprocess.Popen(
            [sys.executable, "-c", CHANGE, str(data), stand_in.host],
            env=environment(), stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout is not None
        with process, process.stdout as said:
            assert said.readline() == "started\n"
            time.sleep(seconds)
            os.kill(process.pid, signal.SIGKILL)
        connection = sqlite3.connect(data / "localchat.db")
        kept = json.loads(connection.execute("SELECT value FROM settings WHERE key = ?", (KEY,)).fetchone()[0])
        connection.close()
        if kept.get("building") is None:
            break
    services = open_services()
    changed(services, NOMIC_ID)
    assert ids_in(services) == ids
    rows = services.embedders.tables.current.run(lambda table: table.search().limit(10_000).to_arrow())
    assert len(set(rows["id"].to_pylist())) == rows.num_rows
    assert len(rows["vector"][0].as_py()) == 768
    services.embedders.undo()
    changed(services, "builtin")
    assert ids_in(services) == ids


def test_when_ollama_is_gone_words_answer_and_new_documents_wait(services: Services, stand_in: StandIn) -> None:
    add(services, "river.md", essay("river", 3))
    services.embedders.choose(NOMIC_ID)
    changed(services, NOMIC_ID)
    assert services.embedders.problem() is None
    model = stand_in.models.pop(NOMIC.name)
    services.models.ollama.forget()
    told: list[EngineError] = []
    (best, *_) = services.search.find("What is told of the river?", told=told.append)
    assert best.filename == "river.md"
    assert best.vector is None
    assert [error.details.reason for error in told if error.details] == ["embedder_gone"]
    with pytest.raises(ModelNotFound):
        services.search.find("What is told of the river?", mode="vector")
    problem = services.embedders.problem()
    assert problem is not None
    assert problem.details is not None
    assert problem.details.reason == "embedder_gone"
    arrival = start_adding(services, "mountain.md", essay("mountain", 3))
    assert arrival.document is not None
    identity = arrival.document.id
    wait_for(lambda: services.library.trouble is not None)
    wait_for(lambda: (progress := services.library.progress(identity)) and progress.waiting)
    assert services.documents.get(identity).status == "embedding"
    stand_in.models[model.name] = model
    wait_for(lambda: services.documents.get(identity).status == "ready")
    assert services.library.trouble is None
    assert services.search.find("What is told of the mountain?")[0].filename == "mountain.md"


def test_a_change_waits_for_ollama_too(services: Services, stand_in: StandIn) -> None:
    add(services, "river.md", essay("river", 40))
    stand_in.embedding_seconds = 0.01
    services.embedders.choose(NOMIC_ID)
    model = stand_in.models.pop(NOMIC.name)
    wait_for(lambda: (progress := services.embedders.progress()) and progress[1].state == "waiting")
    stand_in.models[model.name] = model
    changed(services, NOMIC_ID)


def test_vectors_of_another_width_are_never_stored(services: Services, stand_in: StandIn) -> None:
    add(services, "river.md", essay("river", 40))
    stand_in.embedding_seconds = 0.01
    services.embedders.choose(NOMIC_ID)
    wait_for(lambda: (progress := services.embedders.progress()) and progress[1].done > 0)
    stand_in.models[NOMIC.name] = Model(NOMIC.name, ("embedding",), 2048, 512)
    wait_for(lambda: (progress := services.embedders.progress()) and progress[1].state == "failed")
    found = services.embedders.progress()
    assert found is not None
    assert found[1].trouble is not None
    assert "512" in found[1].trouble.message
    assert services.embedders.active.id == "builtin"
    # The same model again, whole: chosen again it goes on.
    stand_in.models[NOMIC.name] = NOMIC
    services.embedders.choose(NOMIC_ID)
    changed(services, NOMIC_ID)


def test_a_passage_that_is_too_long_is_cut_and_counted(services: Services) -> None:
    add(services, "river.md", essay("river", 5))
    services.embedders.choose("ollama/small-embed:latest")
    changed(services, "ollama/small-embed:latest")
    assert services.embedders.cut() == len(ids_in(services))
    assert services.embedders.index.embedder.count(["one two three"]) == [3]


def test_an_import_that_is_under_way_at_the_swap_gets_the_new_vectors(services: Services, stand_in: StandIn) -> None:
    add(services, "river.md", essay("river", 2))
    services.embedders.choose(NOMIC_ID)
    arrivals = [start_adding(services, f"{number}.md", essay(f"island {number}", 20)) for number in range(8)]
    list(services.library.follow(arrivals))
    changed(services, NOMIC_ID)
    rows = services.embedders.tables.current.run(
        lambda table: table.search().select(["vector", "document_id"]).limit(10_000).to_arrow()
    )
    assert len(set(rows["document_id"].to_pylist())) == 9
    assert rows.num_rows == services.documents.counts().passages
    assert np.isfinite(np.array(rows["vector"].to_pylist())).all()


def test_the_old_weights_are_not_those_of_the_new_embedder(services: Services) -> None:
    for number in range(30):
        add(
            services,
            f"{number}.md",
            f"The valley {number} has a stream with {number} bends in it. Its hills are green and {number} houses "
            "stand there, as every traveller tells who comes by.",
        )
    services.embedders.index.knowledge.refresh()
    services.embedders.choose(NOMIC_ID)
    changed(services, NOMIC_ID)
    kept = {key: value for key, value in services.settings.all().items() if key.startswith("retrieval")}
    name = services.embedders.active.name
    assert kept["retrieval"]["embedder"] == NAME
    assert kept[f"retrieval:{name}"]["embedder"] == name
    assert kept[f"retrieval:{name}"]["rows"] == 30
    assert kept[f"retrieval:{name}"]["meaning"]["english"] != kept["retrieval"]["meaning"]["english"]


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("nomic-embed-text:latest", Prefixes("search_query: ", "search_document: ")),
        ("jeffh/intfloat-multilingual-e5-large:f16", Prefixes("query: ", "passage: ")),
        ("mxbai-embed-large:335m", Prefixes("Represent this sentence for searching relevant passages: ")),
        ("bge-large:latest", Prefixes("Represent this sentence for searching relevant passages: ")),
        ("bge-m3:latest", Prefixes()),
        ("all-minilm:latest", Prefixes()),
        ("snowflake-arctic-embed2:latest", Prefixes("query: ")),
        ("embeddinggemma:300m", Prefixes("task: search result | query: ", "title: none | text: ")),
    ],
)
def test_well_known_models_are_told_what_a_text_is(model: str, wanted: Prefixes) -> None:
    assert prefixes(model) == wanted


def test_an_ollama_that_is_not_there_is_no_choice(tmp_path: Path) -> None:
    app = create_app(Config(tmp_path / "data", ROOT / "models", tmp_path, ollama_host="127.0.0.1:9"))
    services = services_of(app)
    try:
        assert [option.id for option in services.embedders.options()] == ["builtin"]
        with pytest.raises(EngineUnavailable, match="Start Ollama"):
            services.embedders.choose(NOMIC_ID)
    finally:
        services.close()
