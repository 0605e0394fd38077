"""Backup and restore."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.base import Ok
from backend.api.schemas.system import BackupBody, RestoreBody, RestoreState, StagedBackup
from backend.api.sse import stream
from backend.errors import Conflict, InvalidRequest
from backend.services.desktop import Desktop
from backend.services.events import BackupEvent, CopyCancelled, RestoreEvent

blueprint = Blueprint("backup", __name__)


@blueprint.post("/api/backup")
@endpoint(body=BackupBody, events=BackupEvent)
def create(body: BackupBody) -> Response:
    """Writes everything into one verified file, with progress. Leaving the stream ends the work and leaves nothing."""
    backup = parts().backup
    path = body.path
    if body.ask:
        chosen = _desktop().save_file(backup.target(None).name)
        if chosen is None:
            return stream(_cancelled)
        path = str(chosen if chosen.suffix else chosen.with_suffix(".zip"))
    target = backup.target(path)
    return stream(lambda: backup.create(target))


@blueprint.post("/api/restore")
@endpoint(body=RestoreBody, events=RestoreEvent)
def restore(body: RestoreBody) -> Response:
    """Checks a backup and unpacks it, with progress. Its data takes the place of the present one at the next start."""
    path = body.path
    if body.ask:
        chosen = _desktop().open_file("Backup of LocalChat", "*.zip")
        if chosen is None:
            return stream(_cancelled)
        path = str(chosen)
    if path is None:
        raise InvalidRequest("Name the file of the backup.")
    steps = parts().restore.stage(path)
    return stream(lambda: steps)


@blueprint.get("/api/restore")
@endpoint(returns=RestoreState)
def state() -> RestoreState:
    """The backup that waits for the next start, if there is one."""
    staged = parts().restore.staged()
    return RestoreState(staged=StagedBackup(**dataclasses.asdict(staged)) if staged else None)


@blueprint.delete("/api/restore")
@endpoint(returns=Ok)
def discard() -> Ok:
    """The present data stays after all."""
    parts().restore.discard()
    return Ok()


def _cancelled() -> Iterator[CopyCancelled]:
    yield CopyCancelled()


def _desktop() -> Desktop:
    desktop = parts().desktop
    if desktop is None:
        raise Conflict(
            "There is no window to choose a file in: LocalChat was started with `serve`. Name a path.",
            "no_window",
        )
    return desktop
