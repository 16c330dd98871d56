"""The usual call within limits: taken and given back in one go, and never otherwise than the long way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baimo.errors import AuthError, Error, RateLimitedError, ServerError, TimedOutError, UnsupportedError
from baimo.limiting.keeping import LocalKeeping
from baimo.operations import ChatOperation
from baimo.resilience.limits import LimitBook
from baimo.resilience.windows import GRAINS
from baimo.routing.health import HealthBook
from baimo.seats import Doors, HeldSeat
from baimo.types.chat import ChatRequest
from baimo.types.events import UsageReported
from baimo.types.limits import Claim, Hold, Learned, Limit, Settlement
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.routes import ANSWER, ONCE, Diary, Told, ask, key, pool
from tests.scripted import OK, LineDecoder, LineDialect, chat_request

TELLING = WireHead(200, ((b"x-left", b"5"),))


class UsedDecoder(LineDecoder):
    """`u:N` tells of tokens."""

    def feed(self, piece: bytes) -> list[Any]:
        told = [
            UsageReported(usage=Usage(output_visible=int(line[2:])))
            for line in piece.split(b"\n")
            if line.startswith(b"u:")
        ]
        return [*super().feed(piece), *told]


class UsedDialect(LineDialect):
    def decoder(self, head: WireHead, site: Any) -> UsedDecoder:
        return UsedDecoder(head)


class Desk(LocalKeeping):
    """Keeps limits by the clock of plays, and counts what it is asked the long way."""

    now_s = 1000.0

    def __init__(self) -> None:
        self.log: list[str] = []
        super().__init__(LimitBook(), self)  # type: ignore[arg-type]  # it never waits

    def wall(self) -> float:
        return self.now_s + 1e9

    def mono(self) -> float:
        return self.now_s

    def grant(self, claim: Claim) -> Any:
        self.log.append("grant")
        return super().grant(claim)

    def close(self, ticket: Any, settlement: Settlement) -> None:
        self.log.append(f"close {settlement.verdict} {settlement.tokens}")
        super().close(ticket, settlement)

    def drop(self, ticket: Any) -> None:
        self.log.append("drop")
        super().drop(ticket)

    @property
    def book(self) -> dict[str, Any]:
        """All that the book knows, in plain values."""
        found = {}
        for name, place in self._book._places.items():
            place.tell()
            windows = [(one.length_s, one.counted, one.bound) for one in (*place.requests, *place.tokens)]
            found[name] = (place.in_flight, place.tokens_in_flight, place.blocked_until, windows)
        return found


class House:
    """A client's health and limits, by doors or without them."""

    def __init__(self, limit: Limit, *, doors: bool, holds: int = 1, learn: Any = None) -> None:
        self.desk, self.health = Desk(), HealthBook()
        self.at = key("k1", dialect=UsedDialect())
        self._holds = tuple([Hold(f"k1/{one}", limit) for one in range(holds)])
        self.learn = learn
        self.doors = Doors(self.desk, self.health, lambda at: self._holds, learn) if doors else None

    def call(self, *replies: Any, text: str = "Hi", **options: Any) -> Told:
        play = options.pop("play", None) or Play(*replies)
        operation = options.pop("operation", None) or ChatOperation(asking(text))

        def claim(operation: Any, at: Any) -> Claim:
            return Claim(self._holds, operation.tokens)

        told = ask(
            ((self.at,),),
            play=play,
            operation=operation,
            now=self.desk.now_s,
            claims=claim,
            keeper=self.desk,
            doors=self.doors,
            health=self.health,
            learn=self.learn,
            **options,
        )
        self.desk.now_s = max(self.desk.now_s, play.now)
        return told

    @property
    def state(self) -> dict[str, Any]:
        state = self.health.state(("acme", "only", "k1", "m"))
        left_out = ("name", "latency", "latency_at", "window")
        return {name: getattr(state, name) for name in state.__slots__ if name not in left_out}


def asking(text: str) -> ChatRequest:
    request = chat_request(text=text)
    assert request.max_tokens is None
    return request


def learned(head: WireHead, wall: float) -> Learned | None:
    left = head.get(b"x-left")
    return None if left is None else Learned(requests_left=int(left), requests_reset_s=wall - 1e9)


def open_house(limit: Limit | None = None, **facts: Any) -> House:
    """One whose first call has been made: what comes now may be granted ahead."""
    house = House(limit or Limit(requests_per_minute=50, concurrency=2), doors=True, **facts)
    assert house.call(*ANSWER).error is None
    house.desk.log.clear()
    return house


def test_a_usual_call_asks_neither_the_driver_nor_the_keeper() -> None:
    house = open_house()
    told = house.call(*ANSWER)
    assert told.error is None
    assert told.play.trace == ["Send", "Read", "Read", "Emit"]
    assert house.desk.log == []
    assert house.desk.book["k1/0"][:2] == (0, 0)
    assert house.desk.book["k1/0"][3] == [(60.0, 2, 50)]
    assert house.state["calls"] == 2
    assert house.state["under_way"] == set()


def test_while_it_is_under_way_it_counts_and_is_with_its_deployment() -> None:
    house = open_house()
    seen = []

    class Looking(Play):
        def begin(self) -> None:
            state = house.health.state(("acme", "only", "k1", "m"))
            seen.append((house.desk.book["k1/0"][:2], state.busy, [type(one) for one in state.under_way]))

    house.call(play=Looking(*ANSWER))
    (((in_flight, tokens), busy, kinds),) = seen
    assert (in_flight, busy) == (1, 1)
    assert tokens == ChatOperation(asking("Hi")).tokens
    assert issubclass(kinds[0], HeldSeat)


def test_who_looks_at_the_windows_meanwhile_is_told_of_it_and_the_rest_comes_back_there() -> None:
    house = open_house(Limit(tokens_per_minute=20_000))
    reserved = ChatOperation(asking("Hi")).tokens
    seen = []

    class Looking(Play):
        def begin(self) -> None:
            seen.append(house.desk.book["k1/0"][3][0][1])

    house.call(play=Looking(OK, b"t:ok\nu:30\nend\n", b""))
    assert seen == [2 * reserved]
    assert house.desk.log == ["close answered 30"]
    assert house.desk.book["k1/0"][3][0][1] == reserved + 30


def test_the_last_call_granted_ahead_says_when_all_of_them_leave_the_window() -> None:
    house = open_house(Limit(requests_per_minute=2))
    house.desk.now_s += 60.0 / GRAINS / 2
    house.call(*ANSWER)
    assert house.desk.log == []
    house.desk.now_s = 1060.0
    told = house.call(*ANSWER)
    assert told.play.trace[0] == "Reserve"


def test_one_that_tries_out_a_deployment_that_was_ejected_is_its_only_probe() -> None:
    house = open_house(Limit(concurrency=2))
    name = ("acme", "only", "k1", "m")
    for _ in range(5):
        house.health.failed(name, ServerError("x"), house.desk.now_s)
    house.desk.now_s += 40.0
    seen = []

    class Looking(Play):
        def begin(self) -> None:
            seen.append(house.health.condition(name, house.desk.now_s).reason)

    house.call(play=Looking(*ANSWER))
    assert seen == ["ejected"]


def test_the_time_of_a_whole_answer_is_told_to_health() -> None:
    house = open_house()
    house.desk.now_s = 1010.0

    class Slow(Play):
        def begin(self) -> None:
            house.desk.now_s += 2.0

    house.call(play=Slow(*ANSWER))
    assert house.health.condition(("acme", "only", "k1", "m"), 1012.0).latency_s == pytest.approx(0.6)


def test_what_was_reserved_and_not_used_comes_back_at_once() -> None:
    house = open_house(Limit(tokens_per_minute=20_000))
    before = house.desk.book["k1/0"][3][0][1]
    house.call(*ANSWER)  # opens anew what the look into the book has closed
    house.call(OK, b"t:ok\nu:30\nend\n", b"")
    assert house.desk.log == ["grant", "close answered None"]
    reserved = ChatOperation(asking("Hi")).tokens
    assert house.desk.book["k1/0"][3][0][1] == before + reserved + 30


def test_more_than_was_reserved_is_corrected_by_the_keeper() -> None:
    house = open_house(Limit(tokens_per_minute=1_000_000))
    house.call(OK, b"t:ok\nu:70000\nend\n", b"")
    assert house.desk.log == ["close answered 70000"]
    assert house.desk.book["k1/0"][3][0][1] == ChatOperation(asking("Hi")).tokens + 70_000


def test_what_a_head_tells_of_limits_is_learned_by_the_keeper() -> None:
    house = open_house(learn=learned)
    house.call(TELLING, b"t:ok\nend\n", b"")
    assert house.desk.log == ["close answered None"]
    house.call(*ANSWER)
    assert house.desk.log == ["close answered None", "grant", "close answered None"]  # windows are asked now


@pytest.mark.parametrize(
    "spoil",
    [
        lambda house: house.health.failed(
            ("acme", "only", "k1", "m"), RateLimitedError("x", retry_after=5.0), house.desk.now_s
        ),
        lambda house: house.health.failed(("acme", "only", "k1", "m"), AuthError("x"), house.desk.now_s),
        lambda house: [
            house.health.failed(("acme", "only", "k1", "m"), ServerError("x"), house.desk.now_s)
            for _ in range(5)
        ],
    ],
)
def test_a_deployment_that_is_not_well_is_looked_at_more_closely(spoil: Any) -> None:
    house, plain = open_house(), House(Limit(requests_per_minute=50, concurrency=2), doors=False)
    plain.call(*ANSWER)
    found = []
    for one in (house, plain):
        one.health.began(("acme", "only", "k1", "m"), one.desk.now_s, "a call")
        spoil(one)
        one.health.left(("acme", "only", "k1", "m"), "a call")
        told = one.call(*ANSWER, total=60.0)
        found.append((told.asked, repr(told.error), told.waits, one.state, one.desk.book))
    assert found[0] == found[1]


def test_a_place_that_is_full_is_waited_for_by_a_step() -> None:
    house = open_house(Limit(concurrency=1))
    held = house.desk.grant(Claim((Hold("k1/0", Limit(concurrency=1)),)))
    assert held is not None
    told = house.call(*ANSWER)
    assert told.play.trace[0] == "Reserve"


@pytest.mark.parametrize("limit", [Limit(requests_per_minute=4), Limit(tokens_per_minute=4 * 521 + 100)])
def test_what_is_granted_ahead_comes_to_an_end(limit: Limit) -> None:
    house = open_house(limit)
    firsts = [house.call(*ANSWER).play.trace[0] for _ in range(4)]
    assert ChatOperation(asking("Hi")).tokens == 521
    assert firsts == ["Send", "Send", "Send", "Reserve"]


def test_who_comes_while_others_wait_stands_in_line() -> None:
    house = open_house()
    house.desk.line.waiting += 1
    told = house.call(*ANSWER)
    house.desk.line.waiting -= 1
    assert told.play.trace[0] == "Reserve"


def test_a_place_of_which_nothing_is_known_finds_out_the_long_way() -> None:
    house = open_house(Limit())
    house.call(*ANSWER)
    assert house.desk.log == ["grant", "close answered None"]


def test_calls_that_count_in_two_places_go_the_long_way() -> None:
    house = open_house(holds=2)
    house.call(*ANSWER)
    assert house.desk.log == ["grant", "close answered None"]


def test_calls_that_count_elsewhere_too_go_the_long_way_where_others_do_not() -> None:
    house = open_house()
    house._holds = (*house._holds, Hold("k1/other", Limit(concurrency=2)))
    house.at = key("k1", dialect=UsedDialect())
    house.call(*ANSWER)
    assert house.desk.log == ["grant", "close answered None"]


def test_streams_go_the_long_way() -> None:
    house = open_house()
    house.call(*ANSWER, operation=ChatOperation(chat_request(stream=True)))
    assert house.desk.log == ["grant", "close answered None"]


def test_what_needs_something_first_goes_the_long_way() -> None:
    class Fetching(ChatOperation):
        def before(self, at: Any) -> Any:
            return lambda deadline: iter(())

    house = open_house()
    told = house.call(*ANSWER, operation=Fetching(asking("Hi")))
    assert told.error is None
    assert house.desk.log == ["grant", "close answered None"]


def test_a_failure_is_told_to_health_and_the_call_goes_on_the_long_way() -> None:
    house = open_house()
    told = house.call(ServerError("down", status=500), *ANSWER)
    assert told.error is None
    assert told.play.trace.count("Send") == 2
    assert house.desk.log == ["close unknown None"]  # what comes after it asks by a step
    assert (house.state["failed"], house.state["calls"]) == (1, 3)
    assert house.desk.book["k1/0"][:2] == (0, 0)


def test_the_caller_may_leave_at_any_step_and_holds_nothing_afterwards() -> None:
    logs = set()
    for leave_after in range(6):
        house = open_house()
        house.call(*ANSWER, leave_after=leave_after)
        assert house.desk.book["k1/0"][:2] == (0, 0)
        assert house.state["under_way"] == set()
        logs.add(tuple(house.desk.log))
    assert logs == {(), ("drop",)}


@pytest.mark.parametrize("reply", [OK, TELLING])
def test_an_interrupt_while_it_is_given_back_does_not_give_it_back_twice(
    reply: WireHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(learn=learned)

    def interrupted(*told: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.health, "replied", interrupted)
    with pytest.raises(KeyboardInterrupt):
        house.call(reply, b"t:ok\nend\n", b"")
    assert house.desk.book["k1/0"][:2] == (0, 0)
    assert house.state["under_way"] == set()
    assert "drop" not in house.desk.log


def test_what_was_given_back_while_the_lock_was_held_is_swept_up_by_the_next() -> None:
    house = open_house()
    lost = house.desk.grant(Claim((Hold("k1/0", Limit(requests_per_minute=50, concurrency=2)),)))
    assert lost is not None
    with house.desk.lock:
        house.desk.drop(lost)
    house.desk.log.clear()
    assert house.call(*ANSWER).error is None
    assert house.desk.book["k1/0"][0] == 0


def test_the_next_in_line_is_served_when_it_ends() -> None:
    house = open_house(Limit(concurrency=1))
    served: list[float] = []
    house.desk.serve = served.append  # type: ignore[assignment,method-assign]

    class Joining(Play):
        def begin(self) -> None:
            house.desk.line.waiting += 1

    house.call(play=Joining(*ANSWER))
    assert served == [house.desk.now_s]


def test_a_fault_of_whoever_wrote_a_dialect_gives_the_place_back() -> None:
    class OddError(Exception):
        """What nobody reckoned with."""

    class Faulty(LineDialect):
        def encode_request(self, request: Any, site: Any) -> Any:
            raise OddError

    house = open_house()
    house.at = key("k1", dialect=Faulty())
    with pytest.raises(OddError):
        house.call(*ANSWER)
    assert house.desk.log == ["drop"]
    assert house.desk.book["k1/0"][:2] == (0, 0)


def test_a_request_that_cannot_be_said_fails_as_it_does_the_long_way() -> None:
    class Incapable(LineDialect):
        def encode_request(self, request: Any, site: Any) -> Any:
            raise UnsupportedError("it cannot be said")

    house, plain = open_house(), House(Limit(requests_per_minute=50, concurrency=2), doors=False)
    plain.call(*ANSWER)
    found = []
    for one in (house, plain):
        one.at = key("k1", dialect=Incapable())
        told = one.call(*ANSWER)
        found.append((repr(told.error), told.asked, one.state, one.desk.book))
    assert found[0] == found[1]
    assert "it cannot be said" in found[0][0]


def test_the_doors_of_deployments_that_come_and_go_do_not_pile_up() -> None:
    house = open_house()
    assert house.doors is not None
    for number in range(1000):
        house.doors.of(pool(f"k{number}")[0])
    assert len(house.doors._doors) <= 256
    assert house.doors.of(house.at) is house.doors.of(house.at)


WORLDS = {
    "calls": Limit(requests_per_minute=4, concurrency=2),
    "tokens": Limit(tokens_per_minute=9000),
    "both": Limit(requests_per_second=3, tokens_per_minute=20_000, tokens_per_day=40_000),
}
REPLIES: list[list[Any]] = [
    [*ANSWER],
    [OK, b"t:ok\nu:12\nend\n", b""],
    [OK, b"t:ok\nu:7000\nend\n", b""],
    [TELLING, b"t:ok\nend\n", b""],
    [ServerError("down", status=500), *ANSWER],
    [RateLimitedError("slow", status=429, retry_after=2.0), *ANSWER],
    [AuthError("revoked", status=401)],
    [2.0, TimedOutError("x", limit="head")],
    [OK, b"t:a\n", b""],
]


def fresh(reply: Any) -> Any:
    """An error is raised once; each call needs its own."""
    if not isinstance(reply, Error):
        return reply
    names = ("retry_after", "status", "limit")
    facts: dict[str, Any] = {name: getattr(reply, name) for name in names if getattr(reply, name, None)}
    return type(reply)(reply.message, **facts)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(WORLDS)),
    st.lists(
        st.tuples(
            st.integers(0, len(REPLIES) - 1),
            st.sampled_from([0.0, 0.0, 0.4, 1.0, 60.0 / GRAINS, 59.5, 61.0]),
            st.sampled_from([None, None, 1, 3]),
            st.sampled_from(["Hi", "Hi " * 900]),
        ),
        max_size=12,
    ),
)
def test_whatever_comes_both_ways_ask_answer_and_count_the_same(world: str, calls: list[Any]) -> None:
    """One client by its doors, another without: not only the usual call, but any calls after each other."""
    houses = [House(WORLDS[world], doors=doors, learn=learned) for doors in (True, False)]
    for which, pause_s, leave_after, text in calls:
        found = []
        for house in houses:
            house.desk.now_s += pause_s
            diary = Diary()
            told = house.call(
                *map(fresh, REPLIES[which]),
                text=text,
                retry=ONCE,
                total=5.0,
                watch=diary,
                leave_after=None if leave_after is None else leave_after + 1,
            )
            if leave_after is None:
                reserved = len(told.play.reserved)
                found.append(
                    (told.asked, repr(told.error), told.play.events, diary.lines, told.waits, reserved)
                )
        assert found[1:] == found[:-1]
        if leave_after is not None:  # steps differ, so who leaves after some has not come as far
            return
    assert houses[0].state == houses[1].state
    assert houses[0].desk.book == houses[1].desk.book
