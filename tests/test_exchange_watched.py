"""One call to one deployment: who watches it, what is held back of it, how many are tried again at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import (
    AuthError,
    ConnectError,
    Error,
    ServerError,
    StaleConnectionError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.exchange import Tally, exchange
from baimo.operations import ChatOperation
from baimo.resilience.budget import RetryBudget
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.types.events import Started, UsageReported
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.routes import ANSWER, Diary
from tests.scripted import OK, LineDecoder, LineDialect, chat_request, deployment

RETRY = RetryPolicy(attempts=3, first_wait_s=1.0)


class Opening(LineDialect):
    """Tells the reply's id (`s`) and what it has cost so far (`u`) before its first word."""

    def decoder(self, head: Any, site: Any) -> LineDecoder:
        return OpeningDecoder(head)


class OpeningDecoder(LineDecoder):
    def feed(self, piece: bytes) -> list[Any]:
        if piece == b"s\n":
            return [Started(id="early")]
        if piece == b"u\n":
            return [UsageReported(usage=Usage(input_uncached=1))]
        return super().feed(piece)


class AtItsEnd(Opening):
    """Says everything when the body is over, as dialects do of a whole reply."""

    def decoder(self, head: Any, site: Any) -> LineDecoder:
        return WholeDecoder(head)


class WholeDecoder(OpeningDecoder):
    def __init__(self, head: WireHead) -> None:
        super().__init__(head)
        self._all: list[Any] = []

    def feed(self, piece: bytes) -> list[Any]:
        self._all += super().feed(piece)
        return []

    def end(self) -> list[Any]:
        return [*self._all, *super().end()]


def call(play: Play, *, stream: bool = True, limits: TimeLimits | None = None, **options: Any) -> Any:
    options.setdefault("retry", RETRY)
    at = deployment(dialect=options.pop("dialect", Opening()), key="k1")
    return play.run(
        exchange(ChatOperation(chat_request(stream=stream)), at, limits=limits or TimeLimits(), **options)
    )


# What is held back.


@pytest.mark.parametrize("opening", [[], [b"s\n"], [b"s\n", b"u\n"], [b"\n"]], ids=str)
@pytest.mark.parametrize("end", [b"", TransportError("reset"), ServerError("x", status=200)], ids=repr)
def test_a_stream_that_has_said_nothing_is_asked_for_again(opening: list[bytes], end: bytes | Error) -> None:
    play = Play(OK, *opening, end, OK, b"s\n", b"t:ok\nend\n", b"")
    outcome = call(play)
    assert fold(play.events).text == "ok"
    assert sum(type(event) is Started and event.id == "early" for event in play.events) == 1
    assert (outcome.sent.attempts, outcome.sent.maybe_billed) == (2, 1)


def test_what_begins_a_stream_goes_out_with_its_first_word() -> None:
    play = Play(OK, b"s\n", b"u\n", b"t:ok\n", b"end\n", b"")
    call(play)
    shown = play.trace[play.trace.index("Send") + 1 :]
    assert [step for step in shown if step != "Now"] == [
        "Read",
        "Read",
        "Read",
        "Emit",
        "Read",
        "Emit",
        "Read",
    ]
    assert [type(event) for event in play.events[:2]] == [Started, UsageReported]


def test_a_stream_that_only_ever_began_goes_out_at_its_end() -> None:
    class Silent(OpeningDecoder):
        def end(self) -> list[Any]:
            return []

    class Dialect(Opening):
        def decoder(self, head: Any, site: Any) -> LineDecoder:
            return Silent(head)

    play = Play(OK, b"s\n", b"")
    at = deployment(dialect=Dialect())
    play.run(exchange(ChatOperation(chat_request(stream=True)), at, limits=TimeLimits(), retry=RETRY))
    assert play.events == [Started(id="early")]


@pytest.mark.parametrize("end", [b"", TransportError("reset")], ids=repr)
def test_a_stream_that_only_began_each_time_fails_as_one_that_never_did(end: bytes | Error) -> None:
    play = Play(OK, b"s\n", end)
    with pytest.raises(Error) as caught:
        call(play, retry=RetryPolicy(attempts=1))
    assert type(caught.value) is (StreamInterrupted if end == b"" else TransportError)
    assert play.events == []


def test_silence_after_the_beginning_is_timed_as_silence_in_the_middle() -> None:
    limits = TimeLimits(idle=9.0, first_event=20.0, queue=90.0, total=500.0)
    play = Play(OK, b"s\n", b"\n", 5.0, b"\n", 4.0, TimedOutError("x", limit="idle"))
    with pytest.raises(TimedOutError) as caught:
        call(play, limits=limits, retry=RetryPolicy(attempts=1))
    assert play.reads == [20.0, 9.0, 9.0, 4.0]
    assert caught.value.limit == "idle"


# Attempts.


@pytest.mark.parametrize(
    ("replies", "made", "billed", "shown"),
    [
        ([OK, b"t:a\n", TransportError("x")], 2, 1, True),
        ([ConnectError("x")], 2, 0, False),
        ([OK, b"s\n", TransportError("x")], 2, 1, False),
        ([WireHead(500), b""], 2, 0, False),
        ([StaleConnectionError("x"), StaleConnectionError("x")], 2, 2, False),
        ([StaleConnectionError("x"), ConnectError("x")], 2, 1, False),
    ],
)
def test_a_tally_counts_what_failed_what_may_be_billed_and_whether_any_was_shown(
    replies: list[Any], made: int, billed: int, shown: bool
) -> None:
    tally = Tally()
    with pytest.raises(Error):
        call(Play(*replies), tally=tally, retry=RetryPolicy(attempts=1))
    assert (tally.made, tally.maybe_billed, tally.shown) == (made, billed, shown)


def test_a_tally_keeps_the_last_head_refusals_included() -> None:
    tally = Tally()
    with pytest.raises(ServerError):
        call(Play(WireHead(503), b""), tally=tally, retry=RetryPolicy(attempts=1))
    assert tally.head == WireHead(503)
    with pytest.raises(ConnectError):
        call(Play(ConnectError("x")), tally=tally, retry=RetryPolicy(attempts=1))
    assert tally.head is None


# Who watches.


def watched(*replies: Any, **options: Any) -> tuple[Diary, Error | None]:
    diary = Diary()
    try:
        call(Play(*replies), watch=diary, **options)
    except Error as error:
        return diary, error
    return diary, None


def test_every_attempt_is_told_with_what_came_of_it() -> None:
    diary, _ = watched(WireHead(500), b"", OK, TransportError("x"), OK, b"s\n", b"t:ok\nend\n", b"")
    assert diary.lines == [
        "attempt k1",
        "failed server",
        "attempt k1",
        "failed transport billed",
        "attempt k1",
        "first",
        "answered",
    ]
    assert diary.waited == [0.0, 0.5, 1.0]


def test_a_whole_answer_is_told_alike() -> None:
    diary, _ = watched(*ANSWER, stream=False)
    assert diary.lines == ["attempt k1", "first", "answered"]


def test_a_whole_answer_with_nothing_in_it_came_and_failed() -> None:
    replies = (OK, b"s\n", b"end\n", b"", *ANSWER)
    for dialect in (Opening(), AtItsEnd()):
        diary, error = watched(*replies, stream=False, dialect=dialect)
        assert error is None
        assert diary.lines == [
            "attempt k1",
            "first",
            "failed empty_answer billed",
            "attempt k1",
            "first",
            "answered",
        ]


@pytest.mark.parametrize(
    ("dialect", "stream", "spared"), [(Opening(), True, 2), (Opening(), False, 2), (AtItsEnd(), False, 1)]
)
def test_a_watch_that_tells_the_time_costs_no_step(dialect: Opening, stream: bool, spared: int) -> None:
    traces = []
    for clock in (None, lambda: 5.0):
        diary, play = Diary(), Play(*ANSWER)
        diary.mono = clock
        call(play, stream=stream, watch=diary, now=(1000.0, 1000.0), dialect=dialect)
        assert diary.lines == ["attempt k1", "first", "answered"]
        assert diary.times == [1000.0, *[play.now if clock is None else 5.0] * 2]
        traces.append(play.trace)
    asking, sparing = traces
    assert asking.count("Now") - sparing.count("Now") == spared
    assert [step for step in asking if step != "Now"] == [step for step in sparing if step != "Now"]


def test_of_a_stream_the_first_event_is_told_before_it_is_shown_also_where_it_is_the_end() -> None:
    whole = Play(*ANSWER)
    call(whole, watch=Diary(), dialect=AtItsEnd())
    diary, left = Diary(), Play(*ANSWER)
    at = deployment(dialect=AtItsEnd(), key="k1")
    operation = ChatOperation(chat_request(stream=True))
    steps = exchange(operation, at, limits=TimeLimits(), retry=RETRY, watch=diary)
    left.run(steps, leave_after=whole.trace.index("Emit") + 1)
    assert left.trace[-1] == "Emit"
    assert diary.lines == ["attempt k1", "first"]


def test_a_failure_after_the_first_event_is_told_as_it_was() -> None:
    diary, error = watched(OK, b"t:a\n", TransportError("x"))
    assert diary.lines == ["attempt k1", "first", "failed transport billed"]
    assert isinstance(error, StreamInterrupted)


def test_watching_costs_no_step_where_nobody_watches() -> None:
    play = Play(*ANSWER)
    call(play, stream=False)
    assert play.trace == ["Send", "Read", "Read", "Emit"]


# Calls that are tried again together.


def test_a_call_that_may_not_be_tried_again_says_why() -> None:
    together = RetryBudget(share=0.0, least=0)
    with pytest.raises(ServerError, match="make an outage worse") as caught:
        call(Play(WireHead(500), b""), together=together)
    assert caught.value.attempts == 1
    assert (together.active, together.retrying) == (0, 0)


@pytest.mark.parametrize("after", [{"retry-after": "0"}, {}])
def test_a_retry_that_need_not_wait_counts_as_one_too(after: dict[str, str]) -> None:
    head = WireHead(500, tuple((name.encode(), text.encode()) for name, text in after.items()))
    together = RetryBudget(share=0.0, least=0)
    with pytest.raises(ServerError):
        call(Play(head, b"", *ANSWER, dice=0.0), together=together)


def test_a_stale_connection_is_used_anew_whatever_the_others_do() -> None:
    call(Play(StaleConnectionError("x"), *ANSWER), together=RetryBudget(share=0.0, least=0))


def test_a_call_counts_while_it_runs_and_no_longer() -> None:
    together = RetryBudget()
    steps = exchange(
        ChatOperation(chat_request(stream=True)),
        deployment(),
        limits=TimeLimits(),
        retry=RETRY,
        together=together,
    )
    assert together.active == 0
    next(steps)
    assert together.active == 1
    steps.close()
    assert together.active == 0
    call(Play(WireHead(500), b"", *ANSWER), together=together)
    assert (together.active, together.retrying) == (0, 0)


def test_what_cannot_help_asks_nobody() -> None:
    with pytest.raises(AuthError) as caught:
        call(Play(AuthError("x", status=401)), together=RetryBudget(share=0.0, least=0))
    assert caught.value.hint is None


COUNT = st.one_of(st.none(), st.integers(0, 5))


@given(st.builds(Usage, **{name: COUNT for name in Usage.__struct_fields__ if name != "raw"}))
def test_a_tally_adds_up_what_was_used_as_usage_does(used: Usage) -> None:
    tally = Tally(counted=True)
    tally.count([Started(), UsageReported(usage=used), Started()])
    assert tally.tokens == used.total


def test_of_several_reports_of_usage_the_last_one_holds() -> None:
    tally = Tally(counted=True)
    assert tally.tokens is None
    first, last = (UsageReported(usage=Usage(input_uncached=n)) for n in (3, 8))
    tally.count([first, last])
    assert tally.tokens == 8
    tally.count([Started()])
    assert tally.tokens == 8
