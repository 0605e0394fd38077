"""Errors and checks tell which sentence they say, with its values, so that the page can say it in another language.

That each of them has words in every language, frontend/tests/server.test.ts holds, by what the OpenAPI document lists.
"""

from __future__ import annotations

import ast
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from backend.errors import REASONS, DiskFull, ModelNotFound, codes
from backend.services.health import CODES, VALUES, checks
from tests.conftest import ROOT, services_of

Site = tuple[str, str, tuple[str, ...]]


def sites() -> list[Site]:
    """Every place that gives a reason: where, which, and the names of its values."""
    return [site for path in (ROOT / "backend").rglob("*.py") for site in _in(path)]


def _in(path: Path) -> list[Site]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in codes() and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            values = tuple(str(keyword.arg) for keyword in node.keywords)
            found.append((f"{path.name}:{node.lineno}", str(node.args[1].value), values))
    return found


def test_a_reason_is_known_and_comes_with_its_values() -> None:
    wrong = [site for site in sites() if site[1] not in REASONS or set(site[2]) != set(REASONS[site[1]])]
    assert wrong == []


def test_no_reason_is_left_over() -> None:
    # These are told without an error: of an engine's state, and of an answer that was cut.
    told = {reason for _, reason, _ in sites()} | {"ollama_other", "prompt_cut", "window_full", "in_circles"}
    assert set(REASONS) - told == set()


def test_an_answer_names_the_reason_only_where_there_is_one() -> None:
    error = ModelNotFound("m is gone.", "model_gone", model="m")
    assert error.kept == {
        "error": "ModelNotFound",
        "message": "m is gone.",
        "details": {"reason": "model_gone", "values": {"model": "m"}},
    }
    assert DiskFull("Full.").kept == {"error": "DiskFull", "message": "Full."}


def test_the_api_tells_the_reason(client: FlaskClient) -> None:
    said = client.get("/api/documents/none").get_json()
    assert said["details"] == {"reason": "document_gone", "values": {}}
    assert said["error"] == "NotFound"
    said = client.post("/api/chat", json={"message": " "}).get_json()
    assert said["details"] == {"reason": "message_empty", "values": {}}


def test_each_check_has_the_values_of_its_code(app: Flask) -> None:
    found = checks(services_of(app))
    assert len({check.id for check in found}) == len(found) == 9
    for check in found:
        assert check.code in CODES
        assert set(check.values) == set(VALUES.get(check.code, ()))
