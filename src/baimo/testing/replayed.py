"""A recorded call, made again offline: by the present code, against the bytes, times and faults of then."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo import dialects
from baimo.auth import schemes
from baimo.auth.keys import NoKey
from baimo.auth.signer import Grant
from baimo.catalogue import load as catalogue
from baimo.client.async_driving import AsyncDriver, AsyncServices
from baimo.client.clock import Clock
from baimo.client.driving import Driver, Services
from baimo.client.tasks import followed, keeping
from baimo.config.services import MediaSettings
from baimo.dialect.mending import Mending
from baimo.errors import AnswerFormatError, ConfigError, Error, StreamInterrupted
from baimo.exchange import Deployment, Exchange, Operation, exchange
from baimo.making import (
    ImagesOperation,
    ModerateOperation,
    SpeakOperation,
    TranscribeOperation,
    makes_tasks,
)
from baimo.media.fetching import FetchRules
from baimo.media.inlining import CallMedia, MediaRules
from baimo.operations import (
    ChatOperation,
    CountOperation,
    DescribeOperation,
    EmbedOperation,
    Learned,
    ModelsOperation,
    PullOperation,
    RerankOperation,
)
from baimo.plan import plan
from baimo.remember import Kept, encoded, remembered
from baimo.repair import is_checked, validated
from baimo.resilience.budget import RetryBudget
from baimo.rules import Route, Rules
from baimo.steps import Dice, Keep, Look, Reserve, Settle, Shared
from baimo.transports import recorded
from baimo.transports.async_replaying import AsyncReplayTransport
from baimo.transports.masking import MASK
from baimo.transports.recorded import Place, Recording, read_recording
from baimo.transports.replaying import Played, RecordingOverError, ReplayTransport, RequestDiffersError
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.counting import CountRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import Folder
from baimo.types.images import ImagesRequest
from baimo.types.limits import Receipt
from baimo.types.moderation import ModerateRequest
from baimo.types.record import Outcome
from baimo.types.rerank import RerankRequest
from baimo.types.secret import Secret
from baimo.types.speech import SpeechRequest
from baimo.types.transcription import TranscribeRequest

from .clock import VirtualClock
from .played_rules import Answers, PlayedForming, rules_of, where

_ASKED: dict[str, tuple[Any, Any]] = {
    "chat": (ChatOperation, ChatRequest),
    "embeddings": (EmbedOperation, EmbedRequest),
    "rerank": (RerankOperation, RerankRequest),
    "images": (ImagesOperation, ImagesRequest),
    "transcribe": (TranscribeOperation, TranscribeRequest),
    "speech": (SpeakOperation, SpeechRequest),
    "moderate": (ModerateOperation, ModerateRequest),
    "count_tokens": (CountOperation, CountRequest),
    "models": (ModelsOperation, None),
    "describe": (DescribeOperation, None),
    "pull": (PullOperation, None),
}

_MADE = ("images", "transcribe", "speech")
"""What some providers make as a task, or keep at an address."""


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller would get now, and whether that is what it got then."""

    recording: Recording
    outcome: Outcome
    events: tuple[Any, ...]
    """What the caller would be given."""
    times: tuple[float, ...]
    """When, for each time that events were given, in seconds from the beginning of the call."""
    response: ChatResponse | None = None
    """Of a chat: what the events add up to, whole or not."""
    error: Error | None = None
    requests: int
    """How many were sent."""
    attempts: tuple[tuple[str, str | None], ...] = ()
    """Where each attempt went, and the code of its error."""
    took_s: float
    differences: tuple[str, ...] = ()
    """What is not as it was recorded."""

    @property
    def same(self) -> bool:
        """Whether outcome, events and attempts are the recorded ones."""
        return not self.differences

    @property
    def text(self) -> str:
        """The words of the answer."""
        return "" if self.response is None else self.response.text


def replay(path: str | Path, *, real_time: bool = False) -> ReplayResult:
    """Make the recorded call again: no network, no key, no configuration; waits take no time.

    With `real_time` everything comes when it came. Raises ConfigError for a file that cannot be replayed.
    """
    run = _Run(read_recording(Path(path)), real_time)
    driver = Driver(run.steps, Services(ReplayTransport(run.played), clock=run.clock))
    try:
        driver.finish(run.take)
    except (Error, RequestDiffersError, RecordingOverError) as failure:
        return run.result(failure)
    return run.result(None)


async def areplay(path: str | Path, *, real_time: bool = False) -> ReplayResult:
    """The same on asyncio, by the asynchronous driver."""
    run = _Run(read_recording(Path(path)), real_time)
    driver = AsyncDriver(run.steps, AsyncServices(AsyncReplayTransport(run.played), clock=run.clock))
    try:
        await driver.finish(run.take)
    except (Error, RequestDiffersError, RecordingOverError) as failure:
        return run.result(failure)
    return run.result(None)


class _Run:
    """One replay: the call's steps, the clock, and what comes out."""

    def __init__(self, recording: Recording, real_time: bool) -> None:
        self._recording = recording
        wall = recording.began.wall
        self.clock: Clock = _Shifted(wall) if real_time else VirtualClock(wall=wall, mono=0.0)
        self.played = Played(recording, self.clock)
        answers = Answers(recording)
        rules, self._watch = rules_of(recording, answers)
        self.steps = _played(steps_of(recording, rules, answers), recording, answers)
        self._begun = self.clock.mono()
        self._events: list[Any] = []
        self._times: list[float] = []

    def take(self, events: list[Any]) -> None:
        """The caller is given events."""
        self._events += events
        self._times.append(self.clock.mono() - self._begun)

    def result(self, failure: BaseException | None) -> ReplayResult:
        """What came of it. `failure` is what ended the call, None where it ended well."""
        error = failure if isinstance(failure, Error) else None
        outcome: Outcome = "answered"
        if isinstance(failure, RecordingOverError):
            outcome = "cancelled"
        elif failure is not None:
            is_cut = isinstance(failure, StreamInterrupted) or (
                self._events and not isinstance(failure, AnswerFormatError)
            )
            outcome = "interrupted" if is_cut else "failed"
        sent = sum(isinstance(line, recorded.Sent) for line in self._recording.exchanges)
        requests = sent - self.played.left
        differs = str(failure) if isinstance(failure, RequestDiffersError) else None
        return ReplayResult(
            recording=self._recording,
            outcome=outcome,
            events=tuple(self._events),
            times=tuple(self._times),
            response=self._response(error, outcome),
            error=error,
            requests=requests,
            attempts=tuple(self._watch.attempts),
            took_s=self.clock.mono() - self._begun,
            differences=(differs,) if differs else self._differences(outcome, error, sent, requests),
        )

    def _response(self, error: Error | None, outcome: Outcome) -> ChatResponse | None:
        if self._recording.began.operation != "chat" or not self._events:
            return None
        folder = Folder()
        folder.add(self._events)
        return folder.response(ended="complete" if outcome == "answered" else getattr(error, "ended", "cut"))

    def _differences(
        self, outcome: Outcome, error: Error | None, sent: int, requests: int
    ) -> tuple[str, ...]:
        record, found = self._recording.record, []
        if outcome != record.outcome:
            found.append(f"the outcome was {record.outcome}, now it is {outcome}")
        now = None if error is None else error.code
        if outcome == record.outcome != "cancelled" and now != record.error:
            found.append(f"the error was {record.error or 'none'}, now it is {now or 'none'}")
        if requests != sent:
            found.append(f"{sent} requests were sent, now {requests}")
        was = [(where(one.provider, one.endpoint, one.model, one.key), one.error) for one in record.attempts]
        if was and was != self._watch.attempts:
            found.append(
                f"the attempts were {_attempts(was)}, now they are {_attempts(self._watch.attempts)}"
            )
        found += _event_differences(self._recording.events, self._events)
        return tuple(found)


def _attempts(made: Sequence[tuple[str, str | None]]) -> str:
    return ", ".join(f"{place} ({error or 'good'})" for place, error in made) or "none"


def _event_differences(recorded_events: tuple[Any, ...], now: list[Any]) -> list[str]:
    events = msgspec.json.decode(msgspec.json.encode(now, enc_hook=repr))
    for number, (was, is_) in enumerate(zip(recorded_events, events, strict=False), 1):
        if was != is_:
            return [f"event {number} was {_short(was)}, now it is {_short(is_)}"]
    if len(recorded_events) != len(events):
        return [f"{len(recorded_events)} events were given, now {len(events)}"]
    return []


def _short(event: Any) -> str:
    text = msgspec.json.encode(event).decode()
    return text if len(text) <= 200 else text[:200] + "…"


def steps_of(recording: Recording, rules: Rules, answers: Answers) -> Generator[Any, Any, Any]:
    """The call's steps as the present code makes them. Raises ConfigError for what it does not know."""
    began = recording.began
    if began.operation not in _ASKED:
        raise ConfigError(f"{recording.path}: {began.operation} cannot be replayed")
    make, kind = _ASKED[began.operation]
    asked: tuple[Any, ...] = () if kind is None else (_request(began.request, kind),)
    more: dict[str, Any] = {}
    if began.operation == "chat":
        more["conversation"] = recording.record.conversation
        more["mends"] = began.rules.mends
        more["learned"] = _lessons(began)
    if began.fetch is not None:  # what was fetched is recorded: nothing is connected to, nothing held back
        rules_of_media = MediaRules(fetch=began.fetch, check=False, rules=FetchRules(allow_private=True))
        more["media"] = CallMedia(rules_of_media)
    route = tuple(tuple(deployment_of(place) for place in pool) for pool in began.route)
    forming = None if began.formed is None else PlayedForming(began.formed, answers)
    if forming is not None:
        more["shape"] = forming.shaped

    def call(*asked: Any, left_s: float | None = None) -> Exchange:
        operation: Operation = make(*asked, **more)
        limits = began.limits if left_s is None else [replace(one, total=left_s) for one in began.limits]
        return plan(operation, route, retry=began.retry, limits=limits, raw=began.raw, rules=rules)

    total = began.limits[0].total if began.limits else None
    validate = began.rules.validate if forming is None else forming.validate
    if began.operation == "chat" and (forming is not None or is_checked(asked[0], validate)):
        looks = None if forming is None else forming.reader
        steps = validated(
            lambda request, left_s: call(request, left_s=left_s),
            asked[0],
            validate=validate,
            total=total,
            looks=looks,
        )
    elif began.operation in _MADE and makes_tasks(route):
        steps = followed(
            call(*asked),
            make(*asked),
            total,
            lambda task, at: _task(task, at, route, began, rules),
            keeping(MediaSettings(allow_private=True), None),  # nothing is connected to
        )
    else:
        steps = call(*asked)
    if answers.has("look"):
        steps = remembered(steps, "", route=route, streams=began.streamed, within_s=total)
    return steps


def _lessons(began: recorded.Began) -> Learned:
    """What was known then to help where a request is refused for its words."""
    found: Learned = {}
    for one in began.learned:
        place = (one.provider, one.endpoint, one.model)
        found[place] = (*found.get(place, ()), Mending(quirks=one.quirks, told=one.told))
    return found


def _task(task: Operation, at: Deployment, route: Route, began: recorded.Began, rules: Rules) -> Exchange:
    """One question how a task goes."""
    places = zip(route, began.limits, strict=True)
    limits = next(limits for pool, limits in places if any(one is at for one in pool))
    together = rules.together or RetryBudget()
    return exchange(task, at, retry=began.retry, limits=limits, together=together)


def _request(told: msgspec.Raw, kind: Any) -> Any:
    """What was asked for. Inputs are texts or token ids: of two kinds of lists msgspec cannot tell which."""
    if kind is not EmbedRequest:
        return msgspec.json.decode(told, type=kind)
    fields = msgspec.json.decode(told)
    inputs = tuple([tuple(one) if isinstance(one, list) else one for one in fields.pop("inputs")])
    return EmbedRequest(inputs=inputs, **fields)


def deployment_of(place: Place) -> Deployment:
    """A deployment as it was, with masks for secrets. Raises ConfigError for an unknown dialect."""
    dialect = dialects.get(place.dialect)
    site = place.site
    if site.quirks is not None:
        site = replace(site, quirks=dialect.quirks(site.quirks))
    signer = NoKey() if place.scheme is None else schemes.signer(place.scheme, place.scheme_options)
    secrets = {} if place.scheme is None else {name: Secret(text) for name, text in place.secrets.items()}
    known = place.provider in catalogue.provider_names()
    return Deployment(
        provider=place.provider,
        endpoint=place.endpoint,
        model=place.model,
        dialect=dialect,
        site=site,
        signer=signer,
        secrets=secrets,
        extra=place.extra,
        limits=place.limits,
        transport=place.transport,
        weight=place.weight,
        key=place.key,
        facts=(lambda: catalogue.model(place.provider, place.model)) if known else None,
    )


def _played(
    steps: Generator[Any, Any, Any], recording: Recording, answers: Answers
) -> Generator[Any, Any, Any]:
    """The steps, with chance, what calls share, limits and cache as they were recorded."""
    dice = [line.value for line in recording.lines if isinstance(line, recorded.Dice)]
    granted = [line for line in recording.lines if isinstance(line, recorded.Granted)]
    try:
        step = next(steps)
        while True:
            try:
                if type(step) is Dice and dice:
                    answer: Any = dice.pop(0)
                elif type(step) is Shared:
                    answer = yield from _shared(step, granted)
                elif type(step) is Reserve:
                    answer = Receipt(*answers.next("reserve", (0, 0.0)))
                elif type(step) is Look:
                    answer = _kept(answers.next("look"))
                elif type(step) in (Settle, Keep):
                    answer = None
                else:
                    answer = yield step
            except Error as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def _kept(told: str | None) -> bytes | None:
    """What the cache answered; without bytes where it was not to be read."""
    return None if told is None else encoded(msgspec.json.decode(told, type=Kept)) if told else b""


def _shared(step: Shared, granted: list[recorded.Granted]) -> Generator[Any, Any, Any]:
    """What the call took: fetched again where it fetched it then, else a stand-in."""
    if not granted:
        raise RecordingOverError("the caller had left before its credentials came")
    was = granted.pop(0)
    if was.fetched:
        value, _ = yield from step.make()
        return value
    if was.fault is not None:
        raise was.fault.error
    return Grant(secrets={name: Secret(MASK) for name in was.names}, project=was.project)


class _Shifted:
    """This machine's clock, with the time of day of the recording. Meets the protocol `Clock`."""

    mono = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

    def __init__(self, wall: float) -> None:
        self._shift = wall - time.monotonic()

    def wall(self) -> float:
        """Unix seconds."""
        return time.monotonic() + self._shift

    async def asleep(self, seconds: float) -> None:
        """Wait so long without blocking the loop."""
        import asyncio

        await asyncio.sleep(seconds)
