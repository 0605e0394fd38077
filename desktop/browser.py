"""Opens links in the user's own browser, and folders in the file manager; none of them ever opens in our window."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from shutil import which
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

SCHEMES: Final = frozenset({"http", "https", "mailto"})
"""A document may hold any link; only these reach another program."""


def open_link(url: str) -> None:
    """Hands the link to the system at once and does not wait. Other schemes than http, https and mailto are ignored."""
    if urlsplit(url).scheme in SCHEMES:
        threading.Thread(target=_open, args=(url,), name="browser", daemon=True).start()


def open_folder(folder: Path) -> None:
    """Shows a folder in the file manager, and does not wait for it."""
    threading.Thread(target=_show, args=(folder,), name="file-manager", daemon=True).start()


def available() -> bool:
    """Whether there is a browser that can show a page, not counting those that draw on a terminal."""
    if sys.platform != "linux":
        return True
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(os.environ.get("BROWSER") or (screen and which("xdg-open")))


def _open(url: str) -> None:
    if sys.platform == "linux" and which("xdg-open"):
        subprocess.run(["xdg-open", url], env=_outside_environment(), stdout=subprocess.DEVNULL, check=False)
        return
    import webbrowser

    webbrowser.open(url)


def _show(folder: Path) -> None:
    if sys.platform == "win32":
        os.startfile(folder)  # noqa: S606, it is a folder of ours and no program
        return
    program = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        subprocess.run([program, str(folder)], env=_outside_environment(), stdout=subprocess.DEVNULL, check=False)
    except OSError:
        log.warning("there is no %s to show a folder with", program)


def _outside_environment() -> dict[str, str]:
    """The environment as it was before PyInstaller put our own libraries in front of the system's."""
    env = dict(os.environ)
    if getattr(sys, "frozen", False):
        env.pop("LD_LIBRARY_PATH", None)
        if "LD_LIBRARY_PATH_ORIG" in env:
            env["LD_LIBRARY_PATH"] = env.pop("LD_LIBRARY_PATH_ORIG")
    return env
