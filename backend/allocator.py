"""How the C library hands out memory to many threads."""

from __future__ import annotations

import sys
from typing import Final

M_ARENA_MAX: Final = -8
"""malloc.h of glibc."""

ARENAS: Final = 2
"""glibc makes up to eight heaps a core, one after another for threads that allocate at once, and gives little of them
back: importing 68 files of all kinds took 938 MB with them and 825 MB with two. Most of what runs in parallel
(onnxruntime, LanceDB) is limited by other things, and Python's own objects do not come from here.
"""


def bound_arenas() -> None:
    """Before the first thread. Elsewhere than under glibc there is nothing to do."""
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
