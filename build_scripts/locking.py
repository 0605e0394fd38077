"""The lock files: every package below pyproject.toml, with its version and hashes, for every system we run on."""

import re
from pathlib import Path

from build_scripts.environment import LOCK, NODE_LOCK, python
from build_scripts.step import ROOT, run

ENTRY = re.compile(r"^\S.*(?:\n +.*)*\n?", re.MULTILINE)
NEVER = "sys_platform == 'never'"
RESOLVE = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
RESOLVE += ["--no-annotate", "--no-header", "--no-emit-index-url"]  # no address of a registry in the files


def write_locks() -> None:
    """Resolve pyproject.toml into requirements.lock and, for machines without Node, build_scripts/node.lock."""
    _resolve(LOCK, "pyproject.toml", "--group", "dev")
    _resolve(NODE_LOCK, "--group", "node")


def _resolve(lock: Path, *what: str) -> None:
    run(python("uv", "pip", "compile", *RESOLVE, *what, "-o", lock), "The packages could not be resolved.")
    lock.write_text(wanted_entries(lock.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{lock.relative_to(ROOT)}: {len(ENTRY.findall(lock.read_text(encoding='utf-8')))} packages")


def wanted_entries(lock: str) -> str:
    """The lock without the packages that pyproject.toml overrides away: those whose every alternative is `NEVER`."""
    return "".join(entry for entry in ENTRY.findall(lock) if not _is_never(entry.splitlines()[0]))


def _is_never(requirement: str) -> bool:
    _, _, marker = requirement.partition(";")
    return all(NEVER in alternative for alternative in marker.split(" or "))
