"""Who may import whom: the arrows of the architecture, held by reading every import statement."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each layer may import of ours; `backend` itself is create_app and VERSION.
ALLOWED = {
    "backend/api": {
        "backend", "backend.config", "backend.api", "backend.services", "backend.stores", "backend.engines",
        "backend.errors",
    },
    "backend/services": {
        "backend.config", "backend.services", "backend.engines", "backend.pipeline", "backend.stores", "backend.errors",
    },
    "backend/engines": {"backend.engines", "backend.errors"},
    "backend/stores": {"backend.stores", "backend.errors"},
    "backend/pipeline": {"backend.pipeline", "backend.errors"},
    "desktop": {"desktop", "backend", "backend.api", "backend.config", "backend.errors", "backend.services"},
}  # fmt: skip
FLASK_LIVES_IN = ("backend/api/", "backend/__init__.py")
HEAVY = {
    "lancedb", "pyarrow", "onnxruntime", "numpy", "msoffcrypto", "docx", "pypdfium2", "xllamacpp", "ollama",
    "reportlab", "markdown_it", "simsimd",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(path for top in ("backend", "desktop") for path in (ROOT / top).rglob("*.py"))


def imports(path: Path) -> list[tuple[str, bool]]:
    """Every imported module, with whether it is imported when the file is (not in a function, not for types only)."""
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, *, at_import: bool) -> None:
        for child in ast.iter_child_nodes(node):
            inside = at_import and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                inside = False
            if isinstance(child, ast.Import):
                found.extend((alias.name, at_import) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                module = child.module or ""
                names = [f"{module}.{alias.name}" for alias in child.names] if module == "backend" else [module]
                found.extend((name, at_import) for name in names)
            visit(child, at_import=inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), at_import=True)
    return found


def layer_of(name: str) -> str:
    """`backend.api.sse` belongs to `backend.api`, `backend.create_app` to `backend`, `desktop.cli` to `desktop`."""
    top, *rest = name.split(".")
    if top != "backend" or not rest or not (ROOT / "backend" / rest[0]).with_suffix("").exists():
        is_module = top == "backend" and rest and (ROOT / "backend" / f"{rest[0]}.py").exists()
        return f"backend.{rest[0]}" if is_module else top
    return f"backend.{rest[0]}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downward(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    layer = next((layer for layer in ALLOWED if place.startswith(f"{layer}/")), None)
    for name, _ in imports(path) if layer else ():
        if name.split(".")[0] in ("backend", "desktop", "tests", "build_scripts"):
            assert layer_of(name) in ALLOWED[layer or ""], f"{place} may not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_flask_lives_in_the_api_and_the_window_in_the_desktop(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    for name, _ in imports(path):
        top = name.split(".")[0]
        if top in ("flask", "werkzeug") and not place.startswith("desktop/"):
            assert place.startswith(FLASK_LIVES_IN), f"{place} imports {name}: Flask lives in backend/api"
        if top in ("webview", "PySide6"):
            assert place.startswith("desktop/"), f"{place} imports {name}: the window is the desktop's"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    for name, at_import in imports(path):
        if at_import and name.split(".")[0] in HEAVY:
            place = path.relative_to(ROOT)
            pytest.fail(f"{place} imports {name} with the module: put it into the function, or the start gets slower")
