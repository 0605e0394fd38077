"""A question to every document of a collection, over HTTP: rows, marks, faults of the engine, stop, retry, files."""

from __future__ import annotations

import csv
import io
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from backend.config import Config
from tests.chatting import ask as chat
from tests.chatting import refused, streaming, wait_for
from tests.conftest import serving
from tests.ollama_script import Answer
from tests.ollama_stand_in import StandIn
from tests.tables import COLUMNS, FIRST, LEASES, NOTHING, QUESTION, SECOND, add, collect, reply

MISSING = "0" * 32
BROKEN = Answer(tokens=("I am ", "sorry, ", "no table."))


@pytest.fixture
def app(make_app: Callable[..., Flask], ollama_stand_in: StandIn) -> Flask:
    return make_app(ollama_host=ollama_stand_in.host)


@pytest.fixture
def documents(http: httpx.Client) -> dict[str, str]:
    return add(http, LEASES)


@pytest.fixture
def leases(http: httpx.Client, documents: dict[str, str]) -> str:
    return collect(http, documents)


def asked(http: httpx.Client, collection: str, **body: Any) -> list[dict[str, Any]]:
    body = {"question": QUESTION, "columns": COLUMNS, **body}
    with streaming(http, f"/api/collections/{collection}/ask", json=body) as events:
        return list(events)


def table_of(http: httpx.Client, events: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = http.get(f"/api/tables/{events[0]['table']['id']}").json()
    return found


def values(row: dict[str, Any]) -> list[tuple[str | None, str]]:
    return [(cell["value"], cell["verdict"]) for cell in row["cells"]]


def test_each_document_is_a_row_with_a_source_for_each_value(
    http: httpx.Client, leases: str, documents: dict[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND), reply(NOTHING)])
    events = asked(http, leases)
    assert events[0]["table"]["model"] == "smollm2:135m"
    assert {row["state"] for row in events[0]["table"]["rows"]} == {"waiting"}
    assert events[-1] == {
        "done": True, "covered": 2, "failed": 0, "empty": 1, "left": 0, "stopped": False, "stopped_by": None,
    }  # fmt: skip
    streamed = {row["document_id"]: row for event in events[1:-1] for row in event["rows"]}
    table = table_of(http, events)
    assert list(streamed.values()) == table["rows"]
    first, second, rules = table["rows"]
    assert [row["filename"] for row in table["rows"]] == [f"{name}.txt" for name in LEASES]
    assert values(first) == [("2025-12-31", "found"), ("2180", "found"), ("no", "found")]
    # What the model wrote is not what stands there: it is shown, and marked.
    assert values(second) == [("2027-03-31", "found"), ("1,540.00", "marked"), ("yes", "found")]
    assert second["cells"][1]["reason"]["code"] == "number"
    assert values(rules) == [(None, "missing")] * 3
    assert rules["state"] == "empty"
    ends = first["cells"][0]
    source = first["sources"][ends["support"]["source"] - 1]
    assert source["document_id"] == documents["a-hafenring"]
    (span,) = ends["support"]["words"]
    assert source["text"][span["start"] : span["end"]] == "The lease ends on 31 December 2025."
    assert [cell["sort"] for cell in first["cells"]] == ["2025-12-31", 2180.0, "no"]
    assert (table["state"], table["tally"]["left"], table["tally"]["asking"]) == ("done", 0, None)


def test_the_model_is_held_to_the_form_and_given_the_document_alone(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND), reply(NOTHING)])
    asked(http, leases)
    bodies = ollama_stand_in.chats()
    assert len(bodies) == 3
    for body, text in zip(bodies, LEASES.values(), strict=True):
        assert list(body["format"]["properties"]) == ["Ends", "Rent", "Pets"]
        assert body["format"]["properties"]["Pets"]["properties"]["value"] == {"enum": ["yes", "no", None]}
        assert body["options"]["temperature"] == 0
        message = body["messages"][-1]["content"]
        assert text.partition("\n\n")[2] in message
        assert sum(other.partition("\n\n")[2] in message for other in LEASES.values()) == 1


def test_a_reply_that_is_no_table_is_asked_for_once_more_then_the_row_fails_and_can_be_retried(
    http: httpx.Client, leases: str, documents: dict[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([BROKEN, BROKEN, BROKEN, reply(SECOND), reply(NOTHING)])
    events = asked(http, leases)
    assert (events[-1]["covered"], events[-1]["failed"], events[-1]["empty"]) == (1, 1, 1)
    table = table_of(http, events)
    assert table["rows"][0]["error"]["details"]["reason"] == "reply_unreadable"
    ollama_stand_in.answers.append(reply(FIRST))
    path = f"/api/tables/{table['id']}"
    http.post(f"{path}/documents/{documents['a-hafenring']}/retry")
    wait_for(lambda: http.get(path).json()["state"] == "done")
    assert http.get(path).json()["tally"]["covered"] == 2
    assert len(ollama_stand_in.chats()) == 6, "the others were not asked again"


def test_a_reply_that_is_cut_keeps_the_cells_that_are_whole(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    whole = "".join(reply(FIRST).tokens)
    ollama_stand_in.answer = Answer(tokens=(whole[: whole.index('"Pets"') + 20],))
    first = table_of(http, asked(http, leases))["rows"][0]
    assert values(first) == [("2025-12-31", "found"), ("2180", "found"), (None, "missing")]


def test_an_engine_that_breaks_off_is_asked_again_and_then_fails_that_row_alone(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    cut = reply(FIRST, until=4, cut=True)
    ollama_stand_in.answers.extend([cut, cut, cut, reply(SECOND), reply(NOTHING)])
    events = asked(http, leases)
    assert (events[-1]["covered"], events[-1]["failed"]) == (1, 1)
    assert table_of(http, events)["rows"][0]["error"]["error"] == "GenerationError"


def test_an_engine_that_is_gone_stops_the_question_which_goes_on_when_it_is_back(
    make_app: Callable[..., Flask],
) -> None:
    ollama = StandIn()
    server = ollama.start()
    with serving(make_app(ollama_host=ollama.host)) as url, httpx.Client(base_url=url, timeout=60) as http:
        leases = collect(http, add(http, LEASES))
        ollama.answers.extend([reply(FIRST), reply(SECOND, tokens_per_second=4)])
        body = {"question": QUESTION, "columns": COLUMNS}
        with streaming(http, f"/api/collections/{leases}/ask", json=body) as events:
            table = next(events)["table"]["id"]
            for event in events:
                if event.get("tally", {}).get("covered") == 1 and event["tally"]["asking"]:
                    server.shutdown()
                    server.server_close()
                    ollama.answers.clear()
                    ollama.answer = Answer(cut=True, until=0)
                    break
        # What is open goes on to its end; the next row finds nobody.
        wait_for(lambda: http.get(f"/api/tables/{table}").json()["state"] == "stopped", 60)
        stopped = http.get(f"/api/tables/{table}").json()
        assert stopped["error"]["error"] == "EngineUnavailable"
        assert stopped["tally"]["left"] >= 1
        assert stopped["rows"][0]["state"] == "covered"


def test_stop_ends_the_engines_call_at_once_and_what_was_answered_stays(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND, first_token_seconds=60)])
    with streaming(http, f"/api/collections/{leases}/ask", json={"question": QUESTION, "columns": COLUMNS}) as events:
        table = next(events)["table"]["id"]
        wait_for(lambda: len(ollama_stand_in.chats()) == 2)
        stopped = time.monotonic()
        http.post(f"/api/tables/{table}/stop")
        wait_for(lambda: ollama_stand_in.left)
        assert ollama_stand_in.left[0] - stopped < 0.3
        last = list(events)[-1]
    assert (last["stopped"], last["covered"], last["left"]) == (True, 1, 2)
    ollama_stand_in.answers.extend([reply(SECOND), reply(NOTHING)])
    http.post(f"/api/tables/{table}/go-on")
    with streaming(http, f"/api/tables/{table}/follow") as events:
        done = list(events)[-1]
    assert (done["stopped"], done["covered"], done["empty"]) == (False, 2, 1)
    # The first was not asked again.
    assert len(ollama_stand_in.chats()) == 4


def test_leaving_the_stream_does_not_stop_it(http: httpx.Client, leases: str, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = reply(NOTHING, first_token_seconds=0.3)
    with streaming(http, f"/api/collections/{leases}/ask", json={"question": QUESTION, "columns": COLUMNS}) as events:
        table = next(events)["table"]["id"]
    wait_for(lambda: http.get(f"/api/tables/{table}").json()["state"] == "done")


def test_a_conversation_goes_first(http: httpx.Client, leases: str, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answers.append(Answer(tokens_per_second=4))
    answering = threading.Thread(target=chat, args=(http, "What colour is the sky?"), kwargs={"use_rag": False})
    answering.start()
    wait_for(ollama_stand_in.chats)
    ollama_stand_in.answer = reply(NOTHING)
    events = asked(http, leases)
    answering.join()
    assert events[-1]["empty"] == 3
    assert "format" not in ollama_stand_in.chats()[0] or not ollama_stand_in.chats()[0]["format"]
    assert all(body["format"] for body in ollama_stand_in.chats()[1:])


def test_without_a_model_the_documents_own_sentences_fill_the_table(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    events = asked(http, leases, question="When does the lease end?", quotes=True)
    assert ollama_stand_in.chats() == []
    table = table_of(http, events)
    assert (table["model"], table["columns"]) == (None, [{"name": "Answer", "kind": "text"}])
    first, second, rules = table["rows"]
    assert values(first) == [("The lease ends on 31 December 2025.", "found")]
    assert second["state"] == "covered"
    assert values(rules) == [(None, "missing")], "what is about something else answers nothing"


def test_where_no_engine_is_at_all_the_documents_own_sentences_do(
    make_app: Callable[..., Flask], config: Config, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    for file in config.models.iterdir():
        if file.suffix != ".gguf":
            (models / file.name).symlink_to(file)
    with serving(make_app(models=models)) as url, httpx.Client(base_url=url, timeout=60) as http:
        events = asked(http, collect(http, add(http, LEASES)), question="When does the lease end?")
        assert events[0]["table"]["model"] is None
        assert (events[-1]["covered"], events[-1]["empty"]) == (2, 1)


def test_columns_are_proposed_by_the_model_and_by_the_question_where_it_cannot(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    path = f"/api/collections/{leases}/columns"
    proposal = '{"columns": [{"name": " Ends ", "kind": "date"}, {"name": "ends", "kind": "text"},'
    ollama_stand_in.answers.append(Answer(tokens=(proposal, '{"name": "Rent", "kind": "number"}]}')))
    found = http.post(path, json={"question": "Which leases end before June, and what is the rent?"}).json()
    assert found == {
        "columns": [{"name": "Ends", "kind": "date"}, {"name": "Rent", "kind": "number"}],
        "model": "smollm2:135m",
    }
    ollama_stand_in.answers.append(BROKEN)
    found = http.post(path, json={"question": "When does each lease end?"}).json()
    assert found == {"columns": [{"name": "Answer", "kind": "date"}], "model": None}
    assert refused(http, "POST", path, json={"question": "  "}) == (422, "InvalidRequest")
    missing = f"/api/collections/{MISSING}/columns"
    assert refused(http, "POST", missing, json={"question": "When?"}) == (404, "NotFound")


# --- bad input --------------------------------------------------------------------------------------------------


def test_an_empty_collection_is_done_at_once(http: httpx.Client, ollama_stand_in: StandIn) -> None:
    empty = http.post("/api/collections", json={"name": "Empty"}).json()["id"]
    started, done = asked(http, empty)
    assert started["table"]["tally"]["total"] == 0
    assert (done["covered"], done["left"], done["stopped"]) == (0, 0, False)
    assert ollama_stand_in.chats() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": ""},
        {"question": "Q", "columns": []},
        {"question": "Q", "columns": [{"name": " ", "kind": "text"}]},
        {"question": "Q", "columns": [{"name": "a", "kind": "colour"}]},
        {"question": "Q", "columns": [{"name": "Ends"}, {"name": "ENDS"}]},
        {"question": "Q", "columns": [{"name": str(number)} for number in range(13)]},
        {"question": "Q", "columns": [{"name": "x" * 61}]},
        {"question": "Q", "colour": "red"},
    ],
)
def test_a_value_that_is_wrong_is_refused(http: httpx.Client, wrong: dict[str, Any]) -> None:
    empty = http.post("/api/collections", json={"name": "Empty"}).json()["id"]
    assert refused(http, "POST", f"/api/collections/{empty}/ask", json=wrong)[0] == 422
    assert http.get(f"/api/collections/{empty}/tables").json() == {"tables": []}


def test_what_is_not_there_is_not_found(http: httpx.Client) -> None:
    assert refused(http, "POST", f"/api/collections/{MISSING}/ask", json={"question": "Q"}) == (404, "NotFound")
    assert refused(http, "GET", f"/api/collections/{MISSING}/tables") == (404, "NotFound")
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/stop"), ("POST", "/go-on"), ("POST", "/follow"),
        ("POST", f"/documents/{MISSING}/retry"), ("GET", "/export?format=csv"),
    ):  # fmt: skip
        assert refused(http, method, f"/api/tables/{MISSING}{path}") == (404, "NotFound"), path


def test_a_question_of_20000_characters_is_refused_where_it_fits_no_window_and_asked_where_it_does(
    http: httpx.Client, leases: str, ollama_stand_in: StandIn
) -> None:
    long = "Tell me about the lease and its end. " * 541
    assert len(long) > 20_000
    body = {"question": long, "columns": COLUMNS}
    http.patch("/api/settings", json={"context_window": 4096})
    assert refused(http, "POST", f"/api/collections/{leases}/ask", json=body) == (413, "ContextOverflow")
    assert asked(http, leases, question=long, quotes=True)[-1]["covered"] >= 1
    http.patch("/api/settings", json={"context_window": 8192})
    ollama_stand_in.answer = reply(NOTHING)
    assert asked(http, leases, question=long)[-1]["empty"] == 3


def test_a_document_that_is_deleted_meanwhile_fails_alone_and_its_row_stays(
    http: httpx.Client, leases: str, documents: dict[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND, first_token_seconds=1.5), reply(NOTHING)])
    with streaming(http, f"/api/collections/{leases}/ask", json={"question": QUESTION, "columns": COLUMNS}) as events:
        next(events)
        wait_for(lambda: len(ollama_stand_in.chats()) == 2)
        http.delete(f"/api/documents/{documents['a-hafenring']}")
        http.delete(f"/api/documents/{documents['c-rules']}")
        last = list(events)[-1]
    assert (last["covered"], last["failed"], last["left"]) == (2, 1, 0)
    newest = http.get(f"/api/collections/{leases}/tables").json()["tables"][0]
    rows = http.get(f"/api/tables/{newest['id']}").json()["rows"]
    assert rows[0]["state"] == "covered", "what was answered keeps its quotes"
    assert rows[2]["error"]["details"]["reason"] == "document_gone"


def test_a_collection_that_is_deleted_while_it_is_asked_stops_and_comes_back_with_its_tables(
    http: httpx.Client, leases: str, documents: dict[str, str], ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND, first_token_seconds=60)])
    with streaming(http, f"/api/collections/{leases}/ask", json={"question": QUESTION, "columns": COLUMNS}) as events:
        table = next(events)["table"]["id"]
        wait_for(lambda: len(ollama_stand_in.chats()) == 2)
        http.delete(f"/api/collections/{leases}")
        assert list(events)[-1]["stopped"]
    wait_for(lambda: ollama_stand_in.left)
    body = {"name": "Leases", "id": leases, "document_ids": list(documents.values())}
    http.post("/api/collections", json=body)
    (kept,) = http.get(f"/api/collections/{leases}/tables").json()["tables"]
    assert (kept["id"], kept["state"], kept["tally"]["covered"]) == (table, "stopped", 1)
    assert http.delete(f"/api/tables/{table}").json() == {"ok": True}
    assert http.get(f"/api/collections/{leases}/tables").json() == {"tables": []}


def test_a_document_that_could_not_be_read_fails_with_its_own_reason(
    http: httpx.Client, ollama_stand_in: StandIn
) -> None:
    ollama_stand_in.answer = reply(NOTHING)
    http.post("/api/documents/upload", files={"files": ("scan.pdf", b"%PDF-1.4 broken")})
    documents = add(http, {"c-rules": LEASES["c-rules"]})
    events = asked(http, collect(http, documents))
    assert (events[-1]["failed"], events[-1]["empty"]) == (1, 1)
    failed = next(row for row in table_of(http, events)["rows"] if row["state"] == "failed")
    shown = http.get(f"/api/documents/{failed['document_id']}").json()["error"]
    assert failed["error"]["error"] == shown["code"]
    assert failed["error"]["message"] == shown["message"]


# --- files ------------------------------------------------------------------------------------------------------

HOSTILE = {
    "Ends": ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    "Rent": ("-5", "-5"),
    "Pets": ('+1"; <b>', "yes"),
}


@pytest.fixture
def hostile(http: httpx.Client, ollama_stand_in: StandIn) -> str:
    documents = add(http, {"=HYPERLINK(1)": "The balance is -5. It says =cmd|' /C calc'!A0 and +1\"; <b> too."})
    ollama_stand_in.answer = reply(HOSTILE)
    columns = [{"name": "Ends", "kind": "text"}, {"name": "Rent", "kind": "number"}, {"name": "Pets", "kind": "yes-no"}]
    events = asked(http, collect(http, documents, "Hostile"), columns=columns, question="=1+1")
    return f"/api/tables/{events[0]['table']['id']}/export"


def test_csv_opens_in_excel_and_runs_nothing(http: httpx.Client, hostile: str) -> None:
    response = http.get(hostile, params={"format": "csv"})
    assert response.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in response.headers["Content-Disposition"]
    head, row = csv.reader(io.StringIO(response.content.decode("utf-8-sig")))
    assert head == ["Document", "State", "Ends", "Ends: source", "Rent", "Rent: source", "Pets", "Pets: source"]
    assert row[0] == "'=HYPERLINK(1).txt"
    assert row[2] == "'=cmd|' /C calc'!A0"
    assert row[4] == "-5", "a number stays one"
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in row)


def test_xlsx_runs_nothing_either(http: httpx.Client, hostile: str) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(http.get(hostile, params={"format": "xlsx"}).content))
    assert book.get_sheet_by_index(0).to_python()[1][2] == "=cmd|' /C calc'!A0", "as text, to the letter"
    with zipfile.ZipFile(io.BytesIO(http.get(hostile, params={"format": "xlsx"}).content)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_xlsx_holds_numbers_and_dates_as_such(http: httpx.Client, leases: str, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answers.extend([reply(FIRST), reply(SECOND), reply(NOTHING)])
    identity = asked(http, leases)[0]["table"]["id"]
    content = http.get(f"/api/tables/{identity}/export", params={"format": "xlsx"}).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    first, second, rules = rows[1:]
    assert str(first[2]) == "2025-12-31"
    assert first[4] == 2180
    assert first[3] == "“The lease ends on 31 December 2025.”"
    assert second[4] == "1,540.00"
    assert str(second[5]).startswith("NOT IN THE DOCUMENT")
    assert (rules[1], rules[2], rules[3]) == ("says nothing", "", "not found in the document")
    assert refused(http, "GET", f"/api/tables/{identity}/export", params={"format": "pdf"})[0] == 422
