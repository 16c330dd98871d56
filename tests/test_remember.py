"""A remembered call: what is kept and played again is the answer that came, and nothing else is kept."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import CacheError, Error, ServerError, StreamInterrupted, TimedOutError
from baimo.exchange import Exchange, Outcome
from baimo.notes import Note
from baimo.operations import ChatOperation
from baimo.plan import Route, plan
from baimo.remember import VERSION, Kept, decoded, encoded, is_good, remembered
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.steps import Dice, Emit, Keep, Look, Now
from baimo.types.chat import FinishReason, Sent
from baimo.types.content import Audio, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.fold import fold
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.playing import Play
from tests.scripted import OK, chat_request, deployment
from tests.strategies import chat_events

AT = deployment()
ROUTE: Route = ((AT,),)
NOTE = Note(code="clamped", message="top_p was clamped.")
DONE = Outcome(AT, Sent("POST", "http://acme.test", b"/m"), WireHead(200), (NOTE,), "told-1")
HELLO: list[list[ChatEvent]] = [
    [Started(id="r1"), PartStarted(index=0, part=Text(text=""))],
    [PartDelta(index=0, text="Hel"), PartDelta(index=0, text="lo")],
    [PartEnded(index=0), Finished(reason=FinishReason.STOP)],
]


def played(pieces: Iterable[list[ChatEvent]], end: Outcome | Error = DONE) -> Exchange:
    """A call that shows these events and ends so."""
    for piece in pieces:
        yield Emit(piece)
    if isinstance(end, Error):
        raise end
    return end


def remember(play: Play, steps: Exchange, *, streams: bool = True, within_s: float | None = None) -> Outcome:
    outcome: Outcome = play.run(remembered(steps, "k", route=ROUTE, streams=streams, within_s=within_s))
    return outcome


def replayed(kept: dict[str, bytes], *, streams: bool) -> tuple[Outcome, list[list[ChatEvent]]]:
    """What a second, equal call gets, with the events of each Emit."""
    shown: list[list[ChatEvent]] = []

    class Watching(Play):
        def run(self, steps: Any) -> Any:
            return super().run(watched(steps))

    def watched(steps: Exchange) -> Exchange:
        answer = None
        try:
            while True:
                step = steps.send(answer)
                if isinstance(step, Emit):
                    shown.append(step.events)
                answer = yield step
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome

    play = Watching()
    play.kept = kept
    return remember(play, played([], ServerError("it was asked", status=500)), streams=streams), shown


@st.composite
def cut_replies(draw: st.DrawFn) -> list[list[ChatEvent]]:
    """A whole reply in pieces of any size."""
    events = draw(chat_events("openai_chat"))
    cuts = sorted(draw(st.sets(st.integers(1, len(events) - 1), max_size=6)))
    return [events[a:b] for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True)]


@given(cut_replies())
def test_what_is_played_again_folds_to_the_answer_that_came(pieces: list[list[ChatEvent]]) -> None:
    play = Play()
    remember(play, played(pieces))
    events = [event for piece in pieces for event in piece]
    assert play.events == events
    assert set(play.kept) == ({"k"} if is_good(pieces) else set())
    kept = encoded(Kept(pieces=pieces, provider="acme", endpoint="only", model="m", at_s=0.0))
    for streams in (True, False):
        outcome, shown = replayed({"k": kept}, streams=streams)
        assert outcome.cached
        assert shown == (pieces if streams else [events])
        assert fold(event for piece in shown for event in piece) == fold(events)


def test_a_kept_answer_says_that_it_is_one_and_that_nothing_was_sent() -> None:
    play = Play()
    first = remember(play, played(HELLO))
    assert first == DONE
    outcome, shown = replayed(play.kept, streams=True)
    assert shown == HELLO
    assert (outcome.at, outcome.cached, outcome.told_id) == (AT, True, "told-1")
    assert (outcome.sent.attempts, outcome.sent.method, outcome.head.headers) == (0, "", ())
    assert outcome.notes[0] == NOTE
    assert outcome.notes[1].code == "cached"
    assert "2001-09-09 02:03 UTC" in outcome.notes[1].message


def test_nothing_is_kept_before_the_end_and_events_come_before_the_next_step() -> None:
    steps = remembered(played(HELLO), "k", route=ROUTE, streams=True, within_s=None)
    assert next(steps) == Look("k")
    assert [steps.send(None) for _ in HELLO] == [Emit(piece) for piece in HELLO]
    assert steps.send(None) == Now()
    last = steps.send((5.0, 1.0))
    assert isinstance(last, Keep) and last.value is not None
    with pytest.raises(StopIteration):
        steps.send(None)


def reply(*parts: Part, reason: FinishReason = FinishReason.STOP) -> list[ChatEvent]:
    events: list[ChatEvent] = [Started(id="r1")]
    for index, part in enumerate(parts):
        events += [PartStarted(index=index, part=part), PartEnded(index=index)]
    return [*events, Finished(reason=reason)]


CALL = ToolCall(id="c1", name="find", arguments="{}")
HI = Text(text="Hi")


@pytest.mark.parametrize(
    ("events", "good"),
    [
        (reply(HI), True),
        (reply(HI, reason=FinishReason.LENGTH), True),
        (reply(CALL, reason=FinishReason.TOOL_CALLS), True),
        (reply(Audio(data=b"x")), True),
        (reply(Thinking(text="hm"), HI), True),
        *[
            (reply(HI, reason=reason), False)
            for reason in FinishReason
            if reason not in (FinishReason.STOP, FinishReason.LENGTH, FinishReason.TOOL_CALLS)
        ],
        (reply(), False),
        (reply(Text(text=" \n")), False),
        (reply(Thinking(text="hm")), False),
        (reply(Refusal(text="No.")), False),
        ([*reply(HI), Withdrawn(reason="moderation")], False),
        (reply(HI)[:-1], False),
        ([Started(id="r1")], False),
        ([*reply(HI), Finished(reason=FinishReason.STOP, choice=1)], False),
    ],
)
def test_only_answers_that_are_good_are_kept(events: list[ChatEvent], good: bool) -> None:
    play = Play()
    remember(play, played([events]))
    assert bool(play.kept) is good
    assert play.trace[-1] == "Keep"


@pytest.mark.parametrize("shown", [[], HELLO])
def test_a_failure_hands_the_flight_on_before_it_is_raised(shown: list[list[ChatEvent]]) -> None:
    handed_on: list[Keep] = []

    class Watching(Play):
        def keep(self, step: Keep) -> Error | None:
            handed_on.append(step)
            return None

    failure = StreamInterrupted("cut")
    with pytest.raises(StreamInterrupted) as caught:
        remember(Watching(), played(shown, failure))
    assert caught.value is failure
    assert handed_on == [Keep("k", None)]


@pytest.mark.parametrize("steps_in", range(1, 5))
def test_a_call_that_is_closed_asks_for_nothing_more_and_closes_what_it_wraps(steps_in: int) -> None:
    inner = played(HELLO)
    steps = remembered(inner, "k", route=ROUTE, streams=True, within_s=None)
    for _ in range(steps_in):
        steps.send(None)
    steps.close()
    assert next(inner, "over") == "over"


def answered(*, stream: bool = True, total: float | None = None) -> Exchange:
    return plan(
        ChatOperation(chat_request(stream=stream)),
        ROUTE,
        retry=RetryPolicy(attempts=2),
        limits=[TimeLimits(total=total)],
    )


def test_answers_and_failures_reach_the_call_that_is_wrapped() -> None:
    play = Play(OK, ServerError("busy", status=503), OK, b"t:Hello\nend\n")
    outcome = remember(play, answered())
    assert fold(play.events).text == "Hello"
    assert outcome.sent.attempts == 2
    assert len(play.kept) == 1


def test_an_answer_that_was_kept_whole_serves_a_stream_and_the_other_way_round() -> None:
    for first in (True, False):
        play = Play(OK, b"t:Hel\n", b"t:lo\n", b"end\n")
        remember(play, answered(stream=first), streams=first)
        outcome, shown = replayed(play.kept, streams=not first)
        assert outcome.cached
        assert fold(event for piece in shown for event in piece).text == "Hello"


class Troubled(Play):
    """Its cache fails at one of the steps."""

    def __init__(self, at: type, *replies: Any) -> None:
        super().__init__(*replies)
        self._at = at

    def look(self, step: Look) -> tuple[bytes | None, Error | None]:
        return None, CacheError("the disk is full") if self._at is Look else None

    def keep(self, step: Keep) -> Error | None:
        return CacheError("the disk is full") if self._at is Keep else None


@pytest.mark.parametrize(("at", "kept"), [(Look, 0), (Keep, 1)])
def test_a_cache_that_fails_does_not_break_the_call_and_is_told_of(at: type, kept: int) -> None:
    play = Troubled(at)
    outcome = remember(play, played(HELLO))
    assert play.events == [event for piece in HELLO for event in piece]
    assert [note.code for note in outcome.notes] == ["clamped", "cache_unavailable"]
    assert "the disk is full" in outcome.notes[1].message
    assert play.trace.count("Keep") == kept


def test_a_failing_call_with_a_failing_cache_raises_its_own_error() -> None:
    with pytest.raises(ServerError):
        remember(Troubled(Look), played([], ServerError("no", status=500)))


class Slow(Play):
    """Its cache answers after 7 seconds."""

    def look(self, step: Look) -> tuple[bytes | None, Error | None]:
        assert step.within_s == 8.0
        self.now += 7.0
        return None, None


def test_time_that_was_waited_in_the_cache_counts_as_the_calls() -> None:
    play = Slow(OK, b"t:Hello\nend\n")
    remember(play, answered(stream=False, total=8.0), streams=False, within_s=8.0)
    assert [(step.connect_s, step.head_s) for step in play.sent] == [(1.0, 1.0)]
    assert set(play.reads) == {1.0}


def test_a_call_that_waited_in_the_cache_fails_when_its_whole_time_is_over() -> None:
    play = Slow(TimedOutError("quiet", limit="head"))
    with pytest.raises(TimedOutError) as caught:
        remember(play, failing_after(play, 1.0), within_s=8.0)
    assert caught.value.limit == "total"


def failing_after(play: Play, seconds: float) -> Exchange:
    """The call; its reply does not come for so long."""
    play._replies.insert(0, seconds)
    return answered(stream=False, total=8.0)


def test_a_step_without_a_limit_is_done_as_it_was_asked_for() -> None:
    play = Slow()
    remember(play, timed(), within_s=8.0)
    assert play.trace.count("Dice") == 1
    assert [event for piece in HELLO for event in piece] == play.events


def timed() -> Exchange:
    """A call that asks for the time, chance, and the time again."""
    _, begun = yield Now()
    yield Dice()
    _, mono = yield Now()
    assert (begun, mono) == (1000.0, 1007.0)
    return (yield from played(HELLO))


def test_a_cache_that_answers_asks_nothing_of_the_call_that_it_spares() -> None:
    def untouched() -> Exchange:
        raise AssertionError("it was begun")
        yield

    play = Play()
    play.kept["k"] = encoded(GOOD)
    assert remember(play, untouched(), within_s=8.0).cached


def test_waiting_for_too_long_ends_the_call() -> None:
    class Late(Play):
        def look(self, step: Look) -> tuple[bytes | None, Error | None]:
            return None, TimedOutError("late", limit="total", sent=False)

    play = Late()
    with pytest.raises(TimedOutError):
        remember(play, answered(total=8.0), within_s=8.0)
    assert "Send" not in play.trace


GOOD = Kept(pieces=HELLO, provider="acme", endpoint="only", model="m", at_s=0.0)
LONG = msgspec.structs.replace(GOOD, pieces=[reply(Text(text="word " * 2000))])
OF_OTHERS = msgspec.structs.replace(GOOD, model="other")
UNREADABLE = [
    b"",
    b"no",
    b"%dj" % (VERSION + 1) + encoded(GOOD)[2:],
    encoded(GOOD)[:-1],
    encoded(LONG)[:-9],
    b"%dj\xff" % VERSION,
    b"%dj{}" % VERSION,
]


@pytest.mark.parametrize("value", [*UNREADABLE, encoded(OF_OTHERS)])
def test_what_cannot_be_read_or_is_not_of_this_route_is_fetched_anew_and_replaced(value: bytes) -> None:
    play = Play()
    play.kept["k"] = value
    outcome = remember(play, played(HELLO))
    assert not outcome.cached
    assert decoded(play.kept["k"]) is not None and play.kept["k"] != value


def test_of_two_that_find_it_unreadable_the_second_takes_what_the_first_put_in_its_place() -> None:
    def looking(*found: bytes) -> Play:
        values = list(found)

        class Changing(Play):
            def look(self, step: Look) -> tuple[bytes | None, Error | None]:
                return values.pop(0), None

        return Changing()

    assert remember(looking(b"no", encoded(GOOD)), played([])).cached
    assert not remember(looking(b"no", b"no"), played(HELLO)).cached


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_cannot_be_read_is_nothing(value: bytes) -> None:
    assert decoded(value) is None


def test_long_answers_are_packed_and_short_ones_are_not() -> None:
    assert decoded(encoded(LONG)) == LONG
    assert len(encoded(LONG)) < 1000
    assert b"Hel" in encoded(GOOD)


def test_what_does_not_get_smaller_is_not_packed() -> None:
    sound = b"".join(sha256(bytes([at])).digest() for at in range(80))
    value = encoded(msgspec.structs.replace(GOOD, pieces=[reply(Audio(data=sound))]))
    assert value.startswith(b"%dj" % VERSION)


def test_usage_is_kept_without_the_providers_own_object() -> None:
    told = Usage(input_uncached=5, output_visible=2, raw=msgspec.Raw(b'{"prompt_tokens": 5}'))
    play = Play()
    remember(play, played([[*HELLO[0], *HELLO[1], UsageReported(usage=told)], HELLO[2]]))
    _, shown = replayed(play.kept, streams=True)
    assert shown[0][-1] == UsageReported(usage=Usage(input_uncached=5, output_visible=2))
