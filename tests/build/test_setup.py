"""Setting up: a step is done once, again when its sources change, and again after it was interrupted."""

import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts import debian, locking, suites
from build_scripts import step as steps
from build_scripts.step import SetupError, Step

ROOT = Path(__file__).resolve().parents[2]


class Page:
    """A product made from one source, which counts how often it is made."""

    def __init__(self, folder: Path) -> None:
        self.source, self.product = folder / "main.ts", folder / "index.html"
        self.source.write_text("1", encoding="utf-8")
        self.times = 0

    def make(self) -> None:
        self.times += 1
        self.product.write_bytes(self.source.read_bytes())

    def step(self, identity: str = "") -> Step:
        return Step("page", "Building the page", [self.source], identity, self.product, self.make)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr(steps, "STAMPS", tmp_path / "stamps")
    return Page(tmp_path)


def test_a_step_is_done_once(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    page.step().complete()
    told = capsys.readouterr().out
    assert "Building the page" in told
    assert " s\n" in told
    page.step().complete()
    assert page.times == 1
    assert capsys.readouterr().out == ""


def test_a_step_is_done_again_when_a_source_or_its_identity_changes(page: Page) -> None:
    page.step().complete()
    page.source.write_text("22", encoding="utf-8")
    page.step().complete()
    page.step(identity="another lock").complete()
    assert page.times == 3


def test_a_step_is_done_again_when_its_product_is_gone(page: Page) -> None:
    page.step().complete()
    page.product.unlink()
    page.step().complete()
    assert page.times == 2


def test_an_interrupted_step_is_done_again(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.step().complete()
    page.source.write_text("22", encoding="utf-8")

    def interrupted() -> None:
        raise KeyboardInterrupt

    broken = Step("page", "Building the page", [page.source], "", page.product, interrupted)
    with pytest.raises(KeyboardInterrupt):
        broken.complete()
    page.source.write_text("1", encoding="utf-8")
    page.step().complete()
    assert page.times == 2


def test_a_step_that_makes_nothing_is_an_error(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "ROOT", page.product.parent)
    with pytest.raises(SetupError, match=r"index\.html was not made"):
        Step("page", "Building the page", [], "", page.product, lambda: None).complete()


def test_a_failed_program_shows_its_words_and_what_to_do() -> None:
    with pytest.raises(SetupError, match=r"(?s)no such host.*Connect and try again"):
        steps.run([sys.executable, "-c", "import sys; sys.exit('no such host')"], "Connect and try again.")
    with pytest.raises(SetupError, match="Connect and try again"):
        steps.run(["a-program-that-is-nowhere"], "Connect and try again.")


def test_the_lock_holds_hashes_and_no_address_and_nothing_overridden_away() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = locking.ENTRY.findall(lock)
    assert len(entries) > 80
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in lock
    assert locking.wanted_entries(lock) == lock


def test_packages_that_no_platform_takes_leave_the_lock() -> None:
    kept = "numpy==2 ; sys_platform == 'never' or os_name == 'nt' \\\n    --hash=sha256:1\n"
    dropped = (
        "spacy==3 ; (os_name == 'nt' and sys_platform == 'never') or sys_platform == 'never' \\\n    --hash=sha256:2\n"
    )
    assert locking.wanted_entries(dropped + kept) == kept


def test_every_pinned_dependency_is_in_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower().replace("_", "-")
    for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith('    "') and "==" in line.partition(";")[0]:
            pinned = line.strip(' ",').partition(";")[0].lower().replace("_", "-")
            assert f"{pinned} " in lock or "nodejs" in pinned, pinned


@pytest.mark.skipif(not Path("/usr/bin/dpkg-query").exists(), reason="not a Debian")
def test_a_package_that_is_not_installed_is_missing() -> None:
    assert debian.missing_packages(["dpkg", "libreally-not-there0"]) == ["libreally-not-there0"]


@pytest.mark.skipif(not Path("/usr/bin/dpkg-query").exists(), reason="not a Debian")
def test_without_the_right_to_install_the_line_to_type_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian, "_privileged", lambda: None)
    debian.install_missing(["libreally-not-there0"])
    assert "sudo apt-get install --no-install-recommends libreally-not-there0" in capsys.readouterr().out


def test_a_report_is_counted_by_what_its_tests_did(tmp_path: Path) -> None:
    report = tmp_path / "unit.xml"
    report.write_text(
        "<testsuites><testsuite><testcase/><testcase/><testcase><failure/></testcase>"
        "<testcase><error/></testcase><testcase><skipped/></testcase></testsuite></testsuites>",
        encoding="utf-8",
    )
    assert suites.counted(report) == suites.Count(passed=2, failed=2, skipped=1)


def test_an_unknown_suite_is_refused_by_name() -> None:
    command = [sys.executable, str(ROOT / "build_scripts" / "dev.py"), "test", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no suite named nonsense" in done.stderr
