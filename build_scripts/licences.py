"""The licences of all that is frozen into the program, in one file that ships with it.

    python -m build_scripts.licences FILE

Python packages are those below LocalChat's own dependencies; the page's are those of package-lock.json without tools.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LICENCE_FILE = re.compile(r"(?:^|/)(?:LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*$", re.IGNORECASE)
RULE = "=" * 80


def python_packages() -> list[Distribution]:
    """The installed packages that LocalChat needs to run, by name."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        waiting = [Requirement(text) for text in tomllib.load(file)["project"]["dependencies"]]
    found: dict[str, Distribution] = {}
    while waiting:
        requirement = waiting.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = distribution(requirement.name)
        except PackageNotFoundError:
            continue  # overridden away in pyproject.toml, or for another system
        waiting += [Requirement(text) for text in found[name].requires or []]
    return [found[name] for name in sorted(found)]


def python_sections() -> Iterator[str]:
    for package in python_packages():
        metadata = package.metadata.json
        named = str(metadata.get("license_expression") or metadata.get("license") or "").strip()
        if not named or "\n" in named:
            classifiers = metadata.get("classifier") or []
            named = ", ".join(row.rpartition(" :: ")[2] for row in classifiers if row.startswith("License ::"))
        files = [file for file in package.files or [] if ".dist-info/" in str(file) and LICENCE_FILE.search(str(file))]
        texts = [file.read_text(encoding="utf-8") for file in files]
        yield _section(f"{package.name} {package.version}", named or "see its text", texts)


def page_sections() -> Iterator[str]:
    """The page's packages; build tools are not in what ships."""
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    for path, entry in sorted(lock["packages"].items()):
        folder = ROOT / "frontend" / path
        if path and not entry.get("dev") and not entry.get("optional") and folder.is_dir():
            files = [file for file in sorted(folder.iterdir()) if LICENCE_FILE.search(file.name)]
            texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
            name = path.rpartition("node_modules/")[2]
            yield _section(f"{name} {entry['version']}", str(entry.get("license", "see its text")), texts)


def font_sections() -> Iterator[str]:
    """The fonts of exported PDFs."""
    text = (ROOT / "backend" / "services" / "transfer" / "fonts" / "LICENSE.txt").read_text(encoding="utf-8")
    yield _section("DejaVu fonts 2.37", "Bitstream Vera, Arev", [text])


def _section(package: str, licence: str, texts: list[str]) -> str:
    return "\n\n".join([f"{RULE}\n{package}\n{licence}", *(text.strip() for text in texts)])


if __name__ == "__main__":
    sections = [(ROOT / "LICENSE").read_text(encoding="utf-8"), *python_sections(), *page_sections(), *font_sections()]
    Path(sys.argv[1]).write_text("\n\n".join(sections) + "\n", encoding="utf-8")
