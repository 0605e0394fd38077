"""What is frozen: the window's parts stay, what nobody asked for goes; every licence that ships is collected."""

import sys
from pathlib import Path

import pytest

from build_scripts import build, bundle, licences

QT = "PySide6/Qt/"


@pytest.mark.parametrize(
    "name",
    [
        QT + "lib/libQt6WebEngineCore.so.6",
        QT + "libexec/QtWebEngineProcess",
        QT + "plugins/platforms/libqxcb.so",
        QT + "plugins/platforms/libqwayland.so",
        QT + "resources/icudtl.dat",
        QT + "translations/qtwebengine_locales/de.pak",
        QT + "translations/qtbase_fr.qm",
        "PySide6/QtWidgets.abi3.so",
        "pyarrow/libarrow_substrait.so.2600",
        "models/SmolLM2-135M-Instruct.Q4_1.gguf",
        "frontend/dist/index.html",
    ],
)
def test_what_the_window_and_the_stores_need_is_frozen(name: str) -> None:
    assert bundle.is_wanted(name)
    assert bundle.is_wanted(name.replace("/", "\\"))


@pytest.mark.parametrize(
    "name",
    [
        QT + "lib/libQt6Charts.so.6",
        QT + "lib/libQt63DCore.so.6",
        QT + "plugins/platformthemes/libqgtk3.so",
        QT + "plugins/multimedia/libffmpegmediaplugin.so",
        QT + "qml/QtQuick/Controls/libqtquickcontrols2plugin.so",
        QT + "resources/qtwebengine_devtools_resources.pak",
        QT + "translations/qtwebengine_locales/tr.pak",
        "PySide6/QtCharts.abi3.so",
        "pyarrow/libarrow_flight.so.2600",
        "pyarrow/include/arrow/api.h",
    ],
)
def test_what_nothing_uses_stays_out(name: str) -> None:
    assert not bundle.is_wanted(name)


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_a_system_library_stays_only_while_something_needs_it() -> None:
    libraries = Path("/lib/x86_64-linux-gnu")
    user, needed, orphan = (str(libraries / name) for name in ("libpng16.so.16", "libz.so.1", "libbz2.so.1.0"))
    if not all(Path(path).exists() for path in (user, needed, orphan)):
        pytest.skip("needs libpng, zlib and bzip2 as Debian has them")
    entries = [
        ("pictures/extension.so", user, "EXTENSION"),
        ("libz.so.1", needed, "BINARY"),
        ("libbz2.so.1.0", orphan, "BINARY"),
        ("libsoftokn3.so", orphan, "BINARY"),
    ]
    kept = [name for name, _, _ in bundle.without_orphans(entries)]
    assert kept == ["pictures/extension.so", "libz.so.1", "libsoftokn3.so"]


def test_every_direct_dependency_has_its_licence_collected() -> None:
    collected = {package.name.lower().replace("_", "-") for package in licences.python_packages()}
    assert {"flask", "lancedb", "onnxruntime", "pywebview", "xllamacpp", "tokenizers"} <= collected
    assert not collected & {"pytest", "mypy", "ruff", "pyinstaller", "playwright"}
    sections = dict(
        section.removeprefix(licences.RULE).strip().split("\n", 1) for section in licences.python_sections()
    )
    flask = next(text for name, text in sections.items() if name.startswith("Flask "))
    assert "Redistribution and use in source and binary forms" in flask


def test_the_package_description_can_be_filled_in() -> None:
    control = (build.INSTALLER / "control").read_text(encoding="utf-8")
    filled = control.format(version=build.version(), architecture="amd64", kilobytes=1)
    fields = dict(line.split(": ", 1) for line in filled.splitlines() if not line.startswith(" "))
    assert fields["Package"] == "localchat"
    assert fields["Version"] == build.version()
    assert filled.endswith("\n")
