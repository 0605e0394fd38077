"""Where everything comes together: who runs, what starts in which order, and what ends in reverse.

All of this is on the way to the first page, so what only one command needs is imported where it is used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from argparse import Namespace

    from backend.config import Config
    from desktop.instance import Address


CHILDREN: Final = {
    "builtin-engine": "backend.engines.builtin_server",
    "read-documents": "backend.pipeline.readers.worker",
}
"""Our own child processes. In the frozen program sys.executable is the program itself, so they begin here too."""


def main() -> int:
    """The entry point `localchat`. Returns the exit status, or ends the process with it."""
    arguments = sys.argv[1:]
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()
    if arguments and arguments[0] in CHILDREN:
        return int(import_module(CHILDREN[arguments[0]]).main(arguments[1:]))

    from desktop import cli

    options = cli.parse(arguments)
    status = open_window(options) if options.command == "open" else cli.run(options)
    return leave(status)


def open_window(options: Namespace) -> int:
    """Single instance, then server and window side by side; they end in reverse."""
    from desktop import screen

    if trouble := screen.trouble():
        from desktop import cli

        print(f"localchat: {trouble} The page opens in a browser instead, at:", file=sys.stderr)
        return cli.run(options)

    from backend.errors import LocalChatError
    from desktop.instance import Address, claim, new_token

    config = read_config(options, new_token())
    try:
        claimed = claim(config.data)
    except LocalChatError as error:
        return show_failure(config, error.message)
    if isinstance(claimed, Address):
        return show_running(config, claimed)

    from desktop.program import Program
    from desktop.window import Window

    with claimed:
        try:
            program = Program(config, port=options.port)
        except OSError as error:
            from desktop.serve import port_trouble

            return show_failure(config, port_trouble(options.port, error))
        # It listens already, though nothing answers yet: the window can be sent there and others can find it. So the
        # server's imports and Qt's run side by side (measured: 0.3 s sooner than one after the other).
        claimed.publish(program.address)
        window = Window(program.address, config.data, program.theme)
        Thread(target=program.start_or_tell, args=(window,), name="start", daemon=True).start()
        try:
            window.run()
        finally:
            program.stop()
    return 0


def leave(status: int) -> NoReturn:
    """Ends the process now that everything of ours has ended, without waiting for threads that are not ours.

    pywebview's wait for the page's answer, for ever when the window was closed while the page loaded, and Python would
    wait for them.
    """
    import logging
    import os

    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # A windowed program on Windows has neither.
        if stream is not None:
            stream.flush()
    os._exit(status)


def read_config(options: Namespace, token: str) -> Config:
    from backend.config import Config

    return Config.from_environment(data=options.data, token=token)


def show_running(config: Config, address: Address) -> int:
    """A second start: the window of the first one comes to the front, or is made where it has none."""
    from desktop.client import Client, Refused

    client = Client(address)
    try:
        client.post("/api/desktop/show", {})
    except Refused:
        from desktop.window import Window

        Window(address, config.data).run()
    finally:
        client.close()
    return 0


def show_failure(config: Config, message: str) -> int:
    """A program that was double-clicked has no terminal: the window says why it cannot start."""
    import os

    from desktop.instance import Address
    from desktop.program import failure_page
    from desktop.server import Server
    from desktop.window import Window

    print(f"localchat: {message}", file=sys.stderr)
    server = Server()
    server.start(failure_page(message))
    try:
        Window(Address(server.url, None, os.getpid()), config.data).run()
    finally:
        server.stop()
    return 1


if __name__ == "__main__":
    sys.exit(main())
