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
from collections.abc import Iterable, Iterator, Mapping

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


class Exchange:
    """One request and its answer, on a connection of its own, with no proxy.

    Raises httpx.ConnectError where nobody listens and httpx.ReadError where the connection breaks, then or later.
    target: path and query. connect_seconds, read_seconds: how long either may take; None is for ever.
    """

    def __init__(
        self,
        method: str,
        url: httpx.URL,
        target: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        upstream: Upstream | None = None,
        connect_seconds: float | None = CONNECT_SECONDS,
        read_seconds: float | None = None,
    ) -> None:
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(url.host, url.port, timeout=connect_seconds)
        try:
            self._connection.connect()
        except OSError as error:
            self._connection.close()
            raise httpx.ConnectError(str(error)) from error
        try:
            assert self._connection.sock is not None
            self._connection.sock.settimeout(read_seconds)
            if upstream is not None:
                upstream.attach(self._connection.sock)
            kept = {name: value for name, value in headers.items() if name not in ("accept-encoding", "connection")}
            self._connection.request(method, target, body, {**kept, "connection": "close"})
            self.response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise httpx.ReadError(str(error)) from error

    @property
    def status(self) -> int:
        return self.response.status

    def pieces(self) -> Iterator[bytes]:
        """The body, as it arrives."""
        try:
            while piece := self.response.read1(READ_BYTES):
                yield piece
        except (OSError, http.client.HTTPException) as error:
            # A chunked body that ends without its last chunk ends here too.
            raise httpx.ReadError(f"the body broke off: {error}") from error

    def close(self) -> None:
        self.response.close()
        self._connection.close()


class Transport(httpx.BaseTransport):
    """httpx over `Exchange`. A request's extension "upstream" gets its socket."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        exchange = Exchange(
            request.method,
            request.url,
            request.url.raw_path.decode("ascii"),
            body=request.read(),
            headers=request.headers,
            upstream=request.extensions.get("upstream"),
            connect_seconds=timeout.get("connect") or CONNECT_SECONDS,
            read_seconds=timeout.get("read"),
        )
        return httpx.Response(
            exchange.status, headers=exchange.response.getheaders(), stream=_Body(exchange), request=request
        )


class _Body(httpx.SyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return self._exchange.pieces()

    def close(self) -> None:
        self._exchange.close()


def client(address: str, *, key: str = "", read_seconds: float | None = None) -> httpx.Client:
    """A client for one server. It connects within 1.5 s or not at all; an answer may take as long as it must."""
    return httpx.Client(
        base_url=address,
        transport=Transport(),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS),
    )


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body as soon as each is whole, without their ends; a rest without an end is a line too."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest
