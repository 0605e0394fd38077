"""One LocalChat for each data folder, through real processes that are really killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backend.errors import DataInUse, ReadOnlyData
from desktop.instance import ADDRESS, Address, Claim, claim, write_private
from desktop.server import Server
from tests.conftest import SOON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]


def mine(folder: Path, seconds: float = 10) -> Claim:
    held = claim(folder, seconds)
    assert isinstance(held, Claim)
    return held


HOLDER = """
import os, sys, time
from pathlib import Path
from desktop.instance import Address, claim
held = claim(Path(sys.argv[1]))
if len(sys.argv) > 2:
    held.publish(Address(sys.argv[2], "secret", os.getpid()))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts another process that holds the folder; killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path), *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def healthy(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK" if environ["PATH_INFO"] == "/api/health" else "404 Not Found", [])
    return [b"{}"]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start(healthy)
    yield server
    server.stop()


def test_a_free_folder_is_made_and_claimed_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with mine(folder) as held:
        assert folder.stat().st_mode & 0o777 == 0o700
        held.publish(Address("http://127.0.0.1:1", "secret", 1))
        assert (folder / ADDRESS).stat().st_mode & 0o777 == 0o600
    assert not (folder / ADDRESS).exists()


def test_a_second_process_learns_the_address_of_the_first(
    tmp_path: Path, hold: Callable[..., subprocess.Popen[str]], server: Server
) -> None:
    first = hold(server.url)
    assert claim(tmp_path, 5) == Address(server.url, "secret", first.pid)


def test_a_killed_holder_leaves_the_folder_free_and_its_file_unbelieved(
    tmp_path: Path, hold: Callable[..., subprocess.Popen[str]], server: Server
) -> None:
    first = hold(server.url)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert (tmp_path / ADDRESS).exists()
    with mine(tmp_path, 1):
        assert not (tmp_path / ADDRESS).exists()


def test_a_holder_that_does_not_answer_is_waited_for_and_then_named(
    tmp_path: Path, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    hold()
    started = time.monotonic()
    with pytest.raises(DataInUse):
        claim(tmp_path, 0.5)
    assert 0.5 <= time.monotonic() - started < SOON


def test_a_second_start_waits_for_a_first_that_is_still_starting(
    tmp_path: Path, hold: Callable[..., subprocess.Popen[str]], server: Server
) -> None:
    first = hold()
    late = threading.Timer(
        0.5,
        lambda: write_private(tmp_path / ADDRESS, json.dumps({"url": server.url, "token": None, "pid": first.pid})),
    )
    late.start()
    assert claim(tmp_path, 10) == Address(server.url, None, first.pid)
    late.join()


def test_a_second_start_takes_over_from_a_first_that_is_just_ending(
    tmp_path: Path, hold: Callable[..., subprocess.Popen[str]]
) -> None:
    first = hold("http://127.0.0.1:9")
    threading.Timer(0.5, first.kill).start()
    mine(tmp_path, 10).release()


def test_nonsense_in_the_file_is_not_an_address(tmp_path: Path, hold: Callable[..., subprocess.Popen[str]]) -> None:
    hold()
    (tmp_path / ADDRESS).write_text('{"url": ')
    with pytest.raises(DataInUse):
        claim(tmp_path, 0.2)


def test_of_twenty_processes_at_once_one_gets_the_folder(tmp_path: Path) -> None:
    program = "import sys, time; from pathlib import Path; from desktop.instance import claim\n"
    program += "try: claim(Path(sys.argv[1]), 0.3); print('held', flush=True); time.sleep(3)\nexcept Exception: pass"
    contenders = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(20)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in contenders]
    assert outputs.count("held\n") == 1


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ReadOnlyData):
        claim(tmp_path)
