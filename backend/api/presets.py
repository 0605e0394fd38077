"""Presets: list, make, change, delete, and as files."""

from __future__ import annotations

import io
import re
from typing import Any, Final

from flask import Blueprint, Response, send_file

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import presets as schemas
from backend.api.schemas.base import Ok
from backend.errors import InvalidRequest
from backend.stores.presets import Preset

blueprint = Blueprint("presets", __name__)

FORMAT: Final = "localchat-preset"
VERSION: Final = 1
LARGEST: Final = 8_000_000
"""Bytes of a file: 20,000 characters and 10,000 documents, escaped, are less."""


@blueprint.get("/api/presets")
@endpoint(returns=schemas.PresetList)
def list_presets() -> schemas.PresetList:
    """By name."""
    return schemas.PresetList(presets=[_shown(preset) for preset in parts().presets.list()])


@blueprint.post("/api/presets")
@endpoint(body=schemas.NewPreset, returns=schemas.Preset)
def create(body: schemas.NewPreset) -> schemas.Preset:
    """A new preset. A name that is taken is a Conflict."""
    values = body.model_dump(exclude={"name", "document_ids", "collection_ids"})
    return _shown(parts().presets.create(body.name, values, body.document_ids or (), body.collection_ids or ()))


@blueprint.get("/api/presets/<identity>")
@endpoint(returns=schemas.Preset)
def get(identity: str) -> schemas.Preset:
    """One preset; documents that were deleted are marked as gone."""
    return _shown(parts().presets.get(identity))


@blueprint.patch("/api/presets/<identity>")
@endpoint(body=schemas.PresetChange, returns=schemas.Preset)
def change(identity: str, body: schemas.PresetChange) -> schemas.Preset:
    """Changes what is named."""
    values = body.model_dump(exclude_unset=True, exclude={"document_ids", "collection_ids"})
    documents = (body.document_ids or ()) if "document_ids" in body.model_fields_set else None
    collections = (body.collection_ids or ()) if "collection_ids" in body.model_fields_set else None
    return _shown(parts().presets.change(identity, _without_empty(values), documents, collections))


@blueprint.delete("/api/presets/<identity>")
@endpoint(returns=Ok)
def delete(identity: str) -> Ok:
    """Deletes it; conversations that used it go on without."""
    parts().presets.delete(identity)
    return Ok()


@blueprint.get("/api/presets/<identity>/export")
def export(identity: str) -> Response:
    """The preset as a file that another LocalChat can import."""
    preset = parts().presets.get(identity)
    file = schemas.PresetFile(
        format=FORMAT,
        version=VERSION,
        name=preset.name,
        system_prompt=preset.system_prompt,
        model=preset.model,
        temperature=preset.temperature,
        context_window=preset.context_window,
        use_documents=preset.use_documents,
        documents=[
            schemas.PresetFileDocument(filename=document.filename, sha256=document.sha256)
            for document in preset.documents
            if document.sha256 is not None
        ],
        collections=[schemas.PresetFileCollection(name=one.name) for one in preset.collections if one.name],
    )
    content = io.BytesIO(file.model_dump_json(indent=2).encode())
    name = re.sub(r"[^\w .()-]", "_", preset.name).strip(" .") or "preset"
    return send_file(content, mimetype="application/json", as_attachment=True, download_name=f"{name}.preset.json")


@blueprint.post("/api/presets/import")
@endpoint(body=schemas.PresetFile, returns=schemas.Preset, largest=LARGEST)
def bring_in(body: schemas.PresetFile) -> schemas.Preset:
    """A preset from a file; a name that is taken gets a number. Documents that are not here are marked as gone."""
    if body.format != FORMAT:
        raise InvalidRequest("This file is not a preset of LocalChat.", "preset_not_ours")
    if body.version != VERSION:
        raise InvalidRequest(
            f"This preset was written by a newer LocalChat (format {body.version}, this one knows {VERSION}). Install "
            "the newer LocalChat.",
            "preset_newer",
        )
    values = body.model_dump(exclude={"format", "version", "name", "documents", "collections"})
    documents = [(document.sha256, document.filename) for document in body.documents]
    return _shown(parts().presets.bring_in(body.name, values, documents, [one.name for one in body.collections]))


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Null means nothing for a name, and none for a system prompt and for the default."""
    empty: dict[str, Any] = {"system_prompt": "", "is_default": False}
    return {
        key: empty.get(key) if value is None else value
        for key, value in values.items()
        if (key, value) != ("name", None)
    }


def _shown(preset: Preset) -> schemas.Preset:
    return schemas.Preset.model_validate(
        {
            **{name: getattr(preset, name) for name in schemas.Preset.model_fields if name != "documents"},
            "documents": [
                {"id": document.id, "filename": document.filename, "gone": document.gone}
                for document in preset.documents
            ],
        }
    )
