"""What holds for every call, whatever fails and whenever its caller leaves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import (
    AuthError,
    ConnectError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    LimitReachedError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StaleConnectionError,
    TimedOutError,
    TransportError,
)
from baimo.resilience.budget import RetryBudget
from baimo.resilience.retry import RetryPolicy
from baimo.routing.choose import STRATEGIES, again
from baimo.routing.health import HealthBook
from baimo.types.fold import fold
from baimo.types.limits import Receipt
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.routes import Diary, Purse, ask, claim_of, key
from tests.scripted import OK
from tests.test_over_cut import Continuing

FAILURES: list[list[Any]] = [
    [ServerError("x", status=500)],
    [OverloadedError("x", status=503, retry_after=1.0)],
    [RateLimitedError("x", status=429, retry_after=3.0)],
    [RateLimitedError("x", status=429)],
    [RateLimitedError("x", status=429, retry_after=500.0)],
    [AuthError("x", status=401)],
    [QuotaError("x", status=402)],
    [NotFoundError("x", status=404)],
    [InvalidRequestError("x", status=400)],
    [ContextTooLongError("x", status=400)],
    [ConnectError("x")],
    [StaleConnectionError("x")],
    [2.0, TimedOutError("x", limit="head")],
    [WireHead(500), b"x", b""],
    [OK, b""],
    [OK, b"\n", TransportError("x")],
    [OK, b"t:a\n", b""],
    [OK, b"t:a\n", 1.0, TimedOutError("x", limit="idle")],
    [OK, b"t:a\ne:b\n"],
]
ANSWER: list[Any] = [OK, b"t:ok\n", b"end\n", b""]
ATTEMPTS = st.lists(st.sampled_from([*range(len(FAILURES)), -1]), max_size=14)
ROUTES = st.lists(st.integers(1, 3), min_size=1, max_size=3)
GRANTS = st.lists(st.sampled_from([None, 0.5, "full"]), max_size=6)


def fresh(failure: Any) -> Any:
    """An error is raised once; each needs its own."""
    return failure if not isinstance(failure, Error) else type(failure)(**_facts(failure))


def _facts(error: Error) -> dict[str, Any]:
    facts: dict[str, Any] = {"message": error.message, "retry_after": error.retry_after}
    if isinstance(error, TimedOutError):
        facts["limit"] = error.limit
    return facts


class ByAttempt(Play):
    """Plays a reply a request, whatever was read of the one before; an answer where they are over."""

    def __init__(self, attempts: list[int], **facts: Any) -> None:
        super().__init__(**facts)
        self._attempts = list(attempts)
        self.stale = 0

    def begin(self) -> None:
        number = self._attempts.pop(0) if self._attempts else -1
        self._replies = [fresh(one) for one in (ANSWER if number < 0 else FAILURES[number])]
        self.stale += isinstance(self._replies[0], StaleConnectionError)


def grant(word: float | str | None) -> Receipt | Error:
    return LimitReachedError("full") if word == "full" else Receipt(0, float(word or 0.0))


@pytest.mark.timeout(300)  # many examples in a long run
@given(
    attempts=ATTEMPTS,
    sizes=ROUTES,
    grants=GRANTS,
    strategy=st.sampled_from(STRATEGIES),
    on_cut=st.sampled_from(["raise", "continue"]),
    stream=st.booleans(),
    raw=st.booleans(),
    limited=st.booleans(),
    total=st.none() | st.floats(0.0, 20.0),
    tries=st.integers(1, 4),
    dice=st.floats(0, 1, exclude_max=True),
    leave_after=st.none() | st.integers(1, 60),
    money=st.none() | st.floats(0.0, 8.0),
)
def test_a_call_ends_in_its_time_within_its_tries_and_leaves_nothing_behind(
    attempts: list[int],
    sizes: list[int],
    grants: list[Any],
    strategy: str,
    on_cut: str,
    stream: bool,
    raw: bool,
    limited: bool,
    total: float | None,
    tries: int,
    dice: float,
    leave_after: int | None,
    money: float | None,
) -> None:
    route = tuple(
        tuple(key(f"m{model}k{one}", model=f"m{model}", dialect=Continuing()) for one in range(size))
        for model, size in enumerate(sizes)
    )
    play = ByAttempt(attempts, dice=dice, grants=map(grant, grants))
    health, together, diary = HealthBook(), RetryBudget(), Diary()
    costs = {at.key: 1.0 for pool in route for at in pool}
    told = ask(
        route,
        play=play,
        stream=stream,
        raw=raw,
        total=total,
        retry=RetryPolicy(attempts=tries),
        health=health,
        together=together,
        watch=diary,
        leave_after=leave_after,
        strategy=strategy,
        on_cut=on_cut,
        claims=claim_of if limited else None,
        purse=None if money is None else Purse(money, **costs),
    )
    # It ends, within its tries.
    pools = sizes if strategy == "ordered" else [sum(sizes)]
    assert len(play.sent) <= sum(max(tries, size) for size in pools) + play.stale
    # Nothing waits past its time, and nothing begins after it.
    if total is not None:
        most, end = total + 1e-6, 1000.0 + total + 1e-6
        assert all(send.connect_s <= most and send.head_s <= most for send in play.sent)
        assert all(within <= most for within in play.reads)
        assert all(at <= end for at in (*play.waited_until, *play.sent_at))
    # Nothing is left behind.
    left = leave_after is not None and len(play.trace) >= leave_after
    assert len(play.held) <= (1 if left else 0)
    receipts = [receipt.ticket for receipt, _ in play.settled]
    assert len(receipts) == len(set(receipts))
    for pool in route:
        for at in pool:
            assert health.condition((at.provider, at.endpoint, at.key, at.model), 1e9).busy == 0
    assert (together.active, together.retrying) == (0, 0)
    # What was decided can be decided again, and what is told is one answer.
    assert all(again(decision) == decision.order for decision in diary.decisions)
    if told.outcome is not None and not stream:
        assert fold(play.events).text == "ok"
    if told.error is not None:
        assert told.error not in told.error.earlier
