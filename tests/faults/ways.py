"""The ways to call: blocking and awaited, whole and streamed, of one deployment and with a fallback."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

import baimo
from baimo.errors import Error
from baimo.steps import Retrying
from tests.faults import remains
from tests.faults.rows import Row
from tests.faults.worlds import FALLBACK, Place, World


class Way(msgspec.Struct, frozen=True):
    """One of the eight."""

    awaited: bool
    streamed: bool
    fallback: bool

    def __str__(self) -> str:
        return "-".join(
            (
                "async" if self.awaited else "sync",
                "streamed" if self.streamed else "whole",
                "fallback" if self.fallback else "single",
            )
        )


WAYS = tuple(
    Way(awaited, streamed, fallback)
    for awaited in (False, True)
    for streamed in (False, True)
    for fallback in (False, True)
)


class Seen(msgspec.Struct, kw_only=True):
    """What became of a call."""

    shown: str = ""
    """The words that the caller was given before the end."""
    response: baimo.ChatResponse | None = None
    error: Error | None = None
    took_s: float = 0.0
    retries: int = 0
    """How often the caller was told that a further attempt follows one of the first deployment."""
    requests: tuple[int, int] = (0, 0)
    """What came at the first deployment and at its fallback."""
    afterwards: str = ""
    """The words of a good call that followed."""
    late: int = 0
    """Requests that came after the call was over and before the next one."""


def play(world: World, row: Row, way: Way) -> Seen:
    """Make the row's call that way, and a good one after it."""
    world.begin(row)
    with world.place(row) as place, remains.nothing_left():
        call = _Call(world, row, way, place)
        if way.awaited:
            asyncio.run(call.awaited())
        else:
            call.blocking()
    return call.seen


class _Call:
    def __init__(self, world: World, row: Row, way: Way, place: Place) -> None:
        self._world = world
        self._row = row
        self._way = way
        self._place = place
        self._model: Any = [row.model, FALLBACK] if way.fallback else row.model
        self._options: dict[str, Any] = {} if row.timeout is None else {"timeout": row.timeout}
        self.seen = Seen()

    def blocking(self) -> None:
        with baimo.Client(transport=self._world.transport(self._place), **self._settings()) as client:
            began = self._world.clock.mono()
            try:
                if self._way.streamed:
                    with client.stream(self._model, "Hi", **self._options) as stream:
                        for piece in stream.text:
                            self.seen.shown += piece
                    self.seen.response = stream.response
                else:
                    self.seen.response = client.chat(self._model, "Hi", **self._options)
            except Error as error:
                self.seen.error = error
            self._over(began)
            self._afterwards(client.chat(self._next_model(), "Hi"))

    async def awaited(self) -> None:
        transport = self._world.async_transport(self._place)
        async with baimo.AsyncClient(transport=transport, **self._settings()) as client:
            began = self._world.clock.mono()
            try:
                if self._way.streamed:
                    async with client.stream(self._model, "Hi", **self._options) as stream:
                        async for piece in stream.text:
                            self.seen.shown += piece
                    self.seen.response = stream.response
                else:
                    self.seen.response = await client.chat(self._model, "Hi", **self._options)
            except Error as error:
                self.seen.error = error
            self._over(began)
            self._afterwards(await client.chat(self._next_model(), "Hi"))
        assert remains.tasks() == set()

    def _settings(self) -> dict[str, Any]:
        config = self._world.config(self._row, self._place)
        return {"config": config, "clock": self._world.clock, "on_retry": self._told}

    def _told(self, retrying: Retrying) -> None:
        self.seen.retries += retrying.provider == self._row.model.partition("/")[0]

    def _next_model(self) -> Any:
        """The same again; a peer that is no provider stays broken."""
        return FALLBACK if self._row.peer else self._model

    def _counted(self) -> tuple[int, int]:
        first = self._row.model.partition("/")[0]
        return self._world.requests(first), self._world.requests(FALLBACK.partition("/")[0])

    def _over(self, began: float) -> None:
        self.seen.took_s = self._world.clock.mono() - began
        self.seen.requests = self._counted()
        if self._row.peer:
            moved = self.seen.requests[1]
            self.seen.requests = (self.seen.retries + (not moved), moved)
        self._before = sum(self._counted())
        self._world.mend()

    def _afterwards(self, response: baimo.ChatResponse) -> None:
        self.seen.afterwards = response.text
        self.seen.late = sum(self._counted()) - self._before - 1
