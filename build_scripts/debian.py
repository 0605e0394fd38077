"""The system packages that LocalChat needs on Debian and Ubuntu: which are missing, and how they come."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

from build_scripts.step import SetupError, run

# Libraries that the Qt window loads and that no Python package brings.
WINDOW = [
    "libgl1",
    "libegl1",
    "libnss3",
    "libasound2",
    "libxcomposite1",
    "libxdamage1",
    "libxrandr2",
    "libxtst6",
    "libxkbfile1",
    "libgbm1",
    "libdbus-1-3",
    "libfontconfig1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
    "libglib2.0-0",
]
SCREEN = ["xvfb", "xauth", "xdotool"]  # a screen for tests where there is none, and hands for it
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def for_tests() -> list[str]:
    """The window's libraries, a screen, and a browser where the machine has none."""
    return [*WINDOW, *SCREEN, *([] if any(map(shutil.which, BROWSERS)) else ["chromium"])]


def install_missing(wanted: Sequence[str]) -> None:
    """Install what is missing where we may (root, or sudo without a password), else print the line to type.

    Raises SetupError where Python itself lacks what the virtual environment needs, and we may not install it.
    """
    if sys.platform != "linux" or not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        return
    missing = missing_packages(wanted)
    if not missing:
        return
    typed = f"sudo apt-get install --no-install-recommends {' '.join(missing)}"
    prefix = _privileged()
    if prefix is None:
        if not _can_make_venv():
            raise SetupError(f"System packages are missing. Type this line, then the same command again:\n\n  {typed}")
        print(f"System packages are missing, for the window or the tests. To install them:\n\n  {typed}\n", flush=True)
        return
    print(f"Installing system packages: {' '.join(missing)} …", flush=True)
    started = time.monotonic()
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    failure = f"The system packages could not be installed. To try by hand:\n\n  {typed}"
    run([*apt, "update"], failure)
    run([*apt, "install", "-y", "--no-install-recommends", *map(_spelling, missing)], failure)
    print(f"  {time.monotonic() - started:.1f} s", flush=True)


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Those of `wanted` that are not installed, and what `python -m venv` needs."""
    # Since 2024 some libraries are called …t64 (times of 64 bits).
    installed = _installed([name + suffix for name in wanted for suffix in ("", "t64")])
    missing = [name for name in wanted if not installed & {name, f"{name}t64"}]
    if not _can_make_venv():
        missing.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return missing


def _spelling(name: str) -> str:
    """The name that this release gives a package; known once its lists are up to date."""
    listed = subprocess.run(["apt-cache", "pkgnames", f"{name}t64"], capture_output=True, text=True, check=False).stdout
    return f"{name}t64" if f"{name}t64" in listed.split() else name


def _installed(names: list[str]) -> set[str]:
    command = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    rows = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return {name for name, _, status in (row.partition(" ") for row in rows) if status == "installed"}


def _privileged() -> list[str] | None:
    """What to put before a command that root must run; None where we may not."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def _can_make_venv() -> bool:
    """Debian ships Python without what `python -m venv` needs."""
    return importlib.util.find_spec("ensurepip") is not None
