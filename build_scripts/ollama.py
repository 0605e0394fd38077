"""A real Ollama for the tests, built from its published Go module: once a version, then found in the cache.

    python -m build_scripts.ollama

Needs Go ≥ 1.26, a C++ compiler and, on Debian, `nlohmann-json3-dev libstb-dev`. Takes 3 to 15 minutes on two cores.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from build_scripts import debian
from build_scripts.step import CACHE, SetupError, Step, run

VERSION = "0.24.0"  # the last one that carries llama.cpp's sources itself
MODULE = "github.com/ollama/ollama"
GO_AT_LEAST = (1, 26)
PROGRAM = CACHE / "ollama" / VERSION / ("ollama.exe" if os.name == "nt" else "ollama")
HEADERS = ["nlohmann-json3-dev", "libstb-dev"]
# A header that Ollama includes and Debian does not have; its Python binding's source package carries it.
MINIAUDIO = "miniaudio==1.71"
MINIAUDIO_SHA256 = "ff51e2887bb673e2e757752b586b3dc924d59aa5fbcae9bbc45f4a111bd3262b"
MINIAUDIO_BUILT_WITH = ["cffi", "setuptools", "wheel"]


def why_not() -> str | None:
    """The reason why this machine cannot have one; None where it is built or can be."""
    if PROGRAM.exists():
        return None
    if os.name == "nt":
        return "a real Ollama is built for tests on Linux and macOS only"
    if go_version() < GO_AT_LEAST:
        return f"a real Ollama needs Go ≥ {'.'.join(map(str, GO_AT_LEAST))}, which this machine does not have"
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return "a real Ollama needs a C++ compiler, which this machine does not have"
    return None


def build() -> None:
    """Takes the program from where Go installs, after building it there when it is missing. Raises SetupError."""
    go = ["go", "env", "GOBIN", "GOPATH"]
    answer = subprocess.run(go, capture_output=True, text=True, check=True).stdout.splitlines()
    installed = (Path(answer[0]) if answer[0] else Path(answer[1]) / "bin") / PROGRAM.name
    if not _is_version(installed):
        compile_it()
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    whole = PROGRAM.with_name(f"{PROGRAM.name}.part")
    shutil.copy2(installed, whole)
    whole.replace(PROGRAM)


def compile_it() -> None:
    """`go install`, into the folder of all of Go's programs: another checkout finds it there."""
    debian.install_missing(HEADERS)
    with tempfile.TemporaryDirectory() as temporary:
        environ = {
            **os.environ,
            "CGO_CPPFLAGS": f"-I{miniaudio_header(Path(temporary))}",
            "CGO_CFLAGS": "-O3 -march=native",
            "CGO_CXXFLAGS": "-O3 -march=native",
        }
        flags = f"-X={MODULE}/version.Version={VERSION}"
        command = ["go", "install", "-ldflags", flags, f"{MODULE}@v{VERSION}"]
        run(command, "The real Ollama could not be built; see above.", environ)


def _is_version(program: Path) -> bool:
    if not program.is_file():
        return False
    # Nobody listens there: without a server it tells its own version only.
    environ = {**os.environ, "OLLAMA_HOST": "127.0.0.1:9"}
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, env=environ)
    return f"version is {VERSION}" in done.stdout + done.stderr


def miniaudio_header(folder: Path) -> Path:
    """A folder to include from, with miniaudio/miniaudio.h in it. Raises SetupError."""
    failure = f"The header of {MINIAUDIO} could not be fetched. Check the network, then run this again."
    run([sys.executable, "-m", "venv", folder / "venv"], failure)
    pip = [str(folder / "venv" / "bin" / "pip"), "--disable-pip-version-check", "--quiet"]
    run([*pip, "install", *MINIAUDIO_BUILT_WITH], failure)
    sources = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation"]  # the sources, not a built binding
    run([*pip, "download", *sources, "-d", str(folder), MINIAUDIO], failure)
    archive = next(folder.glob("miniaudio-*.tar.gz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != MINIAUDIO_SHA256:
        raise SetupError(f"{archive.name} is not the file that was pinned.")
    header = folder / "include" / "miniaudio" / "miniaudio.h"
    header.parent.mkdir(parents=True)
    with tarfile.open(archive) as opened:
        member = next(name for name in opened.getnames() if name.endswith("/miniaudio.h"))
        content = opened.extractfile(member)
        if content is None:
            raise SetupError(f"{archive.name} holds no {header.name}.")
        header.write_bytes(content.read())
    return header.parent.parent


def go_version() -> tuple[int, int]:
    """(0, 0) where Go is missing."""
    go = shutil.which("go")
    if go is None:
        return 0, 0
    answer = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"go(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)


STEP = Step("ollama", "Building a real Ollama for the tests (minutes, once)", [], VERSION, PROGRAM, build)

if __name__ == "__main__":
    try:
        if reason := why_not():
            raise SetupError(reason)
        STEP.complete()
    except SetupError as error:
        sys.exit(str(error))
