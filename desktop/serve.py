"""The server alone: `localchat serve`, and what the window falls back to where there is no screen."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from desktop.browser import available, open_link
from desktop.instance import Address, claim
from desktop.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.config import Config


def serve(config: Config, host: str, port: int, *, browser: bool = False) -> int:
    """Prints the address and serves until SIGTERM or Ctrl-C; `browser`: the system's own opens the page.

    Raises DataInUse, ReadOnlyData and what `create_app` raises.
    """
    claimed = claim(config.data)
    if isinstance(claimed, Address):
        if browser:
            present(claimed, browser=True)
            return 0
        print(f"localchat: LocalChat already runs on this data folder, at {claimed.page}", file=sys.stderr)
        return 1
    with claimed, _signals() as signals:
        try:
            program = Program(config, host, port)
        except OSError as error:
            print(f"localchat: {port_trouble(port, error)}", file=sys.stderr)
            return 1
        try:
            program.start(log_to_stderr=True)
            claimed.publish(program.address)
            present(program.address, browser=browser)
            signals.recv(1)
        finally:
            program.stop()
    return 0


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Each SIGINT and SIGTERM is a byte to read. An event that the handler sets would not do: the system may give the
    signal to any thread, and a main thread that waits for a lock does not notice then.
    """
    told, teller = socket.socketpair()
    with told, teller:
        teller.settimeout(0)
        before = signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        try:
            yield told
        finally:
            signal.set_wakeup_fd(before)


def present(address: Address, *, browser: bool) -> None:
    """Prints the address on a line of its own, for people and scripts; opens it where that is wanted and possible."""
    print(address.page, flush=True)
    if browser and available():
        open_link(address.page)


def port_trouble(port: int, error: OSError) -> str:
    """Why the server cannot listen, in a sentence."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program. Choose another with --port or LOCALCHAT_PORT; 0 takes any."
    return f"The server cannot listen on port {port}: {error.strerror or error}."
