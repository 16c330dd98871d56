"""The line: order, priority, nobody starves, and nobody waits for a place he does not want."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import LimitReachedError
from baimo.resilience.limits import LimitBook
from baimo.resilience.line import Line, Waiter
from baimo.steps import Reserve
from baimo.types.limits import Claim, Hold, Limit, Receipt, Settlement

ONE = Limit(concurrency=1)
TOKENS = Limit(tokens_per_minute=100)


def step(
    *places: str, limit: Limit = ONE, tokens: int = 0, priority: int = 0, within_s: float | None = None
) -> Reserve:
    """Alternatives: one claim for each place."""
    claims = tuple(Claim((Hold(place, limit),), tokens) for place in places)
    return Reserve(claims, within_s, priority)


class Queue:
    """A line whose waiters are named, and a list of who was granted in which order."""

    def __init__(self) -> None:
        self.line = Line(LimitBook(adaptive=False))
        self.names: dict[Waiter, str] = {}
        self.granted: list[str] = []
        self.receipts: dict[str, Receipt] = {}

    def join(self, name: str, wanted: Reserve, now: float = 0.0) -> Waiter:
        waiter = self.line.join(wanted, now)
        self.names[waiter] = name
        self.serve(now)
        return waiter

    def serve(self, now: float) -> None:
        for waiter in self.line.serve(now):
            if waiter.receipt is not None:
                self.granted.append(self.names[waiter])
                self.receipts[self.names[waiter]] = waiter.receipt

    def end(self, name: str, now: float = 0.0) -> None:
        self.line.book.settle(self.receipts[name].ticket, Settlement(), now)
        self.serve(now)


def test_first_come_first_served() -> None:
    queue = Queue()
    for name in "abcd":
        queue.join(name, step("k"))
    for name in "abc":
        queue.end(name)
    assert queue.granted == ["a", "b", "c", "d"]
    assert queue.line.waiting == 0
    assert queue.line._lanes == {}


def test_the_higher_priority_goes_first_and_keeps_its_order() -> None:
    queue = Queue()
    queue.join("first", step("k"))
    for name, priority in (("low", -1), ("a", 0), ("high", 5), ("b", 0), ("high too", 5)):
        queue.join(name, step("k", priority=priority))
    for name in ("first", "high", "high too", "a", "b"):
        queue.end(name)
    assert queue.granted == ["first", "high", "high too", "a", "b", "low"]


def test_a_large_claim_at_the_head_is_not_starved_by_small_ones() -> None:
    queue = Queue()
    queue.join("taken", step("k", limit=TOKENS, tokens=60))
    queue.join("large", step("k", limit=TOKENS, tokens=90), 1.0)
    for number in range(5):
        queue.join(f"small {number}", step("k", limit=TOKENS, tokens=2), 2.0)
    assert queue.granted == ["taken"]
    queue.serve(60.0)
    assert queue.granted == ["taken", "large", *(f"small {number}" for number in range(5))]


def test_a_large_claim_is_not_starved_by_those_who_share_only_one_of_its_places() -> None:
    wide = Hold("k", TOKENS)
    queue = Queue()
    for name, model, tokens in (("taken", "m", 60), ("large", "m", 90), ("small", "n", 2)):
        queue.join(name, Reserve((Claim((wide, Hold(f"k/{model}")), tokens),)))
    queue.join("smaller and less urgent", step("k", limit=TOKENS, tokens=1, priority=-1))
    assert queue.granted == ["taken"]


def test_who_waits_for_another_place_passes() -> None:
    queue = Queue()
    queue.join("a1", step("a"))
    queue.join("a2", step("a"))
    queue.join("b1", step("b"))
    assert queue.granted == ["a1", "b1"]


def test_who_lacks_a_narrow_place_does_not_close_the_wide_one() -> None:
    wide = Hold("k", Limit(concurrency=3))
    queue = Queue()
    for name, model in (("m1", "m"), ("m2", "m"), ("n1", "n")):
        queue.join(name, Reserve((Claim((wide, Hold(f"k/{model}", ONE))),)))
    assert queue.granted == ["m1", "n1"]


def test_the_best_alternative_that_is_free_is_taken() -> None:
    queue = Queue()
    for name in ("1", "2", "3"):
        queue.join(name, step("a", "b"))
    assert queue.granted == ["1", "2"]
    assert [queue.receipts[name].which for name in ("1", "2")] == [0, 1]
    queue.end("2", 4.0)
    assert queue.receipts["3"].which == 1
    assert queue.receipts["3"].waited_s == 4.0


def test_an_alternative_keeps_its_number_where_others_never_fit() -> None:
    queue = Queue()
    small, large = Hold("a", Limit(tokens_per_minute=10)), Hold("b", TOKENS)
    queue.join("1", Reserve((Claim((small,), 50), Claim((large,), 50))))
    assert queue.receipts["1"].which == 1


def test_who_leaves_lets_those_behind_go() -> None:
    queue = Queue()
    queue.join("taken", step("k", limit=TOKENS, tokens=60))
    large = queue.join("large", step("k", limit=TOKENS, tokens=90))
    queue.join("small", step("k", limit=TOKENS, tokens=2))
    queue.line.leave(large)
    queue.line.leave(large)
    queue.serve(1.0)
    assert queue.granted == ["taken", "small"]
    assert queue.line.waiting == 0


def test_one_in_the_middle_may_leave() -> None:
    queue = Queue()
    queue.join("first", step("k"))
    queue.join("a", step("k"))
    middle = queue.join("b", step("k"))
    queue.join("c", step("k"))
    queue.line.leave(middle)
    queue.end("first")
    queue.end("a")
    assert queue.granted == ["first", "a", "c"]


def test_a_wait_that_is_known_to_be_too_long_is_refused_before_it_begins() -> None:
    queue = Queue()
    minute = Limit(requests_per_minute=1)
    queue.join("taken", step("k", limit=minute))
    with pytest.raises(LimitReachedError, match=r"room in 50\.0 s") as caught:
        queue.line.join(step("k", limit=minute, within_s=49.0), 10.0)
    assert caught.value.retry_after == 50.0
    assert caught.value.retryable
    assert queue.line.waiting == 0
    queue.line.join(step("k", limit=minute, within_s=50.0), 10.0)
    queue.line.join(step("k", within_s=0.0), 10.0)  # when a request ends is not known


def test_the_shortest_wait_of_the_alternatives_counts() -> None:
    queue = Queue()
    slow, quick = Hold("a", Limit(requests_per_minute=1)), Hold("b", Limit(requests_per_second=1))
    both = (Claim((slow,)), Claim((quick,)))
    queue.join("1", Reserve(both))
    queue.join("2", Reserve(both))
    waiter = queue.join("3", Reserve(both, 2.0))
    assert waiter.due == 1.0


def test_only_heads_are_told_when_to_look_again() -> None:
    queue = Queue()
    second = Limit(requests_per_second=1)
    queue.join("1", step("k", limit=second))
    head, behind = queue.join("2", step("k", limit=second)), queue.join("3", step("k", limit=second))
    assert head.due == 1.0
    assert behind.due == float("inf")
    assert head.wake() is None
    queue.serve(1.0)
    assert behind.due == 2.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["join", "end", "leave", "time"]),
            st.sampled_from(["a", "b"]),
            st.integers(0, 3),
            st.integers(1, 60),
        ),
        max_size=120,
    )
)
def test_laws_of_the_line(happenings: list[tuple[str, str, int, int]]) -> None:
    """Never over a limit; in order within one priority and place; nobody is left where there is room."""
    limit = Limit(requests_per_second=4, tokens_per_minute=100, concurrency=3)
    line = Line(LimitBook(adaptive=False))
    now = 0.0
    waiting: list[tuple[Waiter, str, int, int]] = []
    running: list[tuple[Waiter, str]] = []
    taken: dict[str, deque[tuple[float, int]]] = {"a": deque(), "b": deque()}

    def served() -> None:
        line.serve(now)
        for one in [one for one in waiting if one[0].receipt is not None]:
            waiter, place, priority, tokens = one
            ahead = [
                other
                for other in waiting[: waiting.index(one)]
                if other[1] == place and other[2] >= priority and other[0].receipt is None
            ]
            assert ahead == []
            waiting.remove(one)
            running.append((waiter, place))
            log = taken[place]
            log.append((now, tokens))
            assert sum(1 for at, _ in log if at + 1.0 > now) <= 4
            assert sum(n for at, n in log if at + 60.0 > now) <= 100
            assert sum(1 for _, where in running if where == place) <= 3
        for place in "ab":
            of_place = [one for one in waiting if one[1] == place]
            if of_place:
                first = min(of_place, key=lambda one: (-one[2], one[0].number))
                assert line.book.lacking(first[0].claims[0][1], now)[0] == {place}

    for what, place, priority, n in happenings:
        if what == "join":
            waiter = line.join(step(place, limit=limit, tokens=n, priority=priority), now)
            waiting.append((waiter, place, priority, n))
        elif what == "end" and running:
            waiter, _ = running.pop(n % len(running))
            assert waiter.receipt is not None
            line.book.settle(waiter.receipt.ticket, Settlement(), now)
        elif what == "leave" and waiting:
            line.leave(waiting.pop(n % len(waiting))[0])
        elif what == "time":
            now += n / 10
        served()
    assert line.waiting == len(waiting)
