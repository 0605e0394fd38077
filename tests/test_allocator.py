"""Threads that allocate at once share a few heaps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

CHILD = """
import ctypes, sys, threading
from backend.allocator import bound_arenas
if sys.argv[1] == "bound":
    bound_arenas()
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
barrier = threading.Barrier(16)
def work():
    barrier.wait()
    for _ in range(200):
        c.malloc(4000)
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
c.malloc_stats()
"""


def arenas(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, how], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stderr.count("Arena ")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_sixteen_threads_share_two_heaps() -> None:
    if not arenas("free"):
        pytest.skip("another C library than glibc")
    assert arenas("bound") <= 2
    assert arenas("free") > 2
