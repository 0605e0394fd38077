"""One step of the set-up: done once, done again when what it depends on changed, timed and told."""

import hashlib
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
STAMPS = CACHE / "stamps"


class SetupError(Exception):
    """The set-up cannot go on; the message says what the user can do."""


@dataclass(frozen=True)
class Step:
    """What it makes, from what, and how.

    `sources` are compared by size and time of change, `identity` by value; `product` is the file that must be there.
    The stamp is written after `make` came back, so that an interrupted step is done again.
    """

    name: str
    telling: str
    sources: Iterable[Path]
    identity: str
    product: Path
    make: Callable[[], None]

    def complete(self) -> None:
        """Do it unless it is done. Raises SetupError."""
        stamp, key = STAMPS / self.name, self._key()
        if self.product.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
            return
        print(f"{self.telling} …", flush=True)
        started = time.monotonic()
        stamp.unlink(missing_ok=True)
        self.make()
        if not self.product.exists():
            raise SetupError(f"{self.telling}: {self.product.relative_to(ROOT)} was not made.")
        STAMPS.mkdir(parents=True, exist_ok=True)
        stamp.write_text(key, encoding="utf-8")
        print(f"  {time.monotonic() - started:.1f} s", flush=True)

    def _key(self) -> str:
        lines = [self.identity, sys.platform, platform.machine(), str(ROOT)]
        for source in sorted(self.sources):
            state = source.stat()
            lines.append(f"{source} {state.st_size} {state.st_mtime_ns}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def run(command: Sequence[str | Path], failure: str, environ: Mapping[str, str] | None = None) -> None:
    """Run a program in the project's folder, its output kept back unless it fails. Raises SetupError(failure)."""
    started = [str(part) for part in command]
    started[0] = shutil.which(started[0]) or started[0]
    try:
        done = subprocess.run(
            started, cwd=ROOT, env=environ, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise SetupError(f"{failure}\n({error})") from error
    if done.returncode:
        raise SetupError(f"{done.stdout.rstrip()}\n\n{failure}")
