"""Questions to a whole collection: asked, followed, stopped, and taken away as a file."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.collections import AskBody, AskTables, ColumnsBody, GoOnBody, ProposedColumns, TableQuery
from backend.api.sse import stream
from backend.services.asking import columns_of
from backend.services.events import AskEvent, AskTable
from backend.services.transfer.naming import disposition

blueprint = Blueprint("asking", __name__)


@blueprint.post("/api/collections/<identity>/columns")
@endpoint(body=ColumnsBody, returns=ProposedColumns)
def columns(identity: str, body: ColumnsBody) -> ProposedColumns:
    """The columns that a question needs, as the model proposes them; to be changed by whoever asks."""
    services = parts()
    services.collections.get(identity)
    proposed, model = services.asking.propose(body.question, body.model)
    return ProposedColumns.model_validate({"columns": proposed, "model": model})


@blueprint.post("/api/collections/<identity>/ask")
@endpoint(body=AskBody, events=AskEvent)
def ask(identity: str, body: AskBody) -> Response:
    """Asks each document of a collection: a row a document, then how many were covered, failed or empty.

    Leaving the stream does not stop it.
    """
    asking = parts().asking
    wanted = columns_of(column.model_dump() for column in body.columns) if body.columns else None
    made = asking.begin(identity, body.question, wanted, model=body.model, quotes=body.quotes)
    return stream(lambda: asking.follow(made))


@blueprint.get("/api/collections/<identity>/tables")
@endpoint(returns=AskTables)
def tables(identity: str) -> AskTables:
    """The questions that were asked of a collection, the newest first."""
    return AskTables(tables=parts().asking.tables(identity))


@blueprint.get("/api/tables/<identity>")
@endpoint(returns=AskTable)
def table(identity: str) -> AskTable:
    """One question with its rows as they are."""
    return parts().asking.table(identity)


@blueprint.post("/api/tables/<identity>/follow")
@endpoint(events=AskEvent)
def follow(identity: str) -> Response:
    """The table as it is, then each row as it changes, until it is done or stopped."""
    asking = parts().asking
    asking.table(identity)
    return stream(lambda: asking.follow(identity))


@blueprint.post("/api/tables/<identity>/stop")
@endpoint(returns=AskTable)
def stop(identity: str) -> AskTable:
    """Stops it; the rows that there are stay."""
    parts().asking.stop(identity)
    return parts().asking.table(identity)


@blueprint.post("/api/tables/<identity>/go-on")
@endpoint(body=GoOnBody, optional=True, returns=AskTable)
def go_on(identity: str, body: GoOnBody) -> AskTable:
    """Goes on with the documents that were not asked yet."""
    parts().asking.go_on(identity, failed=body.failed)
    return parts().asking.table(identity)


@blueprint.post("/api/tables/<identity>/documents/<document_id>/retry")
@endpoint(returns=AskTable)
def retry(identity: str, document_id: str) -> AskTable:
    """Asks one document once more."""
    parts().asking.retry(identity, document_id)
    return parts().asking.table(identity)


@blueprint.delete("/api/tables/<identity>")
@endpoint(returns=Ok)
def delete(identity: str) -> Ok:
    """Deletes the table; what is being asked for it stops."""
    parts().asking.delete(identity)
    return Ok()


@blueprint.get("/api/tables/<identity>/export")
@endpoint(query=TableQuery)
def export(identity: str, query: TableQuery) -> Response:
    """The table as a download, each value with its source."""
    # The formats of a file are no part of a start.
    from backend.services.transfer.as_table import export_table

    exported = export_table(parts().asking.table(identity), query.format)
    response = Response(exported.data, content_type=exported.mimetype)
    response.headers["Content-Disposition"] = disposition(exported.filename)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
