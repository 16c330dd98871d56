"""What is granted ahead of the windows: the same as by a look at each of them, and nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.resilience.ahead import Ahead
from baimo.resilience.limits import LimitBook, Ticket
from baimo.resilience.windows import Window
from baimo.types.limits import Claim, Hold, Learned, Limit, Settlement

LIMITS = (
    Limit(requests_per_minute=9, tokens_per_minute=60),
    Limit(requests_per_second=4, tokens_per_day=300, concurrency=3),
    Limit(requests_per_day=20),
    Limit(tokens_per_minute=80, requests_per_second=5),
    Limit(),
)
GRAIN_S = 60.0 / 64

ops = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(0, 30)),
        st.tuples(st.just("settle"), st.integers(0, 40)),
        st.tuples(st.just("leave"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([0.001, 0.01, 0.3, 0.9, 1.0, 7.0, 59.0, 61.0, 90_000.0])),
        st.tuples(st.just("learn"), st.integers(0, 12)),
        st.tuples(st.just("refuse"), st.integers(0, 3)),
        st.tuples(st.just("look"), st.integers(0, 30)),
        st.tuples(st.just("change"), st.integers(0, 4)),
    ),
    max_size=80,
)


def looked(book: LimitBook) -> None:
    """Have all windows told, so that the next claim is granted by a look at them."""
    for place in book._places.values():
        place.tell()


def counts(book: LimitBook) -> list[object]:
    """All that the windows count."""
    looked(book)
    return [
        (window.counted, [(bucket.last, bucket.count) for bucket in window._buckets], window.ceiling is None)
        for place in book._places.values()
        for window in (*place.requests, *place.tokens)
    ]


@given(first=st.integers(0, 4), steps=ops)
def test_the_same_is_granted_with_a_look_at_the_windows_and_without(
    first: int, steps: list[tuple[str, float]]
) -> None:
    books = (LimitBook(), LimitBook())
    holds = [Hold("k", limit) for limit in LIMITS]
    hold, now = holds[first], 0.0
    tickets: list[tuple[Ticket, ...]] = []
    for what, n in steps:
        looked(books[1])
        if what == "wait":
            now += n
        elif what == "change":
            hold = holds[int(n)]
        elif what == "look":
            told = [book.lacking(Claim((hold,), int(n)), now) for book in books]
            assert told[0] == told[1]
        elif what == "grant":
            one, other = [book.grant(Claim((hold,), int(n)), now) for book in books]
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                tickets.append((one, other))
        elif tickets:
            settlement = {
                "settle": Settlement(tokens=int(n), verdict="answered"),
                "leave": Settlement(),
                "learn": Settlement(verdict="answered", learned=Learned(requests_left=int(n), tokens=90)),
                "refuse": Settlement(verdict="refused", learned=Learned(retry_after_s=n)),
            }[what]
            for book, ticket in zip(books, tickets.pop(int(n) % len(tickets)), strict=True):
                book.settle(ticket, settlement, now)
    assert counts(books[0]) == counts(books[1])


@given(gaps=st.lists(st.tuples(st.floats(0, 0.4), st.integers(1, 9)), max_size=150))
def test_no_minute_holds_more_than_the_limit(gaps: list[tuple[float, int]]) -> None:
    book, hold = LimitBook(), Hold("k", Limit(requests_per_minute=12, tokens_per_minute=50))
    now, granted = 1000.0, list[tuple[float, int]]()
    for gap, tokens in gaps:
        now += gap * 20.0
        if book.grant(Claim((hold,), tokens), now) is not None:
            granted.append((now, tokens))
    for at, _ in granted:
        inside = [tokens for other, tokens in granted if at - 60.0 < other <= at]
        assert len(inside) <= 12
        assert sum(inside) <= 50


def test_what_was_granted_ahead_counts_when_the_windows_are_looked_at() -> None:
    book, hold = LimitBook(), Hold("k", Limit(requests_per_minute=100, tokens_per_minute=1000))
    for _ in range(9):
        assert book.grant(Claim((hold,), 10), 5.0) is not None
    place = book.place(hold)
    assert [window.counted for window in (*place.requests, *place.tokens)] == [1, 10]
    place.tell()
    assert [window.counted for window in (*place.requests, *place.tokens)] == [9, 90]
    place.tell()
    assert [window.counted for window in (*place.requests, *place.tokens)] == [9, 90]


def test_a_claim_of_several_places_sees_what_was_granted_ahead_in_one() -> None:
    book, wide = LimitBook(), Hold("k", Limit(requests_per_minute=3))
    for _ in range(2):
        assert book.grant(Claim((wide,)), 0.0) is not None
    both = Claim((wide, Hold("k/m")))
    assert book.grant(both, 0.0) is not None
    assert book.grant(both, 0.0) is None
    assert book.grant(Claim((wide,)), 0.0) is None


@pytest.mark.parametrize(("used", "fits"), [(0, 9), (4, 5), (10, 0)])
def test_tokens_that_were_not_used_are_granted_again_within_the_same_bucket(used: int, fits: int) -> None:
    book, hold = LimitBook(), Hold("k", Limit(tokens_per_minute=10))
    assert book.grant(Claim((hold,), 1), 0.0) is not None
    ticket = book.grant(Claim((hold,), 9), 0.0)
    assert ticket is not None
    book.settle(ticket, Settlement(tokens=used), 0.1)
    assert (book.grant(Claim((hold,), fits + 1), 0.1) is None) == (used <= 10)
    assert (book.grant(Claim((hold,), fits), 0.1) is None) == (used > 9)


def test_it_is_open_until_the_first_bucket_closes_and_is_opened_by_a_look() -> None:
    minute, day = Window(60.0), Window(86_400.0)
    minute.bind(5, own=True)
    ahead = Ahead()
    ahead.open([minute], [day], 0.0)
    assert ahead.until == float("-inf")  # nothing was taken yet: there is no bucket to count in
    minute.take(1, 0.0)
    day.take(7, 0.0)
    ahead.open([minute], [day], 0.0)
    assert (ahead.until, ahead.requests) == (GRAIN_S, 4)
    ahead.requests -= 2
    ahead.last = 0.5
    ahead.tell([minute], [day])
    assert (minute.counted, day.counted, ahead.until) == (3, 7, float("-inf"))
    minute.take(2, 0.6)
    ahead.open([minute], [day], 0.6)
    assert ahead.until == float("-inf")  # it is full


def test_windows_under_a_ceiling_are_asked_each_time() -> None:
    book, hold = LimitBook(), Hold("k", Limit(requests_per_minute=100))
    ticket = book.grant(Claim((hold,)), 0.0)
    assert ticket is not None
    book.settle(ticket, Settlement(learned=Learned(requests_left=2, requests_reset_s=9.0)), 0.0)
    assert [book.grant(Claim((hold,)), at) is None for at in (0.0, 0.0, 0.0, 9.0)] == [
        False,
        False,
        True,
        False,
    ]


def ahead_of(book: LimitBook, hold: Hold, tokens: int) -> Ticket:
    """A ticket that was granted without a look at the windows, at the beginning of all."""
    for n in (0, tokens):
        ticket = book.grant(Claim((hold,), n), 0.0)
        assert ticket is not None
    assert ticket.counted is book.place(hold).ahead.counted
    return ticket


def test_more_than_was_reserved_is_not_granted_once_again() -> None:
    book, hold = LimitBook(), Hold("k", Limit(tokens_per_minute=60))
    book.settle(ahead_of(book, hold, 30), Settlement(tokens=40), 0.1)
    assert book.grant(Claim((hold,), 25), 0.1) is None
    assert book.grant(Claim((hold,), 20), 0.1) is not None


def test_more_than_was_reserved_counts_from_when_it_is_told() -> None:
    book, hold = LimitBook(), Hold("k", Limit(tokens_per_minute=60))
    book.settle(ahead_of(book, hold, 30), Settlement(tokens=50), 30.0)
    claim = Claim((hold,), 41)
    assert book.lacking(claim, 30.5) == ({"k"}, 90.0)
    assert book.lacking(Claim((hold,), 40), 60.0) == (set(), 60.0)
