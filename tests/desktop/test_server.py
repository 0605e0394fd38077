"""The server starts and stops cleanly, however often and whatever is open."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response, request

from backend.config import Config
from desktop.program import Program
from desktop.server import Server
from tests.conftest import SOON

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def closed() -> list[str]:
    """Names of the streams whose generator was closed."""
    return []


@pytest.fixture
def app(closed: list[str]) -> Flask:
    app = Flask(__name__)

    @app.get("/ping")
    def ping() -> str:
        return "pong"

    @app.post("/size")
    def size() -> str:
        return str(len(request.get_data()))

    @app.get("/stream/<name>")
    def stream(name: str) -> Response:
        def body() -> Iterator[bytes]:
            try:
                while True:
                    yield b"data: {}\n\n"
                    time.sleep(0.05)
            finally:
                closed.append(name)

        return Response(body(), mimetype="text/event-stream")

    return app


def get(server: Server, path: str) -> bytes:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


def open_stream(server: Server, name: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", f"/stream/{name}")
    response = connection.getresponse()
    assert response.readline() == b"data: {}\n"
    return connection, response


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith(("waitress", "http"))}


def test_sixty_starts_and_stops_leave_no_thread_and_no_port(app: Flask) -> None:
    for _ in range(60):
        server = Server()
        server.start(app)
        assert get(server, "/ping") == b"pong"
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            get(server, "/ping")
    assert threads() == set()


def test_stopping_under_a_flood_of_requests_never_fails(app: Flask) -> None:
    def ask_on(server: Server) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                get(server, "/ping")

    for _ in range(50):
        server = Server()
        server.start(app)
        flood = [threading.Thread(target=ask_on, args=(server,)) for _ in range(4)]
        for client in flood:
            client.start()
        server.stop()
        for client in flood:
            client.join(10)
    assert threads() == set()


def test_a_stopped_port_can_be_taken_again_at_once(app: Flask) -> None:
    first = Server()
    first.start(app)
    get(first, "/ping")
    first.stop()
    second = Server(port=first.port)
    second.start(app)
    assert get(second, "/ping") == b"pong"
    second.stop()


def test_a_client_that_comes_before_the_app_is_served_when_it_is_there(app: Flask) -> None:
    server = Server()
    answers: list[bytes] = []
    client = threading.Thread(target=lambda: answers.append(get(server, "/ping")))
    client.start()
    time.sleep(0.2)
    assert answers == []
    server.start(app)
    client.join(5)
    server.stop()
    assert answers == [b"pong"]


def test_a_taken_port_is_an_error(app: Flask) -> None:
    server = Server()
    with pytest.raises(OSError, match="in use"):
        Server(port=server.port)
    server.stop()


def test_stop_with_streams_open_takes_less_than_a_second_and_closes_each(app: Flask, closed: list[str]) -> None:
    server = Server()
    server.start(app)
    open_ones = [open_stream(server, str(number)) for number in range(20)]
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < SOON
    assert sorted(closed, key=int) == [str(number) for number in range(20)]
    assert threads() == set()
    for connection, response in open_ones:
        response.close()
        connection.close()


def test_stop_does_not_wait_for_a_request_that_hangs(app: Flask) -> None:
    release = threading.Event()

    @app.get("/hang")
    def hang() -> str:
        release.wait(20)
        return "late"

    server = Server()
    server.start(app)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/hang")
    time.sleep(0.2)
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < SOON
    release.set()
    connection.close()


def test_thirty_streams_leave_room_for_a_request(app: Flask) -> None:
    server = Server()
    server.start(app)
    open_ones = [open_stream(server, str(number)) for number in range(30)]
    assert get(server, "/ping") == b"pong"
    for connection, response in open_ones:
        response.close()
        connection.close()
    server.stop()


def test_a_stream_that_was_left_is_closed(app: Flask, closed: list[str]) -> None:
    server = Server()
    server.start(app)
    connection, response = open_stream(server, "left")
    response.close()
    connection.close()
    deadline = time.monotonic() + 2
    while not closed and time.monotonic() < deadline:
        time.sleep(0.02)
    server.stop()
    assert closed == ["left"]


def test_ipv6_loopback_is_written_in_brackets() -> None:
    try:
        server = Server("::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    assert server.url == f"http://[::1]:{server.port}"
    server.stop()


@pytest.fixture
def small(app: Flask) -> Iterator[Server]:
    """Takes bodies of a megabyte at most."""
    server = Server()
    server.start(app, max_body=1024**2)
    yield server
    server.stop()


def test_a_body_over_the_limit_is_refused_in_words_that_arrive(small: Server) -> None:
    """Though the client looks for an answer only when it has sent everything, as browsers do."""
    connection = http.client.HTTPConnection("127.0.0.1", small.port, timeout=60)
    connection.request("POST", "/size", body=bytes(50 * 1024**2))
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/json")
    assert b'"error": "TooLarge"' in answer.read()
    connection.close()
    assert get(small, "/ping") == b"pong"


def test_who_asks_before_sending_is_told_no_at_once(small: Server) -> None:
    with socket.create_connection(("127.0.0.1", small.port), timeout=60) as client:
        head = "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_body_under_the_limit_arrives(small: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", small.port, timeout=60)
    connection.request("POST", "/size", body=bytes(900_000), headers={"Expect": "100-continue"})
    assert connection.getresponse().read() == b"900000"
    connection.close()


@pytest.fixture
def tiny_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bodies that are kept while they arrive are kept on a disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("this system does not let us mount a small disk")
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    yield
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.usefixtures("tiny_disk")
def test_a_disk_that_fills_up_while_a_body_arrives_is_said(app: Flask) -> None:
    server = Server()
    server.start(app)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/size", body=bytes(20 * 1024**2))
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]) == (507, "DiskFull")
    connection.close()
    assert get(server, "/ping") == b"pong"
    server.stop()


def test_a_start_that_breaks_before_it_serves_is_told_by_the_page(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a data folder that is refused, but a fault of ours: the window would wait for ever."""

    def broken(_config: Config) -> None:
        raise RuntimeError

    monkeypatch.setattr("backend.open_data", broken)
    program = Program(config)
    program.start_or_tell(NoWindow())
    connection = http.client.HTTPConnection("127.0.0.1", int(program.address.url.rpartition(":")[2]), timeout=60)
    connection.request("GET", "/")
    assert b"LocalChat cannot start" in connection.getresponse().read()
    connection.close()
    program.stop()


class NoWindow:
    """A desktop that is never asked for anything."""

    def pick_files(self, *, folder: bool) -> list[Path]:
        raise AssertionError

    def dropped(self) -> list[Path]:
        raise AssertionError

    def save_file(self, name: str) -> Path | None:
        raise AssertionError

    def open_file(self, kind: str, pattern: str) -> Path | None:
        raise AssertionError

    def open_folder(self, folder: Path) -> None:
        raise AssertionError

    def show(self) -> None:
        raise AssertionError
