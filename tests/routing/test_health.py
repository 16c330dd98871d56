"""What is known of deployments: what was said of them in, who may be used out. Times are numbers."""

from __future__ import annotations

import threading

import pytest

from baimo.errors import (
    AuthError,
    ConnectError,
    EmptyAnswerError,
    Error,
    InvalidRequestError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
    WireError,
)
from baimo.routing.health import Condition, HealthBook, HealthRules, Name

ONE: Name = ("acme", "chat", "k1", "big")
OTHER: Name = ("acme", "chat", "k1", "small")
KEY2: Name = ("acme", "chat", "k2", "big")


def told(
    book: HealthBook, name: Name, outcome: Error | None, now: float, latency_s: float | None = None
) -> bool:
    """One call from its beginning to its end, in no time. Whether it was a probe."""
    probed = book.began(name, now, 1)
    if outcome is None:
        book.answered(name, now, latency_s)
    else:
        book.failed(name, outcome, now)
    book.left(name, 1, probed=probed)
    return probed


def wait(book: HealthBook, name: Name, now: float) -> tuple[str | None, float]:
    condition = book.condition(name, now)
    return condition.reason, round(condition.wait_s, 6)


def failing(book: HealthBook, times: int, now: float, error: Error | None = None) -> None:
    for _ in range(times):
        told(book, ONE, error or ServerError("down"), now)


def test_of_whom_nothing_is_known_nothing_is_held_against_him() -> None:
    assert HealthBook().condition(ONE, 0.0) == Condition()


# Cooling.


@pytest.mark.parametrize("asked", [7.0, 0.5, 90.0])
def test_one_that_asks_for_fewer_requests_is_left_alone_as_long_as_it_asks(asked: float) -> None:
    book = HealthBook()
    told(book, ONE, RateLimitedError("x", retry_after=asked), 100.0)
    assert wait(book, ONE, 100.0) == ("cooling", asked)
    assert book.condition(ONE, 100.0).word == "rate_limited"
    assert wait(book, ONE, 100.0 + asked) == (None, 0.0)
    assert wait(book, OTHER, 100.0) == (None, 0.0)


def test_without_a_word_of_how_long_it_is_longer_each_time_and_has_an_end() -> None:
    book, now, waits = HealthBook(), 100.0, []
    for _ in range(8):
        told(book, ONE, RateLimitedError("x"), now)
        waits.append(wait(book, ONE, now)[1])
        now += waits[-1]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    told(book, ONE, None, now)
    told(book, ONE, RateLimitedError("x"), now)
    assert wait(book, ONE, now)[1] == 1.0


def test_even_after_a_thousand_refusals_in_a_row() -> None:
    book = HealthBook()
    for call in range(1100):
        told(book, ONE, RateLimitedError("x"), call * 100.0)
    assert wait(book, ONE, 1099 * 100.0) == ("cooling", 60.0)


def test_calls_that_are_refused_together_are_one_refusal() -> None:
    book = HealthBook()
    for _ in range(50):
        book.began(ONE, 100.0, 1)
    for _ in range(50):
        book.failed(ONE, RateLimitedError("x"), 100.0)
    assert wait(book, ONE, 100.0) == ("cooling", 1.0)


def test_the_longest_that_was_asked_for_counts() -> None:
    book = HealthBook()
    told(book, ONE, RateLimitedError("x", retry_after=30.0), 100.0)
    told(book, ONE, RateLimitedError("x", retry_after=5.0), 101.0)
    assert wait(book, ONE, 101.0) == ("cooling", 29.0)


@pytest.mark.parametrize("error", [OverloadedError("x", retry_after=5.0), ServerError("x", retry_after=5.0)])
def test_a_failure_that_names_a_time_is_left_alone_for_it(error: Error) -> None:
    book = HealthBook()
    told(book, ONE, error, 100.0)
    assert wait(book, ONE, 101.0) == ("cooling", 4.0)
    assert book.condition(ONE, 101.0).word == error.code


# Out.


@pytest.mark.parametrize("error", [AuthError("x"), QuotaError("x", status=429), QuotaError("x", status=403)])
def test_a_refused_key_is_out_for_every_model_and_longer_each_time(error: Error) -> None:
    book, now, waits = HealthBook(), 100.0, []
    for _ in range(6):
        told(book, ONE, error, now)
        assert wait(book, OTHER, now)[0] == "out"
        assert book.condition(ONE, now).word == error.code
        waits.append(wait(book, ONE, now)[1])
        now += waits[-1]
    assert waits == [300.0, 600.0, 1200.0, 2400.0, 3600.0, 3600.0]
    assert wait(book, KEY2, 100.0) == (None, 0.0)


def test_a_key_that_may_not_use_one_model_is_good_for_others() -> None:
    book = HealthBook()
    told(book, ONE, PermissionDeniedError("x"), 100.0)
    assert wait(book, ONE, 100.0) == ("out", 300.0)
    assert wait(book, OTHER, 100.0) == (None, 0.0)
    told(book, OTHER, None, 100.0)
    assert wait(book, ONE, 100.0) == ("out", 300.0)


def test_keys_that_are_refused_together_are_refused_once() -> None:
    book = HealthBook()
    for _ in range(50):
        book.began(ONE, 100.0, 1)
    for _ in range(50):
        book.failed(ONE, AuthError("x"), 100.0)
    assert wait(book, ONE, 100.0) == ("out", 300.0)


def test_one_call_finds_out_whether_somebody_has_paid() -> None:
    book = HealthBook()
    told(book, ONE, QuotaError("x"), 100.0)
    assert wait(book, ONE, 400.0) == (None, 0.0)
    book.began(ONE, 400.0, 1)
    assert wait(book, OTHER, 400.0) == ("out", 10.0)
    book.failed(ONE, QuotaError("x"), 401.0)
    assert wait(book, ONE, 401.0) == ("out", 600.0)
    book.left(ONE, 1)
    book.began(ONE, 1001.0, 1)
    book.answered(ONE, 1002.0, None)
    assert wait(book, OTHER, 1002.0) == (None, 0.0)
    told(book, ONE, QuotaError("x"), 1003.0)
    assert wait(book, ONE, 1003.0) == ("out", 300.0)


def test_one_that_is_out_tells_how_many_calls_are_with_it_yet() -> None:
    book = HealthBook()
    book.began(ONE, 0.0, 1)
    book.began(ONE, 0.0, 2)
    book.failed(ONE, AuthError("x"), 0.0)
    assert book.condition(ONE, 0.0).busy == 2
    assert book.condition(OTHER, 0.0).busy == 0


# Ejected.


FAILURES = [
    ServerError("x"),
    OverloadedError("x"),
    TimedOutError("x"),
    ConnectError("x"),
    WireError("x"),
    StreamInterrupted("x"),
    EmptyAnswerError("x"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: error.code)
def test_five_failures_in_a_row_eject(error: Error) -> None:
    book = HealthBook()
    failing(book, 4, 100.0, error)
    assert wait(book, ONE, 100.0) == (None, 0.0)
    failing(book, 1, 100.0, error)
    assert wait(book, ONE, 100.0) == ("ejected", 30.0)
    assert book.condition(ONE, 100.0).word == error.code


def test_an_answer_in_between_breaks_the_row() -> None:
    book = HealthBook()
    failing(book, 4, 100.0)
    told(book, ONE, None, 100.0)
    failing(book, 4, 100.0)
    assert wait(book, ONE, 100.0) == (None, 0.0)


def test_what_is_the_caller_s_fault_says_nothing_of_the_provider() -> None:
    book = HealthBook()
    failing(book, 20, 100.0, InvalidRequestError("x"))
    assert wait(book, ONE, 100.0) == (None, 0.0)


def mixed(book: HealthBook, calls: int, now: float) -> None:
    """Half of the calls fail, never two in a row; the last one does."""
    for call in range(calls):
        told(book, ONE, ServerError("x") if call % 2 else None, now)


def test_half_of_ten_calls_eject_and_of_nine_do_not() -> None:
    book = HealthBook()
    mixed(book, 8, 100.0)
    assert wait(book, ONE, 100.0) == (None, 0.0)
    mixed(book, 2, 100.0)
    assert wait(book, ONE, 100.0) == ("ejected", 30.0)


def test_less_than_half_does_not_eject() -> None:
    book = HealthBook()
    for call in range(60):
        told(book, ONE, ServerError("x") if call % 3 == 2 else None, 100.0)
    assert wait(book, ONE, 100.0) == (None, 0.0)


def test_what_lies_back_counts_half_and_then_nothing() -> None:
    book = HealthBook()
    mixed(book, 8, 100.0)
    mixed(book, 4, 131.0)  # four of the eight are left
    assert wait(book, ONE, 131.0) == (None, 0.0)
    mixed(book, 2, 131.0)
    assert wait(book, ONE, 131.0)[0] == "ejected"
    book = HealthBook()
    mixed(book, 8, 100.0)
    mixed(book, 8, 200.0)
    assert wait(book, ONE, 200.0) == (None, 0.0)


def test_time_grows_with_each_ejection_and_has_an_end() -> None:
    book, now, waits = HealthBook(), 100.0, []
    failing(book, 5, now)
    for _ in range(12):
        waits.append(wait(book, ONE, now)[1])
        now += waits[-1]
        assert told(book, ONE, ServerError("x"), now)
    assert waits[:4] == [30.0, 60.0, 90.0, 120.0]
    assert waits[-1] == 300.0


def test_what_was_under_way_when_it_was_ejected_does_not_lengthen_it() -> None:
    book = HealthBook()
    for _ in range(60):
        book.began(ONE, 100.0, 1)
    for _ in range(60):
        book.failed(ONE, ServerError("x"), 100.0)
    assert wait(book, ONE, 100.0) == ("ejected", 30.0)


def test_after_its_time_one_call_at_a_time_may_try_it() -> None:
    book = HealthBook()
    failing(book, 5, 100.0)
    assert wait(book, ONE, 130.0) == (None, 0.0)
    assert book.began(ONE, 130.0, 1)
    assert wait(book, ONE, 130.0) == ("ejected", 1.0)
    assert not book.began(ONE, 130.0, 2)
    book.left(ONE, 2)
    assert wait(book, ONE, 131.0) == ("ejected", 1.0)  # the probe is under way yet
    book.left(ONE, 1, probed=True)
    assert wait(book, ONE, 131.0) == (None, 0.0)
    assert book.began(ONE, 131.0, 1)
    book.answered(ONE, 132.0, None)
    book.left(ONE, 1, probed=True)
    assert wait(book, ONE, 132.0) == (None, 0.0)
    assert not book.began(ONE, 132.0, 1)


def test_one_that_is_used_while_ejected_is_no_probe() -> None:
    book = HealthBook()
    failing(book, 5, 100.0)
    assert not book.began(ONE, 110.0, 1)


def test_ejections_are_forgotten_in_a_time_without_failures() -> None:
    book = HealthBook()
    failing(book, 5, 100.0)
    told(book, ONE, ServerError("x"), 130.0)
    for _ in range(12):
        told(book, ONE, None, 500.0)
    failing(book, 5, 500.0)
    assert wait(book, ONE, 500.0) == ("ejected", 30.0)


def test_the_numbers_are_those_that_were_given() -> None:
    book = HealthBook(HealthRules(failures=2, ejection_s=7.0))
    failing(book, 2, 100.0)
    assert wait(book, ONE, 100.0) == ("ejected", 7.0)


# Busy and quick.


def test_calls_under_way_are_counted() -> None:
    book = HealthBook()
    book.began(ONE, 0.0, 1)
    book.began(ONE, 0.0, 2)
    assert book.condition(ONE, 0.0).busy == 2
    book.left(ONE, 1)
    assert book.condition(ONE, 0.0).busy == 1
    told(book, ONE, RateLimitedError("x", retry_after=9.0), 0.0)
    assert book.condition(ONE, 0.0).busy == 1


def test_the_time_to_the_first_event_is_a_mean_that_follows_the_newest() -> None:
    book = HealthBook()
    told(book, ONE, None, 10.0, 2.0)
    assert book.condition(ONE, 10.0).latency_s == 2.0
    told(book, ONE, None, 20.0, 4.0)
    assert book.condition(ONE, 20.0).latency_s == pytest.approx(2.6)
    told(book, ONE, None, 30.0)
    assert book.condition(ONE, 140.0).latency_s == pytest.approx(2.6)
    assert book.condition(ONE, 141.0).latency_s is None


def test_one_that_cools_down_is_as_quick_as_it_was() -> None:
    book = HealthBook()
    told(book, ONE, None, 10.0, 2.0)
    told(book, ONE, RateLimitedError("x"), 10.0)
    assert book.condition(ONE, 10.0).latency_s == 2.0


def test_a_lock_is_held_while_the_book_is_written() -> None:
    class Counting:
        times = 0

        def __enter__(self) -> None:
            lock.acquire()
            self.times += 1

        def __exit__(self, *error: object) -> None:
            lock.release()

    lock, counting = threading.Lock(), Counting()
    book = HealthBook(lock=counting)
    told(book, ONE, None, 0.0)
    told(book, ONE, ServerError("x"), 0.0)
    book.condition(ONE, 0.0)
    assert counting.times == 3, "an answer, a failure, a look; who is under way needs no lock"
