"""Settings: read and change."""

from __future__ import annotations

from flask import Blueprint

from backend.api.endpoint import endpoint
from backend.api.parts import parts
from backend.api.schemas.system import Settings, SettingsChange

blueprint = Blueprint("settings", __name__)


@blueprint.get("/api/settings")
@endpoint(returns=Settings)
def get() -> Settings:
    """All settings, with their defaults where nothing was chosen."""
    return _settings()


@blueprint.patch("/api/settings")
@endpoint(body=SettingsChange, returns=Settings)
def change(body: SettingsChange) -> Settings:
    """Changes the settings that are named; null takes one back to its default."""
    parts().settings.update(body.model_dump(exclude_unset=True))
    return _settings()


def _settings() -> Settings:
    kept = parts().settings.all()
    return Settings.model_validate({key: value for key, value in kept.items() if key in Settings.model_fields})
