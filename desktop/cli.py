"""The command line: which words it takes, and what each of them starts. Flags win over the environment."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.config import Config
    from desktop.client import Client

SERVE_PORT: Final = 5000


def parse(arguments: list[str]) -> argparse.Namespace:
    """`command` and its flags. Ends the process with status 2 where they make no sense."""
    parser = argparse.ArgumentParser(prog="localchat", description="A private assistant for your own documents.")
    parser.add_argument("--version", action="version", version=f"LocalChat {VERSION}")
    _add_data(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    _add_data(commands.add_parser("open", help="show the window (also without any command)"))

    serve = commands.add_parser("serve", help="run the server alone and print its address")
    serve.add_argument("--host", type=_loopback, default="127.0.0.1", help="127.0.0.1, ::1 or localhost")
    serve.add_argument("--port", type=_port, help=f"0: any free one (default: LOCALCHAT_PORT, else {SERVE_PORT})")
    serve.add_argument("--no-token", action="store_true", help="let every program on this computer in")
    _add_data(serve)

    ask = commands.add_parser("ask", help="answer a question, with its sources")
    ask.add_argument("question", type=_text)
    ask.add_argument("--no-documents", action="store_true", help="ask the model alone")
    _add_data(ask)

    ingest = commands.add_parser("ingest", help="import files and folders")
    ingest.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    _add_data(ingest)

    search = commands.add_parser("search", help="find passages, with their scores")
    search.add_argument("query", type=_text)
    search.add_argument("--mode", choices=["hybrid", "vector", "text"], default="hybrid")
    search.add_argument("--limit", type=_limit, default=10, help="1 to 100 (default: 10)")
    search.add_argument("--json", action="store_true", dest="as_json")
    _add_data(search)

    evaluate = commands.add_parser("evaluate", help="figures of the search, or of the proof of sentences")
    what = evaluate.add_mutually_exclusive_group(required=True)
    what.add_argument("--set", nargs="+", type=Path, metavar="FILE", dest="sets", help="XQuAD's JSON or BEIR's folder")
    what.add_argument("--mine", action="store_true", help="questions made from your own documents, with advice")
    what.add_argument("--proof", type=Path, metavar="FILE", help="labelled sentences, JSON lines")
    evaluate.add_argument("--json", action="store_true", dest="as_json")
    _add_data(evaluate)

    backup = commands.add_parser("backup", help="everything in one verified file")
    backup.add_argument("file", type=Path, metavar="FILE", help="or a folder to put it in")
    _add_data(backup)

    restore = commands.add_parser("restore", help="take the data of a backup in place of the present")
    restore.add_argument("file", type=Path, metavar="FILE")
    _add_data(restore)

    _add_data(commands.add_parser("doctor", help="check each part and say how to mend it"))

    selftest = commands.add_parser("selftest", help="try window, chat, import and answer with data of its own")
    selftest.add_argument("--no-window", action="store_true", help="for machines without a screen")

    options = parser.parse_args(arguments)
    options.command = options.command or "open"
    options.data = getattr(options, "data", None)
    if options.command in {"open", "serve"} and getattr(options, "port", None) is None:
        options.port = _port_of_environment(parser, SERVE_PORT if options.command == "serve" else 0)
    return options


def run(options: argparse.Namespace) -> int:
    """Everything but the window. Returns the exit status; what went wrong stands on stderr, in a sentence."""
    from backend.errors import LocalChatError

    # As Ctrl-C does: what is open gets closed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return _run(options)
    except LocalChatError as error:
        print(f"localchat: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read our output has left, as `head` does. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(options: argparse.Namespace) -> int:
    from backend.config import Config
    from desktop.instance import new_token

    token = None if getattr(options, "no_token", False) else new_token()
    config = Config.from_environment(data=options.data, token=token)
    if options.command in {"serve", "open"}:
        from desktop.serve import serve

        # "open" comes here when there is no screen.
        host = getattr(options, "host", "127.0.0.1")
        return serve(config, host, options.port, browser=options.command == "open")
    if options.command == "doctor":
        from desktop import doctor

        return doctor.run(config)
    if options.command == "evaluate" and options.proof:
        from desktop import evaluate

        return evaluate.proof(config, options.proof, as_json=options.as_json)
    if options.command == "selftest":
        from desktop import selftest

        return selftest.run(config, window=not options.no_window)
    return _run_client(options, config)


def _run_client(options: argparse.Namespace, config: Config) -> int:
    from desktop import commands
    from desktop.client import Refused, connect

    try:
        if options.command == "restore":
            return commands.restore(config, options.file.absolute())
        with connect(config) as client:
            return _ask_of(client, options, config)
    except Refused as error:
        print(f"localchat: {error}", file=sys.stderr)
        return 1


def _ask_of(client: Client, options: argparse.Namespace, config: Config) -> int:
    from desktop import commands, evaluate

    run: dict[str, Callable[[], int]] = {
        "ask": lambda: commands.ask(client, options.question, documents=not options.no_documents),
        "backup": lambda: commands.backup(client, options.file.absolute()),
        "evaluate": lambda: evaluate.run(client, options.sets or [], as_json=options.as_json),
        "ingest": lambda: commands.ingest(client, options.paths, config.max_upload),
        "search": lambda: commands.search(
            client, options.query, mode=options.mode, limit=options.limit, as_json=options.as_json
        ),
    }
    return run[options.command]()


def _add_data(parser: argparse.ArgumentParser) -> None:
    # Suppressed: the default of a command would overwrite what stands before it.
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", default=argparse.SUPPRESS, help="data folder (else LOCALCHAT_DATA)"
    )


def _port_of_environment(parser: argparse.ArgumentParser, default: int) -> int:
    value = os.environ.get("LOCALCHAT_PORT")
    if not value:
        return default
    try:
        return _port(value)
    except (argparse.ArgumentTypeError, ValueError):
        parser.error(f"LOCALCHAT_PORT is {value!r}; it must be a number from 0 to 65535")


def _port(value: str) -> int:
    port = int(value)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _limit(value: str) -> int:
    limit = int(value)
    if not 1 <= limit <= 100:
        raise argparse.ArgumentTypeError("the limit is a number from 1 to 100")
    return limit


def _text(value: str) -> str:
    if not value.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return value


def _loopback(value: str) -> str:
    """Only this computer: LocalChat has no accounts, so whoever reaches the port has the documents."""
    from ipaddress import ip_address

    host = "127.0.0.1" if value == "localhost" else value
    try:
        inside = ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise argparse.ArgumentTypeError(
            f"LocalChat serves this computer alone (127.0.0.1, ::1 or localhost), not {value!r}. "
            "To reach it from elsewhere, forward the port, for example with ssh -L."
        )
    return host
