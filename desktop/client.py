"""The command line as a client of the HTTP API: of the LocalChat that runs, or of one started for the moment."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import httpx

from desktop.instance import Address, claim, new_token
from desktop.program import Program

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from backend.config import Config

WAIT_SECONDS: Final = 60
"""How long a command waits for another one that is at work in the same data folder."""


class Refused(Exception):
    """The server said no, or the stream ended in an error; the message is for people."""


class Client:
    """Speaks to one LocalChat. Raises Refused wherever the API answers with an error."""

    def __init__(self, address: Address) -> None:
        headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
        # No time limit: a model may think for minutes. No proxy: this is our own machine.
        self._http = httpx.Client(base_url=address.url, headers=headers, timeout=None, trust_env=False)  # noqa: S113

    def get(self, path: str) -> Any:
        return _json(self._http.get(path))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return _json(self._http.post(path, json=body))

    def stream(self, path: str, **request: Any) -> Generator[dict[str, Any], None, None]:
        """The events of a POST, as they come. Closing the iterator leaves the stream."""
        with self._http.stream("POST", path, **request) as response:
            if response.is_error:
                response.read()
                _json(response)
            for event in read_events(response.iter_raw()):
                if "error" in event:
                    raise Refused(event["message"])
                yield event

    def close(self) -> None:
        self._http.close()


@contextmanager
def connect(config: Config) -> Iterator[Client]:
    """A client of the LocalChat of this data folder, started in this process when none runs.

    Raises DataInUse, ReadOnlyData and what `create_app` raises.
    """
    claimed = claim(config.data, WAIT_SECONDS)
    if isinstance(claimed, Address):
        with connected(claimed) as client:
            yield client
        return
    # It is not published: it ends with this command, and nobody should come to depend on it.
    with claimed:
        program = Program(replace(config, token=new_token()))
        try:
            program.start()
            with connected(program.address) as client:
                yield client
        finally:
            program.stop()


def read_events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Server-sent events out of bytes that are cut anywhere. Lines end at LF alone: text may hold other separators."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


@contextmanager
def connected(address: Address) -> Iterator[Client]:
    client = Client(address)
    try:
        yield client
    finally:
        client.close()


def _json(response: httpx.Response) -> Any:
    try:
        body = response.json()
    except ValueError:
        raise Refused(f"LocalChat answered with status {response.status_code}.") from None
    if response.is_error:
        raise Refused(body.get("message", f"LocalChat answered with status {response.status_code}."))
    return body
