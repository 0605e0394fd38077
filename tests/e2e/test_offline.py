"""Everything works with no network at all: only loopback, in a network namespace of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# Brings lo up in the new namespace, shows that nothing else is there, then becomes the program.
INSIDE = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh14s", b"lo", 1 | 64, b""))
assert [name for _, name in socket.if_nameindex()] == ["lo"], socket.if_nameindex()
os.execv(sys.executable, [sys.executable, "-m", "desktop", *sys.argv[1:]])
"""


def test_chat_import_and_answer_with_no_network(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare (Linux)")
    namespace = [unshare, "--net"] if os.geteuid() == 0 else [unshare, "--map-root-user", "--net"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system does not allow a network namespace")
    window = [] if os.environ.get("DISPLAY") else ["--no-window"]
    done = subprocess.run(
        [*namespace, sys.executable, "-c", INSIDE, "selftest", *window],
        cwd=ROOT,
        env={**os.environ, "LOCALCHAT_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
