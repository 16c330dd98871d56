"""The cache of asyncio callers, driven as a client drives it."""

from __future__ import annotations

import asyncio

import pytest

from baimo.cache.async_answers import AsyncStoredAnswers
from baimo.client.async_driving import AsyncDriver, AsyncServices
from baimo.errors import CacheError, ServerError
from baimo.exchange import Outcome
from baimo.steps import Keep, Look
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from tests.cache.memory import AsyncMemory
from tests.cache.test_answers import HELLO, MANY, steps
from tests.cache.waiting import until_so
from tests.loops import BOTH_LOOPS
from tests.scripted import AsyncScript

pytestmark = [pytest.mark.anyio, BOTH_LOOPS]


class Gated(AsyncScript):
    """Answers only when the gate is open."""

    gate: asyncio.Event

    async def open(self, request: object, *, connect_s: float, head_s: float) -> object:  # type: ignore[override]
        await self.gate.wait()
        return await super().open(request, connect_s=connect_s, head_s=head_s)  # type: ignore[arg-type]


def gated(*answers: object) -> Gated:
    script = Gated(*answers)  # type: ignore[arg-type]
    script.gate = asyncio.Event()
    return script


async def call(script: AsyncScript, cache: AsyncStoredAnswers) -> tuple[Outcome, str]:
    driver = AsyncDriver(steps(), AsyncServices(script, cache=cache))
    events: list[ChatEvent] = []
    await driver.finish(events.extend)
    assert driver.outcome is not None
    return driver.outcome, fold(events).text


def waiting(cache: AsyncStoredAnswers) -> int:
    return sum(len(board._flights.get("k", ())) for board in cache._flights._boards.values())


async def test_of_many_equal_calls_in_flight_one_is_sent() -> None:
    script, cache = gated(HELLO), AsyncStoredAnswers(AsyncMemory())
    calls = [asyncio.ensure_future(call(script, cache)) for _ in range(MANY)]
    await until_so(lambda: waiting(cache) == MANY - 1)
    script.gate.set()
    done = await asyncio.gather(*calls)
    assert {text for _, text in done} == {"Hello"}
    assert [outcome.cached for outcome, _ in done].count(False) == 1
    assert len(script.sent) == 1
    assert len(cache._flights) == 0


async def test_a_call_that_fails_hands_over_to_one_and_its_error_is_its_own() -> None:
    script, cache = gated(ServerError("no", status=500), HELLO), AsyncStoredAnswers(AsyncMemory())
    calls = [asyncio.ensure_future(call(script, cache)) for _ in range(MANY)]
    await until_so(lambda: waiting(cache) == MANY - 1)
    script.gate.set()
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in done if isinstance(one, BaseException)] == [ServerError]
    assert len(script.sent) == 2
    assert len(cache._flights) == 0


async def test_a_call_that_is_cancelled_hands_over() -> None:
    script, cache = gated(HELLO), AsyncStoredAnswers(AsyncMemory())
    leader, other = (asyncio.ensure_future(call(script, cache)) for _ in range(2))
    await until_so(lambda: waiting(cache) == 1)
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    script.gate.set()
    assert (await other)[1] == "Hello"
    assert len(cache._flights) == 0


async def test_a_call_that_is_cancelled_while_it_keeps_still_serves_those_who_wait() -> None:
    class Slow(AsyncMemory):
        async def put(self, key: str, value: bytes) -> None:
            await asyncio.Event().wait()

    cache = AsyncStoredAnswers(Slow())
    assert await cache.look(Look("k")) is None
    keeping = asyncio.ensure_future(cache.keep(Keep("k", b"v")))
    other = asyncio.ensure_future(cache.look(Look("k")))
    await until_so(lambda: waiting(cache) == 1)
    keeping.cancel()
    assert await other == b"v"
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert len(cache._flights) == 0


async def test_a_store_that_fails_is_told_of_and_keeps_nobody_waiting() -> None:
    store = AsyncMemory()
    script, cache = AsyncScript(HELLO, HELLO), AsyncStoredAnswers(store)
    store.store.trouble = "the disk is gone"
    for _ in range(2):
        outcome, text = await call(script, cache)
        assert text == "Hello"
        assert [note.code for note in outcome.notes] == ["cache_unavailable"]
    assert len(cache._flights) == 0


async def test_with_less_time_left_than_a_failing_store_may_take_it_is_not_asked() -> None:
    store = AsyncMemory()
    with pytest.raises(CacheError):
        await AsyncStoredAnswers(store).look(Look("k", 0.2))
    assert store.store.gets == 0


async def test_a_value_that_is_no_good_is_fetched_anew() -> None:
    cache = AsyncStoredAnswers(AsyncMemory())
    await cache.store.put("k", b"old")
    assert await cache.look(Look("k", None, b"old")) is None
    await cache.keep(Keep("k", None))
    assert await cache.look(Look("k")) == b"old"
    await cache.close()
