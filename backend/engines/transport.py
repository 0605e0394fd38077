"""How engines are reached: httpx over the standard library's HTTP, on connections that another thread can end.

httpx's own transport spends 27 µs on each chunk of a chunked body, and an engine sends a chunk a token; http.client
spends 5 (2,000 tokens at once: 55 against 11 ms, and 25 for the plainest client that reads lines). It also hands out
the socket. A thread that waits for the engine's next words sits in `recv`, which closing a response from elsewhere does
not wake; shutting the socket down does, and that is also how the engine learns that nobody listens any more.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

import httpx

CONNECT_SECONDS = 1.5
READ_BYTES = 65_536


class Upstream:
    """The connection behind one request; `close` may be called from any thread, at any time, more than once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.closed = False

    def close(self) -> None:
        with self._lock:
            self.closed = True
            self._shutdown()

    def attach(self, connected: socket.socket) -> None:
        with self._lock:
            self._socket = connected
            if self.closed:
                self._shutdown()

    def _shutdown(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)


class Transport(httpx.BaseTransport):
    """A connection of its own for each request, with no proxy. A request's extension "upstream" gets its socket."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        connection = _connection(request.url, timeout.get("connect") or CONNECT_SECONDS)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise httpx.ConnectError(str(error), request=request) from error
        try:
            assert connection.sock is not None
            connection.sock.settimeout(timeout.get("read"))
            upstream: Upstream | None = request.extensions.get("upstream")
            if upstream is not None:
                upstream.attach(connection.sock)
            headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
            target = request.url.raw_path.decode("ascii")
            connection.request(request.method, target, request.read(), {**headers, "connection": "close"})
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(
            response.status, headers=response.getheaders(), stream=_Body(connection, response), request=request
        )


class _Body(httpx.SyncByteStream):
    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read1(READ_BYTES):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            # A chunked body that ends without its last chunk ends here too.
            raise httpx.ReadError(f"the body broke off: {error}") from error

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def _connection(url: httpx.URL, seconds: float) -> http.client.HTTPConnection:
    if url.scheme == "https":
        return http.client.HTTPSConnection(url.host, url.port, timeout=seconds)
    return http.client.HTTPConnection(url.host, url.port, timeout=seconds)


def client(address: str, *, key: str = "", read_seconds: float | None = None) -> httpx.Client:
    """A client for one server. It connects within 1.5 s or not at all; an answer may take as long as it must."""
    return httpx.Client(
        base_url=address,
        transport=Transport(),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS),
    )


def lines(response: httpx.Response) -> Iterator[bytes]:
    """The lines of a body as soon as each is whole, without their ends; a rest without an end is a line too."""
    rest = b""
    for piece in response.iter_raw():
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest
