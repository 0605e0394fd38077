"""Checks each part and says what is wrong and how to mend it."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.errors import LocalChatError
from desktop import screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.config import Config


@dataclass(frozen=True)
class Check:
    """`state`: ok, warning (works without) or failed. `mend`: what to do, or empty."""

    name: str
    state: str
    message: str
    mend: str = ""


def run(config: Config) -> int:
    """Prints a line for each part and a verdict; 1 when any part failed."""
    states = []
    for check in checks(config):
        states.append(check.state)
        print(f"{check.state:<8} {check.name}: {check.message}", flush=True)
        if check.mend:
            print(f"{'':<8} → {check.mend}")
    failed, warned = states.count("failed"), states.count("warning")
    if failed:
        print(f"\nLocalChat does not work: {failed} of {len(states)} checks failed.")
    elif warned:
        print(f"\nLocalChat works. {warned} of {len(states)} checks could be better.")
    else:
        print(f"\nLocalChat works. All {len(states)} checks passed.")
    return 1 if failed else 0


def checks(config: Config) -> Iterator[Check]:
    """First what can be seen from here, then what the server says of itself."""
    yield Check("Python", "ok", f"{platform.python_version()} on {platform.platform()}")
    trouble = screen.trouble()
    if trouble:
        mend = "Without a window, `localchat serve` gives the same page to any browser."
        if sys.platform == "linux" and "library" in trouble:
            mend = "Install the packages that the README names under Linux. " + mend
        yield Check("Window", "warning", trouble, mend)
    else:
        yield Check("Window", "ok", "It can be shown.")
    yield from _server(config)


def _server(config: Config) -> Iterator[Check]:
    # httpx takes a quarter of a second, which the checks above need not wait for.
    from desktop.client import Refused, connect

    try:
        with connect(config) as client:
            status = client.get("/api/status")
    except (LocalChatError, Refused) as error:
        yield Check("Server", "failed", str(error))
        return
    except Exception as error:  # noqa: BLE001, whatever is broken, a doctor must say so
        yield Check("Server", "failed", f"{type(error).__name__}: {error}", "The log in the data folder tells more.")
        return
    yield Check("Server", "ok", f"LocalChat {status['version']} answers.")
    for check in status["checks"]:
        yield Check(check["name"], check["state"], check["message"], check["mend"])
