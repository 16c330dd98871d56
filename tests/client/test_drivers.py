"""Both drivers carry out the same script alike: one table of scripts, two drivers, one trace."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import pytest

from baimo.client.async_driving import AsyncDriver, AsyncServices
from baimo.client.async_driving import run as arun
from baimo.client.driving import Driver, Services, run
from baimo.errors import (
    Error,
    ServerError,
    StaleConnectionError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.exchange import Exchange, exchange
from baimo.operations import ChatOperation
from baimo.plan import plan
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.steps import Keep, Look, Now, Read, Reserve, Retrying, Settle, Shared, Steps, Wait
from baimo.types.limits import Claim, Hold, Receipt, Settlement
from baimo.wire.http import WireHead
from tests.scripted import OK, AsyncScript, Script, chat_request, deployment

Answer = Error | tuple[WireHead, Iterable[bytes | Error]]
KEY = Shared("key", lambda: iter(()))  # type: ignore[arg-type, return-value]
NO_WAIT = RetryPolicy(attempts=2, first_wait_s=0.0)


def steps(*, stream: bool = True, raw: bool = False) -> Exchange:
    return exchange(
        ChatOperation(chat_request(stream=stream)),
        deployment(),
        retry=NO_WAIT,
        limits=TimeLimits(first_event=30.0, idle=7.0),
        raw=raw,
    )


def blocking(
    answers: tuple[Answer, ...], make: Callable[[], Exchange], told: list[Retrying] | None = None
) -> dict[str, Any]:
    script = Script(*answers)
    driver = Driver(make(), Services(script, None if told is None else told.append))
    found: list[list[Any]] = []
    error = None
    try:
        while (events := driver.advance()) is not None:
            found.append(events)
    except Error as failure:
        error = str(failure)
    return {
        "events": found,
        "error": error,
        "log": [line.partition(" head")[0] for line in script.log],
        "sent": script.sent,
        "done": driver.outcome is not None,
        "raw": driver.raw,
    }


def awaited(
    answers: tuple[Answer, ...], make: Callable[[], Exchange], told: list[Retrying] | None = None
) -> dict[str, Any]:
    async def drive() -> dict[str, Any]:
        script = AsyncScript(*answers)
        driver = AsyncDriver(make(), AsyncServices(script, None if told is None else told.append))
        found: list[list[Any]] = []
        error = None
        try:
            while (events := await driver.advance()) is not None:
                found.append(events)
        except Error as failure:
            error = str(failure)
        return {
            "events": found,
            "error": error,
            "log": [line.partition(" head")[0] for line in script.log],
            "sent": script.sent,
            "done": driver.outcome is not None,
            "raw": driver.raw,
        }

    return asyncio.run(drive())


SCRIPTS: dict[str, Callable[[], tuple[Answer, ...]]] = {
    "whole": lambda: ((OK, [b"t:Hello\nend\n"]),),
    "pieces": lambda: ((OK, [b"t:He", b"llo\n", b"\n", b"t:you\nen", b"d\n"]),),
    "cut": lambda: ((OK, [b"t:Hello\n"]),),
    "reset in mid-stream": lambda: ((OK, [b"t:Hello\n", TransportError("reset")]),),
    "error in mid-stream": lambda: ((OK, [b"t:Hello\ne:failed\n"]),),
    "refused then good": lambda: ((WireHead(500), [b"x"]), (OK, [b"t:Hello\nend\n"])),
    "refused twice": lambda: ((WireHead(500), [b"x"]), (WireHead(502), [b"y"])),
    "no connection": lambda: (TransportError("down"), TransportError("down")),
    "stale": lambda: (StaleConnectionError("gone"), (OK, [b"t:Hello\nend\n"])),
}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("raw", [False, True])
def test_both_drivers_leave_the_same_trace(name: str, raw: bool) -> None:
    first = blocking(SCRIPTS[name](), lambda: steps(raw=raw))
    second = awaited(SCRIPTS[name](), lambda: steps(raw=raw))
    assert without_times(first) == without_times(second)
    assert first["log"][0].startswith("open")


def without_times(trace: dict[str, Any]) -> dict[str, Any]:
    """Reads before the first event are bounded by the clock: their seconds differ by microseconds."""
    return {**trace, "log": [line.split()[0] for line in trace["log"]]}


@pytest.mark.parametrize("drive", [blocking, awaited])
@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("whole", "kept"),
        ("cut", "aborted"),
        ("reset in mid-stream", "aborted"),
        ("no connection", "open"),
        ("refused twice", "kept"),
    ],
)
def test_a_connection_is_closed_at_once_unless_the_reply_may_have_been_read_to_its_end(
    drive: Any, name: str, last: str
) -> None:
    assert drive(SCRIPTS[name](), steps)["log"][-1].split()[0] == last


def over_two() -> Exchange:
    return plan(
        ChatOperation(chat_request(stream=True)),
        ((deployment("a"),), (deployment("b"),)),
        retry=RetryPolicy(attempts=1),
        limits=[TimeLimits()] * 2,
    )


@pytest.mark.parametrize("drive", [blocking, awaited])
def test_the_reply_of_one_deployment_is_done_with_before_the_next_is_asked(drive: Any) -> None:
    trace = drive(((WireHead(500), [b"x"]), (OK, [b"t:Hello\nend\n"])), over_two)
    assert trace["error"] is None
    log = [line.split()[0] for line in trace["log"]]
    assert log == ["open", "read", "read", "kept", "open", "read", "read", "kept"]


@pytest.mark.parametrize("drive", [blocking, awaited])
def test_a_retry_is_told_before_it_is_made(drive: Any) -> None:
    told: list[Retrying] = []
    drive(SCRIPTS["refused then good"](), steps, told)
    assert [(one.attempt, one.attempts, one.provider) for one in told] == [(2, 2, "acme")]
    assert isinstance(told[0].error, ServerError)


def other_steps() -> Steps:
    """Every step that a call may ask for besides those of an exchange; nothing is configured for them."""
    yield Wait(0.0)
    receipt = yield Reserve((Claim((Hold("acme/m"),)),))
    yield Settle(receipt, Settlement())
    found = yield Look("key")
    yield Keep("key", b"value")
    return receipt, found


def test_limits_and_cache_are_empty_where_none_is_configured() -> None:
    driver = Driver(other_steps(), Services(Script()))
    assert driver.advance() is None
    assert driver.outcome == (Receipt(0), None)  # type: ignore[comparison-overlap]

    async def drive() -> Any:
        driver = AsyncDriver(other_steps(), AsyncServices(AsyncScript()))
        assert await driver.advance() is None
        return driver.outcome

    assert asyncio.run(drive()) == (Receipt(0), None)


def reading_nothing() -> Steps:
    yield Read(1.0)


def test_reading_before_anything_was_sent_is_an_error() -> None:
    with pytest.raises(TransportError):
        Driver(reading_nothing(), Services(Script())).advance()
    with pytest.raises(TransportError):
        asyncio.run(AsyncDriver(reading_nothing(), AsyncServices(AsyncScript())).advance())


def test_a_shared_result_is_fetched_once_and_kept_until_it_expires() -> None:
    made: list[int] = []

    def fetch() -> Steps:
        made.append(1)
        yield Wait(0.0)
        return f"token-{len(made)}", lives_s

    def wanting() -> Steps:
        return (yield Shared("token", fetch))

    lives_s = 60.0
    services = Services(Script())
    for _ in range(3):
        driver = Driver(wanting(), services)
        assert driver.advance() is None
        assert driver.outcome == "token-1"  # type: ignore[comparison-overlap]
    lives_s = -1.0
    for expected in ("token-2", "token-3"):
        driver = Driver(wanting(), fresh := Services(Script()))
        assert fresh is not services
        driver.advance()
        assert driver.outcome == expected  # type: ignore[comparison-overlap]


def test_waiting_tasks_share_one_fetch_which_ends_with_the_last_of_them() -> None:
    async def drive() -> None:
        made: list[str] = []
        go = asyncio.Event()
        services = AsyncServices(AsyncScript())

        async def fetch() -> tuple[str, float]:
            made.append("begun")
            try:
                await go.wait()
            except asyncio.CancelledError:
                made.append("cancelled")
                raise
            return "token", 60.0

        waiting = [asyncio.ensure_future(services.shared.get(KEY, fetch)) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.sleep(0)
        assert made == ["begun", "cancelled"]

        go.set()
        results = await asyncio.gather(*(services.shared.get(KEY, fetch) for _ in range(200)))
        assert set(results) == {"token"}
        assert made == ["begun", "cancelled", "begun"]

    asyncio.run(drive())


def test_a_cancelled_call_has_closed_its_connection() -> None:
    async def drive() -> list[str]:
        script = AsyncScript((OK, [b"t:Hello\n"]))
        reply_waits = asyncio.Event()

        class Stuck:
            head = OK
            abort = staticmethod(lambda: script.log.append("aborted"))
            close = staticmethod(lambda: script.log.append("kept"))

            async def read(self, within_s: float) -> bytes:
                reply_waits.set()
                await asyncio.Event().wait()
                return b""

        class Transport:
            async def open(self, request: Any, *, connect_s: float, head_s: float) -> Stuck:
                return Stuck()

            async def close(self) -> None: ...

        driver = AsyncDriver(steps(), AsyncServices(Transport()))
        task = asyncio.ensure_future(driver.advance())
        await reply_waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return script.log

    assert asyncio.run(drive()) == ["aborted"]


def test_a_broken_stream_is_told_as_interrupted_by_both() -> None:
    for drive in (blocking, awaited):
        assert "stopped before its end" in drive(SCRIPTS["cut"](), steps)["error"]
    assert issubclass(StreamInterrupted, Error)


def test_a_fetch_that_a_loop_left_behind_is_no_other_loop_s_concern() -> None:
    services = AsyncServices(AsyncScript())

    async def fetch() -> tuple[str, float]:
        return "token", -1.0

    for _ in range(20):
        assert asyncio.run(services.shared.get(KEY, fetch)) == "token"
    gc.collect()
    assert len(services.shared._loops) <= 1


def test_who_comes_while_a_fetch_is_being_cancelled_begins_anew() -> None:
    async def drive() -> None:
        services = AsyncServices(AsyncScript())
        made: list[int] = []

        async def fetch() -> tuple[str, float]:
            made.append(1)
            if len(made) == 1:
                await asyncio.Event().wait()
            return "token", 60.0

        first = asyncio.ensure_future(services.shared.get(KEY, fetch))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        second = asyncio.ensure_future(services.shared.get(KEY, fetch))
        assert await second == "token"
        assert len(made) == 2

    asyncio.run(drive())


def test_a_stale_value_is_fetched_anew_once_however_many_found_it_stale() -> None:
    made: list[object] = []

    def fetch() -> Steps:
        yield Wait(0.0)
        made.append(object())
        return made[-1], 60.0

    def wanting(stale: object) -> Steps:
        return (yield Shared("token", fetch, stale=stale))

    services = Services(Script())
    first = run(wanting(None), services)
    assert [run(wanting(first), services) for _ in range(3)] == [made[1]] * 3
    assert run(wanting(None), services) is made[1]
    assert len(made) == 2

    async def drive() -> None:
        made.clear()
        services = AsyncServices(AsyncScript())
        first = await arun(wanting(None), services)
        found = await asyncio.gather(*(arun(wanting(first), services) for _ in range(50)))
        assert set(found) == {made[1]}
        assert len(made) == 2

    asyncio.run(drive())


def test_waiting_for_another_call_s_fetch_ends_with_the_call_s_time() -> None:
    services, begun, go = Services(Script()), threading.Event(), threading.Event()

    def slow() -> tuple[str, float]:
        begun.set()
        go.wait(20)
        return "token", 60.0

    thread = threading.Thread(target=services.shared.get, args=(KEY, slow))
    thread.start()
    begun.wait(20)
    with pytest.raises(TimedOutError) as caught:
        services.shared.get(Shared("key", KEY.make, within_s=0.01), slow)
    assert (caught.value.limit, caught.value.sent) == ("total", False)
    go.set()
    thread.join()

    async def drive() -> None:
        services = AsyncServices(AsyncScript())

        async def stuck() -> tuple[str, float]:
            await asyncio.Event().wait()
            return "", 0.0

        with pytest.raises(TimedOutError) as caught:
            await services.shared.get(Shared("key", KEY.make, within_s=0.01), stuck)
        assert caught.value.limit == "total"

    asyncio.run(drive())


def test_a_fetch_that_runs_into_its_own_time_limit_is_told_as_it_is() -> None:
    async def drive() -> None:
        async def late() -> tuple[str, float]:
            raise TimedOutError("no head", limit="head")

        with pytest.raises(TimedOutError) as caught:
            await AsyncServices(AsyncScript()).shared.get(KEY, late)
        assert caught.value.limit == "head"

    asyncio.run(drive())


def test_the_clock_of_a_driver_is_the_one_it_was_given() -> None:
    class Still:
        slept: ClassVar[list[float]] = []

        def wall(self) -> float:
            return 1000.0

        def mono(self) -> float:
            return 5.0

        def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)

        async def asleep(self, seconds: float) -> None:
            self.slept.append(-seconds)

    def asking() -> Steps:
        yield Wait(7.0)
        return (yield Now())

    assert run(asking(), Services(Script(), clock=Still())) == (1000.0, 5.0)
    assert asyncio.run(arun(asking(), AsyncServices(AsyncScript(), clock=Still()))) == (1000.0, 5.0)
    assert Still.slept == [7.0, -7.0]
