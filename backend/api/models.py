"""Models of both engines: list, choose, pull, delete, test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas import models as schemas
from backend.api.schemas.base import Ok
from backend.api.sse import stream
from backend.engines.base import EngineStatus, ModelInfo
from backend.engines.builtin import LABEL, MODEL
from backend.services.events import Idle, PullEvent, PullStatus
from backend.services.models import Choice, fit_to_memory

blueprint = Blueprint("models", __name__)

WARM_UP_SECONDS: Final = 1.0


@blueprint.get("/api/models")
@endpoint(returns=schemas.ModelList)
def list_models() -> schemas.ModelList:
    """Every model of every engine, the pulls under way, and the memory (bytes) that a model must fit."""
    models, memory = parts().models, _memory()
    statuses = models.statuses(fresh=True)
    active = _active_name()
    return schemas.ModelList(
        models=[_model(model, active, memory) for status in statuses for model in status.models],
        engines=[engine(status) for status in statuses],
        pulls=[schemas.Pull.model_validate(pull) for pull in models.pulls()],
        active=active,
        memory=memory,
    )


@blueprint.get("/api/models/active")
@endpoint(returns=schemas.ActiveModel)
def get_active() -> schemas.ActiveModel:
    """The model that answers the next question, and is made ready for it."""
    models = parts().models
    # Who asks is the page when it opens: until it is there the processor is for showing it.
    models.warm_up(after=WARM_UP_SECONDS)
    return _with_checker(models.active())


@blueprint.put("/api/models/active")
@endpoint(body=schemas.ActiveModelChange, returns=schemas.ActiveModel)
def set_active(body: schemas.ActiveModelChange) -> schemas.ActiveModel:
    """Chooses a model; null lets LocalChat choose."""
    choice = parts().models.choose(body.model)
    parts().models.warm_up()
    return _with_checker(choice)


@blueprint.post("/api/engines/ollama/start")
@endpoint(returns=schemas.Engine)
def start_ollama() -> schemas.Engine:
    """Starts Ollama where it is installed and does not run; it ends with LocalChat."""
    return engine(parts().models.start_ollama())


@blueprint.post("/api/models/pull")
@endpoint(body=schemas.PullBody, events=PullEvent)
def pull(body: schemas.PullBody) -> Response:
    """Pulls a model through Ollama. Leaving the stream does not stop it; a second pull of the same model joins it."""
    job = parts().models.pull(body.model)

    def events() -> Iterator[PullStatus | Idle]:
        return job.events()

    return stream(events)


@blueprint.delete("/api/models/pull/<identity>")
@endpoint(returns=Ok)
def cancel_pull(identity: str) -> Ok:
    """Stops a pull; what has come stays, and the next pull goes on from there."""
    parts().models.cancel_pull(identity)
    return Ok()


@blueprint.delete("/api/models/<path:name>")
@endpoint(returns=Ok)
def delete(name: str) -> Ok:
    """Deletes a model from Ollama."""
    parts().models.delete(name)
    return Ok()


@blueprint.get("/api/models/<path:name>")
@endpoint(returns=schemas.Model)
def get(name: str) -> schemas.Model:
    """One model."""
    return _model(parts().models.active(name).model, _active_name(), _memory())


@blueprint.post("/api/models/<path:name>/test")
@endpoint(returns=schemas.ModelTest)
def test(name: str) -> schemas.ModelTest:
    """Asks the model for a short answer and measures it."""
    answer, first, usage = parts().models.test(name)
    speed = usage.completion_tokens / usage.completion_seconds if usage and usage.completion_seconds else 0.0
    return schemas.ModelTest(
        model=name, answer=answer, first_token_seconds=round(first, 3), tokens_per_second=round(speed, 1)
    )


def engine(status: EngineStatus) -> schemas.Engine:
    return schemas.Engine.model_validate(
        {
            "name": status.name,
            "label": status.label,
            "running": status.running,
            "address": status.address,
            "version": status.version,
            "message": status.message,
            "details": status.details,
            "startable": status.name == "ollama" and not status.running and parts().models.can_start_ollama(),
        }
    )


def active_model(choice: Choice) -> schemas.ActiveModel:
    return schemas.ActiveModel(
        model=choice.model.name,
        engine=choice.engine.name,
        label=choice.label,
        context_window=choice.window,
        capabilities=list(choice.model.capabilities),
        chosen=choice.chosen,
    )


def _with_checker(choice: Choice) -> schemas.ActiveModel:
    checker = parts().models.checker()
    return active_model(choice).model_copy(update={"checker": checker.model.name if checker else None})


def _active_name() -> str:
    """The chosen model's name even when it is gone: the list must show what is wrong, not fail."""
    chosen = parts().settings.get("model")
    return str(chosen) if chosen else parts().models.active().model.name


def _model(model: ModelInfo, active: str, memory: int) -> schemas.Model:
    return schemas.Model.model_validate(
        {
            "name": model.name,
            "engine": model.engine,
            "label": LABEL if model.name == MODEL else model.name,
            "size": model.size,
            "parameters": model.parameters,
            "quantization": model.quantization,
            "context_window": model.context_window,
            "capabilities": list(model.capabilities),
            "loaded": model.loaded,
            "loaded_bytes": model.loaded_bytes,
            "active": model.name == active,
            "fits": fit_to_memory(model.size, memory),
        }
    )


def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)
