"""Equal calls of threads: one fetches, the others get what it brings, and a leader that goes hands over."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from baimo.cache.board import Board
from baimo.cache.flight import Flights
from baimo.errors import TimedOutError
from tests.cache.waiting import until

MANY = 50


def waiting(flights: Flights, key: str = "k") -> int:
    return len(flights._board._flights.get(key, ()))


def test_of_many_threads_one_fetches_and_all_have_it() -> None:
    flights = Flights()
    assert flights.join("k") is None
    with ThreadPoolExecutor(MANY) as pool:
        others = [pool.submit(flights.join, "k") for _ in range(MANY)]
        until(lambda: waiting(flights) == MANY)
        flights.land("k", b"v")
        assert [one.result() for one in others] == [b"v"] * MANY
    assert len(flights) == 0


def test_a_leader_that_leaves_hands_over_to_exactly_one() -> None:
    flights = Flights()
    assert flights.join("k") is None
    led: list[int] = []
    lock = threading.Lock()

    def call(turn: int) -> bytes | None:
        value = flights.join("k")
        if value is None:
            with lock:
                led.append(turn)
            if len(led) < 3:
                flights.leave("k")
            else:
                flights.land("k", b"v")
        return value

    with ThreadPoolExecutor(MANY) as pool:
        others = [pool.submit(call, turn) for turn in range(MANY)]
        until(lambda: waiting(flights) == MANY)
        flights.leave("k")
        found = [one.result() for one in others]
    assert len(led) == 3
    assert found.count(None) == 3 and found.count(b"v") == MANY - 3
    assert len(flights) == 0


def test_different_keys_do_not_wait_for_each_other() -> None:
    flights = Flights()
    assert flights.join("a") is None
    assert flights.join("b") is None


def test_who_has_no_time_left_ends_and_leaves_no_trace() -> None:
    flights = Flights()
    assert flights.join("k") is None
    with pytest.raises(TimedOutError) as caught:
        flights.join("k", 0.001)
    assert (caught.value.limit, caught.value.sent) == ("total", False)
    assert waiting(flights) == 0
    flights.leave("k")
    assert len(flights) == 0
    assert flights.join("k") is None


def test_a_call_that_the_garbage_collector_forgets_in_the_middle_of_a_join_is_left() -> None:
    """It runs in the thread that is at the board: a lock there would never open."""
    board: Board[Said] = Board()
    assert board.join("old", Said())
    second = Said()
    assert not board.join("old", second)

    class Forgotten:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            board.leave("old")

    class Collecting(dict[str, object]):
        def get(self, *args: object) -> object:
            gc.collect()
            return super().get(*args)  # type: ignore[call-overload]

    board._flights = Collecting(board._flights)  # type: ignore[assignment]
    Forgotten()
    assert board.join("new", Said())
    assert second.told == [None]


class Said:
    def __init__(self) -> None:
        self.told: list[bytes | None] = []

    def tell(self, value: bytes | None) -> None:
        self.told.append(value)


def test_who_withdraws_too_late_is_told_so() -> None:
    board: Board[Said] = Board()
    first, second = Said(), Said()
    board.join("k", first)
    board.join("k", second)
    assert board.withdraw("k", second)
    assert not board.withdraw("k", second)
    board.leave("k")
    assert not board.withdraw("k", second)
    assert second.told == []
    assert len(board) == 0
