"""What a driver holds for a call (places within limits, keys of the cache) is given back however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from baimo.cache.protocol import AnswerCache, AsyncAnswerCache
from baimo.client.async_driving import AsyncDriver, AsyncServices
from baimo.client.driving import Driver, Services
from baimo.errors import Error, LimitReachedError, ServerError, TransportError
from baimo.limiting.protocol import AsyncLimiter, Limiter
from baimo.steps import Emit, Keep, Look, Reserve, Send, Settle, Steps
from baimo.types.limits import Claim, Hold, Receipt, Settlement
from baimo.wire.http import HttpRequest
from tests.scripted import OK, AsyncScript, Script

CLAIMS = (Claim((Hold("acme/m"),), tokens=3),)
WIRE = HttpRequest(method="GET", origin="http://acme.test", target=b"/")


class Keeper:
    """Grants every claim, finds what it was given, and writes down what is asked of it."""

    def __init__(self, log: list[str], found: bytes | None = None, refuses: bool = False) -> None:
        self.log = log
        self.found = found
        self.refuses = refuses

    def reserve(self, step: Reserve) -> Receipt:
        self.log.append(f"reserve {step.claims[0].tokens}")
        if self.refuses:
            raise LimitReachedError("full")
        return Receipt(0, ticket=7)

    def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        self.log.append(f"settle {receipt.ticket} {settlement.verdict}")

    def release(self, receipt: Receipt) -> None:
        self.log.append(f"release {receipt.ticket}")

    def look(self, step: Look) -> bytes | None:
        self.log.append(f"look {step.key}")
        return self.found

    def keep(self, step: Keep) -> None:
        self.log.append(f"keep {step.key} {step.value!r}")

    def leave(self, key: str) -> None:
        self.log.append(f"leave {key}")

    def close(self) -> None:
        """Nothing is held open."""


class AwaitedKeeper:
    """The same, awaited."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.release = keeper.release
        self.leave = keeper.leave

    async def reserve(self, step: Reserve) -> Receipt:
        return self._keeper.reserve(step)

    async def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        self._keeper.settle(receipt, settlement)

    async def look(self, step: Look) -> bytes | None:
        return self._keeper.look(step)

    async def keep(self, step: Keep) -> None:
        self._keeper.keep(step)

    async def close(self) -> None:
        self._keeper.close()


def call(end: str) -> Steps:
    """A call that holds a place and a key while it sends, reads and emits; `end` says how it ends."""
    found = yield Look("key")
    if found is not None:
        yield Emit([found])
        return "found"
    receipt = yield Reserve(CLAIMS)
    yield Send(WIRE, 1.0, 1.0)
    yield Emit(["first"])
    if end == "refused":
        raise ServerError("no", status=500)
    if end == "reset":
        raise TransportError("reset")
    if end == "bug":
        raise ZeroDivisionError
    yield Settle(receipt, Settlement(verdict="answered"))
    yield Keep("key", b"value" if end == "well" else None)
    yield Emit(["last"])
    return "done"


def blocking(end: str, *, leave: bool = False, **facts: Any) -> list[str]:
    script = Script((OK, [b""]))
    keeper = Keeper(script.log, **facts)
    limiter: Limiter = keeper
    cache: AnswerCache = keeper
    driver = Driver(call(end), Services(script, limiter=limiter, cache=cache))
    try:
        while (events := driver.advance()) is not None:
            script.log.append(f"emit {events[0]}")
            if leave:
                driver.abort()
                break
    except (Error, ZeroDivisionError) as error:
        script.log.append(type(error).__name__)
    driver.abort()  # once more does no harm
    return script.log


def awaited(end: str, *, leave: bool = False, **facts: Any) -> list[str]:
    async def drive() -> list[str]:
        script = AsyncScript((OK, [b""]))
        keeper = AwaitedKeeper(Keeper(script.log, **facts))
        limiter: AsyncLimiter = keeper
        cache: AsyncAnswerCache = keeper
        driver = AsyncDriver(call(end), AsyncServices(script, limiter=limiter, cache=cache))
        try:
            while (events := await driver.advance()) is not None:
                script.log.append(f"emit {events[0]}")
                if leave:
                    driver.abort()
                    break
        except (Error, ZeroDivisionError) as error:
            script.log.append(type(error).__name__)
        driver.abort()
        return script.log

    return asyncio.run(drive())


BOTH = pytest.mark.parametrize("drive", [blocking, awaited], ids=["blocking", "awaited"])
BEGUN = ["look key", "reserve 3", "open connect=1 head=1", "emit first"]


@BOTH
@pytest.mark.parametrize(
    ("end", "rest"),
    [
        ("well", ["settle 7 answered", "keep key b'value'", "emit last", "kept"]),
        ("nothing to keep", ["settle 7 answered", "keep key None", "emit last", "kept"]),
        ("refused", ["kept", "release 7", "leave key", "ServerError"]),
        ("reset", ["aborted", "release 7", "leave key", "TransportError"]),
        ("bug", ["aborted", "release 7", "leave key", "ZeroDivisionError"]),
    ],
)
def test_what_is_held_is_settled_or_given_back_once(
    drive: Callable[..., list[str]], end: str, rest: list[str]
) -> None:
    assert drive(end) == BEGUN + rest


@BOTH
def test_who_leaves_gives_back_what_is_held(drive: Callable[..., list[str]]) -> None:
    assert drive("well", leave=True) == [*BEGUN, "aborted", "release 7", "leave key"]


@BOTH
def test_what_is_found_is_not_fetched_and_nothing_is_held(drive: Callable[..., list[str]]) -> None:
    assert drive("well", found=b"kept before") == ["look key", "emit b'kept before'"]


@BOTH
def test_what_was_not_granted_is_not_given_back(drive: Callable[..., list[str]]) -> None:
    assert drive("well", refuses=True) == ["look key", "reserve 3", "leave key", "LimitReachedError"]


def waiting_again() -> Steps:
    yield Send(WIRE, 1.0, 1.0)
    yield Reserve(CLAIMS)
    yield Emit(["granted"])


def test_a_reply_is_done_with_before_the_call_waits_in_line() -> None:
    script = Script((OK, [b""]))
    driver = Driver(waiting_again(), Services(script, limiter=Keeper(script.log)))
    driver.advance()
    assert script.log == ["open connect=1 head=1", "kept", "reserve 3"]
    driver.abort()

    async def drive() -> list[str]:
        script = AsyncScript((OK, [b""]))
        driver = AsyncDriver(
            waiting_again(), AsyncServices(script, limiter=AwaitedKeeper(Keeper(script.log)))
        )
        await driver.advance()
        driver.abort()
        return script.log

    assert asyncio.run(drive()) == ["open connect=1 head=1", "kept", "reserve 3", "release 7"]


@pytest.mark.parametrize("where", ["reserve", "settle", "look", "keep"])
def test_a_task_that_is_cancelled_while_it_waits_gives_back_what_it_holds(where: str) -> None:
    async def drive() -> list[str]:
        script = AsyncScript((OK, [b""]))
        waits = asyncio.Event()

        class Stuck(AwaitedKeeper):
            async def stop(self, here: str) -> None:
                if here == where:
                    script.log.append(f"stuck in {here}")
                    waits.set()
                    await asyncio.Event().wait()

            async def reserve(self, step: Reserve) -> Receipt:
                await self.stop("reserve")
                return await super().reserve(step)

            async def settle(self, receipt: Receipt, settlement: Settlement) -> None:
                await self.stop("settle")
                await super().settle(receipt, settlement)

            async def look(self, step: Look) -> bytes | None:
                await self.stop("look")
                return await super().look(step)

            async def keep(self, step: Keep) -> None:
                await self.stop("keep")
                await super().keep(step)

        stuck = Stuck(Keeper(script.log))
        driver = AsyncDriver(call("well"), AsyncServices(script, limiter=stuck, cache=stuck))

        async def run() -> None:
            while await driver.advance() is not None:
                pass

        task = asyncio.ensure_future(run())
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return script.log[script.log.index(f"stuck in {where}") + 1 :]

    assert (
        asyncio.run(drive())
        == {
            "look": [],
            "reserve": ["leave key"],
            "settle": ["aborted", "release 7", "leave key"],
            "keep": ["aborted"],  # `keep` ends what `look` began, also where it is cut short
        }[where]
    )
