"""Questions to a collection survive a kill, a thousand documents; one is asked of the real small model."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask import Flask

from backend.config import Config
from backend.services.asking import columns_of
from backend.services.child import environment
from backend.services.events import AskDone, AskStarted
from backend.stores.collections import Collections
from backend.stores.database import Database
from backend.stores.documents import Documents
from backend.stores.questions import Questions, Waiting
from tests.chatting import streaming, wait_for
from tests.conftest import services_of, serving
from tests.ollama_stand_in import StandIn
from tests.tables import COLUMNS, FIRST, LEASES, NOTHING, QUESTION, SECOND, add, collect, reply

ASK = f"""
import sys
from pathlib import Path
from backend import create_app
from backend.config import Config
from backend.pipeline.columns import Column
data, models, ollama, collection = sys.argv[1:]
app = create_app(Config(data=Path(data), models=Path(models), page=Path(data), ollama_host=ollama))
asking = app.extensions["localchat"].asking
columns = [Column(**column) for column in {COLUMNS!r}]
made = asking.begin(collection, {QUESTION!r}, columns)
print(made, flush=True)
for event in asking.follow(made):
    pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_in_the_middle_it_goes_on_where_it_stood(
    make_app: Callable[..., Flask], config: Config, ollama_stand_in: StandIn
) -> None:
    app = make_app(ollama_host=ollama_stand_in.host)
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as http:
        leases = collect(http, add(http, LEASES))
    services_of(app).close()
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND, first_token_seconds=120)])
    command = [sys.executable, "-c", ASK, str(config.data), str(config.models), ollama_stand_in.host, leases]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        made = process.stdout.readline().strip()
        wait_for(lambda: len(ollama_stand_in.chats()) == 2)
        os.kill(process.pid, signal.SIGKILL)
    questions = Questions(Database(config.data / "localchat.db"))
    assert [row.state for row in questions.rows(made)] == ["covered", "waiting", "waiting"]
    assert questions.get(made).state == "running"
    ollama_stand_in.answers.extend([reply(SECOND), reply(NOTHING)])
    again = services_of(make_app(ollama_host=ollama_stand_in.host))
    wait_for(lambda: again.asking.table(made).state == "done")
    assert [row.state for row in again.asking.table(made).rows] == ["covered", "covered", "empty"]
    # The first was not asked again.
    assert len(ollama_stand_in.chats()) == 4


def test_closing_keeps_the_row_that_was_being_asked_for_the_next_start(
    make_app: Callable[..., Flask], ollama_stand_in: StandIn
) -> None:
    app = make_app(ollama_host=ollama_stand_in.host)
    services = services_of(app)
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as http:
        leases = collect(http, add(http, LEASES))
    ollama_stand_in.answer = reply(FIRST, first_token_seconds=120)
    made = services.asking.begin(leases, QUESTION, columns_of(COLUMNS))
    wait_for(ollama_stand_in.chats)
    began = time.monotonic()
    services.close()
    assert time.monotonic() - began < 5
    wait_for(lambda: ollama_stand_in.left)
    questions = Questions(Database(services.config.data / "localchat.db"))
    assert {row.state for row in questions.rows(made)} == {"waiting"}


def many(path: Path, count: int) -> tuple[Questions, str]:
    """A collection of documents that only their rows know of."""
    database = Database(path)
    documents, collections = Documents(database), Collections(database)
    ids = []
    for number in range(count):
        row, _ = documents.add(f"{number:064x}", f"Contract {number}.txt", 10)
        documents.ready(row.id, 1, 0)
        ids.append(row.id)
    return Questions(database), collections.create("Many", ids).id


def test_a_thousand_documents_are_asked_in_the_order_of_their_names(tmp_path: Path) -> None:
    questions, collection = many(tmp_path / "db", 1000)
    began = time.monotonic()
    asked = questions.create(collection, "When?", COLUMNS, "m")
    assert asked.tally.left == 1000
    for number in range(20):
        waiting = questions.next_waiting()
        assert waiting is not None
        questions.keep(waiting, "empty" if number % 2 else "covered", found={"cells": [], "sources": []}, seconds=2.0)
    now = questions.get(asked.id)
    assert (now.tally.covered, now.tally.empty, now.tally.left, now.tally.seconds) == (10, 10, 980, 2.0)
    assert [row.revision for row in questions.rows(asked.id, 15)] == [16, 17, 18, 19, 20]
    assert [row.state for row in questions.rows(asked.id)][:21] == ["covered", "empty"] * 10 + ["waiting"]
    assert time.monotonic() - began < 10


def test_a_thousand_documents_run_to_their_end_through_the_service(
    make_app: Callable[..., Flask], config: Config, ollama_stand_in: StandIn
) -> None:
    config.data.mkdir()
    _, collection = many(config.data / "localchat.db", 1000)
    ollama_stand_in.answer = reply(NOTHING)
    asking = services_of(make_app(ollama_host=ollama_stand_in.host)).asking
    made = asking.begin(collection, QUESTION, None, quotes=True)
    events = list(asking.follow(made))
    assert isinstance(events[0], AskStarted)
    assert isinstance(events[-1], AskDone)
    assert (events[-1].empty, events[-1].left) == (1000, 0)


def test_a_document_that_is_being_read_waits_and_the_others_go_on(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    documents = Documents(database)
    reading, _ = documents.add("0" * 64, "a.txt", 10)
    ready, _ = documents.add("1" * 64, "b.txt", 10)
    documents.ready(ready.id, 1, 0)
    collection = Collections(database).create("Both", [reading.id, ready.id]).id
    questions = Questions(database)
    made = questions.create(collection, "When?", COLUMNS, None).id
    assert questions.next_waiting() == Waiting(made, ready.id, "b.txt")
    questions.keep(Waiting(made, ready.id, "b.txt"), "empty")
    assert questions.next_waiting() is None
    questions.finish()
    assert questions.get(made).state == "running"
    documents.ready(reading.id, 1, 0)
    assert questions.next_waiting() == Waiting(made, reading.id, "a.txt")


def test_tables_go_with_a_collection_that_does_not_come_back(
    make_app: Callable[..., Flask], ollama_stand_in: StandIn
) -> None:
    services = services_of(make_app(ollama_host=ollama_stand_in.host))
    collection = services.collections.create("Empty").id
    made = services.asking.begin(collection, QUESTION, None, quotes=True)
    services.collections.delete(collection)
    assert services.asking.table(made).state == "done"
    services.close()
    services_of(make_app(ollama_host=ollama_stand_in.host))
    with sqlite3.connect(services.config.data / "localchat.db") as connection:
        assert connection.execute("SELECT count(*) FROM questions").fetchone() == (0,)
    connection.close()


@pytest.mark.timeout(300)
def test_the_built_in_model_fills_a_table_that_is_held_against_its_documents(make_app: Callable[..., Flask]) -> None:
    with serving(make_app()) as url, httpx.Client(base_url=url, timeout=240) as http:
        leases = collect(http, add(http, LEASES))
        body = {"question": "When does the lease end?", "columns": [{"name": "Ends", "kind": "date"}]}
        with streaming(http, f"/api/collections/{leases}/ask", json=body) as stream:
            events = list(stream)
        done = events[-1]
        assert (done["covered"] + done["empty"], done["failed"], done["left"]) == (3, 0, 0), "its replies are tables"
        table = http.get(f"/api/tables/{events[0]['table']['id']}").json()
        assert table["model"] == "builtin/smollm2-135m"
        for row in table["rows"]:
            texts = {source["number"]: source["text"] for source in row["sources"]}
            for cell in row["cells"]:
                assert (cell["value"] is None) == (cell["verdict"] == "missing")
                if cell["verdict"] == "found":
                    (span,) = cell["support"]["words"]
                    assert texts[cell["support"]["source"]][span["start"] : span["end"]] == cell["support"]["text"]
