"""Watched folders with a real disk, real events and the real library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from backend.errors import Conflict, InvalidRequest, NotFound
from backend.services import Services
from backend.services.folder_scan import scan
from backend.services.folders import FolderView
from tests.conftest import services_of


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def names(folder: Path, start: Path | None = None) -> list[str]:
    return [file.path.relative_to(folder).as_posix() for file in scan(str(folder), str(start or folder)).files]


def write(folder: Path, *files: str) -> None:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"This is {name}.", encoding="utf-8")


# --- what lies in a folder ---


def test_what_is_hidden_or_of_tools_is_left_out(tmp_path: Path) -> None:
    write(
        tmp_path, "a.txt", "b/c.txt", ".hidden", ".git/config", "node_modules/x.js", "b/~$c.docx", "b/__pycache__/x.py"
    )
    assert names(tmp_path) == ["a.txt", "b/c.txt"]


def test_what_git_ignores_is_left_out_at_each_level(tmp_path: Path) -> None:
    write(tmp_path, "a.log", "a.txt", "build/x.txt", "b/a.log", "b/keep.log", "b/only/x.md", "b/only/x.txt")
    (tmp_path / ".gitignore").write_text("*.log\n/build/\n", encoding="utf-8")
    (tmp_path / "b" / ".gitignore").write_text("!keep.log\nonly/*.md\n", encoding="utf-8")
    assert names(tmp_path) == ["a.txt", "b/keep.log", "b/only/x.txt"]
    assert names(tmp_path, tmp_path / "b" / "a.log") == []
    assert names(tmp_path, tmp_path / "b" / "keep.log") == ["b/keep.log"]
    assert names(tmp_path, tmp_path / "build" / "x.txt") == []
    assert names(tmp_path, tmp_path / "b" / "only") == ["b/only/x.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path, "a/b.txt")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a" / "b.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert names(tmp_path) == ["link.txt", "a/b.txt"]


STRANGE = ["emoji 🎉.txt", "line\nbreak.txt", "quote'\".txt", "..txt", " space .txt", "a" * 240 + ".txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="these names are not possible there")
def test_strange_names_are_seen(tmp_path: Path) -> None:
    for name in [*STRANGE, os.fsdecode(b"bytes \xff.txt")]:
        (tmp_path / name).write_text("x", encoding="utf-8")
    found = scan(str(tmp_path), str(tmp_path)).files
    assert len(found) == len(STRANGE)  # "..txt" is hidden, the one that is no UTF-8 is not
    for file in found:
        file.key.encode()


# --- in the library ---


@pytest.fixture
def services(app: Flask) -> Services:
    return services_of(app)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    write(folder, "one.txt", "in/two.txt", "in/picture.xyz")
    return folder


@pytest.fixture
def watched(services: Services, papers: Path) -> FolderView:
    view = services.folders.add(str(papers))
    wait_for(lambda: services.folders.get(view.row.id).row.ready == 2)
    wait_for(lambda: services.folders.get(view.row.id).state == "watching")
    return view


def listed(services: Services) -> dict[str, str]:
    return {row.filename: row.status for row in services.documents.list()[0]}


def test_a_folder_is_read_and_its_documents_tell_where_they_lie(
    services: Services, watched: FolderView, papers: Path
) -> None:
    (row,) = services.documents.list(words="two")[0]
    assert (row.folder_id, row.path) == (watched.row.id, str(papers / "in" / "two.txt"))
    view = services.folders.get(watched.row.id)
    assert (view.row.files, view.row.documents, view.left, view.closed, view.error) == (2, 2, 1, 0, None)


def test_what_comes_changes_moves_and_goes_follows(services: Services, watched: FolderView, papers: Path) -> None:
    write(papers, "new/three.txt")
    wait_for(lambda: listed(services).get("three.txt") == "ready")
    (three,) = services.documents.list(words="three")[0]
    (papers / "new" / "three.txt").write_text("A zebra in the snow.", encoding="utf-8")
    wait_for(lambda: any("zebra" in found.text for found in services.search.find("zebra snow", limit=1)))
    assert [passage.text for passage in services.library.passages(three.id, 0, 9)] == ["A zebra in the snow."]
    (papers / "new").rename(papers / "moved")
    wait_for(lambda: (row := services.documents.find(three.id)) is not None and "moved" in (row.path or ""))
    (papers / "moved" / "three.txt").rename(papers / "drei.txt")
    wait_for(lambda: "drei.txt" in listed(services))
    assert services.documents.get(three.id).status == "ready", "it was not read again"
    (papers / "drei.txt").unlink()
    wait_for(lambda: services.documents.find(three.id) is None)
    wait_for(lambda: not any("zebra" in found.text for found in services.search.find("zebra snow", limit=3)))
    assert listed(services) == {"one.txt": "ready", "two.txt": "ready"}


def test_a_disk_that_is_unplugged_takes_nothing_with_it(services: Services, watched: FolderView, papers: Path) -> None:
    papers.rename(papers.with_name("away"))
    wait_for(lambda: services.folders.get(watched.row.id).state == "missing")
    assert len(listed(services)) == 2
    write(papers.with_name("away"), "three.txt")
    papers.with_name("away").rename(papers)
    wait_for(lambda: listed(services).get("three.txt") == "ready")
    assert services.folders.get(watched.row.id).state == "watching"


def test_an_empty_folder_where_a_disk_was_takes_nothing_with_it(
    services: Services, watched: FolderView, papers: Path
) -> None:
    write(papers, "three.txt")
    wait_for(lambda: len(listed(services)) == 3)
    papers.rename(papers.with_name("away"))
    papers.mkdir()
    wait_for(lambda: services.folders.get(watched.row.id).state == "missing")
    assert len(listed(services)) == 3


def test_what_happened_while_the_app_was_closed_is_found_at_the_next_start(
    make_app: Callable[..., Flask], papers: Path
) -> None:
    first = services_of(make_app())
    first.folders.add(str(papers))
    wait_for(lambda: len(listed(first)) == 2)
    first.close()
    (papers / "one.txt").write_text("A zebra in the snow.", encoding="utf-8")
    (papers / "in" / "two.txt").unlink()
    write(papers, "three.txt")
    second = services_of(make_app())
    wait_for(lambda: listed(second) == {"one.txt": "ready", "three.txt": "ready"})
    (one,) = second.documents.list(words="one")[0]
    wait_for(lambda: [found.text for found in second.library.passages(one.id, 0, 9)] == ["A zebra in the snow."])


def test_a_folder_that_is_left_takes_its_documents_and_leaves_its_files(
    services: Services, watched: FolderView, papers: Path
) -> None:
    services.folders.delete(watched.row.id)
    assert services.folders.views() == []
    assert listed(services) == {}
    assert (papers / "one.txt").is_file()
    with pytest.raises(NotFound):
        services.folders.delete(watched.row.id)
    write(papers, "three.txt")
    time.sleep(1.5)
    assert listed(services) == {}, "nobody looks at it any more"


def test_a_document_that_a_person_deleted_stays_away(services: Services, watched: FolderView) -> None:
    (one,) = services.documents.list(words="one")[0]
    services.library.delete(one.id)
    services.folders.look_again(watched.row.id)
    wait_for(lambda: services.folders.get(watched.row.id).state == "watching")
    assert listed(services) == {"two.txt": "ready"}


def test_folders_that_make_no_sense_are_refused(services: Services, watched: FolderView, papers: Path) -> None:
    for path in ("relative", str(papers / "nowhere"), str(papers / "one.txt"), "nul\x00"):
        with pytest.raises(InvalidRequest):
            services.folders.add(path)
    for overlapping in (papers, papers / "in", papers.parent, services.config.data / "files"):
        overlapping.mkdir(exist_ok=True)
        with pytest.raises(Conflict):
            services.folders.add(str(overlapping))


@pytest.mark.skipif(sys.platform == "win32" or shutil.which("setpriv") is None, reason="needs a user without rights")
def test_a_folder_without_permission_is_counted_and_keeps_its_documents(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "shut/b.txt")
    (tmp_path / "shut").chmod(0)
    tmp_path.chmod(0o755)
    look = f"s = scan({str(tmp_path)!r}, {str(tmp_path)!r}); print([f.path.name for f in s.files], len(s.closed))"
    command = [sys.executable, "-c", f"from backend.services.folder_scan import scan; {look}"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", "65534", "--clear-groups", *command]
    try:
        for parent in list(tmp_path.parents)[:-1]:
            if not parent.stat().st_mode & 0o001:
                pytest.skip("the temporary folder is closed to others")
        result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert result.stdout == "['a.txt'] 1\n", result.stderr
    finally:
        (tmp_path / "shut").chmod(0o755)
