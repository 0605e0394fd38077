"""Questions to whole collections: each document asked by itself, in the background, one after the other.

What waits stands in the database, so that a crash costs the row that was being asked and no other. A question runs on
whoever listens; `follow` tells any number of listeners how far it is.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from backend.errors import (
    Details,
    EngineUnavailable,
    InvalidRequest,
    LocalChatError,
    ModelNotFound,
    NotFound,
    StorageError,
)
from backend.services.call import Call
from backend.services.chat import FAILED_INSIDE
from backend.services.events import (
    IDLE,
    AskColumn,
    AskDone,
    AskEvent,
    AskRow,
    AskStarted,
    AskStep,
    AskTable,
    AskTally,
    Failure,
    Idle,
)
from backend.services.question import check_message
from backend.stores.collections import Collections
from backend.stores.documents import Documents
from backend.stores.questions import Asked, Questions, Row, Tally, Waiting

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from backend.pipeline.columns import Column
    from backend.services.models import Choice, Models
    from backend.services.one_document import Answered, OneDocument

log = logging.getLogger(__name__)

LISTEN_SECONDS: Final = 0.2
"""How soon a listener hears of a row; also how often it is asked whether it is still there."""

LOOK_SECONDS: Final = 1.0
"""How often a running question looks whether a document that was being read is ready."""

POLITE_SECONDS: Final = 0.1
"""A question in a conversation goes first: a row is not begun while an answer is being written."""

STOP_SECONDS: Final = 0.9


class Asking:
    """`one`: made with the first question, as its rules take long to import. `busy`: whether an answer is being written
    in a conversation. `limit`: characters of a question.
    """

    def __init__(
        self,
        questions: Questions,
        collections: Collections,
        documents: Documents,
        models: Models,
        one: Callable[[], OneDocument],
        *,
        busy: Callable[[], bool],
        limit: int,
    ) -> None:
        self._questions = questions
        self._collections = collections
        self._documents = documents
        self._models = models
        self._one = one
        self._busy = busy
        self._limit = limit
        self._current: tuple[Waiting, Call] | None = None
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="asking", daemon=True)

    def start(self) -> None:
        """Goes on with what ran when the last run ended."""
        self._questions.delete_without_collection()
        self._wake.set()
        self._thread.start()

    def close(self) -> None:
        """The row under way waits for the next start. Idempotent."""
        self._closing.set()
        self._wake.set()
        current = self._current
        if current is not None:
            current[1].end()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    # --- what is asked ---

    def propose(self, question: str, model: str | None) -> tuple[list[Column], str | None]:
        """The columns that a question needs, and the model that says so; None where the question's words do.

        Raises InvalidRequest, TooLarge, ModelNotFound, EngineUnavailable, ContextOverflow, GenerationError.
        """
        from backend.pipeline.columns import plain

        check_message(question, self._limit)
        choice = self._models.at_hand(model)
        # The built-in model is too small to propose anything of use.
        if choice is None or choice.engine.name == "builtin":
            return plain(question), None
        proposed = self._one().proposed(question, choice)
        return (proposed, choice.model.name) if proposed else (plain(question), None)

    def begin(
        self,
        collection_id: str,
        question: str,
        columns: Sequence[Column] | None,
        *,
        model: str | None = None,
        quotes: bool = False,
    ) -> str:
        """The id of the question, which runs from now on.

        `columns`: None proposes them. `quotes`: the documents' own sentences fill the table, and no model is asked; so
        it is where there is none. Raises as `propose`, and NotFound for the collection.
        """
        check_message(question, self._limit)
        self._collections.get(collection_id)
        choice = None if quotes else self._models.at_hand(model)
        if choice is None:
            from backend.pipeline.columns import ANSWER, Column

            columns = [Column(ANSWER, "text")]
        else:
            from backend.services.one_document import documents_room

            columns = columns or self.propose(question, model)[0]
            documents_room(question, columns, choice)
        asked = self._questions.create(
            collection_id,
            question,
            [dataclasses.asdict(column) for column in columns],
            choice.model.name if choice else None,
        )
        self._questions.finish()
        self._wake.set()
        return asked.id

    def tables(self, collection_id: str) -> list[AskTable]:
        """The questions of a collection without their rows, the newest first. Raises NotFound."""
        self._collections.get(collection_id)
        return [self._table(asked, []) for asked in self._questions.of_collection(collection_id)]

    def table(self, identity: str) -> AskTable:
        """Raises NotFound."""
        asked = self._questions.get(identity)
        return self._table(asked, self._questions.rows(identity))

    # --- what a person does with it ---

    def follow(self, identity: str) -> Iterator[AskEvent | Idle]:
        """The table as it is, then what changes, until it is done or stopped. Leaving does not stop it."""
        asked = self._questions.get(identity)
        yield AskStarted(self._table(asked, self._questions.rows(identity)))
        said = (asked.revision, self._asking(identity))
        while asked.state == "running" and not self._closing.is_set():
            with self._changed:
                self._changed.wait(LISTEN_SECONDS)
            try:
                asked = self._questions.get(identity)
            except NotFound:
                return
            now = (asked.revision, self._asking(identity))
            if now == said:
                yield IDLE
                continue
            rows = self._questions.rows(identity, said[0])
            said = now
            yield AskStep([_row(row) for row in rows], _tally(asked.tally, self._asking(identity)))
        tally = asked.tally
        yield AskDone(
            covered=tally.covered,
            failed=tally.failed,
            empty=tally.empty,
            left=tally.left,
            stopped=asked.state != "done",
            stopped_by=_failure(asked.error),
        )

    def stop(self, identity: str) -> None:
        """The engine's call ends at once; what was answered is kept. Raises NotFound."""
        self._questions.stop(identity)
        self._leave(identity)

    def go_on(self, identity: str, failed: bool = False) -> None:
        """With what waits; `failed`: with the rows that failed too. Raises NotFound."""
        again = [row.document_id for row in self._questions.rows(identity) if row.state == "failed"] if failed else []
        self._questions.go_on(identity, again)
        self._wake.set()

    def retry(self, identity: str, document_id: str) -> None:
        """Asks one document once more. Raises NotFound, InvalidRequest for one that waits already."""
        if self._questions.row(identity, document_id) == "waiting":
            raise InvalidRequest("This document waits to be asked already.", "row_waits")
        self._questions.go_on(identity, [document_id])
        self._wake.set()

    def delete(self, identity: str) -> None:
        """Raises NotFound."""
        self._questions.delete(identity)
        self._leave(identity)

    def stop_collection(self, collection_id: str) -> None:
        """Before a collection is deleted. It may come back, and its tables with it."""
        for asked in self._questions.of_collection(collection_id):
            if asked.state == "running":
                self.stop(asked.id)

    # --- inside ---

    def _leave(self, identity: str) -> None:
        current = self._current
        if current is not None and current[0].question_id == identity:
            current[1].end()
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _asking(self, identity: str) -> str | None:
        current = self._current
        if current is None or current[1].left or current[0].question_id != identity:
            return None
        return current[0].document_id

    def _table(self, asked: Asked, rows: Sequence[Row]) -> AskTable:
        return AskTable(
            asked.id,
            asked.collection_id,
            asked.question,
            [AskColumn(**column) for column in asked.columns],  # type: ignore[arg-type]
            asked.model,
            asked.state,
            asked.created_at,
            _tally(asked.tally, self._asking(asked.id)),
            _failure(asked.error),
            [_row(row) for row in rows],
        )

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                worked = self._step()
                running = not worked and self._questions.running()
            except Exception:
                # The disk is full, or the database is gone: the row waits, and is not asked again and again.
                log.exception("a question to a collection could not go on")
                worked = running = False
            if not worked:
                self._wake.wait(LOOK_SECONDS if running else None)
                self._wake.clear()

    def _step(self) -> bool:
        """Asks the next document; False when none waits."""
        waiting = self._questions.next_waiting()
        if waiting is None:
            self._questions.finish()
            self._tell()
            return False
        while self._busy() and not self._closing.wait(POLITE_SECONDS):
            pass
        call = Call()
        self._current = (waiting, call)
        self._tell()
        try:
            self._ask(waiting, call)
        finally:
            self._current = None
            self._tell()
        return True

    def _ask(self, waiting: Waiting, call: Call) -> None:
        began = time.monotonic()
        try:
            asked = self._questions.get(waiting.question_id)
        except NotFound:
            return
        if asked.state != "running":
            return
        try:
            choice = self._models.active(asked.model) if asked.model is not None else None
            answered = self._answered(waiting, call, asked, choice)
        except (EngineUnavailable, ModelNotFound, StorageError) as error:
            # The others would fail as this one did: the question stops, and says why.
            if not call.left:
                self._questions.stop(asked.id, error.kept)
            return
        except LocalChatError as error:
            self._fail(waiting, call, error.kept, began)
            return
        except Exception:
            log.exception("a document could not be asked")
            self._fail(waiting, call, FAILED_INSIDE, began)
            return
        if answered is None or call.left:
            return
        found = {
            "cells": [dataclasses.asdict(cell) for cell in answered.cells],
            "sources": [dataclasses.asdict(source) for source in answered.sources],
        }
        state = "covered" if answered.says_something else "empty"
        self._questions.keep(waiting, state, found=found, seconds=time.monotonic() - began)  # type: ignore[arg-type]

    def _answered(self, waiting: Waiting, call: Call, asked: Asked, choice: Choice | None) -> Answered | None:
        document = self._documents.get(waiting.document_id)
        if not document.answers:
            raise Unread(document.error_code, document.error_message)
        if choice is None:
            return self._one().quoted(document, asked.question)
        return self._one().answered(document, asked.question, columns_of(asked.columns), choice, call.begin)

    def _fail(self, waiting: Waiting, call: Call, error: Mapping[str, Any], began: float) -> None:
        if not call.left:
            self._questions.keep(waiting, "failed", error=error, seconds=time.monotonic() - began)


def columns_of(columns: Iterable[Mapping[str, str]]) -> list[Column]:
    """{name, kind} each."""
    from backend.pipeline.columns import Column

    return [Column(**column) for column in columns]  # type: ignore[arg-type]


class Unread(LocalChatError):
    """A document that could not be read, and why: in the words of its own error."""

    def __init__(self, code: str | None, message: str | None) -> None:
        super().__init__(message or "The document could not be read.")
        self._code = code

    @property
    def code(self) -> str:
        return self._code or "DocumentError"


@cache
def _row_type() -> TypeAdapter[AskRow]:
    # Made with the first table: it takes longer than the rest of a start's part here.
    from pydantic import TypeAdapter

    return TypeAdapter(AskRow)


def _row(row: Row) -> AskRow:
    found = row.found or {"cells": [], "sources": []}
    return _row_type().validate_python(
        {
            "document_id": row.document_id,
            "filename": row.filename,
            "state": row.state,
            "cells": found["cells"],
            "sources": found["sources"],
            "error": row.error,
        }
    )


def _tally(tally: Tally, asking: str | None) -> AskTally:
    left = None if tally.seconds is None or not tally.left else round(tally.seconds * tally.left, 1)
    return AskTally(tally.total, tally.covered, tally.empty, tally.failed, tally.left, left, asking)


def _failure(error: Mapping[str, Any] | None) -> Failure | None:
    if error is None:
        return None
    details = error.get("details")
    return Failure(error["error"], error["message"], Details(**details) if details else None)
