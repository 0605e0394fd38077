"""Health, status, the API's own description, and the window."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from pydantic_core import to_json

from backend import VERSION
from backend.api.endpoint import endpoint
from backend.api.models import active_model, engine
from backend.api.parts import parts
from backend.api.schemas import system as schemas
from backend.api.schemas.base import Ok
from backend.api.schemas.models import ActiveModel
from backend.errors import Conflict, LocalChatError
from backend.services import storage
from backend.services.health import checks

blueprint = Blueprint("system", __name__)


@blueprint.get("/api/health")
@endpoint(returns=schemas.Health)
def health() -> schemas.Health:
    """Alive."""
    return schemas.Health(version=VERSION)


@blueprint.get("/api/status")
@endpoint(returns=schemas.Status)
def status() -> schemas.Status:
    """Engines, model, documents, and what is wrong with how to mend it."""
    services = parts()
    statuses = services.models.statuses()
    counts = services.documents.counts()
    return schemas.Status(
        version=VERSION,
        engines=[engine(item) for item in statuses],
        model=_model(),
        documents=schemas.DocumentCounts(
            documents=counts.documents, passages=counts.passages, size=counts.size, working=counts.working
        ),
        checks=[schemas.Check.model_validate(check) for check in checks(services)],
        data_folder=str(services.config.data),
        desktop=services.desktop is not None,
    )


@blueprint.post("/api/desktop/show")
@endpoint(returns=Ok)
def show() -> Ok:
    """Brings the window to the front."""
    desktop = parts().desktop
    if desktop is None:
        raise Conflict(
            "There is no window: LocalChat was started with `serve`.",
            "no_window",
        )
    desktop.show()
    return Ok()


@blueprint.post("/api/desktop/dropped")
@endpoint(returns=schemas.DroppedFolders)
def dropped() -> schemas.DroppedFolders:
    """Where the folders lie that were just dropped on the window; a page does not learn that from its browser."""
    desktop = parts().desktop
    if desktop is None:
        raise Conflict("There is no window: LocalChat was started with `serve`.", "no_window")
    return schemas.DroppedFolders(paths=[str(path) for path in desktop.dropped() if path.is_dir()])


@blueprint.post("/api/desktop/folder")
@endpoint(body=schemas.OpenBody, returns=Ok)
def open_folder(body: schemas.OpenBody) -> Ok:
    """Shows a place in the system's file manager, or the folder that it is in."""
    services = parts()
    if services.desktop is None:
        raise Conflict(
            "There is no window: LocalChat was started with `serve`.",
            "no_window",
        )
    services.desktop.open_folder(storage.folder_of(services.config, body.place))
    return Ok()


@blueprint.get("/api/storage")
@endpoint(returns=schemas.Storage)
def stored() -> schemas.Storage:
    """What is kept where, and how much room it takes."""
    return schemas.Storage(
        places=[
            schemas.Stored(place=item.place, path=str(item.path), size=item.size)
            for item in storage.stored(parts().config)
        ],
        before=before.size if (before := parts().embedders.previous()) else 0,
    )


@blueprint.get("/api/logs")
@endpoint(query=schemas.LogQuery, returns=schemas.LogLines)
def log_lines(query: schemas.LogQuery) -> schemas.LogLines:
    """The last lines of a log."""
    config = parts().config
    return schemas.LogLines(
        name=query.name,
        path=str(storage.path_of(config, "logs") / query.name),
        names=storage.log_names(config),
        lines=storage.last_lines(config, query.name, query.lines),
    )


@blueprint.get("/api/openapi.json")
def openapi() -> Response:
    """The description of this API."""
    from backend.api.openapi import document

    return Response(to_json(document(current_app)), mimetype="application/json")


@blueprint.get("/api/docs")
def docs() -> Response:
    """The same for people, without a script."""
    from backend.api.openapi import document, page

    return Response(page(document(current_app)), mimetype="text/html")


def _model() -> ActiveModel:
    """A chosen model that is gone must not take the status page with it; the checks name it."""
    services = parts()
    try:
        return active_model(services.models.active())
    except LocalChatError:
        name = str(services.settings.get("model"))
        return ActiveModel(model=name, engine="ollama", label=name, context_window=0, capabilities=[], chosen=True)
