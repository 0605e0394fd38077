"""The program tries itself, frozen or not: window, chat, import, an answer from the imported page."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from desktop.client import Client
from desktop.instance import new_token
from desktop.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.config import Config
    from desktop.window import Window

LIMIT_SECONDS: Final = 180
WINDOW_SECONDS: Final = 30
FILE: Final = "lighthouse.pdf"
FACT: Final = "The lighthouse of Port Ellery was painted green in 1874."


class Failed(Exception):
    """A step did not do what it should; the message says what."""


def run(config: Config, *, window: bool) -> int:
    """Prints a line for each step and a verdict; 1 when a step failed. Its data folder is its own, and is removed."""
    # Nothing may hang a build: not a window without a screen, not a model.
    limit = threading.Timer(LIMIT_SECONDS, _give_up)
    limit.daemon = True
    limit.start()
    with tempfile.TemporaryDirectory(prefix="localchat-selftest-", ignore_cleanup_errors=True) as folder:
        own = replace(config, data=Path(folder), token=new_token(), ollama_host="127.0.0.1:1")
        program = Program(own)
        test = Selftest(program)
        try:
            if window:
                test.run_with_window(own.data)
            else:
                program.start()
                test.steps(None)
        finally:
            program.stop()
            tempfile.tempdir = None
    limit.cancel()
    print(f"\n{'Failed: ' + test.failure if test.failure else 'Passed.'}", flush=True)
    return 1 if test.failure else 0


class Selftest:
    """`failure` tells why a step failed; empty while none has."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._client = Client(program.address)
        self.failure = ""

    def run_with_window(self, folder: Path) -> None:
        """The steps on a thread of their own, the window on this one, as in the real program."""
        from desktop.window import Window

        window = Window(self._program.address, folder)

        def steps() -> None:
            try:
                self._program.start_or_tell(window)
                self.steps(window)
            finally:
                window.close()

        thread = threading.Thread(target=steps, name="selftest")
        thread.start()
        window.run()
        thread.join()

    def steps(self, window: Window | None) -> None:
        """All steps, until one fails."""
        try:
            self._step("server", self._server)
            if window is not None:
                self._step("window", lambda: self._window(window))
            self._step("chat", self._chat)
            self._step("import", self._import)
            self._step("answer from the document", self._answer)
        except Exception as error:  # noqa: BLE001, whatever it is, the verdict is the same
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self._client.close()

    def _step(self, name: str, step: Callable[[], str]) -> None:
        started = time.monotonic()
        said = step()
        print(f"ok  {name:<26} {time.monotonic() - started:6.2f} s  {said}", flush=True)

    def _server(self) -> str:
        return f"LocalChat {self._client.get('/api/health')['version']}"

    def _window(self, window: Window) -> str:
        deadline = time.monotonic() + WINDOW_SECONDS
        while window.evaluate("document.documentElement.dataset.ready") != "true":
            if time.monotonic() > deadline:
                raise Failed("the page did not become ready")
            time.sleep(0.05)
        return "the page is ready"

    def _chat(self) -> str:
        events = self._ask("Say hello.", documents=False)
        answer = "".join(event.get("content", "") for event in events)
        if not answer.strip():
            raise Failed("the model wrote nothing")
        return f"{events[0]['model']}: {' '.join(answer.split())[:60]}"

    def _import(self) -> str:
        files = [("files", (FILE, small_pdf(FACT), "application/pdf"))]
        events = list(self._client.stream("/api/documents/upload", files=files))
        results = [event["result"] for event in events if "result" in event]
        if len(results) != 1 or not results[0]["success"]:
            raise Failed(f"the import said {results}")
        return str(results[0]["message"])

    def _answer(self) -> str:
        sources = self._ask("What colour was the lighthouse of Port Ellery painted?", documents=True)[0]["sources"]
        if not any((source["filename"], source["page"]) == (FILE, 1) for source in sources):
            raise Failed(f"page 1 of {FILE} is not among the sources: {sources}")
        return f"source: {FILE}, page 1"

    def _ask(self, question: str, *, documents: bool) -> list[dict[str, Any]]:
        request = {"message": question, "use_rag": documents, "options": {"max_tokens": 60}}
        with closing(self._client.stream("/api/chat", json=request)) as stream:
            events = list(stream)
        if not events[-1].get("done"):
            raise Failed("the answer has no end")
        return events


def small_pdf(sentence: str) -> bytes:
    """A PDF of one page with one line of text (ASCII without parentheses), written by hand."""
    text = f"BT /F1 14 Tf 72 720 Td ({sentence}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    pdf = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % place for place in places)
    return pdf + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)


def _give_up() -> None:
    print(f"\nFailed: not done after {LIMIT_SECONDS} seconds.", flush=True)
    sys.stdout.flush()
    os._exit(1)
