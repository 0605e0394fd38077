"""Collections: list, make, rename, delete, and what is in them."""

from __future__ import annotations

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import collections as schemas
from backend.api.schemas.base import Ok
from backend.api.schemas.documents import DocumentIds

blueprint = Blueprint("collections", __name__)


@blueprint.get("/api/collections")
@endpoint(returns=schemas.CollectionList)
def list_collections() -> schemas.CollectionList:
    """By name, each with how many documents are in it."""
    return schemas.CollectionList.model_validate({"collections": parts().collections.list()})


@blueprint.post("/api/collections")
@endpoint(body=schemas.NewCollection, returns=schemas.Collection)
def create(body: schemas.NewCollection) -> schemas.Collection:
    """A new collection. A name that is taken is a Conflict; documents that are gone are left out."""
    return schemas.Collection.model_validate(parts().collections.create(body.name, body.document_ids, body.id))


@blueprint.get("/api/collections/<identity>")
@endpoint(returns=schemas.Collection)
def get(identity: str) -> schemas.Collection:
    """One collection; its documents are at GET /api/documents?collection=."""
    return schemas.Collection.model_validate(parts().collections.get(identity))


@blueprint.patch("/api/collections/<identity>")
@endpoint(body=schemas.CollectionChange, returns=schemas.Collection)
def change(identity: str, body: schemas.CollectionChange) -> schemas.Collection:
    """Renames it."""
    return schemas.Collection.model_validate(parts().collections.rename(identity, body.name))


@blueprint.delete("/api/collections/<identity>")
@endpoint(returns=Ok)
def delete(identity: str) -> Ok:
    """Deletes it; its documents stay, and what is being asked of them stops."""
    services = parts()
    services.asking.stop_collection(identity)
    services.collections.delete(identity)
    return Ok()


@blueprint.post("/api/collections/<identity>/documents")
@endpoint(body=DocumentIds, returns=schemas.Collection)
def put_many(identity: str, body: DocumentIds) -> schemas.Collection:
    """Puts many documents into it; those that are gone are left out."""
    return schemas.Collection.model_validate(parts().collections.put_many(identity, body.document_ids))


@blueprint.put("/api/collections/<identity>/documents/<document_id>")
@endpoint(returns=schemas.Collection)
def put(identity: str, document_id: str) -> schemas.Collection:
    """Puts a document into it; one that is there already stays."""
    return schemas.Collection.model_validate(parts().collections.put(identity, document_id))


@blueprint.delete("/api/collections/<identity>/documents/<document_id>")
@endpoint(returns=schemas.Collection)
def take_out(identity: str, document_id: str) -> schemas.Collection:
    """Takes a document out of it; the document stays."""
    return schemas.Collection.model_validate(parts().collections.take_out(identity, document_id))
