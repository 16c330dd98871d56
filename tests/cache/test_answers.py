"""The cache of blocking callers, driven as a client drives it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from baimo.cache.answers import StoredAnswers
from baimo.client.driving import Driver, Services
from baimo.errors import CacheError, Error, ServerError, TimedOutError
from baimo.exchange import Exchange, Outcome
from baimo.operations import ChatOperation
from baimo.plan import plan
from baimo.remember import remembered
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.steps import Keep, Look
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from tests.cache.memory import Memory
from tests.cache.waiting import until
from tests.scripted import OK, Script, chat_request, deployment

MANY = 50
ROUTE = ((deployment(),),)
HELLO = (OK, [b"t:Hel\n", b"t:lo\nend\n"])


def steps(*, stream: bool = False) -> Exchange:
    inner = plan(
        ChatOperation(chat_request(stream=stream)),
        ROUTE,
        retry=RetryPolicy(attempts=1),
        limits=[TimeLimits()],
    )
    return remembered(inner, "k", route=ROUTE, streams=stream, within_s=None)


class Gated(Script):
    """Answers only when the gate is open."""

    def __init__(self, *answers: Error | tuple[object, list[bytes]]) -> None:
        super().__init__(*answers)  # type: ignore[arg-type]
        self.gate = threading.Event()

    def open(self, request: object, *, connect_s: float, head_s: float) -> object:  # type: ignore[override]
        assert self.gate.wait(20)
        return super().open(request, connect_s=connect_s, head_s=head_s)  # type: ignore[arg-type]


def call(script: Script, cache: StoredAnswers, *, stream: bool = False) -> tuple[Outcome, str]:
    driver = Driver(steps(stream=stream), Services(script, cache=cache))
    events: list[ChatEvent] = []
    driver.finish(events.extend)
    assert driver.outcome is not None
    return driver.outcome, fold(events).text


def waiting(cache: StoredAnswers) -> int:
    return len(cache._flights._board._flights.get("k", ()))


def test_of_many_equal_calls_in_flight_one_is_sent() -> None:
    script, cache = Gated(HELLO), StoredAnswers(Memory())
    with ThreadPoolExecutor(MANY) as pool:
        calls = [pool.submit(call, script, cache) for _ in range(MANY)]
        until(lambda: waiting(cache) == MANY - 1)
        script.gate.set()
        done = [one.result() for one in calls]
    assert {text for _, text in done} == {"Hello"}
    assert [outcome.cached for outcome, _ in done].count(False) == 1
    assert len(script.sent) == 1
    assert cache.store.puts == 1  # type: ignore[attr-defined]
    assert len(cache._flights) == 0


def test_a_call_that_fails_hands_over_to_one_and_its_error_is_its_own() -> None:
    script, cache = Gated(ServerError("no", status=500), HELLO), StoredAnswers(Memory())
    with ThreadPoolExecutor(MANY) as pool:
        calls = [pool.submit(call, script, cache) for _ in range(MANY)]
        until(lambda: waiting(cache) == MANY - 1)
        script.gate.set()
        errors = [one.exception() for one in calls]
    assert [type(error) for error in errors if error is not None] == [ServerError]
    assert len(script.sent) == 2
    assert len(cache._flights) == 0


def test_a_stream_that_is_left_hands_over() -> None:
    script, cache = Script(HELLO, HELLO), StoredAnswers(Memory())
    left = Driver(steps(stream=True), Services(script, cache=cache))
    assert left.advance()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(call, script, cache)
        until(lambda: waiting(cache) == 1)
        left.abort()
        assert other.result()[1] == "Hello"
    assert script.log.count("aborted") == 1
    left.abort()
    assert call(script, cache)[0].cached


def test_streams_are_played_again_as_streams() -> None:
    script, cache = Script(HELLO), StoredAnswers(Memory())
    pieces = []
    for _ in range(2):
        driver = Driver(steps(stream=True), Services(script, cache=cache))
        got = []
        while (events := driver.advance()) is not None:
            got.append(events)
        pieces.append(got)
    assert pieces[0] == pieces[1]
    assert len(pieces[0]) == 2
    assert len(script.sent) == 1


def test_a_store_that_fails_is_told_of_and_keeps_nobody_waiting() -> None:
    store = Memory()
    script, cache = Script(HELLO, HELLO), StoredAnswers(store)
    store.trouble = "the disk is gone"
    for _ in range(2):
        outcome, text = call(script, cache)
        assert text == "Hello"
        assert [note.code for note in outcome.notes] == ["cache_unavailable"]
    assert len(cache._flights) == 0
    assert store.puts == 0


def test_a_store_that_takes_nothing_still_serves_those_who_wait() -> None:
    store = Memory()
    cache = StoredAnswers(store)
    assert cache.look(Look("k")) is None
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(cache.look, Look("k"))
        until(lambda: waiting(cache) == 1)
        store.trouble = "the disk is full"
        with pytest.raises(CacheError, match="full"):
            cache.keep(Keep("k", b"v"))
        assert other.result() == b"v"
    assert len(cache._flights) == 0


def test_who_may_wait_less_than_another_fetches_ends_in_time() -> None:
    cache = StoredAnswers(Memory())
    cache.store.longest_s = 0.0
    assert cache.look(Look("k")) is None
    with pytest.raises(TimedOutError):
        cache.look(Look("k", 0.001))
    cache.leave("k")
    assert len(cache._flights) == 0


def test_with_less_time_left_than_a_failing_store_may_take_it_is_not_asked() -> None:
    cache = StoredAnswers(Memory())
    with pytest.raises(CacheError, match=r"has 0\.2 s left"):
        cache.look(Look("k", 0.2))
    assert cache.store.gets == 0  # type: ignore[attr-defined]


def test_a_value_that_is_no_good_is_fetched_anew() -> None:
    cache = StoredAnswers(Memory())
    cache.store.put("k", b"old")
    assert cache.look(Look("k")) == b"old"
    assert cache.look(Look("k", None, b"old")) is None
    cache.keep(Keep("k", b"new"))
    assert cache.look(Look("k", None, b"old")) == b"new"


def test_closing_closes_the_store() -> None:
    cache = StoredAnswers(Memory())
    cache.close()
    assert cache.store.is_closed  # type: ignore[attr-defined]
