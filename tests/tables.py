"""Tables of answers over HTTP, for tests: documents in a collection, a question asked of each, replies made up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from tests.chatting import wait_for
from tests.ollama_script import Answer

LEASES = {
    "a-hafenring": "Lease of the workshop at Hafenring 2.\n\nThe lease ends on 31 December 2025. The rent is "
    "EUR 2,180.00 a month without charges. Pets are not allowed in the workshop.",
    "b-lindenstrasse": "Lease of the flat at Lindenstrasse 14.\n\nIt runs until 31.03.2027. The rent is "
    "EUR 1,450.00 a month. The tenant may keep a dog.",
    "c-rules": "House rules.\n\nThe laundry is closed on Sundays. Prams stand in the entrance.",
}
COLUMNS = [
    {"name": "Ends", "kind": "date"},
    {"name": "Rent", "kind": "number"},
    {"name": "Pets", "kind": "yes-no"},
]
QUESTION = "When does each lease end, what is the rent, and are pets allowed?"
FIRST = {
    "Ends": ("The lease ends on 31 December 2025", "2025-12-31"),
    "Rent": ("The rent is EUR 2,180.00 a month", "2180"),
    "Pets": ("Pets are not allowed in the workshop", "no"),
}
SECOND = {
    "Ends": ("It runs until 31.03.2027", "2027-03-31"),
    "Rent": ("The rent is EUR 1,450.00", "1,540.00"),
    "Pets": ("The tenant may keep a dog", "yes"),
}
NOTHING: dict[str, tuple[str | None, str | None]] = {"Ends": (None, None), "Rent": (None, None), "Pets": (None, None)}


def reply(cells: Mapping[str, tuple[str | None, str | None]], **how: Any) -> Answer:
    """What a model writes that is held to the form: (words, value) by column."""
    text = json.dumps({name: {"words": words, "value": value} for name, (words, value) in cells.items()})
    return Answer(tokens=[text[at : at + 7] for at in range(0, len(text), 7)], **how)


def add(http: httpx.Client, texts: Mapping[str, str]) -> dict[str, str]:
    """Ids by name, all ready."""
    for name, text in texts.items():
        http.post("/api/documents/upload", files={"files": (f"{name}.txt", text.encode())})

    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = http.get("/api/documents", params={"limit": 10_000}).json()["documents"]
        return found

    wait_for(lambda: all(row["status"] in ("ready", "failed") for row in listed()), 120)
    return {row["filename"].removesuffix(".txt"): row["id"] for row in listed()}


def collect(http: httpx.Client, documents: Mapping[str, str], name: str = "Leases") -> str:
    body = {"name": name, "document_ids": list(documents.values())}
    made: str = http.post("/api/collections", json=body).json()["id"]
    return made
