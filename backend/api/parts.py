"""The services of the app that handles the current request."""

from __future__ import annotations

from typing import cast

from flask import current_app

from backend.services import Services


def parts() -> Services:
    return cast("Services", current_app.extensions["localchat"])
