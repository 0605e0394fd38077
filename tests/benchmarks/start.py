"""How long from the start of the process to a page that can be used, and how much memory it then holds.

    xvfb-run -a python -m tests.benchmarks.start [RUNS]

The measure is the same for both windows: wall clock from just before the process is made to the page's first
contentful paint, which the page itself has recorded (performance.timeOrigin + its paint entry). It is read afterwards,
over the debugging port, so nothing watches while the clock runs. Our page is empty until the shell is mounted, composer
and all, so its first paint is the first moment at which one can write; `data-ready` is checked as well.

Beside it stands a bare pywebview window with one paragraph, in the same run and in turns, because the machine's mood
changes more than we do: the ratio is the figure to hold. `serve` is timed to its first answer at /api/health.
Memory is Pss (shared pages counted in parts) after five idle seconds, summed over a process tree.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
import psutil
from playwright.sync_api import Error, Page, Playwright, sync_playwright

from tests.conftest import NOBODY, ROOT

BARE = """
import os, webview
if os.geteuid() == 0:
    os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
webview.settings["REMOTE_DEBUGGING_PORT"] = int(os.environ["LOCALCHAT_DEBUG_PORT"])
webview.create_window("bare", html="<!doctype html><html data-ready=true><p>bare")
webview.start(gui="qt")
"""
PAINTED = """() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return document.documentElement.dataset.ready === "true" && paint ? performance.timeOrigin + paint.startTime : null;
}"""
IDLE_SECONDS = 5
SETTLE_SECONDS = 1.5


def main(runs: int) -> None:
    if importlib.util.find_spec("qtpy") is None:
        # We do without it (desktop/qt_names.py); a window that is pywebview's own does not.
        sys.exit("The bare window needs QtPy: python -m uv pip install QtPy==2.4.3")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        env = {**os.environ, "LOCALCHAT_DATA": folder, "LOCALCHAT_PORT": "0", "OLLAMA_HOST": NOBODY}
        bare, ours = ["-c", BARE], ["-m", "desktop"]
        # The first ones read everything from the disk; everyday starts do not.
        first_painted(playwright, bare, env), first_painted(playwright, ours, env)
        pairs = [(first_painted(playwright, bare, env), first_painted(playwright, ours, env)) for _ in range(runs)]
        bare_seconds, our_seconds = (median(column) for column in zip(*pairs, strict=True))
        show("bare pywebview window, process start to first paint", bare_seconds, [pair[0] for pair in pairs])
        show("LocalChat, process start to usable page", our_seconds, [pair[1] for pair in pairs])
        print(f"{'ratio of the medians':<52} {our_seconds / bare_seconds:6.2f}")
        healthy = [first_healthy(env) for _ in range(runs)]
        show("localchat serve, process start to healthy", median(healthy), healthy)
        print_memory(playwright, env)


def first_painted(playwright: Playwright, command: list[str], env: dict[str, str]) -> float:
    """Seconds."""
    with window(playwright, command, env) as (_, started, page):
        page.wait_for_function(PAINTED, timeout=60_000)
        painted: float = page.evaluate(PAINTED)
    return painted / 1000 - started


@contextmanager
def window(
    playwright: Playwright, command: list[str], env: dict[str, str]
) -> Iterator[tuple[psutil.Process, float, Page]]:
    """The process, when it was made (seconds since the epoch), and its page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.time()
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**env, "LOCALCHAT_DEBUG_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            # Node, which drives the page, would take a core from the start that is being measured.
            time.sleep(SETTLE_SECONDS)
            yield psutil.Process(process.pid), started, connect(playwright, port)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def connect(playwright: Playwright, port: int) -> Page:
    deadline = time.monotonic() + 30
    while True:
        try:
            browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
            return browser.contexts[0].pages[0]
        except (Error, IndexError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextmanager
def serving(env: dict[str, str]) -> Iterator[tuple[psutil.Process, float]]:
    """The process of `localchat serve`, and seconds until it was healthy."""
    started = time.time()
    with subprocess.Popen(
        [sys.executable, "-m", "desktop", "serve"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split("/?")[0]
            httpx.get(f"{address}/api/health", trust_env=False).raise_for_status()
            yield psutil.Process(process.pid), time.time() - started
        finally:
            process.terminate()


def first_healthy(env: dict[str, str]) -> float:
    with serving(env) as (_, seconds):
        return seconds


def print_memory(playwright: Playwright, env: dict[str, str]) -> None:
    with serving(env) as (process, _):
        time.sleep(IDLE_SECONDS)
        print(f"{'localchat serve, idle':<52} {pss([process, *process.children(recursive=True)]):6.0f} MB")
    with window(playwright, ["-m", "desktop"], env) as (process, _, page):
        page.wait_for_function(PAINTED, timeout=60_000)
        time.sleep(IDLE_SECONDS)
        children = process.children(recursive=True)
        engine = [child for child in children if child.name().startswith("QtWebEngine")]
        python = [process, *(child for child in children if child not in engine)]
        print(f"{'LocalChat with its window, idle, without Chromium':<52} {pss(python):6.0f} MB")
        print(f"{'its Chromium processes':<52} {pss(engine):6.0f} MB")


def pss(processes: list[psutil.Process]) -> float:
    """Megabytes, from /proc/PID/smaps_rollup."""
    kilobytes = 0
    for process in processes:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def show(name: str, seconds: float, all_: list[float]) -> None:
    print(f"{name:<52} {seconds:6.2f} s   ({min(all_):.2f} to {max(all_):.2f}, {len(all_)} runs)", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
