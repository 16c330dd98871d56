"""One call as observers see it: what is noted while it goes on becomes its record when it is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from random import getrandbits
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from baimo.errors import AnswerFormatError, Error, StreamInterrupted
from baimo.exchange import Deployment
from baimo.exchange import Outcome as Ended
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.record import (
    AttemptRecord,
    CallRecord,
    Content,
    Decision,
    LateObserver,
    LateRecord,
    Observer,
    Outcome,
    Ready,
)

from .clock import Clock
from .ended import EndedChat
from .facts import (
    CHANCE,
    NOTHING,
    ONE_REASON,
    address_of,
    answer_facts,
    asked_of,
    bare,
    id_of,
    is_streamed,
    parameters_of,
    reasons_of,
    told_of,
)

if TYPE_CHECKING:
    from baimo.transports.recorder import Recorder

    from .facts import Answered

_REWORDED = "refused; what was asked for was worded anew and asked for again"
_MOST_KNOWN = 256


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
        self.recorder = recorder
        self.wall = clock.wall
        self.mono = clock.mono
        begins: list[tuple[Observer, Any]] = []
        told: list[tuple[Observer, Any, int]] = []
        for observer in observers:
            late = observer if isinstance(observer, LateObserver) else None
            place = -1
            if late is None or late.marks:
                place = len(begins)
                begins.append((observer, None if late is None else observer.began))
            told.append((observer, None if late is None else late.over, place))
        self.begins = tuple(begins)
        """Who makes something at the beginning of a call; of those that take it late, with what."""
        self.told = tuple(told)
        """All observers; what those take a call with that take it late; which of the marks is theirs."""
        self.is_quiet = recorder is None and not any(
            over is None or observer.wants_content for observer, over, _ in told
        )
        """All take calls late, and nobody wants what was said."""
        self._known: dict[int, Known] = {}
        self.last: Known | None = None
        """What was asked for last: mostly it is asked for again."""

    def known(self, at: Deployment) -> Known:
        """What is the same in every record about a deployment. Kept by its identity."""
        known = self._known.get(id(at))
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[id(at)] = Known(at, blank("chat", (at.name,)), _attempt(at))
        self.last = known
        return known


def _attempt(at: Deployment) -> AttemptRecord:
    """The record of an attempt that is answered, before anything is known of it."""
    return AttemptRecord(
        provider=at.provider,
        endpoint=at.endpoint,
        model=at.model,
        dialect=at.dialect.name,
        address=address_of(at.site.base_url),
        key=at.key,
        began_s=0.0,
        outcome="answered",
    )


def blank(operation: str, asked: tuple[str, ...]) -> CallRecord:
    """The record of an answered call before anything is known of it."""
    return CallRecord(id="", operation=operation, at=0.0, took_s=0.0, asked=asked, outcome="answered")


class CallWatch:
    """Meets `RouteWatch`; made anew for every call that somebody observes."""

    __slots__ = (
        "_at",
        "_attempts",
        "_began_at",
        "_blank",
        "_chance",
        "_conversation",
        "_decisions",
        "_first_s",
        "_known",
        "_marks",
        "_queued_s",
        "_request",
        "_shown_at",
        "_waited_s",
        "_watching",
        "_well_at",
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
        known: Known | None = None,
    ) -> None:
        """`blank` is the call's record before anything is known of it, `known` of where it goes first."""
        self._watching: Watching | None = watching
        """None when the call is over."""
        self._blank = blank
        self._known = known
        self._request = request
        self._conversation = conversation
        marks: list[Any] = []
        for observer, begin in watching.begins:
            try:
                marks.append(observer.began() if begin is None else begin())
            except Exception as error:
                marks.append(None)
                report(observer, error)
        marks.append(None)
        self._marks: Any = marks
        """What observers made at the beginning, and None for those that make nothing."""
        self.mono = watching.mono
        """Tells the time, in seconds that never run backwards."""
        self.now = (watching.wall(), watching.mono())
        """When the call began, wall and monotonic."""
        self._chance = getrandbits(CHANCE)
        """The part of the id that is drawn."""
        self._at: Deployment | None = None
        """Where the last attempt went; None when its record is made."""
        self._queued_s = 0.0
        self._shown_at: float | None = None
        """When its first event came."""
        self._well_at: float | None = None
        """When it ended well."""
        self._attempts: tuple[AttemptRecord, ...] = ()
        """Those before it."""
        self._first_s: float | None = None
        """From the beginning of the call to the first event of one of those."""
        self._decisions: tuple[Decision, ...] = ()
        self.recording = None if recorder is None else recorder.call(id_of(self.now[0], self._chance))
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
        if self._shown_at is None and self._at is not None:
            self._shown_at = now

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        """It failed."""
        shown = self._shown_at is not None and is_streamed(self._request)
        outcome: Outcome = "interrupted" if shown or isinstance(error, StreamInterrupted) else "failed"
        self._close(now, outcome, error, billed)

    def answered(self, now: float) -> None:
        """It ended well."""
        if self._well_at is None and self._at is not None:
            self._well_at = now

    def whole(self, now: float) -> None:
        """Its first event came, and with it it ended well."""
        if self._well_at is None and self._at is not None:
            self._shown_at = self._well_at = now

    def decided(self, decision: Decision) -> None:
        """A deployment was chosen."""
        self._decisions += (replace(decision, at_s=decision.at_s - self.now[1]),)

    def queued(self, seconds: float) -> None:
        """The next request waited for its place."""
        if self._well_at is not None:
            self._settle()
        self._queued_s = seconds

    # How it ended.

    def done(self, response: Answered | None, outcome: Ended | None = None) -> None:
        """The call ended well; its outcome tells whose answer it is."""
        request, watching, well = self._request, self._watching, self._well_at
        if (
            well is None
            or outcome is None
            or request is None
            or watching is None
            or type(response) is not ChatResponse
            or self._attempts
            or self._decisions
            or self.recording is not None
        ):
            self._tell_other(response, outcome)
            return
        known, choices, usage = self._known, response.choices, response.usage
        (wall, began), asked = self.now, asked_of(request)
        ended = EndedChat(
            self._blank,
            known.attempt if known is not None and known.at is self._at else _attempt(outcome.at),
            wall,
            began,
            self._chance,
            self._began_at,
            self._queued_s,
            self._waited_s,
            self._shown_at,
            well,
            self.mono(),
            response.model,
            response.id,
            response.cost,
            response.notes,
            ONE_REASON[choices[0].finish_reason._value_] if len(choices) == 1 else reasons_of(choices),
            usage if usage.raw is None else replace(usage, raw=None),
            NOTHING if asked == NOTHING else asked,
            self._conversation,
        )
        if not watching.is_quiet:
            self._hand_over(ended, request, response)
            return
        marks, self._watching = self._marks, None
        for observer, over, place in watching.told:
            try:
                over(ended, marks[place], None)
            except Exception as error:
                report(observer, error)

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
            facts["usage"] = bare(partial.usage)
        elif isinstance(error, AnswerFormatError) and error.response is not None:
            partial = error.response
            facts.update(answer_facts(partial))
        is_cut = isinstance(error, StreamInterrupted) and partial is not None
        self._tell("interrupted" if is_cut else "failed", facts, partial)

    def left(self) -> None:
        """The caller went away."""
        if self._at is not None:
            self._close(self.mono(), "cancelled", billed=True)
        self._tell("cancelled", {}, None)

    def _ended_well(self) -> AttemptRecord:
        """The record of the last attempt, which ended well."""
        known, at, began, shown, well = self._known, self._at, self._began_at, self._shown_at, self._well_at
        assert at is not None and well is not None
        attempt = replace(
            known.attempt if known is not None and known.at is at else _attempt(at),
            began_s=began - self.now[1],
            first_s=None if shown is None else shown - began,
            took_s=well - began,
        )
        if self._queued_s or self._waited_s:  # what nobody set is not written either
            return replace(attempt, queued_s=self._queued_s, waited_s=self._waited_s)
        return attempt

    def _settle(self) -> None:
        """The last attempt ended well, and something follows: its record is made."""
        self._keep(self._ended_well())

    def _keep(self, attempt: AttemptRecord) -> None:
        self._attempts += (attempt,)
        if self._shown_at is not None:
            self._first_s = self._shown_at - self.now[1]
        self._at = self._shown_at = self._well_at = None
        self._queued_s = 0.0

    def _close(
        self,
        now: float,
        outcome: Outcome,
        error: Error | None = None,
        billed: bool = False,
        told: str | None = None,
    ) -> None:
        """The last attempt did not end well, unless it is known that it did."""
        if self._at is None or self._watching is None:
            return
        if self._well_at is not None:
            self._settle()
            return
        self._well_at = now
        facts = told_of(error, told)
        self._keep(replace(self._ended_well(), outcome=outcome, maybe_billed=billed, **facts))

    def _tell_other(self, response: Answered | None, outcome: Ended | None) -> None:
        facts = {} if response is None else answer_facts(response)
        if outcome is not None:
            at = outcome.at
            facts.update(cached=outcome.cached, provider=at.provider, model=at.model)
        self._tell("answered", facts, response)

    def _tell(self, outcome: Outcome, facts: dict[str, Any], response: Answered | None) -> None:
        """Make the record at once, of whatever call."""
        if self._watching is None:
            return
        if self._well_at is not None:
            self._settle()
        if self._attempts:
            last = self._attempts[-1]
            facts["provider"] = facts.get("provider") or last.provider
            facts["model"] = facts.get("model") or last.model
        (wall, began), request = self.now, self._request
        record = replace(
            self._blank,
            id=id_of(wall, self._chance),
            streamed=is_streamed(request),
            at=wall,
            took_s=self.mono() - began,
            first_s=self._first_s if self._shown_at is None else self._shown_at - began,
            outcome=outcome,
            attempts=self._attempts,
            decisions=self._decisions,
            conversation=self._conversation,
            parameters={} if request is None else parameters_of(asked_of(request)),
            recording=None if self.recording is None else str(self.recording.path),
            **facts,
        )
        if self.recording is not None:
            self.recording.ended(record)
        self._hand_over(Ready(record), request, response)

    def _hand_over(self, late: LateRecord, request: ChatRequest | None, response: Answered | None) -> None:
        watching, marks = self._watching, self._marks
        assert watching is not None  # else it was told already
        self._watching = None
        content = None
        for observer, over, place in watching.told:
            try:
                wants = observer.wants_content
                if wants and content is None:
                    given = response if isinstance(response, ChatResponse) else None
                    content = Content(request=request, response=given)
                if over is None:
                    observer.ended(late.record(), marks[place], content if wants else None)
                else:
                    over(late, marks[place], content if wants else None)
            except Exception as error:
                report(observer, error)


def report(observer: Observer, error: Exception) -> None:
    """An observer that fails must not fail the call; nobody but the log can be told."""
    logging.getLogger("baimo").error("the observer %r failed", type(observer).__name__, exc_info=error)
