"""A call over several deployments: who is asked, how often, how long is waited, what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import (
    AuthError,
    BudgetError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    LimitReachedError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StaleConnectionError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
    UnsupportedError,
)
from baimo.operations import ChatOperation
from baimo.over import PATIENCE_S
from baimo.plan import plan
from baimo.resilience.budget import RetryBudget
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.routing.choose import again
from baimo.routing.health import HealthBook
from baimo.rules import Rules
from baimo.types.events import Started, UsageReported
from baimo.types.fold import fold
from baimo.types.limits import Learned, Receipt
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.routes import ANSWER, ONCE, RETRY, Diary, Purse, ask, claim_of, holding, models, pool
from tests.scripted import OK, LineDecoder, LineDialect, chat_request


def busy() -> Error:
    return OverloadedError("no capacity", status=503)


def broken() -> Error:
    return ServerError("down", status=500)


def slow(seconds: float | None = None) -> Error:
    return RateLimitedError("too many", status=429, retry_after=seconds)


def revoked() -> Error:
    return AuthError("revoked", status=401)


def silent() -> Error:
    return TimedOutError("no head", limit="head")


KEYS = (pool("k1", "k2", "k3"),)
AB = models("a", "b")
KEYS_AND_B = (pool("k1", "k2"), *models("b"))


@pytest.mark.parametrize(
    ("sentence", "route", "failures", "asked", "waits"),
    [
        ("the first that answers has the call", AB, [], "a", []),
        ("keys are tried one after the other without waiting", KEYS, [broken(), broken()], "k2 k3 k1", []),
        ("when every key failed one waits, then begins anew", (pool("k1", "k2"),), [broken(), broken()],
         "k2 k1 k2", [1.0]),
        ("a refused key is not asked again", (pool("k1", "k2"),), [revoked(), broken()], "k2 k1 k1", [1.0]),
        ("a refused key does not end the tries of its neighbour", (pool("k1", "k2"),), [broken(), revoked()],
         "k2 k1 k2", [1.0]),
        ("one in 429 gives way to the next key at once", (pool("k1", "k2"),), [slow(30.0)], "k2 k1", []),
        ("where all keys are in 429 the first that cools down is waited for", (pool("k1", "k2"),),
         [slow(30.0), slow(7.0)], "k2 k1 k1", [7.0]),
        ("a key that is overloaded for a while gives way too", (pool("k1", "k2"),),
         [OverloadedError("busy", retry_after=5.0)], "k2 k1", []),
        ("a model that fails is tried again while the wait is short", AB, [broken()], "a a", [0.5]),
        ("a model that fails throughout gives way to the next", AB, [broken(), broken(), broken()], "a a a b",
         [0.5, 1.0]),
        ("a long Retry-After is not waited for where another model is left", AB, [slow(30.0)], "a b", []),
        ("a short one is", AB, [slow(1.5)], "a a", [1.5]),
        ("the last model's Retry-After is waited for", AB, [slow(30.0), slow(30.0)], "a b b", [30.0]),
        ("a silent model gives way at once", AB, [silent()], "a b", []),
        ("what only this model cannot do moves on at once", AB, [NotFoundError("no model", status=404)],
         "a b", []),
        ("what is unsupported moves on to another model, not another key", KEYS_AND_B,
         [UnsupportedError("no tools")], "k2 b", []),
        ("a stale connection is used anew once, without counting", AB,
         [StaleConnectionError("gone"), broken(), broken(), broken()], "a a a a b", [0.5, 1.0]),
    ],
)  # fmt: skip
def test_who_is_asked_and_how_long_is_waited(
    sentence: str, route: Any, failures: list[Error], asked: str, waits: list[float]
) -> None:
    told = ask(route, *failures, *ANSWER)
    assert told.error is None, sentence
    assert (told.asked, told.waits) == (asked, waits), sentence


@pytest.mark.parametrize(
    "refusal",
    [
        InvalidRequestError("bad", status=400),
        ContentFilteredError("no", status=400),
    ],
)
def test_a_bad_request_and_refused_content_stop_at_once_with_one_request(refusal: Error) -> None:
    told = ask(KEYS_AND_B, refusal, *ANSWER)
    assert told.asked == "k2"
    assert told.error is refusal
    assert (told.error.attempts, told.error.earlier) == (1, ())


def test_a_persistent_failure_everywhere_is_told_with_all_that_went_before() -> None:
    told = ask(AB, *[busy() for _ in range(6)])
    error = told.error
    assert told.asked == "a a a b b b"
    assert told.waits == [0.5, 1.0, 0.5, 1.0]
    assert isinstance(error, OverloadedError)
    assert (error.attempts, error.provider, error.maybe_billed) == (6, "b", 0)
    assert [one.provider for one in error.earlier] == ["a", "a", "a", "b", "b"]


def test_two_keys_get_no_more_attempts_than_the_policy_allows() -> None:
    told = ask((pool("k1", "k2"),), *[broken() for _ in range(9)])
    assert told.asked == "k2 k1 k2"


def test_more_keys_than_attempts_are_asked_once_each() -> None:
    told = ask((pool("k1", "k2", "k3", "k4"),), *[broken() for _ in range(9)], retry=RetryPolicy(attempts=2))
    assert told.asked == "k3 k4 k1 k2"


def test_a_key_whose_tries_are_used_up_by_others_keeps_its_own_error() -> None:
    told = ask((pool("k1", "k2"),), broken(), broken(), revoked(), *ANSWER)
    assert told.asked == "k2 k1 k2"
    assert isinstance(told.error, AuthError)


def test_attempts_that_may_have_been_billed_are_counted_over_all_models() -> None:
    told = ask(models("a", "b", "c"), OK, TransportError("reset"), silent(), *ANSWER, retry=ONCE)
    assert told.outcome is not None
    assert (told.outcome.sent.attempts, told.outcome.sent.maybe_billed) == (3, 2)
    told = ask(AB, TransportError("reset"), TransportError("reset"), retry=ONCE)
    assert told.error is not None
    assert (told.error.attempts, told.error.maybe_billed) == (2, 2)


def test_a_connection_that_is_stale_twice_is_one_attempt() -> None:
    told = ask(AB, *[StaleConnectionError("gone") for _ in range(4)], retry=ONCE)
    assert told.asked == "a a b b"
    assert told.error is not None
    assert told.error.attempts == 2


# Health outlives a call.


def test_a_key_that_asked_for_fewer_requests_rests_in_the_next_call_too() -> None:
    health = HealthBook()
    ask((pool("k1", "k2"),), slow(30.0), *ANSWER, health=health)
    for _ in range(3):
        assert ask((pool("k1", "k2"),), *ANSWER, health=health, now=1020.0).asked == "k1"
    assert ask((pool("k1", "k2"),), *ANSWER, health=health, now=1031.0).asked == "k2"


@pytest.mark.parametrize("status", [429, 402, 403, 400])
def test_a_key_in_arrears_is_out_whatever_the_status_and_probed_after_its_time(status: int) -> None:
    health = HealthBook()
    empty = QuotaError("no money", status=status)
    first = ask((pool("k1", "k2"),), empty, *ANSWER, health=health)
    assert first.asked == "k2 k1"
    assert first.notes == ["other_key"]
    assert ask((pool("k1", "k2"),), *ANSWER, health=health, now=1299.0).asked == "k1"
    assert ask((pool("k1", "k2"),), *ANSWER, health=health, now=1301.0).asked == "k2"


def test_a_revoked_key_is_skipped_with_a_word_where_another_model_is_there() -> None:
    health, diary = HealthBook(), Diary()
    ask(AB, revoked(), *ANSWER, health=health)
    told = ask(AB, *ANSWER, health=health, watch=diary)
    assert told.asked == "b"
    assert told.outcome is not None
    assert "its key was refused before (auth)" in told.outcome.notes[0].message
    assert diary.decisions[0].standings[0]["word"] == "auth"


def test_where_nobody_else_is_left_one_that_is_out_is_asked_all_the_same() -> None:
    health = HealthBook()
    ask((pool("k1", "k2"),), revoked(), revoked(), health=health)
    assert ask((pool("k1", "k2"),), revoked(), *ANSWER, health=health).asked == "k1 k2"


def test_a_cooling_model_is_waited_for_or_passed_over_by_how_long_it_takes() -> None:
    health = HealthBook()
    ask(AB, slow(30.0), *ANSWER, health=health)
    passed = ask(AB, *ANSWER, health=health, now=1010.0)
    assert (passed.asked, passed.waits, passed.notes) == ("b", [], ["fell_back"])
    waited = ask(AB, *ANSWER, health=health, now=1029.0)
    assert (waited.asked, waited.waits) == ("a", [1.0])
    assert waited.play.waits[0].why is None  # nothing failed in this call
    alone = ask((pool("a", provider="a", model="a"),), *ANSWER, health=health, now=1020.0, claims=claim_of)
    assert (alone.asked, alone.waits) == ("a", [10.0])


def test_a_cooling_that_outlasts_the_call_is_not_waited_for() -> None:
    health = HealthBook()
    ask((pool("k1", "k2"),), slow(60.0), slow(60.0), health=health, retry=ONCE)
    told = ask((pool("k1", "k2"),), *ANSWER, health=health, total=5.0)
    assert told.asked == ""
    assert isinstance(told.error, LimitReachedError)
    assert told.error.retry_after == 60.0
    assert "asked for fewer requests before (rate_limited)" in told.error.message
    ask((pool("k1", "k2"),), slow(500.0), slow(500.0), health=health, retry=ONCE, now=1100.0)
    told = ask((pool("k1", "k2"),), *ANSWER, health=health, now=1100.0)
    assert isinstance(told.error, LimitReachedError)


def test_a_cooling_within_a_call_that_outlasts_it_ends_it() -> None:
    told = ask((pool("k1", "k2"),), slow(60.0), slow(60.0), total=20.0)
    assert (told.asked, told.waits) == ("k2 k1", [])
    assert isinstance(told.error, RateLimitedError)
    assert "after the call's time is over" in str(told.error)


def test_a_cooling_longer_than_the_back_off_is_waited_out() -> None:
    told = ask((pool("k1", "k2"),), slow(), slow(), *ANSWER, play=Play(slow(), slow(), *ANSWER, dice=0.1))
    assert told.waits == [1.0]
    health = HealthBook()
    play = Play(busy(), slow(), *ANSWER, dice=0.0)
    told = ask((pool("k1", "k2"),), play=play, health=health, total=0.5)
    assert told.error is None  # the other key is not cooling


def test_without_a_book_one_key_s_wait_does_not_hold_up_the_others() -> None:
    told = ask((pool("k1", "k2"),), slow(30.0), slow(30.0), *ANSWER, health=None)
    assert told.waits == [1.0]


def test_an_ejected_model_is_passed_over_and_probed_by_one_call_after_its_time() -> None:
    health = HealthBook()
    for _ in range(5):
        ask(AB, broken(), *ANSWER, retry=ONCE, health=health)
    told = ask(AB, *ANSWER, health=health)
    assert told.asked == "b"
    assert told.outcome is not None
    assert "it failed too often before (server)" in told.outcome.notes[0].message
    assert ask(AB, *ANSWER, health=health, now=1031.0).asked == "a"


def test_never_more_than_half_of_a_pool_is_passed_over() -> None:
    health = HealthBook()
    for _ in range(5):
        ask((pool("k1", "k2"),), broken(), broken(), retry=ONCE, health=health)
    assert len(ask((pool("k1", "k2"),), *ANSWER, health=health).asked.split()) == 1


# Other strategies.


def test_models_of_one_weight_are_drawn_and_the_others_follow() -> None:
    for dice, first in [(0.1, "a"), (0.9, "b")]:
        play = Play(NotFoundError("x"), *ANSWER, dice=dice)
        told = ask(AB, play=play, strategy="weighted")
        assert told.asked.split()[0] == first
        assert len(told.asked.split()) == 2
    play = Play(*ANSWER, dice=0.5)
    assert ask(AB, play=play, strategy="weighted", weights=(9.0, 1.0)).asked == "a"


def test_the_quickest_is_asked_first_once_it_is_known() -> None:
    health = HealthBook()
    for seconds in (5.0, 1.0):
        play = Play(seconds, *ANSWER)
        ask(AB, play=play, strategy="least-latency", health=health)
    # The draw began with b, which took 5 s; then came a, of which nothing was known, and took 1 s.
    assert ask(AB, *ANSWER, strategy="least-latency", health=health).asked == "a"


def test_the_cheapest_is_asked_first() -> None:
    purse = Purse(10.0, a=0.2, b=0.1)
    assert ask(AB, *ANSWER, strategy="cheapest", purse=purse).asked == "b"
    assert purse.log == ["take b"]
    assert ask(AB, *ANSWER, strategy="cheapest").asked == "b"  # by the draw: nothing is known


def test_the_least_busy_is_asked_first() -> None:
    health = HealthBook()
    health.began(("b", "only", "b", "b"), 0.0, 1)
    assert ask(AB, *ANSWER, strategy="least-busy", health=health).asked == "a"


def test_a_conversation_stays_with_its_key() -> None:
    keys = (pool("k1", "k2", "k3"),)
    found = set()
    for dice in (0.1, 0.5, 0.9):
        operation = ChatOperation(chat_request(), conversation="7")
        found.add(ask(keys, play=Play(*ANSWER, dice=dice), operation=operation).asked)
    assert len(found) == 1


def test_too_long_a_prompt_goes_only_to_models_that_hold_more() -> None:
    too_long = ContextTooLongError("long", status=400)
    route = (holding("a", 8_000), holding("b", 4_000), holding("c", 8_000), holding("d", 32_000))
    assert ask(route, too_long, *ANSWER).asked == "a d"
    unknown = (holding("a", None), holding("b", 4_000))
    assert ask(unknown, too_long, *ANSWER).asked == "a b"
    maybe = (holding("a", 8_000), holding("b", None))
    assert ask(maybe, too_long, *ANSWER).asked == "a b"
    keys = (pool("k1", "k2"), holding("b", 9))
    assert ask(keys, too_long, *ANSWER).asked == "k2 b"
    same = ask((pool("k1", "k2"), pool("k3")), too_long, *ANSWER)
    assert (same.asked, same.error) == ("k2", too_long)


# Time.


def test_a_silent_deployment_leaves_time_for_the_next() -> None:
    told = ask(AB, 4.8, silent(), *ANSWER, total=8.0)
    first, second = told.play.sent
    assert (first.connect_s, first.head_s) == pytest.approx((4.8, 4.8))
    assert (second.connect_s, second.head_s) == pytest.approx((3.2, 3.2))
    assert told.asked == "a b"


def test_a_stream_s_first_event_leaves_time_too_and_the_last_place_has_all_there_is() -> None:
    told = ask(AB, OK, b"\n", 4.8, silent(), *ANSWER, total=8.0, stream=True)
    assert told.play.reads[:2] == pytest.approx([4.8, 4.8])
    assert told.asked == "a b"


def test_no_attempt_begins_after_the_call_s_time() -> None:
    told = ask(AB, 9.0, silent(), *ANSWER, total=8.0)
    assert told.asked == "a"
    assert isinstance(told.error, TimedOutError)
    assert told.error.limit == "total"
    told = ask(AB, 9.0, broken(), *ANSWER, total=8.0)
    assert told.asked == "a"
    assert isinstance(told.error, ServerError)
    assert told.error.attempts == 1


def test_a_whole_answer_that_is_cut_by_the_call_s_time_tells_what_came() -> None:
    told = ask(AB, OK, b"t:half\n", 8.0, silent(), *ANSWER, total=8.0)
    assert told.asked == "a"
    assert isinstance(told.error, StreamInterrupted)
    assert told.error.partial.text == "half"


def test_no_wait_goes_past_the_deadline() -> None:
    told = ask((pool("k1", "k2"),), broken(), broken(), *ANSWER, total=0.9)
    assert (told.asked, told.waits) == ("k2 k1", [])
    assert isinstance(told.error, ServerError)
    assert "after the call's time is over" in str(told.error)


# The retry budget.


@pytest.mark.parametrize(("active", "retried"), [(100, 20), (30, 6), (5, 3)])
def test_of_calls_that_fail_together_a_fifth_is_tried_again_and_never_below_three(
    active: int, retried: int
) -> None:
    together = RetryBudget()
    calls = [running(together) for _ in range(active)]
    waiting = [next_wait(call) for call in calls]
    assert (waiting.count(True), together.active, together.retrying) == (retried, retried, retried)
    for call in calls:
        call.close()
    assert (together.active, together.retrying) == (0, 0)


def running(together: RetryBudget) -> Any:

    steps = plan(
        ChatOperation(chat_request()),
        (pool("k1", "k2"),),
        retry=RETRY,
        limits=[TimeLimits()],
        rules=Rules(together=together),
    )
    next(steps)
    return steps


def next_wait(steps: Any) -> bool:
    """Fail every request; whether the call waits to try again. What is thrown ends it else."""
    answer: Any = (1e9, 1000.0)
    failure: Error | None = None
    while True:
        try:
            step = steps.send(answer) if failure is None else steps.throw(failure)
        except ServerError as error:
            assert "make an outage worse" in str(error)
            return False
        answer, failure = None, None
        match type(step).__name__:
            case "Now":
                answer = (1e9, 1000.0)
            case "Dice":
                answer = 0.5
            case "Send":
                failure = broken()
            case "Wait" if step.seconds:
                return True


# What is told.


def test_the_caller_is_told_who_did_not_answer_and_why() -> None:
    told = ask(KEYS_AND_B, revoked(), slow(30.0), *ANSWER)
    assert told.outcome is not None
    assert [note.message for note in told.outcome.notes] == [
        "acme/m failed (auth: revoked); b/b was asked instead.",
        "acme/m failed (rate_limited: too many); b/b was asked instead.",
    ]
    told = ask(KEYS, revoked(), *ANSWER)
    assert told.outcome is not None
    assert [note.message for note in told.outcome.notes] == ["acme/m failed with one key (auth: revoked)."]


def test_that_a_model_was_tried_again_needs_no_note() -> None:
    assert ask(AB, broken(), *ANSWER).notes == []


def test_whoever_listens_is_told_once_of_every_further_attempt() -> None:
    told = ask(KEYS_AND_B, slow(30.0), broken(), *ANSWER, retry=RetryPolicy(attempts=2))
    why = [wait.why for wait in told.play.waits]
    assert [(one.attempt, one.attempts, one.provider, one.error.code) for one in why if one is not None] == [
        (2, 4, "acme", "rate_limited"),
        (3, 4, "acme", "server"),
    ]
    waited = ask((pool("k1", "k2"),), broken(), broken(), *ANSWER)
    assert [wait.seconds for wait in waited.play.waits] == [0.0, 1.0]


def test_whoever_watches_is_told_everything_in_its_order() -> None:
    diary = Diary()
    play = Play(broken(), OK, b"t:a\n", b"end\n", b"", grants=[Receipt(0, 1.5)])
    ask((pool("k1", "k2"),), play=play, stream=True, watch=diary, claims=claim_of)
    assert diary.lines == [
        "decided acme/m/k2 acme/m/k1",
        "queued 1.5",
        "attempt k2",
        "failed server",
        "decided acme/m/k2 acme/m/k1",
        "attempt k1",
        "first",
        "answered",
    ]


def test_the_wait_before_an_attempt_is_told_with_it() -> None:
    diary = Diary()
    ask((pool("k1", "k2"),), broken(), broken(), StaleConnectionError("x"), *ANSWER, watch=diary)
    assert diary.waited == [0.0, 0.0, 1.0, 0.0]


def test_every_choice_can_be_made_again() -> None:
    diary = Diary()
    ask(KEYS_AND_B, broken(), slow(1.0), broken(), busy(), slow(30.0), *ANSWER, watch=diary)
    assert len(diary.decisions) > 4
    assert all(again(decision) == decision.order for decision in diary.decisions)


# Limits and money.


def test_a_place_is_reserved_before_and_settled_after_each_attempt() -> None:
    limited = WireHead(429, ((b"x-left", b"3"),))
    play = Play(limited, b"", *ANSWER)
    told = ask(
        (pool("k1", "k2"),),
        play=play,
        claims=claim_of,
        priority=2,
        total=60.0,
        learn=lambda head, wall: Learned(requests_left=len(head.headers)),
    )
    assert told.asked == "k2 k1"
    first, second = play.reserved
    assert [claim.holds[0].place for claim in first.claims] == ["acme/k2", "acme/k1"]
    assert [claim.holds[0].place for claim in second.claims] == ["acme/k1"]
    assert (first.within_s, first.priority) == (60.0, 2)
    assert [receipt.ticket for receipt, _ in play.settled] == [1, 2]
    assert [one.verdict for _, one in play.settled] == ["unknown", "answered"]
    assert [one.learned for _, one in play.settled] == [Learned(requests_left=1), Learned(requests_left=2)]


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [(slow(), "refused"), (busy(), "refused"), (broken(), "unknown"), (None, "answered")],
)
def test_the_limits_are_told_whether_it_was_too_much(failure: Error | None, verdict: str) -> None:
    told = ask((pool("k1"),), *([failure] if failure else []), *ANSWER, claims=claim_of)
    assert told.play.settled[0][1].verdict == verdict


def test_what_the_head_of_another_reply_told_is_not_learned_again() -> None:
    class Unable(LineDialect):
        def encode_request(self, request: Any, site: Any) -> Any:
            raise UnsupportedError("not here")

    route = (pool("a"), pool("b", provider="b", model="b", dialect=Unable()), pool("c"))
    told = ask(
        route,
        NotFoundError("x"),
        claims=claim_of,
        learn=lambda head, wall: Learned(requests_left=1),
        play=Play(WireHead(500), b"", retry_all := NotFoundError("x")),
        retry=ONCE,
    )
    assert retry_all is told.error
    assert [settled.learned is None for _, settled in told.play.settled] == [False, True, True]


def test_the_place_that_was_granted_is_the_one_that_is_asked() -> None:
    told = ask((pool("k1", "k2"),), play=Play(*ANSWER, grants=[Receipt(1)]), claims=claim_of)
    assert told.asked == "k1"


def test_the_only_place_is_watched_and_waits_its_turn() -> None:
    diary = Diary()
    play = Play(*ANSWER, grants=[Receipt(0, 1.5)])
    told = ask((pool("k1"),), play=play, watch=diary, claims=claim_of)
    assert diary.lines == ["queued 1.5", "attempt k1", "first", "answered"]
    assert [settled.verdict for _, settled in told.play.settled] == ["answered"]
    unwatched = ask((pool("k1"),), play=Play(*ANSWER, grants=[Receipt(0, 1.5)]), claims=claim_of)
    assert (unwatched.asked, len(unwatched.play.settled)) == ("k1", 1)


def test_the_only_place_may_be_without_limits() -> None:
    told = ask((pool("free"),), broken(), *ANSWER, claims=claim_of)
    assert (told.asked, told.play.reserved, told.play.settled) == ("free free", [], [])


def test_a_place_without_limits_takes_none() -> None:
    told = ask((pool("k1", "free"),), *ANSWER, claims=claim_of)
    assert (told.asked, told.play.reserved) == ("free", [])
    behind = ask((pool("free", "k2"),), broken(), *ANSWER, claims=claim_of)
    assert behind.asked == "k2 free"
    assert len(behind.play.reserved[0].claims) == 1


def test_where_another_model_is_left_a_place_is_not_waited_for_long() -> None:
    full = LimitReachedError("no room", retry_after=9.0)
    told = ask(AB, play=Play(*ANSWER, grants=[full]), claims=claim_of)
    assert (told.asked, told.notes) == ("b", ["fell_back"])
    assert [step.within_s for step in told.play.reserved] == [PATIENCE_S, None]
    last = ask(AB, play=Play(grants=[full, full]), claims=claim_of)
    assert last.error is full
    assert last.error.attempts == 0
    assert last.play.settled == []


def test_the_tokens_that_were_used_are_settled() -> None:
    class Counting(LineDialect):
        def decoder(self, head: WireHead, site: Any) -> Any:
            return Counted(head)

    told = ask((pool("k1", dialect=Counting()),), *ANSWER, claims=claim_of)
    assert told.play.settled[0][1].tokens == 12


class Counted:
    """A reply that is one report of usage."""

    def __init__(self, head: WireHead) -> None:
        self.early: list[Any] = []

    def feed(self, piece: bytes) -> list[Any]:

        return [UsageReported(usage=Usage(input_uncached=10, output_visible=2))]

    def end(self) -> list[Any]:
        return []


def test_what_could_cost_too_much_is_not_asked_and_the_next_is() -> None:
    purse = Purse(1.0, a=5.0, b=0.4)
    told = ask(AB, *ANSWER, purse=purse)
    assert (told.asked, told.notes, purse.log) == ("b", ["fell_back"], ["take b"])
    nothing = ask(AB, *ANSWER, purse=Purse(0.1, a=5.0, b=0.4))
    assert isinstance(nothing.error, BudgetError)
    assert [type(error) for error in nothing.error.earlier] == [BudgetError]
    assert nothing.asked == ""


def test_every_retry_is_checked_against_what_is_left() -> None:
    purse = Purse(1.0, a=0.4)
    told = ask((pool("a", provider="a"),), broken(), silent(), *ANSWER, purse=purse)
    assert told.asked == "a a"
    assert isinstance(told.error, BudgetError)
    assert purse.log == ["take a", "given back", "take a", "billed"]


def test_a_key_that_is_too_dear_by_now_does_not_hide_that_another_one_rests() -> None:
    health = HealthBook()
    ask((pool("k2", "x"),), slow(90.0), slow(90.0), retry=ONCE, health=health)
    told = ask((pool("k1", "k2"),), *ANSWER, health=health, purse=Purse(0.1, k1=1.0), total=9.0)
    assert isinstance(told.error, LimitReachedError)
    assert told.error.retry_after == 90.0


# Streams.


def test_a_stream_that_only_began_is_asked_for_elsewhere() -> None:
    began = StartsFirst()
    route = (pool("a", provider="a", dialect=began), pool("b", provider="b", dialect=began))
    for end in (TransportError("reset"), b""):
        told = ask(route, OK, b"s\n", end, OK, b"s\n", b"t:ok\nend\n", b"", stream=True, retry=ONCE)
        assert told.asked == "a b"
        assert fold(told.play.events).text == "ok"
        assert told.notes == ["fell_back"]


class StartsFirst(LineDialect):
    """A wire that tells the reply's id before its first word."""

    def decoder(self, head: WireHead, site: Any) -> Any:

        class Starting(LineDecoder):
            def feed(self, piece: bytes) -> list[Any]:
                return [Started(id="early")] if piece == b"s\n" else super().feed(piece)

        return Starting(head)


def test_nothing_moves_on_after_the_first_word() -> None:
    told = ask(AB, broken(), OK, b"t:half\n", TransportError("reset"), *ANSWER, stream=True)
    assert told.asked == "a a"
    assert isinstance(told.error, StreamInterrupted)
    assert (told.error.attempts, told.error.maybe_billed) == (2, 1)
    assert [error.code for error in told.error.earlier] == ["server"]


def test_a_whole_answer_that_broke_off_is_asked_for_elsewhere() -> None:
    told = ask(AB, OK, b"t:half\n", b"", *ANSWER, retry=ONCE)
    assert (told.asked, fold(told.play.events).text) == ("a b", "ok")


def test_the_wire_of_the_one_that_answers_is_handed_on_and_no_other_s() -> None:
    told = ask(
        AB, WireHead(500), b"sorry", b"", OK, b"\n", b"t:ok\n", b"end\n", raw=True, stream=True, retry=ONCE
    )
    assert b"".join(piece or b"" for piece in told.play.raw) == b"\nt:ok\nend\n"


def test_a_permission_that_one_model_lacks_does_not_take_the_key_from_others() -> None:
    health = HealthBook()
    refused = PermissionDeniedError("not this model", status=403)
    route = (pool("k1", model="big"), pool("k1", model="small"))
    assert ask(route, refused, *ANSWER, health=health).asked == "k1 k1"
    diary = Diary()
    ask(route, *ANSWER, health=health, watch=diary)
    assert [standing.get("reason") for standing in diary.decisions[0].standings] == ["out", None]


def test_a_call_whose_time_was_over_before_it_was_sent_is_no_fault_of_the_deployment() -> None:
    health = HealthBook()
    for _ in range(9):
        ask(AB, *ANSWER, total=0.0, health=health)
    assert ask(AB, *ANSWER, health=health).asked == "a"


def test_a_call_is_made_of_one_generator_that_can_be_left_at_any_step() -> None:
    health, together = HealthBook(), RetryBudget()
    for leave_after in range(1, 30):
        ask(
            KEYS_AND_B,
            broken(),
            slow(1.0),
            *ANSWER,
            leave_after=leave_after,
            health=health,
            together=together,
        )
        for name in (("acme", "only", "k1", "m"), ("acme", "only", "k2", "m"), ("b", "only", "b", "b")):
            assert health.condition(name, 1e6).busy == 0
        assert (together.active, together.retrying) == (0, 0)
