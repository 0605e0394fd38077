"""Watched folders: list, add, look again, leave."""

from __future__ import annotations

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.documents import Folder, FolderBody, FolderList
from backend.errors import Conflict, InvalidRequest
from backend.services.folders import FolderView

blueprint = Blueprint("folders", __name__)


@blueprint.get("/api/folders")
@endpoint(returns=FolderList)
def list_folders() -> FolderList:
    """By path, each with what is kept of it."""
    return FolderList(folders=[_folder(view) for view in parts().folders.views()])


@blueprint.post("/api/folders")
@endpoint(body=FolderBody, returns=Folder)
def add(body: FolderBody) -> Folder:
    """Reads a folder with all that lies in it, and follows it from now on."""
    return _folder(parts().folders.add(body.path if body.path is not None else _chosen()))


@blueprint.delete("/api/folders/<identity>")
@endpoint(returns=Ok)
def delete(identity: str) -> Ok:
    """Follows it no more; its documents go, but for those that lie elsewhere too. The folder itself is left alone."""
    parts().folders.delete(identity)
    return Ok()


@blueprint.post("/api/folders/<identity>/look")
@endpoint(returns=Folder)
def look(identity: str) -> Folder:
    """Looks at the whole of it, now."""
    return _folder(parts().folders.look_again(identity))


def _chosen() -> str:
    desktop = parts().desktop
    if desktop is None:
        raise Conflict(
            "There is no window to choose a folder in: LocalChat was started with `serve`. Give its path.", "no_window"
        )
    chosen = desktop.pick_files(folder=True)
    if not chosen:
        raise InvalidRequest("No folder was chosen.", "no_folder_chosen")
    return str(chosen[0])


def _folder(view: FolderView) -> Folder:
    row = view.row
    return Folder.model_validate(
        {
            "id": row.id,
            "path": row.path,
            "state": view.state,
            "files": row.files,
            "documents": row.documents,
            "ready": row.ready,
            "failed": row.failed,
            "passages": row.passages,
            "left_out": view.left,
            "closed": view.closed,
            "error": _error(view),
            "added_at": row.added_at,
        }
    )


def _error(view: FolderView) -> dict[str, object] | None:
    error = view.error
    return None if error is None else {"code": error.code, "message": error.message, "details": error.details}
