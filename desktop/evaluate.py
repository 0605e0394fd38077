"""evaluate: figures of the search and of the proof in a terminal, for people as a table or for programs as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from desktop.commands import follow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backend.config import Config
    from desktop.client import Client

MODES: Final = ("vector", "text", "hybrid")
KEYS: Final = {
    "hit@1": "hit_1",
    "hit@3": "hit_3",
    "hit@5": "hit_5",
    "mrr": "mrr",
    "ndcg@10": "ndcg_10",
    "milliseconds": "milliseconds",
}
"""As it is printed → as the API says it."""


def run(client: Client, sets: Sequence[Path], *, as_json: bool) -> int:
    """Each set, or the user's own documents where there is none. Raises Refused."""
    results: dict[str, dict[str, Any]] = {}
    for path in sets:
        body = {"set": str(path.absolute())}
        results[str(path)] = follow(client.stream("/api/evaluate", json=body))
    if not sets:
        results["your documents"] = follow(client.stream("/api/evaluate", json={}))
    if as_json:
        printed = {name: _figures(result) for name, result in results.items()}
        content = next(iter(printed.values())) if len(printed) == 1 else printed
        print(json.dumps(content, ensure_ascii=False, indent=2))
        return 0
    for name, result in results.items():
        _table(name, result)
    return 0


def _figures(result: dict[str, Any]) -> dict[str, Any]:
    """As the contract has it: a name with @ for each figure."""
    shown: dict[str, Any] = {
        part: {name: result[part][key] for name, key in KEYS.items() if key in result[part]}
        for part in (*MODES, "quotes")
        if result.get(part)
    }
    if result["advice"]:
        shown["advice"] = result["advice"]
    return shown


def _table(name: str, result: dict[str, Any]) -> None:
    print(f"{name}: {result['questions']:,} questions, {result['passages']:,} passages")
    print(f"{'':8}{'hit@1':>8}{'hit@5':>8}{'mrr':>8}{'ndcg@10':>9}{'ms':>8}")
    for mode in MODES:
        figures = result[mode]
        print(
            f"{mode:8}{figures['hit_1']:8.3f}{figures['hit_5']:8.3f}{figures['mrr']:8.3f}{figures['ndcg_10']:9.3f}"
            f"{figures['milliseconds']:8.1f}"
        )
    if quotes := result.get("quotes"):
        print(f"{'quotes':8}{quotes['hit_1']:8.3f}  hit@3 {quotes['hit_3']:.3f}{quotes['milliseconds']:21.1f}")
    for advice in result["advice"]:
        print(f"- {advice['message']}")
    print()


def proof(config: Config, file: Path, *, as_json: bool) -> int:
    """In this process: no server, no data of the user. Prints how many sentences were found and marked, by kind.

    Raises InvalidRequest, EngineUnavailable.
    """
    from backend.services.evaluate_proof import evaluate_proof_with

    figures = evaluate_proof_with(config.models, file)
    if as_json:
        print(figures.model_dump_json(indent=2))
        return 0
    print(f"supported, found     {_percent(figures.supported_found)}")
    print(f"unsupported, marked  {_percent(figures.unsupported_marked)}")
    print(f"  underlined         {_percent(figures.unsupported_underlined)}")
    print(f"supported, wrongly underlined  {_percent(figures.supported_underlined)}")
    for kind, of in figures.by_kind.items():
        print(f"  {kind:<18} {_percent(of.right)}  of {of.count}")
    return 0


def _percent(share: float | None) -> str:
    return "none there" if share is None else f"{100 * share:5.1f} %"
