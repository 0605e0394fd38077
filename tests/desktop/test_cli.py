"""The command line, each command as a process of its own."""

from __future__ import annotations

import ctypes
import json
import platform
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from backend import VERSION
from desktop.client import read_events
from desktop.selftest import FACT, FILE, small_pdf
from tests.chatting import streaming
from tests.conftest import SOON
from tests.ollama_script import Answer
from tests.services.test_evaluate import squad

if TYPE_CHECKING:
    from tests.desktop.conftest import Run, Serve
    from tests.ollama_stand_in import StandIn


def test_the_version_is_printed(localchat: Run) -> None:
    assert localchat("--version").stdout == f"LocalChat {VERSION}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["evaluate"],
        ["evaluate", "--set"],
        ["evaluate", "--set", "x", "--mine"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "x"],
        ["ask"],
        ["ask", " "],
        ["ingest"],
        ["search", "--mode", "magic", "x"],
        ["search", "--limit", "0", "x"],
    ],
)
def test_flags_that_make_no_sense_end_with_status_2(localchat: Run, arguments: list[str]) -> None:
    result = localchat(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "error:" in result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.com", "::"])
def test_another_host_than_this_computer_is_refused(localchat: Run, host: str) -> None:
    result = localchat("serve", "--host", host)
    assert result.returncode == 2
    assert "this computer alone" in result.stderr


def test_a_port_in_the_environment_that_is_none_ends_with_status_2(localchat: Run) -> None:
    assert localchat("serve", LOCALCHAT_PORT="many").returncode == 2


def test_serve_prints_its_address_answers_and_ends_on_sigterm(serve: Serve) -> None:
    with serve() as served:
        with served.http() as http:
            assert http.get("/api/health").json() == {"status": "ok", "version": VERSION}
            assert http.get("/api/status").status_code == 200
        assert httpx.get(f"{served.url}/api/status", trust_env=False).status_code == 401
        assert served.end() < SOON
        assert served.process.returncode == 0


def test_serve_ends_on_ctrl_c_too(serve: Serve) -> None:
    with serve() as served:
        assert served.end(signal.SIGINT) < SOON
        assert served.process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="needs the number of tgkill")
def test_serve_ends_whichever_thread_gets_the_signal(serve: Serve) -> None:
    """The system may choose any; a main thread that waits for a lock would sleep on."""
    with serve() as served:
        process = served.process.pid
        threads = [int(task.name) for task in Path(f"/proc/{process}/task").iterdir()]
        other = next(thread for thread in threads if thread != process)
        tgkill = 234
        assert ctypes.CDLL(None).syscall(tgkill, process, other, signal.SIGTERM) == 0
        served.process.wait(SOON)
        assert served.process.returncode == 0


def test_serve_without_a_token_lets_everybody_on_this_computer_in(serve: Serve) -> None:
    with serve("--no-token") as served:
        assert "token" not in served.page
        assert httpx.get(f"{served.url}/api/status", trust_env=False).status_code == 200


def test_a_flag_wins_over_the_environment(serve: Serve, tmp_path: Path) -> None:
    with serve("--data", tmp_path / "other", "--port", "0", LOCALCHAT_PORT="1") as served:
        assert (tmp_path / "other" / "instance.json").exists()
        assert not (tmp_path / "data").exists()
        assert served.end() < SOON


def test_sigterm_ends_serve_within_two_seconds_while_an_answer_streams(serve: Serve, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(tokens=["word "] * 10_000, tokens_per_second=50)
    with serve(OLLAMA_HOST=ollama_stand_in.host) as served, served.http() as http:
        with streaming(http, "/api/chat", json={"message": "Go on.", "use_rag": False}) as events:
            next(event for event in events if "content" in event)
            assert served.end() < SOON
            with pytest.raises(httpx.TransportError):
                list(events)
        assert served.process.returncode == 0


def test_a_taken_port_is_said_in_a_sentence(localchat: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = localchat("serve", "--port", port)
    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_serve_on_the_same_data_names_the_first(serve: Serve, localchat: Run) -> None:
    with serve() as served:
        result = localchat("serve")
        assert result.returncode == 1
        assert served.url in result.stderr


def test_without_a_screen_the_page_is_served_and_its_address_printed(serve: Serve) -> None:
    with serve(command="open") as served:
        with served.http() as http:
            assert http.get("/api/status").status_code == 200
        assert served.end() < SOON


def test_without_a_screen_the_browser_of_the_user_opens(serve: Serve, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    with serve(command="open", BROWSER="any", PATH=f"{tmp_path}:/usr/bin:/bin") as served:
        deadline = time.monotonic() + 5
        while not opened.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert opened.read_text().strip() == served.page


def test_no_token_gets_into_the_log(serve: Serve, tmp_path: Path) -> None:
    with serve() as served:
        httpx.get(served.page, trust_env=False)
        with served.http() as http:
            http.get("/api/status")
        served.end()
        assert served.process.stderr is not None
        written = served.process.stderr.read() + (tmp_path / "data" / "logs" / "localchat.log").read_text()
        assert served.token not in written


def test_ask_streams_the_answer_to_stdout(localchat: Run, ollama_stand_in: StandIn) -> None:
    result = localchat("ask", "--no-documents", "Why is the sky blue?", OLLAMA_HOST=ollama_stand_in.host)
    assert (result.returncode, result.stdout) == (0, "The sky is blue.\n"), result.stderr


def test_ask_does_not_print_what_the_model_thought(localchat: Run, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(thinking=["secret", " thoughts"])
    result = localchat("ask", "--no-documents", "Why?", OLLAMA_HOST=ollama_stand_in.host)
    assert result.stdout == "The sky is blue.\n"
    assert "secret" not in result.stderr


def test_ask_that_fails_in_the_middle_says_so_with_status_1(localchat: Run, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.answer = Answer(until=2, error="out of memory")
    result = localchat("ask", "--no-documents", "Why?", OLLAMA_HOST=ollama_stand_in.host)
    assert result.returncode == 1
    assert "localchat: " in result.stderr
    assert "Traceback" not in result.stderr


def test_commands_speak_to_the_localchat_that_runs(serve: Serve, localchat: Run, ollama_stand_in: StandIn) -> None:
    with serve(OLLAMA_HOST=ollama_stand_in.host) as served, served.http() as http:
        # The command itself is told of no Ollama: only the running one can answer so.
        result = localchat("ask", "--no-documents", "Why is the sky blue?")
        assert result.stdout == "The sky is blue.\n"
        assert http.get("/api/conversations").json()["total"] == 1


def test_ingest_search_and_ask_find_the_sentence_of_a_page(
    serve: Serve, localchat: Run, tmp_path: Path, ollama_stand_in: StandIn
) -> None:
    folder = tmp_path / "papers"
    (folder / "deeper").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / FILE).write_bytes(small_pdf(FACT))
    (folder / "deeper" / "notes.txt").write_text("The ferry to the island leaves at noon on Sundays.")
    (folder / ".hidden" / "secret.txt").write_text("Nobody should read this.")
    with serve(OLLAMA_HOST=ollama_stand_in.host):
        imported = localchat("ingest", folder)
        assert imported.returncode == 0, imported.stdout + imported.stderr
        rows = imported.stdout.splitlines()
        assert sorted(row.split()[:2] for row in rows) == [["ok", FILE], ["ok", "notes.txt"]]

        found = localchat("search", "--json", "--limit", "1", "lighthouse green")
        [best] = json.loads(found.stdout)["results"]
        assert (best["filename"], best["page"]) == (FILE, 1)
        printed = localchat("search", "--mode", "text", "lighthouse green")
        assert printed.stdout.startswith("1. ")
        assert f"{FILE}, page 1" in printed.stdout

        answered = localchat("ask", "What colour was the lighthouse?")
        assert answered.returncode == 0
        assert f"[1] {FILE}, page 1" in answered.stdout


def test_ingest_says_which_files_were_refused_and_imports_the_others(localchat: Run, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("The harbour has four cranes.")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
    result = localchat("ingest", tmp_path / "good.txt", tmp_path / "broken.pdf", tmp_path / "missing.txt")
    assert result.returncode == 1
    states = {row.split()[1].rsplit("/", 1)[-1]: row.split()[0] for row in result.stdout.splitlines()}
    assert states == {"good.txt": "ok", "broken.pdf": "refused", "missing.txt": "refused"}


def test_doctor_checks_each_part(localchat: Run) -> None:
    result = localchat("doctor")
    assert "ok       Python: " in result.stdout
    assert "warning  Window: There is no screen" in result.stdout
    assert "ok       Server: " in result.stdout
    assert ("failed" in result.stdout) == (result.returncode == 1)


def test_doctor_fails_where_the_data_folder_is_none(localchat: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = localchat("doctor", "--data", tmp_path / "file" / "data")
    assert result.returncode == 1
    assert "failed   Server: " in result.stdout
    assert "Traceback" not in result.stderr


def test_events_are_read_however_the_bytes_are_cut() -> None:
    # U+2028 and U+0085 end a line for Python's splitlines, but not in a stream.
    events = [{"content": "a\u2028b\u0085c"}, {"content": "é\n"}, {"done": True}]
    wire = b":\n\n" + b"".join(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n" for event in events)
    for size in range(1, len(wire)):
        chunks = [wire[at : at + size] for at in range(0, len(wire), size)]
        assert list(read_events(chunks)) == events


def test_evaluate_prints_a_table_and_the_contracts_json(localchat: Run, tmp_path: Path) -> None:
    path = squad(tmp_path)
    table = localchat("evaluate", "--set", str(path))
    assert table.returncode == 0
    assert "hybrid" in table.stdout
    figures = json.loads(localchat("evaluate", "--set", str(path), "--json").stdout)
    assert set(figures) == {"vector", "text", "hybrid", "quotes"}
    assert set(figures["quotes"]) == {"hit@1", "hit@3", "milliseconds"}
    assert set(figures["hybrid"]) == {"hit@1", "hit@5", "mrr", "ndcg@10", "milliseconds"}
    assert figures["hybrid"]["hit@1"] == 1


def test_evaluate_says_what_it_cannot_read(localchat: Run, tmp_path: Path) -> None:
    result = localchat("evaluate", "--set", str(tmp_path / "missing.json"))
    assert result.returncode == 1
    assert "missing.json" in result.stderr
    assert "Add some documents" in localchat("evaluate", "--mine").stderr
