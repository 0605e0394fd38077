"""The HTTP of the stand-in for Ollama: chunked bodies as Go writes them, and an eye on the client while time passes."""

import json
import select
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import ollama_script as script

JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson"
CHUNKED_FROM = 2048  # Go sends a longer body in chunks


class Refused(Exception):
    """Answered before the first byte of a stream."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Left(Exception):
    """The client closed its connection."""


class Server(ThreadingHTTPServer):
    daemon_threads = True  # an answer that hangs must not hold up the test's end
    block_on_close = False
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler, ABC):
    """Reading and writing; `answer` is what a server adds."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connection: socket.socket

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    @abstractmethod
    def answer(self) -> None:
        """Answer one request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name in the base class)
        """Say nothing: the test's output is its own."""

    def wait(self, seconds: float) -> None:
        """Let time pass, with an eye on the client. Raises Left as soon as it closes its connection."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 1.0))
            if not readable:
                continue
            if not self.connection.recv(1, socket.MSG_PEEK):
                raise Left
            time.sleep(min(left, 0.02))  # the next request is there already

    def send_json(self, value: Mapping[str, Any], status: int = 200) -> None:
        self.send(script.line(value).rstrip(b"\n"), JSON, status)

    def send(self, content: bytes, kind: str = "", status: int = 200) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if len(content) > CHUNKED_FROM:
            self.send_header("Transfer-Encoding", "chunked")
            content = script.chunk(content) + script.chunk(b"")
        else:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", NDJSON)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def write_line(self, value: Mapping[str, Any]) -> None:
        self.wfile.write(script.chunk(script.line(value)))

    def end_stream(self) -> None:
        self.wfile.write(script.chunk(b""))

    def body(self) -> Any:
        """The request's JSON, None where it has none. Raises Refused in Ollama's words."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "GET":
            return None
        if not raw:
            raise Refused(400, "missing request body")
        try:
            return json.loads(raw)
        except ValueError as error:
            raise Refused(400, "unexpected EOF") from error
