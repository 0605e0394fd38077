"""The page's types are made from frontend/openapi.json, which must be what the server says of itself."""

from __future__ import annotations

import json

from flask import Flask

from backend.api.openapi import document
from tests.conftest import ROOT


def test_the_page_was_built_against_this_api(app: Flask) -> None:
    kept = json.loads((ROOT / "frontend" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(document(app))), (
        "The API has changed: python -m backend.api.openapi > frontend/openapi.json, then npm run types"
    )
