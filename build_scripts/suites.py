"""The test suites: what each runs, and a line with its name, count and seconds."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from build_scripts import ollama
from build_scripts.environment import FRONTEND, npm, python
from build_scripts.step import CACHE, ROOT, SetupError

REPORTS = CACHE / "tests"
SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24"]


@dataclass
class Count:
    """How many tests of a suite did what."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: "Count") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(names: Sequence[str]) -> int:
    """Run the named suites, or all; a failing one does not stop the next. Returns the exit status."""
    chosen = [name for name in NAMES if name in names] if names else NAMES
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    lines, total = [], Count()
    for name in chosen:
        print(f"\n== {name} ==", flush=True)
        started = time.monotonic()
        count = SUITES[name]()
        total.add(count)
        lines.append(f"{name}: {count}, {time.monotonic() - started:.1f} s")
        print(lines[-1], flush=True)
    print("\n== suites ==", *lines, f"all: {total}", sep="\n", flush=True)
    return 1 if total.failed else 0


def _lint() -> Count:
    count = Count()
    for check in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        count.add(_exit_status(python(*check), ROOT))
    return count


def _page() -> Count:
    """Types and templates (svelte-check counts as one test), then vitest."""
    command, environ = npm()
    count = _exit_status([*command, "run", "--silent", "check"], FRONTEND, environ)
    report = REPORTS / "page.xml"
    vitest = [
        *command,
        "exec",
        "--",
        "vitest",
        "run",
        "--reporter=default",
        "--reporter=junit",
        f"--outputFile.junit={report}",
    ]
    count.add(_reported(vitest, report, FRONTEND, environ))
    return count


def _unit() -> Count:
    return _pytest("unit", "not ollama and not e2e")


def _ollama() -> Count:
    """Its tests skip, with the reason, where no real Ollama can be built."""
    try:
        if not ollama.why_not():
            ollama.STEP.complete()
    except SetupError as error:
        print(error)
        return Count(failed=1)
    return _pytest("ollama", "ollama")


def _e2e() -> Count:
    screen: list[str] = []
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if not shutil.which("xvfb-run"):
            print("This machine has no screen, and no xvfb-run (Debian: xvfb xauth) to stand in for one.")
            return Count(failed=1)
        screen = SCREEN
    return _pytest("e2e", "e2e", screen)


def _pytest(name: str, marker: str, before: Sequence[str] = ()) -> Count:
    report = REPORTS / f"{name}.xml"
    pytest = [*before, *python("pytest", "-q", "-m", marker, f"--junitxml={report}")]
    return _reported(pytest, report, ROOT, dict(os.environ))


def _exit_status(command: Sequence[str | Path], folder: Path, environ: dict[str, str] | None = None) -> Count:
    done = subprocess.run(command, cwd=folder, env=environ, check=False)
    return Count(failed=1) if done.returncode else Count(passed=1)


def _reported(command: Sequence[str | Path], report: Path, folder: Path, environ: dict[str, str]) -> Count:
    """The count of a JUnit report; a run that failed without a failed test (a crash, nothing found) is one failure."""
    status = subprocess.run(command, cwd=folder, env=environ, check=False).returncode
    count = counted(report) if report.is_file() else Count()
    if status and not count.failed:
        count.failed = 1
    return count


def counted(report: Path) -> Count:
    """Totals of a JUnit XML file."""
    count = Count()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1
    return count


SUITES: dict[str, Callable[[], Count]] = {
    "lint": _lint,
    "page": _page,
    "unit": _unit,
    "ollama": _ollama,
    "e2e": _e2e,
}
NAMES = tuple(SUITES)
