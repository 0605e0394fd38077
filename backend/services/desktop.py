"""What the services may ask of the window; the desktop sets it when there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Desktop(Protocol):
    def pick_files(self, *, folder: bool) -> list[Path]:
        """Files (or one folder) chosen in the native dialog; empty when it was cancelled. Blocks until it closes."""
        ...

    def dropped(self) -> list[Path]:
        """What was dropped on the window last, told once; empty where the window does not learn of it."""
        ...

    def save_file(self, name: str) -> Path | None:
        """Where to write a file, proposed as `name`; the dialog has asked about one that is there. None: cancelled."""
        ...

    def open_file(self, kind: str, pattern: str) -> Path | None:
        """One file of a kind ("Backup of LocalChat", "*.zip"). None: cancelled."""
        ...

    def open_folder(self, folder: Path) -> None:
        """Shows a folder in the system's file manager."""
        ...

    def show(self) -> None:
        """Brings the window to the front."""
        ...
