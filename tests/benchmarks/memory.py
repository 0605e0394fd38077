"""The memory of the whole process tree while a folder of documents is imported.

    python -m tests.benchmarks.memory FOLDER

The bar is 900 MB of proportional set size (pages that processes share are counted once), where the system tells it;
else of resident memory. A row for each file: what was read of it, or why not.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from backend import create_app
from backend.config import Config
from backend.services.events import Result
from tests.conftest import NOBODY, ROOT, services_of


class Watch:
    """The most bytes that this process and its children held at once, looked at twenty times a second."""

    def __init__(self) -> None:
        self.most = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(0.05):
            self.most = max(self.most, sum(held(one) for one in (me, *me.children(recursive=True))))


def held(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
        return int(getattr(info, "pss", 0) or info.rss)
    except psutil.Error:
        return 0


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as data:
        services = services_of(create_app(Config(Path(data) / "data", ROOT / "models", Path(data), ollama_host=NOBODY)))
        watch = Watch()
        started = time.perf_counter()
        try:
            arrivals = [services.library.keep_path(path) for path in sorted(folder.iterdir()) if path.is_file()]
            for event in services.library.follow(arrivals):
                if isinstance(event, Result):
                    result = event.result
                    print(f"{'ok' if result.success else result.code}\t{result.filename}\t{result.message}", flush=True)
        finally:
            watch.stop()
            services.close()
        seconds = time.perf_counter() - started
        print(f"{seconds:.0f} s, most memory {watch.most / 1e6:.0f} MB (bar 900)")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
