"""`localchat backup` and `localchat restore`, with a LocalChat that runs and without, and killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from tests.desktop.conftest import Run, Serve

FACT = "The lighthouse of Port Ellery was painted green in 1874."


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_there_and_back_with_nothing_running(localchat: Run, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    assert localchat("ingest", write(tmp_path, "lighthouse.txt", FACT)).returncode == 0
    made = localchat("backup", file)
    assert made.returncode == 0, made.stderr
    assert str(file) in made.stdout
    assert "1 document, 0 conversations" in made.stdout

    other = str(tmp_path / "other")
    restored = localchat("restore", file, "--data", other)
    assert restored.returncode == 0, restored.stderr
    assert "is restored" in restored.stdout
    found = localchat("search", "lighthouse", "--data", other)
    assert FACT in found.stdout
    assert not (tmp_path / "other" / "restore").exists()


def test_beside_one_that_runs_it_is_asked_and_takes_the_data_at_its_next_start(
    serve: Serve, localchat: Run, tmp_path: Path
) -> None:
    file = tmp_path / "b.zip"
    with serve() as served, served.http() as http:
        http.post("/api/conversations", json={"title": "Before"})
        assert localchat("backup", file).returncode == 0
        http.post("/api/conversations", json={"title": "After"})
        restored = localchat("restore", file)
        assert restored.returncode == 0, restored.stderr
        assert "starts the next time" in restored.stdout
        assert http.get("/api/conversations").json()["total"] == 2
    with serve() as served, served.http() as http:
        assert [one["title"] for one in http.get("/api/conversations").json()["conversations"]] == ["Before"]


def test_what_cannot_be_restored_is_said_with_status_1(serve: Serve, localchat: Run, tmp_path: Path) -> None:
    broken = write(tmp_path, "broken.zip", "no zip at all")
    for _ in range(2):
        result = localchat("restore", broken)
        assert result.returncode == 1
        assert "broken.zip cannot be restored" in result.stderr
        assert "Traceback" not in result.stderr
    with serve():
        result = localchat("restore", broken)
        assert (result.returncode, "cannot be restored" in result.stderr) == (1, True)
        result = localchat("backup", tmp_path / "nowhere" / "b.zip")
        assert result.returncode == 1
        assert "There is no folder" in result.stderr


def test_a_running_one_that_is_killed_in_the_middle_of_a_backup_or_a_restore_loses_nothing(
    serve: Serve, localchat: Run, tmp_path: Path
) -> None:
    file, other = tmp_path / "b.zip", tmp_path / "c.zip"
    with serve() as served, served.http() as http:
        http.post("/api/conversations", json={"title": "Kept"})
        # Large enough that there is a middle; what it is does not matter.
        http.post("/api/documents/upload", files={"files": ("large.bin", bytes(150 * 1024**2))})
        assert localchat("backup", file).returncode == 0
    for command, target in (("backup", other), ("restore", file)):
        with (
            serve() as served,
            subprocess.Popen(
                [sys.executable, "-m", "desktop", command, str(target), "--data", str(tmp_path / "data")], cwd=ROOT
            ) as asking,
        ):
            wait_for_any(tmp_path / "c.zip.part", tmp_path / "data" / "restore" / "new" / "files")
            served.end(signal.SIGKILL)
            assert asking.wait(60) != 0
        assert not other.exists()
        with serve() as served, served.http() as http:
            assert [one["title"] for one in http.get("/api/conversations").json()["conversations"]] == ["Kept"]
            assert http.get("/api/restore").json() == {"staged": None}
        (tmp_path / "c.zip.part").unlink(missing_ok=True)
    assert zipfile.ZipFile(file).testzip() is None


def wait_for_any(*paths: Path) -> None:
    deadline = time.monotonic() + 60
    while not any(path.exists() for path in paths):
        assert time.monotonic() < deadline
        time.sleep(0.001)
