"""Limits in this process, for threads: order, waiting without polling, and callers that go."""

from __future__ import annotations

import threading

import pytest

from baimo.errors import LimitReachedError
from baimo.limiting.local import LocalLimiter
from baimo.steps import Reserve
from baimo.testing.clock import VirtualClock
from baimo.types.limits import Receipt
from tests.limiting.keepers import ANSWERED, local, step

ONE = step("k", concurrency=1)


def wait_for_line(limiter: LocalLimiter, length: int) -> None:
    """Until so many stand in line."""
    while limiter._keeping.line.waiting != length:
        threading.Event().wait(0.001)


class Caller:
    """Reserves in a thread of its own."""

    def __init__(self, limiter: LocalLimiter, wanted: Reserve, done: list[Caller] | None = None) -> None:
        self.receipt: Receipt | None = None
        self.error: BaseException | None = None
        self._done = done
        self._thread = threading.Thread(target=self._run, args=(limiter, wanted))
        self._thread.start()

    def _run(self, limiter: LocalLimiter, wanted: Reserve) -> None:
        try:
            self.receipt = limiter.reserve(wanted)
        except LimitReachedError as error:
            self.error = error
        if self._done is not None:
            self._done.append(self)

    def got(self) -> Receipt:
        self._thread.join(10)
        assert self.receipt is not None
        return self.receipt


def test_threads_are_served_in_their_order() -> None:
    limiter = local()
    receipt = limiter.reserve(ONE)
    done: list[Caller] = []
    callers = []
    for number in range(6):
        callers.append(Caller(limiter, ONE, done))
        wait_for_line(limiter, number + 1)
    for caller in callers:
        limiter.settle(receipt, ANSWERED)
        receipt = caller.got()
    assert done == callers


def test_the_higher_priority_is_served_first() -> None:
    limiter = local()
    receipt = limiter.reserve(ONE)
    low = Caller(limiter, ONE)
    wait_for_line(limiter, 1)
    high = Caller(limiter, step("k", concurrency=1, priority=1))
    wait_for_line(limiter, 2)
    limiter.settle(receipt, ANSWERED)
    limiter.settle(high.got(), ANSWERED)
    limiter.settle(low.got(), ANSWERED)


def test_many_threads_never_hold_more_than_the_limit() -> None:
    limiter = local()
    wanted = step("k", concurrency=3, requests_per_second=10_000)
    running = most = total = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most, total
        for _ in range(50):
            receipt = limiter.reserve(wanted)
            with lock:
                running += 1
                total += 1
                most = max(most, running)
            with lock:
                running -= 1
            limiter.settle(receipt, ANSWERED)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert total == 600
    assert most <= 3
    assert limiter._keeping.line.waiting == 0


def test_waiting_for_a_minute_takes_no_time_on_a_virtual_clock() -> None:
    clock = VirtualClock()
    limiter = local(clock)
    minute = step("k", requests_per_minute=2)
    waited = [limiter.reserve(minute).waited_s for _ in range(5)]
    assert waited == [0.0, 0.0, 60.0, 0.0, 60.0]
    assert clock.elapsed == 120.0
    limiter.close()


def test_who_waited_as_long_as_he_may_leaves_the_line() -> None:
    limiter = local()
    limiter.reserve(ONE)
    with pytest.raises(LimitReachedError, match=r"no room within 0\.0 s"):
        limiter.reserve(step("k", concurrency=1, within_s=0.01))
    assert limiter._keeping.line.waiting == 0


def test_a_wait_that_turns_out_too_long_tells_when_there_is_room() -> None:
    clock = VirtualClock()
    limiter = local(clock)
    wanted = step("k", requests_per_minute=1, concurrency=1, within_s=70.0)
    first = limiter.reserve(wanted)
    limiter.settle(first, ANSWERED)
    behind = Reserve(wanted.claims, 130.0)
    limiter.reserve(behind)
    assert clock.elapsed == 60.0
    with pytest.raises(LimitReachedError):
        limiter.reserve(Reserve(wanted.claims, 10.0))
    assert clock.elapsed <= 70.0


class Left(BaseException):
    """What ends a thread's wait from outside, like Ctrl-C."""


class LeavingClock(VirtualClock):
    """Its sleepers are interrupted."""

    def sleep(self, seconds: float) -> None:
        raise Left


def test_an_interrupted_waiter_leaves_the_line() -> None:
    limiter = local(LeavingClock())
    minute = step("k", requests_per_minute=1)
    limiter.reserve(minute)
    with pytest.raises(Left):
        limiter.reserve(minute)
    assert limiter._keeping.line.waiting == 0


def test_a_place_granted_to_one_who_is_gone_is_given_back() -> None:
    limiter = local()
    keeping = limiter._keeping
    receipt = limiter.reserve(ONE)
    waiter = keeping.join(ONE, lambda: None)
    limiter.settle(receipt, ANSWERED)
    assert waiter.receipt is not None
    keeping.leave(waiter)
    limiter.settle(limiter.reserve(step("k", concurrency=1, within_s=0.0)), ANSWERED)


def test_a_release_while_the_lock_is_held_waits_for_its_end() -> None:
    """As when a stream is collected in the midst of another call of the same thread."""
    limiter = local()
    receipt = limiter.reserve(ONE)
    with limiter._keeping.lock:
        limiter.release(receipt)
    limiter.reserve(step("k", concurrency=1, within_s=0.0))


def test_adaptive_limits_hold_in_a_keeper_too() -> None:
    limiter = local(adaptive=True)
    for _ in range(64):
        limiter.reserve(step("k"))
    with pytest.raises(LimitReachedError):
        limiter.reserve(step("k", within_s=0.0))


def test_a_ticket_may_be_taken_and_given_back_without_a_step() -> None:
    keeper = local().keeper
    claim = ONE.claims[0]
    ticket = keeper.grant(claim)
    assert ticket is not None
    assert keeper.grant(claim) is None
    keeper.close(ticket, ANSWERED)
    dropped = keeper.grant(claim)
    assert dropped is not None
    keeper.close(ticket, ANSWERED)  # a second time does nothing
    assert keeper.grant(claim) is None
    keeper.drop(dropped)
    assert keeper.grant(claim) is not None


def test_nobody_passes_who_stands_in_line_and_whoever_closes_wakes_him() -> None:
    limiter = local()
    ticket = limiter.keeper.grant(ONE.claims[0])
    assert ticket is not None
    waiting = Caller(limiter, ONE)
    wait_for_line(limiter, 1)
    assert limiter.keeper.grant(step("other", concurrency=1).claims[0]) is None
    limiter.keeper.close(ticket, ANSWERED)
    limiter.settle(waiting.got(), ANSWERED)


def test_what_is_dropped_while_the_lock_is_held_is_given_back_with_the_next_word() -> None:
    keeper = local().keeper
    ticket = keeper.grant(ONE.claims[0])
    other = keeper.grant(step("other", concurrency=1).claims[0])
    assert ticket is not None
    assert other is not None
    with keeper.lock:
        keeper.drop(ticket)
    assert keeper.grant(ONE.claims[0]) is None  # it gives back what was dropped, having asked before
    assert keeper.grant(ONE.claims[0]) is not None
    with keeper.lock:
        keeper.drop(other)
    keeper.close(ticket, ANSWERED)
    assert keeper.grant(step("other", concurrency=1).claims[0]) is not None


def test_it_tells_the_time_of_its_clock() -> None:
    clock = VirtualClock()
    keeper = local(clock).keeper
    clock.advance(5.0)
    assert keeper.now() == (clock.wall(), clock.mono())
