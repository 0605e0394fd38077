#!/usr/bin/env python3
"""Builds what users install, one verb an artifact, into dist/:

python3 build_scripts/build.py linux-deb    dist/localchat_VERSION_ARCHITECTURE.deb, on Debian or Ubuntu
python3 build_scripts/build.py bundle       only the frozen program, build/bundle/localchat/

Each sets up the checkout first, as dev.py does. A program is frozen on the system that it is for.
"""

import argparse
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from build_scripts import debian, environment  # noqa: E402  (found through the line above)
from build_scripts.step import SetupError, run  # noqa: E402

BUNDLE = ROOT / "build" / "bundle" / "localchat"
PACKAGE = ROOT / "build" / "deb"
DIST = ROOT / "dist"
INSTALLER = ROOT / "build_scripts" / "installer" / "linux"
ICON = ROOT / "frontend" / "public" / "icon.svg"
# Comes with 80 MB of symbols; the other libraries have none or lose nothing.
STRIPPED = ["_internal/xllamacpp/xllamacpp.abi3.so"]


def main(arguments: list[str]) -> int:
    """Run one verb; returns the exit status."""
    parser = argparse.ArgumentParser(prog="build.py", description="Build what users install.")
    parser.add_argument("verb", choices=["bundle", "linux-deb"])
    verb = parser.parse_args(arguments).verb
    try:
        if verb == "linux-deb" and not shutil.which("dpkg-deb"):
            raise SetupError("A .deb is built where dpkg-deb is: on Debian or Ubuntu.")
        debian.install_missing(debian.WINDOW)
        environment.complete()
        freeze()
        if verb == "linux-deb":
            pack_deb()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def freeze() -> None:
    """The frozen program in BUNDLE, with the page, both models and every licence. Raises SetupError."""
    with told("Freezing the program", BUNDLE):
        shutil.rmtree(BUNDLE, ignore_errors=True)
        folders: list[str | Path] = ["--distpath", BUNDLE.parent, "--workpath", ROOT / "build" / "pyinstaller"]
        spec = ROOT / "build_scripts" / "localchat.spec"
        run(
            environment.python("PyInstaller", "--noconfirm", "--log-level", "WARN", *folders, spec),
            "The program could not be frozen; see above.",
        )
        if shutil.which("strip"):
            run(["strip", "--strip-unneeded", *(BUNDLE / name for name in STRIPPED)], "Symbols could not be removed.")
        licences = BUNDLE / "LICENSES.txt"
        run(environment.python("build_scripts.licences", licences), "The licences could not be collected.")


def pack_deb() -> Path:
    """The .deb in DIST: the program under /opt, a command, a menu entry, an icon. Raises SetupError."""
    architecture = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    deb = DIST / f"localchat_{version()}_{architecture}.deb"
    with told("Packing the .deb", deb):
        shutil.rmtree(PACKAGE, ignore_errors=True)
        program = PACKAGE / "opt" / "localchat"
        shutil.copytree(BUNDLE, program, symlinks=True, copy_function=_link)
        (PACKAGE / "usr" / "bin").mkdir(parents=True)
        (PACKAGE / "usr" / "bin" / "localchat").symlink_to("/opt/localchat/localchat")
        _copy(INSTALLER / "localchat.desktop", "usr/share/applications/localchat.desktop")
        _copy(ICON, "usr/share/icons/hicolor/scalable/apps/localchat.svg")
        _copy(INSTALLER / "copyright", "usr/share/doc/localchat/copyright")
        control = (INSTALLER / "control").read_text(encoding="utf-8")
        kilobytes = size(program) // 1024
        (PACKAGE / "DEBIAN").mkdir()
        (PACKAGE / "DEBIAN" / "control").write_text(
            control.format(version=version(), architecture=architecture, kilobytes=kilobytes), encoding="utf-8"
        )
        DIST.mkdir(exist_ok=True)
        run(
            ["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", PACKAGE, deb],
            "The .deb could not be packed; see above.",
        )
    return deb


def version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def size(path: Path) -> int:
    """Bytes of a file, or of a folder's files."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


@contextmanager
def told(telling: str, product: Path) -> Iterator[None]:
    """Say what is made, then how large it is and how long it took."""
    print(f"{telling} …", flush=True)
    started = time.monotonic()
    yield
    megabytes = size(product) / 1e6
    print(f"  {product.relative_to(ROOT)}: {megabytes:.0f} MB, {time.monotonic() - started:.1f} s", flush=True)


def _copy(source: Path, name: str) -> None:
    target = PACKAGE / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _link(source: str, target: str) -> None:
    """A second name instead of a copy of a gigabyte; both folders are made anew at each build."""
    Path(target).hardlink_to(source)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
