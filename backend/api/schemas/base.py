"""What the forms of the HTTP API share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.errors import Details

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
CollectionIds = Annotated[list[Id], Field(max_length=1_000)]
COLLECTION_IDS = "beside document_ids: the documents of these collections too; null in both: all documents"
PRESET_ID = "null: none; left out: the one the conversation used last, or the default one in a new conversation"
DocumentStatus = Literal["queued", "reading", "embedding", "ready", "failed"]


class Schema(BaseModel):
    """Unknown keys are refused, so that a misspelt option is not silently ignored.

    Each is built when it is first used: a hundred of them at once are a fifteenth of the time that a start takes.
    """

    model_config = ConfigDict(extra="forbid", from_attributes=True, defer_build=True)


class ErrorResponse(Schema):
    """`error` is one of `errors.codes()`; answers that were kept by an earlier LocalChat have no details."""

    error: str
    message: str
    details: Details | None = None


class Ok(Schema):
    ok: Literal[True] = True
