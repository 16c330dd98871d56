"""A call to one deployment whose limits are kept in this process: granted and given back without steps."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import AuthError, Error, LimitReachedError, RateLimitedError, ServerError
from baimo.limiting.keeping import LocalKeeping
from baimo.resilience.limits import LimitBook, Ticket
from baimo.routing.health import HealthBook
from baimo.types.limits import Claim, Hold, Learned, Limit, Receipt, Settlement
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.routes import ANSWER, ONCE, Diary, ask, pool
from tests.scripted import OK, LineDialect

ONE = Limit(concurrency=1)
ROUTE = (pool("k1"),)


class Desk(LocalKeeping):
    """Keeps limits by the clock of a play, and writes down what it is asked."""

    def __init__(self, play: Play, book: LimitBook | None = None) -> None:
        self._play = play
        self.log: list[str] = []
        self.settlements: list[Settlement] = []
        super().__init__(book or LimitBook(), self)  # type: ignore[arg-type]  # it never waits

    def wall(self) -> float:
        return self._play.now + 1e9

    def mono(self) -> float:  # type: ignore[override]
        return self._play.now

    def grant(self, claim: Claim) -> Ticket | None:
        ticket = super().grant(claim)
        self.log.append("wait" if ticket is None else "grant")
        return ticket

    def close(self, ticket: Ticket, settlement: Settlement) -> None:
        self.log.append(f"close {settlement.verdict}")
        self.settlements.append(settlement)
        super().close(ticket, settlement)

    def drop(self, ticket: Ticket) -> None:
        self.log.append("drop")
        super().drop(ticket)

    @property
    def in_flight(self) -> int:
        return sum(place.in_flight for place in self._book._places.values())


def claim_of(limit: Limit) -> Any:
    return lambda operation, at: Claim((Hold(at.key, limit),), 7)


def called(*replies: Any, limit: Limit = ONE, desk: bool = True, **rules: Any) -> tuple[Desk, Any]:
    """One call, by way of a desk or of steps."""
    play = rules.pop("play", None) or Play(*replies)
    keeper = rules.pop("keeper", None) or Desk(play)
    told = ask(ROUTE, play=play, claims=claim_of(limit), keeper=keeper if desk else None, **rules)
    return keeper, told


def learn(head: WireHead, wall: float) -> Learned:
    return Learned(requests_left=len(head.headers), requests_reset_s=wall - 1e9)


def test_nothing_is_asked_of_the_driver_for_a_place_that_is_free() -> None:
    desk, told = called(*ANSWER, learn=learn)
    assert told.error is None
    assert desk.log == ["grant", "close answered"]
    assert not {"Reserve", "Settle"} & set(told.play.trace)
    assert desk.in_flight == 0
    assert desk.settlements[0].learned == Learned(requests_left=2, requests_reset_s=1000.0)


@pytest.mark.parametrize(
    "replies",
    [
        ANSWER,
        [ServerError("down", status=500), *ANSWER],
        [RateLimitedError("slow", status=429, retry_after=2.0), *ANSWER],
        [WireHead(429, ((b"x-left", b"3"),)), b"", *ANSWER],
        [AuthError("revoked", status=401)],
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_told_of_it_is_the_same_by_steps(replies: list[Any], stream: bool) -> None:
    desk, quick = called(*replies, learn=learn, stream=stream)
    _, slow = called(*replies, learn=learn, stream=stream, desk=False)
    assert quick.asked == slow.asked
    assert quick.waits == slow.waits
    assert quick.play.events == slow.play.events
    assert repr(quick.error) == repr(slow.error)
    settled = [*desk.settlements, *(one for _, one in quick.play.settled)]  # a retry asks by steps
    assert settled == [one for _, one in slow.play.settled]
    assert desk.in_flight == len(quick.play.held) == len(slow.play.held) == 0


def test_who_would_have_to_wait_asks_by_a_step() -> None:
    play = Play(*ANSWER, grants=[Receipt(0, 2.5)])
    desk = Desk(play)
    other = desk.grant(Claim((Hold("k1", ONE),)))
    assert other is not None
    diary = Diary()
    _, told = called(play=play, keeper=desk, priority=3, total=60.0, watch=diary)
    assert desk.log == ["grant", "wait"]
    assert [(step.within_s, step.priority) for step in play.reserved] == [(60.0, 3)]
    assert [settlement.verdict for _, settlement in play.settled] == ["answered"]
    assert told.outcome is not None
    assert desk.in_flight == 1


def test_a_place_that_cannot_be_had_in_time_is_no_failure_of_the_deployment() -> None:
    play, health = Play(grants=[LimitReachedError("full")]), HealthBook()
    desk = Desk(play)
    desk.grant(Claim((Hold("k1", ONE),)))
    _, told = called(play=play, keeper=desk, health=health)
    assert isinstance(told.error, LimitReachedError)
    assert not play.sent


def test_where_no_place_is_needed_nobody_is_asked() -> None:
    play = Play(*ANSWER)
    desk = Desk(play)
    told = ask(ROUTE, play=play, claims=lambda operation, at: None, keeper=desk)
    assert told.error is None
    assert desk.log == []


def test_the_caller_may_leave_at_any_step_and_holds_nothing_afterwards() -> None:
    left = set[str]()
    for leave_after in range(20):
        desk, told = called(OK, b"t:a\n", b"t:b\n", b"end\n", b"", stream=True, leave_after=leave_after)
        assert desk.in_flight == 0
        assert told.play.held == []
        left.update(desk.log)
    assert left == {"grant", "drop", "close answered"}


def test_who_leaves_a_call_that_goes_by_steps_is_nobody_s_debt_here() -> None:
    desk, _ = called(*ANSWER, desk=False, leave_after=3)
    assert desk.log == []


def test_where_nobody_keeps_health_a_place_is_given_back_all_the_same() -> None:
    desk, told = called(*ANSWER, health=None)
    assert told.error is None
    assert desk.log == ["grant", "close answered"]
    desk, told = called(AuthError("revoked", status=401), health=None)
    assert isinstance(told.error, AuthError)
    assert desk.log == ["grant", "close unknown"]


def test_a_whole_reply_is_told_to_health_once_with_its_time() -> None:
    health = HealthBook()
    called(*ANSWER, health=health)
    name = ("acme", "only", "k1", "m")
    assert health.condition(name, 1000.0).latency_s == 0.0
    called(ServerError("down", status=500), health=health, retry=ONCE)
    assert health.condition(name, 1000.0).busy == 0
    assert health._states[name].failed == 1


def test_a_fault_of_whoever_wrote_a_dialect_gives_the_place_back() -> None:
    class OddError(Exception):
        """What nobody reckoned with."""

    class Faulty(LineDialect):
        def encode_request(self, request: Any, site: Any) -> Any:
            raise OddError

    play = Play(*ANSWER)
    desk = Desk(play)
    with pytest.raises(OddError):
        ask((pool("k1", dialect=Faulty()),), play=play, claims=claim_of(ONE), keeper=desk)
    assert desk.log == ["grant", "drop"]
    assert desk.in_flight == 0


def test_a_deployment_that_is_left_alone_holds_no_place() -> None:
    health = HealthBook()
    called(RateLimitedError("slow", status=429, retry_after=90.0), health=health, retry=ONCE)
    desk, told = called(*ANSWER, health=health, total=5.0)
    assert isinstance(told.error, Error)
    assert desk.log == []
