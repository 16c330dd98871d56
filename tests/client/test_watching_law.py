"""The short ways of a watch tell what its general way tells: one word for a whole reply, a record at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.client.watching import CallWatch, Watching, blank
from baimo.config.services import RecordSettings
from baimo.errors import ServerError
from baimo.exchange import Outcome
from baimo.notes import Note
from baimo.testing import VirtualClock
from baimo.transports.recorder import Recorder
from baimo.types.chat import ChatRequest, ChatResponse, Choice, FinishReason, Message, Role, Sent
from baimo.types.content import Text
from baimo.types.embeddings import EmbedResponse
from baimo.types.money import Money
from baimo.types.record import CallRecord, Decision
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.client.observing import FLASH, Ask, Remembers, ask_async, ask_sync
from tests.client.test_watching import sims
from tests.scripted import chat_request, deployment

AT = deployment(key="k1")
OTHER = deployment("beyond", "n")
DECISION = Decision(at_s=1.0, strategy="weighted", dice=0.5, standings=({"name": "acme/m"},), order=(0,))
LIMITS = {"requests_per_minute": 1000, "tokens_per_minute": 10**7, "concurrency": 4}


Course = Callable[[CallWatch, VirtualClock], None]


class General(CallWatch):
    """Goes no short way."""

    __slots__ = ()

    def whole(self, now: float) -> None:
        self.first(now)
        self.answered(now)

    def done(self, response: Any, outcome: Outcome | None = None) -> None:
        self._tell_other(response, outcome)


def answer(choices: int = 1, **facts: Any) -> ChatResponse:
    said = Message(role=Role.ASSISTANT, content=(Text(text="ok"),))
    each = [Choice(index=n, message=said, finish_reason=FinishReason.STOP) for n in range(choices)]
    given: dict[str, Any] = {"id": "r1", "model": "m-0925", "usage": Usage(input_uncached=3)}
    return ChatResponse(choices=tuple(each), **given | facts)


def outcome(*, cached: bool = False) -> Outcome:
    sent = Sent("POST", "http://acme.test", b"/chat", (), b"{}")
    return Outcome(OTHER if cached else AT, sent, WireHead(200), cached=cached)


def told(
    kind: type[CallWatch],
    asked: ChatRequest | None,
    goes: Course,
    recorder: Recorder | None = None,
    conversation: str | None = None,
) -> tuple[CallRecord, Any]:
    """What an observer is told of a call that goes like that."""
    sees, clock = Remembers(wants_content=True), VirtualClock()
    watch = kind(Watching([sees], clock), blank("chat", ("acme/m",)), asked, conversation, recorder)
    goes(watch, clock)
    (call,) = sees.calls
    assert len(call.id) == 32 and int(call.id[:12], 16) == int(call.at * 1000)
    recording = None if call.recording is None else "somewhere"
    return replace(call, id="", recording=recording), sees.contents


PARAMETERS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.0},
    {"max_tokens": 5},
    {"top_p": 0.5},
    {"top_k": 3},
    {"seed": 0},
    {"n": 2},
    {"frequency_penalty": 0.5},
    {"presence_penalty": 0.5},
    {"stop": ("X", "Y")},
    {"temperature": 1.0, "seed": 7, "stop": ("X",)},
]
ASKED = [(replace(chat_request(), **facts), facts) for facts in PARAMETERS]
ASKED.append((chat_request(stream=True), {}))
ANSWERS = [
    answer(),
    answer(0),
    answer(2),
    answer(model="", id=""),
    answer(cost=Money(Decimal("0.5"), "USD")),
    answer(usage=Usage(input_uncached=3, raw=msgspec.Raw(b"{}"))),
    answer(notes=(Note(code="dropped", message="it is"),)),
]


def answered(given: ChatResponse, *, cached: bool = False, before: Course | None = None) -> Course:
    """A call that is answered so, after three seconds."""

    def goes(watch: CallWatch, clock: VirtualClock) -> None:
        if before is not None:
            before(watch, clock)
        if not cached:
            watch.attempt(AT, clock.mono(), waited_s=0.75)
            clock.advance(2.0)
            watch.whole(clock.mono())
        clock.advance(1.0)
        watch.done(given, outcome(cached=cached))

    return goes


def test_every_answer_is_told_the_short_way_as_the_general_way() -> None:
    for (asked, facts), given, cached, conversation in product(ASKED, ANSWERS, (False, True), (None, "talk")):
        goes = answered(given, cached=cached)
        quick = told(CallWatch, asked, goes, None, conversation)
        assert quick == told(General, asked, goes, None, conversation)
        assert (quick[0].took_s, quick[0].first_s) == ((1.0, None) if cached else (3.0, 2.0))
        told_as = {name: list(value) if name == "stop" else value for name, value in facts.items()}
        assert (quick[0].parameters, quick[0].streamed) == (told_as, asked.stream)


def failing(watch: CallWatch, clock: VirtualClock) -> None:
    watch.decided(replace(DECISION, at_s=clock.mono()))
    watch.queued(0.25)
    watch.attempt(AT, clock.mono(), waited_s=0.0)
    clock.advance(1.0)
    watch.failed(ServerError("no", status=500), clock.mono(), billed=True)


def refused(watch: CallWatch, clock: VirtualClock) -> None:
    watch.attempt(AT, clock.mono(), waited_s=0.0)
    clock.advance(1.0)


def asked_before(watch: CallWatch, clock: VirtualClock) -> None:
    watch.queued(0.5)
    watch.attempt(OTHER, clock.mono(), waited_s=0.0)
    clock.advance(1.0)
    watch.whole(clock.mono())


@pytest.mark.parametrize(
    ("before", "outcome", "queued"),
    [(failing, "failed", 0.25), (refused, "failed", 0.0), (asked_before, "answered", 0.5)],
)
@pytest.mark.parametrize("recorded", [False, True])
def test_what_went_before_the_answer_is_told_alike(
    before: Course, outcome: str, queued: float, recorded: bool, tmp_path: Path
) -> None:
    recorder = Recorder(RecordSettings(folder=str(tmp_path))) if recorded else None
    goes = answered(answer(), before=before)
    quick = told(CallWatch, chat_request(), goes, recorder)
    assert quick == told(General, chat_request(), goes, recorder)
    one, two = quick[0].attempts
    assert (one.outcome, one.queued_s, one.took_s) == (outcome, queued, 1.0)
    assert (two.outcome, two.queued_s, two.took_s) == ("answered", 0.0, 2.0)
    assert (two.began_s, two.waited_s, quick[0].first_s) == (1.0, 0.75, 3.0)
    assert (quick[0].recording is not None) is recorded


def test_an_answer_of_another_kind_is_told_too() -> None:
    def goes(watch: CallWatch, clock: VirtualClock) -> None:
        watch.whole(clock.mono())  # of no attempt
        watch.answered(clock.mono())
        watch.done(EmbedResponse(vectors=[[1.0]], usage=Usage(input_uncached=2)), outcome())

    call, _ = told(CallWatch, None, goes)
    assert (call.attempts, call.usage.input, call.provider, call.first_s) == ((), 2, "acme", None)


def test_what_is_known_of_deployments_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baimo.client.watching._MOST_KNOWN", 2)
    watching = Watching([], VirtualClock())
    one, two, three = [deployment(name) for name in "abc"]
    first = watching.known(one)
    for at in (one, two, three):
        known = watching.known(at)
        assert known is watching.known(at)
        assert (known.attempt.provider, known.chat.asked) == (at.provider, (at.name,))
    assert watching.known(one) == first and watching.known(one) is not first


@pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
@pytest.mark.parametrize("method", ["chat", "stream"])
def test_a_call_is_told_alike_whichever_way_it_is_prepared(ask: Ask, method: str) -> None:
    found: list[CallRecord] = []
    for client in ({}, {"limits": LIMITS}):
        for options in ({}, {"priority": 1}):  # with a rule of its own a call goes the long way
            sees = Remembers()
            with sims() as sim:
                sim.timing(ttft=0.5)
                ask(
                    sim,
                    method,
                    FLASH,
                    "Hi",
                    temperature=0.5,
                    client={"observers": [sees], **client},
                    **options,
                )
            (attempt,) = sees.one.attempts
            found.append(replace(sees.one, id="", attempts=(replace(attempt, address=""),), response_id=""))
    first, *others = found
    assert first.first_s == pytest.approx(0.5) and first.outcome == "answered"
    assert others == [first] * 3
