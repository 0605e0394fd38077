"""What LocalChat was started with: one frozen value, read from flags and LOCALCHAT_* once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_OLLAMA = "http://127.0.0.1:11434"


@dataclass(frozen=True)
class Config:
    """Everything `create_app` needs to know.

    data: the data folder; models: the folder of the built-in models; page: the built page (index.html).
    ollama_host: Ollama's address as the environment names it, or None for the one in the settings.
    token: the launch token that every request under /api must carry, or None to ask for none.
    max_upload: bytes of one upload request; max_message: characters of one chat message.
    """

    data: Path
    models: Path
    page: Path
    ollama_host: str | None = None
    token: str | None = None
    max_upload: int = 2 * 1024**3
    max_message: int = 400_000

    @classmethod
    def from_environment(
        cls, env: Mapping[str, str] = os.environ, *, data: Path | None = None, token: str | None = None
    ) -> Config:
        """Flags (`data`, `token`) win over `env`; `env` wins over the settings that are kept in the data folder."""
        return cls(
            data=(data or data_folder(env)).expanduser().absolute(),
            models=Path(env["LOCALCHAT_MODELS"]) if env.get("LOCALCHAT_MODELS") else resources() / "models",
            page=resources() / "frontend" / "dist",
            ollama_host=env.get("OLLAMA_HOST") or None,
            token=token,
        )


def data_folder(env: Mapping[str, str] = os.environ) -> Path:
    """LOCALCHAT_DATA, else the platform's own place for an application's data."""
    if env.get("LOCALCHAT_DATA"):
        return Path(env["LOCALCHAT_DATA"])
    from platformdirs import user_data_dir

    return Path(user_data_dir("LocalChat", appauthor=False))


def resources() -> Path:
    """The folder that holds `models/` and `frontend/dist/`: the checkout, or what PyInstaller unpacked."""
    bundle = getattr(sys, "_MEIPASS", None)
    return Path(bundle) if bundle else Path(__file__).resolve().parent.parent
