"""One call as observers see it: what is noted while it goes on becomes its record when it is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from random import getrandbits
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.errors import AnswerFormatError, Error, StreamInterrupted
from baimo.exchange import Deployment
from baimo.exchange import Outcome as Ended
from baimo.types.chat import ChatRequest, ChatResponse, Choice
from baimo.types.record import AttemptRecord, CallRecord, Content, Decision, Observer, Outcome
from baimo.types.usage import Usage

from .clock import Clock

if TYPE_CHECKING:
    from baimo.transports.recorder import Recorder
    from baimo.types.embeddings import EmbedResponse
    from baimo.types.images import ImagesResponse
    from baimo.types.moderation import ModerationResponse
    from baimo.types.rerank import RerankResponse
    from baimo.types.speech import SpeechResponse
    from baimo.types.transcription import Transcription

    Answered: TypeAlias = (
        ChatResponse
        | EmbedResponse
        | RerankResponse
        | ImagesResponse
        | Transcription
        | SpeechResponse
        | ModerationResponse
    )

_REWORDED = "refused; what was asked for was worded anew and asked for again"
_PARAMETERS = (
    "temperature",
    "max_tokens",
    "top_p",
    "top_k",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
)
_MOST_KNOWN = 256
_DIGITS = 1 << 48
"""Above the milliseconds: makes `hex` write all twelve of their digits."""


class Known(msgspec.Struct, frozen=True):
    """What the records of calls to one deployment have in common."""

    at: Deployment
    chat: CallRecord
    """A chat for which nobody else is asked, when it is answered."""
    attempt: AttemptRecord
    """An attempt that is answered."""


class Watching:
    """What the watches of one client share."""

    def __init__(self, observers: Sequence[Observer], clock: Clock, recorder: Recorder | None = None) -> None:
        self.observers = observers
        self.recorder = recorder
        self.wall = clock.wall
        self.mono = clock.mono
        self._known: dict[int, Known] = {}

    def known(self, at: Deployment) -> Known:
        """What is the same in every record about a deployment. Kept by its identity."""
        known = self._known.get(id(at))
        return known if known is not None else self._learned(at)

    def _learned(self, at: Deployment) -> Known:
        attempt = AttemptRecord(
            provider=at.provider,
            endpoint=at.endpoint,
            model=at.model,
            dialect=at.dialect.name,
            address=_address(at.site.base_url),
            key=at.key,
            began_s=0.0,
            outcome="answered",
        )
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        known = self._known[id(at)] = Known(at, blank("chat", (at.name,)), attempt)
        return known


def blank(operation: str, asked: tuple[str, ...]) -> CallRecord:
    """The record of an answered call before anything is known of it."""
    return CallRecord(id="", operation=operation, at=0.0, took_s=0.0, asked=asked, outcome="answered")


class CallWatch:
    """Meets `RouteWatch`; made anew for every call that somebody observes."""

    __slots__ = (
        "_at",
        "_attempts",
        "_began",
        "_began_at",
        "_blank",
        "_conversation",
        "_decisions",
        "_first_s",
        "_queued_s",
        "_request",
        "_shown_s",
        "_waited_s",
        "_watching",
        "id",
        "mono",
        "now",
        "recording",
    )

    def __init__(
        self,
        watching: Watching,
        blank: CallRecord,
        request: ChatRequest | None = None,
        conversation: str | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._watching = watching
        self._blank = blank
        self._request = request
        self._conversation = conversation
        began: list[tuple[Observer, Any]] = []
        self._began = began
        for observer in watching.observers:
            try:
                began.append((observer, observer.began()))
            except Exception as error:
                began.append((observer, None))
                report(observer, error)
        wall = watching.wall()
        self.mono = watching.mono
        """Tells the time, in seconds that never run backwards."""
        self.now = (wall, self.mono())
        """When the call began, wall and monotonic."""
        self._at: Deployment | None = None
        """Where the attempt that is under way goes."""
        self._queued_s = 0.0
        self._shown_s: float | None = None
        """From the beginning of the attempt that is under way to its first event."""
        self._first_s: float | None = None
        """From the beginning of the call to the last attempt's first event."""
        self._attempts: tuple[AttemptRecord, ...] = ()
        self._decisions: tuple[Decision, ...] = ()
        self.id = hex((int(wall * 1000) | _DIGITS) << 80 | getrandbits(80))[3:]
        self.recording = recorder.call(self.id) if recorder is not None else None
        """Takes down the call's bytes, where calls are recorded."""

    # What the call tells while it goes on.

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        """A request goes out. One before it that nobody told the end of was refused, and is worded anew."""
        if self._at is not None:
            self._close(now, "failed", told=_REWORDED)
        self._at = at
        self._began_at = now
        self._waited_s = waited_s

    def first(self, now: float) -> None:
        """Its first event came."""
        if self._at is not None and self._shown_s is None:
            self._first_s = now - self.now[1]
            self._shown_s = now - self._began_at

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        """It failed."""
        shown = self._at is not None and self._shown_s is not None and _is_streamed(self._request)
        outcome: Outcome = "interrupted" if shown or isinstance(error, StreamInterrupted) else "failed"
        self._close(now, outcome, error, billed)

    def answered(self, now: float) -> None:
        """It ended well."""
        self._close(now, "answered")

    def whole(self, now: float) -> None:
        """Its first event came, and with it it ended well."""
        at, self._at = self._at, None
        if at is None:
            return
        start, began = self.now[1], self._began_at
        self._first_s = now - start
        took_s = now - began
        self._attempts += (
            replace(
                self._watching.known(at).attempt,
                began_s=began - start,
                queued_s=self._queued_s,
                waited_s=self._waited_s,
                first_s=took_s,
                took_s=took_s,
            ),
        )
        self._queued_s = 0.0

    def decided(self, decision: Decision) -> None:
        """A deployment was chosen."""
        self._decisions += (replace(decision, at_s=decision.at_s - self.now[1]),)

    def queued(self, seconds: float) -> None:
        """The next request waited for its place."""
        self._queued_s = seconds

    # How it ended.

    def done(self, response: Answered | None, outcome: Ended | None = None) -> None:
        """The call ended well; its outcome tells whose answer it is.

        What is not so of most chats is laid over the rest of a record: a call with more than 14 names makes a
        table of them first.
        """
        asked = self._request
        if outcome is None or asked is None or type(response) is not ChatResponse:
            self._tell_other(response, outcome)
            return
        wall, began = self.now
        at, choices, usage = outcome.at, response.choices, response.usage
        record = replace(
            self._blank,
            id=self.id,
            at=wall,
            took_s=self.mono() - began,
            provider=at.provider,
            model=at.model,
            response_model=response.model or None,
            response_id=response.id,
            finish_reasons=(choices[0].finish_reason._value_,) if len(choices) == 1 else _reasons(choices),
            usage=usage if usage.raw is None else replace(usage, raw=None),
            cost=response.cost,
            first_s=self._first_s,
            attempts=self._attempts,
            notes=response.notes,
            parameters=_parameters(asked),
        )
        recording, decisions, conversation = self.recording, self._decisions, self._conversation
        if asked.stream or outcome.cached or decisions or conversation is not None or recording is not None:
            record = replace(
                record,
                streamed=asked.stream,
                cached=outcome.cached,
                decisions=decisions,
                conversation=conversation,
                recording=None if recording is None else str(recording.path),
            )
        self._hand_over(record, response)

    def broke(self, error: Error) -> None:
        """The call failed."""
        partial = error.partial if isinstance(error, StreamInterrupted) else None
        facts: dict[str, Any] = {
            "error": error.code,
            "error_type": type(error).__name__,
            "message": error.message,
            "provider": error.provider,
        }
        if partial is not None:
            facts["usage"] = _bare(partial.usage)
        elif isinstance(error, AnswerFormatError) and error.response is not None:
            partial = error.response
            facts.update(_answer(partial))
        is_cut = isinstance(error, StreamInterrupted) and partial is not None
        self._tell("interrupted" if is_cut else "failed", facts, partial)

    def left(self) -> None:
        """The caller went away."""
        if self._at is not None:
            self._close(self.mono(), "cancelled", billed=True)
        self._tell("cancelled", {}, None)

    def _close(
        self,
        now: float,
        outcome: Outcome,
        error: Error | None = None,
        billed: bool = False,
        told: str | None = None,
    ) -> None:
        at, self._at = self._at, None
        if at is None:
            return
        began = self._began_at
        attempt = replace(
            self._watching.known(at).attempt,
            began_s=began - self.now[1],
            queued_s=self._queued_s,
            waited_s=self._waited_s,
            first_s=self._shown_s,
            took_s=now - began,
        )
        if outcome != "answered":
            facts = _told_of(error, told)
            attempt = replace(attempt, outcome=outcome, maybe_billed=billed, **facts)
        self._attempts += (attempt,)
        self._shown_s, self._queued_s = None, 0.0

    def _tell_other(self, response: Answered | None, outcome: Ended | None) -> None:
        facts = {} if response is None else _answer(response)
        if outcome is not None:
            at = outcome.at
            facts.update(cached=outcome.cached, provider=at.provider, model=at.model)
        self._tell("answered", facts, response)

    def _tell(self, outcome: Outcome, facts: dict[str, Any], response: Answered | None) -> None:
        if self._attempts:
            last = self._attempts[-1]
            facts["provider"] = facts.get("provider") or last.provider
            facts["model"] = facts.get("model") or last.model
        wall, began = self.now
        record = replace(
            self._blank,
            id=self.id,
            streamed=_is_streamed(self._request),
            at=wall,
            took_s=self.mono() - began,
            first_s=self._first_s,
            outcome=outcome,
            attempts=self._attempts,
            decisions=self._decisions,
            conversation=self._conversation,
            parameters=_parameters(self._request),
            recording=None if self.recording is None else str(self.recording.path),
            **facts,
        )
        self._hand_over(record, response)

    def _hand_over(self, record: CallRecord, response: Answered | None) -> None:
        content = None
        if self.recording is not None:
            self.recording.ended(record)
        began, self._began = self._began, []
        for observer, mark in began:
            wants_content = observer.wants_content
            if wants_content and content is None:
                given = response if isinstance(response, ChatResponse) else None
                content = Content(request=self._request, response=given)
            try:
                observer.ended(record, mark, content if wants_content else None)
            except Exception as error:
                report(observer, error)


def report(observer: Observer, error: Exception) -> None:
    """An observer that fails must not fail the call; nobody but the log can be told."""
    logging.getLogger("baimo").error("the observer %r failed", type(observer).__name__, exc_info=error)


def _told_of(error: Error | None, told: str | None) -> dict[str, Any]:
    """What a record tells of an attempt that failed."""
    if error is None:
        return {"message": told}
    return {
        "error": error.code,
        "error_type": type(error).__name__,
        "message": error.message,
        "status": getattr(error, "status", None),
        "provider_code": getattr(error, "provider_code", None),
        "request_id": error.request_id,
    }


def _answer(response: Answered) -> dict[str, Any]:
    """What a record tells of an answer."""
    facts: dict[str, Any] = {
        "response_model": response.model or None,
        "usage": _bare(response.usage),
        "cost": response.cost,
        "notes": response.notes,
    }
    if isinstance(response, ChatResponse):
        facts["response_id"] = response.id
        facts["finish_reasons"] = _reasons(response.choices)
    return facts


def _reasons(choices: Sequence[Choice]) -> tuple[str, ...]:
    return tuple([choice.finish_reason._value_ for choice in choices])


def _is_streamed(request: ChatRequest | None) -> bool:
    return request is not None and request.stream


def _bare(usage: Usage) -> Usage:
    return usage if usage.raw is None else replace(usage, raw=None)


@lru_cache(maxsize=512)
def _address(base_url: str) -> str:
    scheme, mark, rest = base_url.partition("://")
    return scheme + mark + rest.partition("/")[0]


def _parameters(asked: ChatRequest | None) -> dict[str, Any]:
    if asked is None or (
        not asked.stop
        and asked.temperature
        is asked.max_tokens
        is asked.top_p
        is asked.top_k
        is asked.seed
        is asked.n
        is asked.frequency_penalty
        is asked.presence_penalty
        is None
    ):
        return {}
    told = {name: value for name in _PARAMETERS if (value := getattr(asked, name)) is not None}
    if asked.stop:
        told["stop"] = list(asked.stop)
    return told
