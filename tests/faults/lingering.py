"""A provider that begins an answer and never ends it, and sees when its caller leaves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.transports.contract import wait_until
from tests.transports.peer import Connection, Peer, chunk, peer, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LEFT_S = 1.0
"""How soon a provider must see that its caller is gone, on a machine that does other things."""


def event(text: str) -> bytes:
    """One piece of an answer."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    return chunk(b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n")


WHOLE = reply(
    json.dumps({"choices": [{"index": 0, "message": {"content": "well"}, "finish_reason": "stop"}]}).encode(),
    b"Content-Type: application/json",
)


class Lingering:
    """What became of the one request that lingers; `/well` is answered at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        """The request is here, and what is to come of its answer has been sent."""
        self.ended_at: list[float] = []
        self.requests = 0
        self._server: Peer

    def config(self, path: str) -> dict[str, Any]:
        """For a client: `slow` lingers, `well` answers."""
        provider = {"dialect": "openai_chat", "api_key": "fake-key"}
        return {
            "providers": {
                "slow": {**provider, "base_url": f"{self._server.origin}/{path}"},
                "well": {**provider, "base_url": f"{self._server.origin}/well"},
            }
        }

    @property
    def origin(self) -> str:
        return self._server.origin

    def seen_to_leave(self, since: float) -> None:
        """Fails where the provider did not see its caller leave at once, or got a further request."""
        wait_until(lambda: bool(self.ended_at))
        assert self.ended_at[0] - since < LEFT_S
        assert self.requests == 1

    def script(self, connection: Connection) -> None:
        """Answers `/well`; of a stream begins, of anything else says nothing; then waits for the end."""
        while request := connection.request():
            target = request.split(b" ", 2)[1]
            if target.startswith(b"/well"):
                connection.say(WHOLE)
                continue
            self.requests += 1
            if target.startswith(b"/stream"):
                connection.say(HEAD + event("one") + event(" two"))
            if target.startswith(b"/busy"):
                connection.say(reply(b"{}", b"Retry-After: 60", status=b"503 Busy"))
            self.asked.set()
            if not target.startswith(b"/busy"):
                self.ended_at.append(connection.ended_at())
                return


@contextmanager
def lingering() -> Iterator[Lingering]:
    """Such a provider, for the time of a test."""
    found = Lingering()
    with peer(found.script) as server:
        found._server = server
        yield found


def now() -> float:
    """When it is, on the clock of `ended_at`."""
    return time.monotonic()
