"""The server alone: `localchat serve`, and what the window falls back to where there is no screen."""

from __future__ import annotations

import errno
import signal
import sys
import threading
from typing import TYPE_CHECKING

from desktop.browser import available, open_link
from desktop.instance import Address, claim
from desktop.program import Program

if TYPE_CHECKING:
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
    with claimed:
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        try:
            program = Program(config, host, port)
        except OSError as error:
            print(f"localchat: {port_trouble(port, error)}", file=sys.stderr)
            return 1
        try:
            program.start(log_to_stderr=True)
            claimed.publish(program.address)
            present(program.address, browser=browser)
            ended.wait()
        finally:
            program.stop()
    return 0


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
