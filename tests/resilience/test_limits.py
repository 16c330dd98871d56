"""The book of limits: claims, corrections, what is learned. No time passes but what is said."""

from __future__ import annotations

import pytest

from baimo.errors import LimitReachedError
from baimo.resilience.adaptive import FIRST
from baimo.resilience.limits import LimitBook, Ticket
from baimo.resilience.places import NEVER
from baimo.types.limits import Claim, Hold, Learned, Limit, Settlement

ANSWERED = Settlement(verdict="answered")
REFUSED = Settlement(verdict="refused")


def claim(*holds: Hold, tokens: int = 0) -> Claim:
    return Claim(holds, tokens)


def granted(book: LimitBook, wanted: Claim, now: float) -> Ticket:
    ticket = book.grant(wanted, now)
    assert ticket is not None
    return ticket


def test_a_claim_is_taken_in_all_its_places_or_in_none() -> None:
    book = LimitBook()
    wide, narrow = Hold("k", Limit(requests_per_minute=5)), Hold("k/m", Limit(requests_per_minute=1))
    granted(book, claim(wide, narrow), 0.0)
    assert book.grant(claim(wide, narrow), 1.0) is None
    assert book.lacking(claim(wide, narrow), 1.0) == ({"k/m"}, 60.0)
    for _ in range(4):
        granted(book, claim(wide), 1.0)
    assert book.grant(claim(wide), 1.0) is None
    assert book.lacking(claim(wide, narrow), 1.0) == ({"k", "k/m"}, 60.0)


@pytest.mark.parametrize(
    ("limit", "tokens", "fits", "again_at"),
    [
        (Limit(requests_per_second=3), 0, 3, 1.0),
        (Limit(requests_per_minute=3), 0, 3, 60.0),
        (Limit(requests_per_day=3), 0, 3, 86_400.0),
        (Limit(tokens_per_minute=100), 30, 3, 60.0),
        (Limit(tokens_per_day=100), 30, 3, 86_400.0),
        (Limit(concurrency=3), 0, 3, NEVER),
        (Limit(requests_per_second=9, requests_per_minute=3), 0, 3, 60.0),
    ],
)
def test_each_kind_of_bound_holds(limit: Limit, tokens: int, fits: int, again_at: float) -> None:
    book = LimitBook()
    wanted = claim(Hold("k", limit), tokens=tokens)
    for _ in range(fits):
        granted(book, wanted, 0.0)
    assert book.grant(wanted, 0.0) is None
    assert book.lacking(wanted, 0.0) == ({"k"}, again_at)
    if again_at != NEVER:
        granted(book, wanted, again_at)


def test_what_was_not_used_is_free_again_and_what_was_more_counts() -> None:
    book = LimitBook()
    hold = Hold("k", Limit(tokens_per_minute=1000, concurrency=9))
    ticket = granted(book, claim(hold, tokens=900), 0.0)
    assert book.grant(claim(hold, tokens=200), 1.0) is None
    book.settle(ticket, Settlement(tokens=100), 1.0)
    second = granted(book, claim(hold, tokens=200), 1.0)
    book.settle(second, Settlement(tokens=800), 2.0)
    assert book.lacking(claim(hold, tokens=200), 3.0) == ({"k"}, 60.0)
    assert book.lacking(claim(hold, tokens=900), 3.0) == ({"k"}, 62.0)


def test_unknown_use_leaves_what_was_reserved() -> None:
    book = LimitBook()
    hold = Hold("k", Limit(tokens_per_minute=1000))
    book.settle(granted(book, claim(hold, tokens=900), 0.0), Settlement(), 1.0)
    assert book.grant(claim(hold, tokens=200), 1.0) is None


def test_a_place_is_given_back_once() -> None:
    book = LimitBook()
    hold = Hold("k", Limit(concurrency=2, tokens_per_minute=100))
    ticket = granted(book, claim(hold, tokens=10), 0.0)
    granted(book, claim(hold), 0.0)
    for _ in range(3):
        book.settle(ticket, Settlement(tokens=0), 1.0)
    granted(book, claim(hold), 1.0)
    assert book.grant(claim(hold), 1.0) is None


def test_a_claim_that_never_fits_says_so_at_once() -> None:
    book = LimitBook()
    small, large = Hold("a", Limit(tokens_per_minute=100)), Hold("b", Limit(tokens_per_day=500))
    with pytest.raises(LimitReachedError, match="120 tokens never fit into the limit of 100 of a") as caught:
        book.possible((claim(small, tokens=120),))
    assert not caught.value.retryable
    assert book.possible((claim(small, tokens=120), claim(large, tokens=120))) == (1,)
    assert book.lacking(claim(small, tokens=120), 0.0) == ({"a"}, NEVER)


def test_a_claim_without_places_is_free() -> None:
    book = LimitBook()
    ticket = granted(book, claim(), 0.0)
    book.settle(ticket, ANSWERED, 0.0)
    assert book.lacking(claim(), 0.0) == (set(), 0.0)
    assert book.take(claim(), 0.0).places == []


def test_bounds_may_change_and_what_was_counted_stays() -> None:
    book = LimitBook()
    for _ in range(3):
        granted(book, claim(Hold("k", Limit(requests_per_minute=3))), 0.0)
    assert book.grant(claim(Hold("k", Limit(requests_per_minute=3))), 0.0) is None
    granted(book, claim(Hold("k", Limit(requests_per_minute=4))), 0.0)
    assert book.grant(claim(Hold("k", Limit(requests_per_minute=4))), 0.0) is None
    granted(book, claim(Hold("k")), 0.0)


def test_rows_hold_until_the_configuration_or_a_reply_says_more() -> None:
    book = LimitBook()
    row = Limit(requests_per_minute=1, concurrency=2)
    ticket = granted(book, claim(Hold("k", row=row)), 0.0)
    assert book.grant(claim(Hold("k", row=row)), 0.0) is None
    other = LimitBook()
    configured = claim(Hold("k", Limit(requests_per_minute=9), row))
    granted(other, configured, 0.0)
    granted(other, configured, 0.0)
    assert other.grant(configured, 0.0) is None  # the row's concurrency
    book.settle(ticket, Settlement(learned=Learned(requests=100, concurrency=50)), 1.0)
    for _ in range(20):
        granted(book, claim(Hold("k", row=row)), 1.0)


def learned(told: Learned, hold: Hold, *, verdict: str = "answered") -> LimitBook:
    book = LimitBook()
    settlement = Settlement(learned=told, verdict="refused" if verdict == "refused" else "answered")
    book.settle(granted(book, claim(hold), 0.0), settlement, 0.0)
    return book


def test_learned_limits_bound_a_place_that_has_none() -> None:
    free = Hold("k")
    book = learned(Learned(requests=3, tokens=100), free)
    granted(book, claim(free, tokens=90), 0.0)
    assert book.lacking(claim(free, tokens=20), 1.0) == ({"k"}, 60.0)
    granted(book, claim(free), 0.0)
    granted(book, claim(free), 0.0)
    assert book.grant(claim(free), 0.0) is None


def test_a_configured_limit_stands_over_a_learned_one() -> None:
    hold = Hold("k", Limit(requests_per_minute=2, concurrency=9))
    book = learned(Learned(requests=100, concurrency=100), hold)
    granted(book, claim(hold), 0.0)
    assert book.grant(claim(hold), 0.0) is None


def test_what_is_left_lowers_a_configured_limit_until_the_reset() -> None:
    hold = Hold("k", Limit(requests_per_minute=50, tokens_per_minute=5000))
    book = learned(Learned(requests_left=1, requests_reset_s=7.0), hold)
    granted(book, claim(hold), 0.0)
    assert book.lacking(claim(hold), 0.0) == ({"k"}, 7.0)
    granted(book, claim(hold), 7.0)
    book = learned(Learned(tokens_left=100, tokens_reset_s=7.0), hold)
    assert book.lacking(claim(hold, tokens=200), 0.0) == ({"k"}, 7.0)


def test_requests_under_way_are_not_yet_in_what_is_left() -> None:
    hold = Hold("k")
    book = LimitBook()
    first, second = granted(book, claim(hold, tokens=50), 0.0), granted(book, claim(hold, tokens=50), 0.0)
    told = Learned(requests_left=2, requests_reset_s=9.0, tokens_left=100, tokens_reset_s=9.0)
    book.settle(first, Settlement(learned=told), 1.0)
    assert book.lacking(claim(hold, tokens=60), 1.0) == ({"k"}, 10.0)
    granted(book, claim(hold, tokens=40), 1.0)
    assert book.lacking(claim(hold), 1.0) == ({"k"}, 10.0)
    book.settle(second, Settlement(), 1.0)


def test_learned_concurrency_bounds_with_what_others_use() -> None:
    hold = Hold("k")
    book = learned(Learned(concurrency=5, concurrency_left=2), hold)
    granted(book, claim(hold), 0.0)
    granted(book, claim(hold), 0.0)
    assert book.grant(claim(hold), 0.0) is None
    one_always = learned(Learned(concurrency_left=0), hold)
    granted(one_always, claim(hold), 0.0)
    assert one_always.grant(claim(hold), 0.0) is None


def test_a_limit_learned_with_another_window_replaces_the_one_before() -> None:
    hold = Hold("k")
    book = learned(Learned(requests=2, requests_window_s=86_400.0), hold)
    book.settle(granted(book, claim(hold), 0.0), Settlement(learned=Learned(requests=50)), 0.0)
    book.settle(granted(book, claim(hold), 0.0), Settlement(learned=Learned(requests=50)), 0.0)
    granted(book, claim(hold), 0.0)


def test_a_configured_window_survives_learning_of_another() -> None:
    hold = Hold("k", Limit(requests_per_day=2))
    book = learned(Learned(requests=9, requests_window_s=86_400.0), hold)
    book.settle(granted(book, claim(hold), 0.0), Settlement(learned=Learned(requests=50)), 0.0)
    assert book.lacking(claim(hold), 0.0) == ({"k"}, 86_400.0)


def test_a_refusal_that_names_a_wait_closes_the_narrowest_place() -> None:
    wide, narrow = Hold("k"), Hold("k/m")
    book = LimitBook()
    refused = Settlement(verdict="refused", learned=Learned(retry_after_s=20.0))
    book.settle(granted(book, claim(wide, narrow), 0.0), refused, 1.0)
    assert book.lacking(claim(wide, narrow), 2.0) == ({"k/m"}, 21.0)
    granted(book, claim(wide, Hold("k/n")), 2.0)
    granted(book, claim(wide, narrow), 21.0)


def test_a_wait_on_an_answer_closes_nothing() -> None:
    hold = Hold("k")
    granted(learned(Learned(retry_after_s=20.0), hold), claim(hold), 0.0)


def test_nothing_is_learned_where_that_is_off() -> None:
    hold = Hold("k")
    book = LimitBook(learns=False)
    told = Learned(requests=1, retry_after_s=20.0)
    book.settle(granted(book, claim(hold), 0.0), Settlement(verdict="refused", learned=told), 0.0)
    granted(book, claim(hold), 0.0)


def test_where_nothing_is_known_it_finds_out_how_many_at_once() -> None:
    hold = Hold("k")
    book = LimitBook()
    tickets = [granted(book, claim(hold), 0.0) for _ in range(FIRST)]
    assert book.grant(claim(hold), 0.0) is None
    assert book.lacking(claim(hold), 0.0) == ({"k"}, NEVER)
    for ticket in tickets:
        book.settle(ticket, REFUSED, 1.0)
    tickets = [granted(book, claim(hold), 2.0) for _ in range(FIRST // 2)]
    assert book.grant(claim(hold), 2.0) is None
    for _ in range(FIRST // 2):
        book.settle(tickets.pop(), ANSWERED, 3.0)
        tickets.append(granted(book, claim(hold), 3.0))
    granted(book, claim(hold), 3.0)


@pytest.mark.parametrize("known", [Limit(concurrency=1000), Limit(requests_per_minute=1000)])
def test_where_anything_is_known_it_does_not_try(known: Limit) -> None:
    book = LimitBook()
    for _ in range(2 * FIRST):
        granted(book, claim(Hold("k", known), Hold("k/m")), 0.0)


def test_it_does_not_try_where_that_is_off() -> None:
    book = LimitBook(adaptive=False)
    for _ in range(2 * FIRST):
        granted(book, claim(Hold("k")), 0.0)
    assert book.lacking(claim(Hold("k")), 0.0) == (set(), 0.0)


def test_what_somebody_else_has_granted_counts_here_too() -> None:
    book = LimitBook()
    hold = Hold("k", Limit(requests_per_minute=1))
    assert not book.take(claim(hold), 0.0).seeks
    assert book.grant(claim(hold), 0.0) is None
    assert book.take(claim(Hold("other")), 0.0).seeks


def test_what_was_learned_stays_when_the_configuration_changes() -> None:
    book = learned(Learned(requests=2), Hold("k"))
    changed = claim(Hold("k", Limit(requests_per_day=100)))
    granted(book, changed, 0.0)
    granted(book, changed, 0.0)
    assert book.lacking(changed, 0.0) == ({"k"}, 60.0)
