"""evaluate: the figures of labelled sets, in this process; no server, no data of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from backend.config import Config


def proof(config: Config, file: Path, *, as_json: bool) -> int:
    """Prints how many sentences were found and marked, by kind. Raises InvalidRequest, EngineUnavailable."""
    from backend.services.evaluate_proof import evaluate_proof_with

    figures = evaluate_proof_with(config.models, file)
    if as_json:
        print(figures.model_dump_json(indent=2))
        return 0
    print(f"supported, found     {_percent(figures.supported_found)}")
    print(f"unsupported, marked  {_percent(figures.unsupported_marked)}")
    for kind, of in figures.by_kind.items():
        print(f"  {kind:<18} {_percent(of.right)}  of {of.count}")
    return 0


def _percent(share: float | None) -> str:
    return "none there" if share is None else f"{100 * share:5.1f} %"
