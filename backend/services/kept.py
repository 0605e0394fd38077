"""What is kept with a message as JSON, back as values. Read from a file of anybody's, or from our own database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from backend.services.events import Proof, Source

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def sources_of(kept: Any) -> list[Source]:
    """Raises pydantic's ValidationError."""
    return _sources().validate_python(kept)


def proof_of(kept: Any) -> Proof:
    """Raises pydantic's ValidationError."""
    return _proof().validate_python(kept)


# Made when they are first needed: that takes longer than all else in this file.
@cache
def _sources() -> TypeAdapter[list[Source]]:
    from pydantic import TypeAdapter

    return TypeAdapter(list[Source])


@cache
def _proof() -> TypeAdapter[Proof]:
    from pydantic import TypeAdapter

    return TypeAdapter(Proof)
