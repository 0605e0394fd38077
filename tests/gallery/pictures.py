"""The pictures as small files, and the page that shows them with what axe found on each."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "screens"
QUALITY = 62
"""Of WebP: text stays sharp, and a window of 1280 × 800 px takes some 25 kB."""

COLUMNS = ("light", "dark", "narrow-light", "narrow-dark")
HEADS = ("1280 px, light", "1280 px, dark", "420 px, light", "420 px, dark")
INTRODUCTION = """# Every screen

Made by `python -m tests.gallery` (under `xvfb-run -a` where there is no screen), which drives the page in Chromium and
the real window, over real documents, the built-in model, and a stand-in for Ollama where an answer must always be the
same. Below each name stands how many violations axe found on the four pictures (WCAG 2.2 A and AA, best practice);
“–” is a picture of the real window, of the same page.

"""


@dataclass
class Shot:
    """One screen in its looks. `found`: axe's violations, or None where it was not asked."""

    name: str
    shows: str
    looks: list[str] = field(default_factory=list)
    found: list[str] | None = None


@dataclass
class Gallery:
    folder: Path = FOLDER
    shots: dict[str, Shot] = field(default_factory=dict)

    def keep(self, name: str, shows: str, look: str, png: bytes, found: list[str] | None) -> None:
        """Adds a picture; `look` is one of `COLUMNS`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with Image.open(io.BytesIO(png)) as picture:
            picture.convert("RGB").save(self.folder / f"{name}-{look}.webp", quality=QUALITY, method=6)
        shot = self.shots.setdefault(name, Shot(name, shows))
        shot.looks.append(look)
        if found is not None:
            shot.found = [*(shot.found or []), *(f"{look}: {one}" for one in found)]

    def write_page(self) -> None:
        """docs/screens/README.md, and away with pictures of screens that are no more."""
        kept = {f"{shot.name}-{look}.webp" for shot in self.shots.values() for look in shot.looks}
        for old in self.folder.glob("*.webp"):
            if old.name not in kept:
                old.unlink()
        lines = [f"| screen | {' | '.join(HEADS)} |", "|---|---|---|---|---|"]
        for shot in self.shots.values():
            cells = [picture(shot, look) for look in COLUMNS]
            count = "–" if shot.found is None else f"axe: {len(shot.found)}"
            lines.append(f"| **{shot.name}**<br>{shot.shows}<br>{count} | {' | '.join(cells)} |")
        (self.folder / "README.md").write_text(INTRODUCTION + "\n".join(lines) + "\n", encoding="utf-8")

    def violations(self) -> list[str]:
        return [f"{shot.name} {one}" for shot in self.shots.values() for one in shot.found or []]


def picture(shot: Shot, look: str) -> str:
    if look not in shot.looks:
        return ""
    width = 110 if look.startswith("narrow") else 320
    return f'<img src="{shot.name}-{look}.webp" width="{width}" alt="{shot.shows} ({look.replace("-", ", ")})">'
