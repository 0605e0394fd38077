"""The embedder: what there is, what a change costs, the change, the way back."""

from __future__ import annotations

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import embedder as schemas

blueprint = Blueprint("embedder", __name__)


@blueprint.get("/api/embedder")
@endpoint(returns=schemas.EmbedderState)
def get() -> schemas.EmbedderState:
    """What the documents are embedded with, what else there is, and how far a change has come."""
    return _state()


@blueprint.post("/api/embedder/estimate")
@endpoint(body=schemas.EmbedderBody, returns=schemas.EmbedderEstimate)
def estimate(body: schemas.EmbedderBody) -> schemas.EmbedderEstimate:
    """What a change would cost, measured on a few passages."""
    return schemas.EmbedderEstimate.model_validate(parts().embedders.estimate(body.embedder))


@blueprint.put("/api/embedder")
@endpoint(body=schemas.EmbedderBody, returns=schemas.EmbedderState)
def choose(body: schemas.EmbedderBody) -> schemas.EmbedderState:
    """Begins to change in the background; the one of now answers until all passages are embedded."""
    parts().embedders.choose(body.embedder)
    return _state()


@blueprint.delete("/api/embedder/change")
@endpoint(returns=schemas.EmbedderState)
def cancel() -> schemas.EmbedderState:
    """Ends the change under way; all stays as it was."""
    parts().embedders.cancel()
    return _state()


@blueprint.post("/api/embedder/undo")
@endpoint(returns=schemas.EmbedderState)
def undo() -> schemas.EmbedderState:
    """Goes back to the one before; only what was added since has to be embedded."""
    parts().embedders.undo()
    return _state()


@blueprint.delete("/api/embedder/before")
@endpoint(returns=schemas.EmbedderState)
def give_up() -> schemas.EmbedderState:
    """Deletes what was kept of the one before."""
    parts().embedders.give_up()
    return _state()


def _state() -> schemas.EmbedderState:
    embedders = parts().embedders
    active, change, before = embedders.active, embedders.progress(), embedders.previous()
    problem = embedders.problem()
    return schemas.EmbedderState.model_validate(
        {
            "id": active.id,
            "engine": active.engine,
            "model": active.model,
            "dimensions": active.dimensions,
            "cut": embedders.cut(),
            "problem": problem.kept if problem else None,
            "options": embedders.options(),
            "change": change
            and {
                "id": change[0].id,
                "model": change[0].model,
                "state": change[1].state,
                "done": change[1].done,
                "total": change[1].total,
                "seconds_left": change[1].seconds_left,
                "trouble": change[1].trouble.kept if change[1].trouble else None,
            },
            "before": before
            and {
                "id": before.spec.id,
                "model": before.spec.model,
                "size": before.size,
                "until": before.until.isoformat(),
            },
        }
    )
