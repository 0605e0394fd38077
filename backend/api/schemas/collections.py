"""Collections, and questions to each document of one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from backend.api.schemas.base import Id, Name, Schema
from backend.services.events import AskTable

CollectionName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class Collection(Schema):
    """`documents` counts those in it, ready or not."""

    id: str
    name: str
    documents: int
    created_at: str
    updated_at: str


class CollectionList(Schema):
    collections: list[Collection]


class NewCollection(Schema):
    name: CollectionName
    document_ids: list[Id] = Field([], max_length=10_000)
    id: str | None = Field(
        None, pattern="^[0-9a-f]{32}$", description="of one that was deleted: it comes back, and presets know it again"
    )


class CollectionChange(Schema):
    name: CollectionName


class NewColumn(Schema):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    kind: Literal["text", "number", "date", "yes-no"] = "text"


class ColumnsBody(Schema):
    question: str = Field(min_length=1)
    model: Name | None = None


class ProposedColumn(Schema):
    name: str
    kind: Literal["text", "number", "date", "yes-no"]


class ProposedColumns(Schema):
    """`model`: who proposes them; null: nobody, so that there is one column for the answer."""

    columns: list[ProposedColumn]
    model: str | None


class AskBody(Schema):
    question: str = Field(min_length=1)
    columns: list[NewColumn] | None = Field(
        None, min_length=1, max_length=12, description="left out: as POST …/columns proposes them"
    )
    model: Name | None = None
    quotes: bool = Field(default=False, description="no model: the documents' own sentences in one column")

    @model_validator(mode="after")
    def named_once(self) -> AskBody:
        names = [column.name.casefold() for column in self.columns or ()]
        if len(set(names)) < len(names):
            raise ValueError("two columns have the same name")
        return self


class AskTables(Schema):
    """Without their rows."""

    tables: list[AskTable]


class GoOnBody(Schema):
    failed: bool = Field(default=False, description="ask the documents that failed once more, too")


class TableQuery(Schema):
    format: Literal["csv", "xlsx"]
