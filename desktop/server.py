"""waitress on a background thread, on a socket that listens before the app exists.

The socket is bound and listening when the constructor returns: the address is known at once, and clients that come
before `start` wait in the queue instead of being refused. So the window and the app can start side by side.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

THREADS: Final = 64
"""A stream holds a thread for as long as it is open; with waitress's own 4, four streams would starve everything, the
stop of a fifth included."""

STOP_SECONDS: Final = 0.8
"""How long `stop` waits for requests to end by themselves after their connections were closed."""


class Server:
    """Serves one WSGI app at `url`. Raises OSError when the port is taken."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            # On Windows this would let two programs share the port; elsewhere it only skips the wait after a stop.
            if os.name == "posix":
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
            self._socket.listen(128)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._waitress: Any = None
        self._watched: dict[int, Any] = {}
        self._loop: threading.Thread | None = None

    def start(self, app: WSGIApplication, max_body: int = 1024**3) -> None:
        """Answers requests from now on.

        max_body: bytes of a request that waitress takes at all. It keeps bodies above half a megabyte in a temporary
        file, and calls the app when the whole body is there.
        """
        from waitress.server import create_server

        from desktop.oversize import Parser

        self._waitress = create_server(
            app,
            map=self._watched,
            sockets=[self._socket],
            threads=THREADS,
            # Reads on while a request is served, which is how a client that left in mid-stream is noticed.
            channel_request_lookahead=1,
            # select() fails on descriptors above 1023, and LanceDB opens many.
            asyncore_use_poll=True,
            max_request_body_size=max_body,
            recv_bytes=65_536,
            log_socket_errors=True,
            ident=None,
        )
        self._waitress.channel_class = type("Channel", (self._waitress.channel_class,), {"parser_class": Parser})
        self._loop = threading.Thread(target=self._waitress.run, name="http", daemon=True)
        self._loop.start()

    def stop(self) -> None:
        """Closes every connection, lets the requests behind them end, and frees the port: within a second.

        The order matters. Connections first: a stream notices at its next step, keeps what it has and ends. waitress's
        tables belong to its loop, so they are touched only inside it; closing them from here races.
        """
        if self._loop is None:
            self._socket.close()
            return
        self._inside_loop(self._close_connections)
        self._waitress.task_dispatcher.shutdown(timeout=STOP_SECONDS)
        # The loop runs while it has something to watch. The trigger is closed after it, because whoever pulls it writes
        # to its descriptor last: closed inside the loop, the number may by then belong to another file.
        self._inside_loop(self._watched.clear)
        self._loop.join(1)
        self._waitress.trigger.close()
        self._loop = None

    def _close_connections(self) -> None:
        # The server's own close() would also close the trigger, through which we speak to the loop.
        self._waitress.del_channel()
        self._socket.close()
        for channel in list(self._waitress.active_channels.values()):
            channel.handle_close()

    def _inside_loop(self, function: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            try:
                function()
            finally:
                done.set()

        self._waitress.trigger.pull_trigger(run)
        done.wait(1)
