"""One call as observers see it: what is noted while it goes on becomes its record when it is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from random import getrandbits
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from baimo.errors import AnswerFormatError, Error, StreamInterrupted
from baimo.exchange import Deployment
from baimo.types.chat import ChatRequest, ChatResponse
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
_NO_FACTS: dict[str, Any] = {}
_asked_of = attrgetter(*_PARAMETERS)
_NOTHING_ASKED = (None,) * len(_PARAMETERS)


class CallWatch:
    """Meets `RouteWatch`; made anew for every call that somebody observes."""

    __slots__ = (
        "_asked",
        "_at",
        "_attempts",
        "_began",
        "_began_s",
        "_clock",
        "_conversation",
        "_decisions",
        "_first_s",
        "_observers",
        "_queued_s",
        "_request",
        "_shown_s",
        "_streamed",
        "_waits",
        "id",
        "now",
        "operation",
        "recording",
    )

    def __init__(
        self,
        observers: Sequence[Observer],
        clock: Clock,
        *,
        operation: str,
        asked: tuple[str, ...],
        streamed: bool = False,
        conversation: str | None = None,
        request: ChatRequest | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._observers = observers
        self._clock = clock
        self.operation = operation
        self._asked = asked
        self._streamed = streamed
        self._conversation = conversation
        self._request = request
        self._began: list[Any] = []
        for observer in observers:
            try:
                self._began.append(observer.began())
            except Exception as error:
                self._began.append(None)
                report(observer, error)
        wall = clock.wall()
        self.now = (wall, clock.mono())
        """When the call began, wall and monotonic."""
        self._at: Deployment | None = None
        """Where the attempt that is under way goes."""
        self._queued_s = 0.0
        self._first_s: float | None = None
        """From the beginning of the call to the last attempt's first event."""
        self._attempts: list[AttemptRecord] = []
        self._decisions: list[Decision] = []
        self.id = "%012x%020x" % (int(wall * 1000), getrandbits(80))  # noqa: UP031 - twice as fast
        self.recording = recorder.call(self.id) if recorder is not None else None
        """Takes down the call's bytes, where calls are recorded."""

    # What the call tells while it goes on.

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        """A request goes out. One before it that nobody told the end of was refused, and is worded anew."""
        now_s = now - self.now[1]
        if self._at is not None:
            self._close(now_s, "failed", told=_REWORDED)
        self._at = at
        self._began_s = now_s
        self._shown_s: float | None = None
        self._waits = self._queued_s, waited_s
        self._queued_s = 0.0

    def first(self, now: float) -> None:
        """Its first event came."""
        if self._at is not None and self._shown_s is None:
            self._first_s = first_s = now - self.now[1]
            self._shown_s = first_s - self._began_s

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        """It failed."""
        shown = self._at is not None and self._shown_s is not None and self._streamed
        outcome: Outcome = "interrupted" if shown or isinstance(error, StreamInterrupted) else "failed"
        self._close(now - self.now[1], outcome, error, billed)

    def answered(self, now: float) -> None:
        """It ended well."""
        self._close(now - self.now[1], "answered")

    def decided(self, decision: Decision) -> None:
        """A deployment was chosen."""
        self._decisions.append(replace(decision, at_s=decision.at_s - self.now[1]))

    def queued(self, seconds: float) -> None:
        """The next request waited for its place."""
        self._queued_s = seconds

    # How it ended.

    def done(
        self,
        response: Answered | None,
        *,
        at: Deployment | None = None,
        cached: bool = False,
    ) -> None:
        """The call ended well; `at` is whose answer it is."""
        facts = {} if response is None else _answer(response)
        facts["cached"] = cached
        if at is not None:
            facts["provider"], facts["model"] = at.provider, at.model
        self._tell("answered", facts, response)

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
            self._close(self._clock.mono() - self.now[1], "cancelled", billed=True)
        self._tell("cancelled", {}, None)

    def _close(
        self,
        now_s: float,
        outcome: Outcome,
        error: Error | None = None,
        billed: bool = False,
        told: str | None = None,
    ) -> None:
        at, self._at = self._at, None
        if at is None:
            return
        facts = _NO_FACTS if error is None and told is None else _told_of(error, told)
        queued_s, waited_s = self._waits
        self._attempts.append(
            AttemptRecord(
                provider=at.provider,
                endpoint=at.endpoint,
                model=at.model,
                dialect=at.dialect.name,
                address=_address(at.site.base_url),
                key=at.key,
                began_s=self._began_s,
                queued_s=queued_s,
                waited_s=waited_s,
                first_s=self._shown_s,
                took_s=now_s - self._began_s,
                outcome=outcome,
                maybe_billed=billed,
                **facts,
            )
        )

    def _tell(self, outcome: Outcome, facts: dict[str, Any], response: Any) -> None:
        attempts = self._attempts
        if attempts:
            last = attempts[-1]
            facts["provider"] = facts.get("provider") or last.provider
            facts["model"] = facts.get("model") or last.model
        wall, began = self.now
        record = CallRecord(
            id=self.id,
            operation=self.operation,
            streamed=self._streamed,
            at=wall,
            took_s=self._clock.mono() - began,
            asked=self._asked,
            first_s=self._first_s,
            outcome=outcome,
            attempts=tuple(attempts),
            decisions=tuple(self._decisions),
            conversation=self._conversation,
            parameters=_parameters(self._request),
            recording=str(self.recording.path) if self.recording is not None else None,
            **facts,
        )
        content = None
        if self.recording is not None:
            self.recording.ended(record)
        observers, self._observers = self._observers, ()
        for observer, mark in zip(observers, self._began, strict=False):
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
        choices = response.choices
        if len(choices) == 1:  # the usual answer needs no list
            facts["finish_reasons"] = (choices[0].finish_reason._value_,)
        else:
            facts["finish_reasons"] = tuple([choice.finish_reason._value_ for choice in choices])
    return facts


def _bare(usage: Usage) -> Usage:
    return usage if usage.raw is None else replace(usage, raw=None)


@lru_cache(maxsize=512)
def _address(base_url: str) -> str:
    scheme, mark, rest = base_url.partition("://")
    return scheme + mark + rest.partition("/")[0]


def _parameters(request: ChatRequest | None) -> dict[str, Any]:
    if request is None:
        return {}
    values = _asked_of(request)
    told: dict[str, Any] = {}
    if values != _NOTHING_ASKED:
        for name, value in zip(_PARAMETERS, values, strict=True):
            if value is not None:
                told[name] = value
    if request.stop:
        told["stop"] = list(request.stop)
    return told
