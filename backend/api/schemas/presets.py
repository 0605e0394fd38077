"""Presets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from backend.api.schemas.base import CollectionIds, Id, Name, Schema
from backend.api.schemas.collections import CollectionName

PresetName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
SystemPrompt = Annotated[str, StringConstraints(max_length=20_000)]
PresetDocuments = Annotated[list[Id], Field(max_length=10_000)]


class PresetCollection(Schema):
    """`gone`: it was deleted; it is skipped."""

    id: str
    name: str
    gone: bool


class PresetDocument(Schema):
    """`gone`: it was deleted; it is skipped, and taken up again should the same file be added again."""

    id: str
    filename: str
    gone: bool


class Preset(Schema):
    """`system_prompt` "" is the built-in one; null is as the settings say; neither `documents` nor `collections` means
    all documents."""

    id: str
    name: str
    system_prompt: str
    model: str | None
    temperature: float | None
    context_window: int | None
    use_documents: bool | None
    documents: list[PresetDocument]
    collections: list[PresetCollection]
    is_default: bool
    created_at: str
    updated_at: str


class PresetList(Schema):
    presets: list[Preset]


class NewPreset(Schema):
    name: PresetName
    system_prompt: SystemPrompt = ""
    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    use_documents: bool | None = None
    document_ids: PresetDocuments | None = Field(None, description="null or none, here and below: all documents")
    collection_ids: CollectionIds | None = None
    is_default: bool = Field(default=False, description="the one for new conversations; there is at most one")


class PresetChange(Schema):
    """What is named changes; null takes a value back to what the settings say, and the documents to all of them."""

    name: PresetName | None = None
    system_prompt: SystemPrompt | None = None
    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    use_documents: bool | None = None
    document_ids: PresetDocuments | None = None
    collection_ids: CollectionIds | None = None
    is_default: bool | None = None


class PresetFileDocument(Schema):
    filename: str = Field(max_length=1_000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class PresetFileCollection(Schema):
    name: CollectionName


class PresetFile(Schema):
    """A preset as a file. Its documents are named by their content, its collections by name; neither is in it."""

    format: str = Field(max_length=100)
    version: int
    name: PresetName
    system_prompt: SystemPrompt = ""
    model: Name | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    context_window: int | None = Field(None, ge=512, le=1_048_576)
    use_documents: bool | None = None
    documents: list[PresetFileDocument] = Field([], max_length=10_000)
    collections: list[PresetFileCollection] = Field([], max_length=1_000)
