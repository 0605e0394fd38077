#!/usr/bin/env python3
"""The two commands of the README, with any Python ≥ 3.11 and nothing installed:

python3 build_scripts/dev.py run [ARGS...]    set up everything that is missing, then `localchat ARGS...`
python3 build_scripts/dev.py test [NAME...]   the same, then all test suites, or those named
python3 build_scripts/dev.py setup            only set up
python3 build_scripts/dev.py lock             resolve pyproject.toml again into requirements.lock
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036  (this file meets whatever Python the machine has)
    sys.exit("LocalChat needs Python 3.11 or newer; this is " + sys.version.split()[0] + " (" + sys.executable + ").")

import argparse
import subprocess
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from build_scripts import debian, environment, locking, suites  # noqa: E402  (found through the line above)
from build_scripts.step import SetupError  # noqa: E402


def main(arguments: list[str]) -> int:
    """Run one verb; returns the exit status."""
    options = _parse(arguments)
    try:
        if options.verb == "lock":
            environment.python_packages()
            locking.write_locks()
            return 0
        debian.install_missing(debian.for_tests() if options.verb == "test" else debian.WINDOW)
        environment.complete()
        if options.verb == "test":
            return suites.run(options.names)
        if options.verb == "run":
            _launch(arguments[1:])
        return 0
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, run and test LocalChat.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="setup | run | test | lock")
    verbs.add_parser("setup", help="set up everything, start nothing")
    verbs.add_parser("lock", help="resolve pyproject.toml again into requirements.lock")
    verbs.add_parser("run", help="set up, then open LocalChat, or run `localchat` with what follows", add_help=False)
    test = verbs.add_parser("test", help="set up, then run the test suites")
    test.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(suites.NAMES)}; none: all")
    # What follows `run` is LocalChat's to parse, flags included.
    own = arguments[:1] if arguments[:1] == ["run"] else arguments
    options = parser.parse_args(own)
    if options.verb == "test" and (unknown := set(options.names) - set(suites.NAMES)):
        test.error(f"no suite named {', '.join(sorted(unknown))}; there are {', '.join(suites.NAMES)}")
    return options


def _launch(arguments: list[str]) -> NoReturn:
    """Become LocalChat, in the folder where the user stands, so that relative paths mean what they say."""
    command = [str(environment.PYTHON), "-m", "desktop", *arguments]
    os.environ["PYTHONPATH"] = str(ROOT)
    sys.stdout.flush()
    if os.name == "nt":  # exec on Windows returns to the shell at once, with the program in the background
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
