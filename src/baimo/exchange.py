"""One call to one deployment, as a generator of steps: encode, sign, send, read, retry.

Nothing here does I/O. A driver carries the steps out and throws a transport's failures back in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.auth.signer import Grant, Granting, Signer
from baimo.dialect.protocols import Site
from baimo.dialect.status import request_id, retry_after
from baimo.errors import (
    Error,
    ProviderError,
    StaleConnectionError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.notes import Note
from baimo.resilience.budget import TOO_MANY, RetryBudget
from baimo.resilience.empty import Emptiness
from baimo.resilience.retry import RetryPolicy, Verdict
from baimo.resilience.timing import NO_DEADLINE, Deadline, Progress, TimeLimits
from baimo.steps import Dice, Emit, Now, Read, Retrying, Step, Wait
from baimo.types.chat import ChatResponse, Sent
from baimo.types.fold import Folder
from baimo.types.limits import Limit
from baimo.types.models import ModelInfo
from baimo.types.secret import Secret
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest, with_headers


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """Provider, endpoint, model and credential: one place a call can go to."""

    provider: str
    endpoint: str
    model: str
    dialect: Any
    """A `Dialect`, with those of the protocols in `baimo.dialect.protocols` that its wire can do."""
    site: Site
    signer: Signer
    secrets: Mapping[str, Secret] = {}
    headers: HeaderFields = ()
    """Laid over every request's head, by the row or an alias."""
    extra: Mapping[str, Any] = {}
    """Merged into every request's body, by the row or an alias."""
    limits: TimeLimits | None = None
    """The row's own time limits, under what the call says."""
    transport: str = "network"
    """`network`, or `local` for the embedded model."""
    weight: float = 1.0
    key: str = ""
    """Which key of a pool this is, by its name or its place; empty for the only one."""
    limit: Limit | None = None
    """Bounds for every key of the provider, model by model, as configured."""
    key_limit: Limit | None = None
    """Bounds of this key, whatever the model, as configured."""
    facts: Callable[[], ModelInfo | None] | None = None
    """Reads what is known of the model; called only when somebody asks."""
    advice: Callable[[Error], str | None] | None = None
    """What to tell the user about a refusal, from dated facts."""

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


class Decoder(Protocol):
    """A reply's bytes to events, of whatever operation.

    One that ends a reply before its body does (a limit held on our side) has `is_over`: nothing more is read.
    """

    @property
    def early(self) -> list[Any]:
        """When `feed` or `end` raised: the events that the same bytes completed before the failure."""

    def feed(self, piece: bytes) -> list[Any]:
        """The events that this piece completes."""

    def end(self) -> list[Any]:
        """The events that the end of the body completes."""


class Operation(Protocol):
    """What is asked of a deployment: chat, embeddings, a list of models.

    One that can be asked for in other words after a refusal has `mended(error, at)`: the operation to go on
    with and the note that tells of it, or None.
    """

    streams: bool
    headers: Mapping[str, str]
    """Fields that the caller gave: they win over those of a row or an alias."""

    def encode(self, at: Deployment) -> WireRequest:
        """The unsigned request."""

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        """A decoder for a reply with that head."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What is known of a call besides its events, when it ended well."""

    at: Deployment
    sent: Sent
    head: WireHead
    notes: tuple[Note, ...] = ()
    told_id: str | None = None
    """The call's id at the provider, where the body tells it."""

    @property
    def request_id(self) -> str | None:
        return self.told_id or request_id(self.head)


Exchange: TypeAlias = Generator[Step, Any, Outcome]


class Tally:
    """The attempts of one call, over all its deployments."""

    __slots__ = ("head", "made", "maybe_billed")

    def __init__(self) -> None:
        self.made = 1
        """The attempt that is under way, counted from 1."""
        self.maybe_billed = 0
        """Attempts that gave no answer, and may have been billed all the same."""
        self.head: WireHead | None = None
        """Of the last reply, refusals included."""


class Watch(Protocol):
    """Is told how the attempts of one call go. Its methods return at once and never raise."""

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        """A request goes to a deployment; `waited_s` as a retry waits."""

    def first(self, now: float) -> None:
        """The first event is here."""

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        """The attempt failed; `billed`: it may be billed all the same."""

    def answered(self, now: float) -> None:
        """The attempt ended well."""


def exchange(
    operation: Operation,
    at: Deployment,
    *,
    retry: RetryPolicy,
    limits: TimeLimits,
    deadline: Deadline | None = None,
    raw: bool = False,
    tally: Tally | None = None,
    watch: Watch | None = None,
    together: RetryBudget | None = None,
) -> Exchange:
    """Call one deployment; try again as `retry` says, never after the first event was emitted.

    With `raw` every Emit carries the wire piece beside its events; what the caller wants whole is emitted
    once. A reply that has only begun is nobody's yet: it is emitted with the first thing it says. `together`
    bounds how many calls are tried again at once.

    Raises whatever kept the call from ending well; `StreamInterrupted` once events were shown.
    """
    own_fields = bool(at.headers or operation.headers)
    attempts = _Attempts(at, retry, tally or Tally(), watch, together, has_own_fields=own_fields)
    return _attempted(operation, at, attempts, limits, deadline, raw)


def _attempted(
    operation: Operation,
    at: Deployment,
    attempts: _Attempts,
    limits: TimeLimits,
    deadline: Deadline | None,
    raw: bool,
) -> Exchange:
    wire = _encoded(operation, at)
    credentials = _Granted(operation, at, wire) if hasattr(at.signer, "grant") else None
    secrets, watch, streams = at.secrets, attempts.watch, operation.streams
    timed = streams or at.signer.timed or watch is not None
    if deadline is None and limits.total is None:
        deadline = NO_DEADLINE
    attempts.begin()
    try:
        while True:
            progress = Progress(limits, streams=streams)
            attempts.held = []
            wall = mono = 0.0
            if timed or deadline is None or deadline.is_set:
                wall, mono = yield _NOW
                progress.since = mono
                deadline = deadline or Deadline(limits.total, now=mono)
            attempts.watched(mono)
            try:
                if credentials is not None:
                    wall, mono = yield from credentials.fetch(deadline, wall, mono)
                    at, wire, secrets = credentials.at, credentials.wire, credentials.secrets
                    progress.since = mono if streams else progress.since
                signed = at.signer.sign(wire, secrets, wall)
                head: WireHead = yield progress.sending(signed, deadline, mono)
                progress.head = head
                decoder = operation.decoder(head, at)
                out = _Out(attempts.held, progress, streams=streams, raw=raw)
                bounded, lively, flowing = deadline.is_set, progress.lively, False
                limited = decoder if hasattr(decoder, "is_over") else None
                step: Step | None = None if bounded else progress.first
                while True:
                    if step is None:
                        _, now = yield _NOW
                        step = Read(deadline.bound(progress.within(now), now))
                    piece = yield step
                    try:
                        events = decoder.feed(piece) if piece else decoder.end()
                    except Error:
                        if (rest := out.rest(decoder.early, piece)) is not None:
                            yield rest
                        raise
                    is_end = not piece or (limited is not None and limited.is_over)
                    if events and flowing:
                        progress.since = None
                        yield Emit(events)
                    elif events or is_end or raw:
                        if watch is not None and events and not out.has_begun:
                            _, now = yield _NOW
                            watch.first(now)
                        if (emit := out.take(events, piece, is_end=is_end)) is not None:
                            yield emit
                            flowing = streams and not raw
                    if is_end:
                        if watch is not None:
                            _, now = yield _NOW
                            watch.answered(now)
                        return _outcome(at, attempts.sent(wire), wire, head, decoder)
                    if not events and not progress.made_by(piece):
                        _, now = yield _NOW
                        progress.quiet(now)
                    step = None if bounded or progress.since is not None else lively
            except Error as failure:
                error = failure
            if credentials is not None and not progress.shown and credentials.may_renew(error):
                continue
            again = None if progress.shown else _mended(operation, error, at, credentials)
            if again is not None:
                operation, wire = again
                continue
            yield from attempts.next(error, progress, operation, limits, deadline)
    finally:
        attempts.end()


class _Out:
    """What goes out of one attempt, and what is held back.

    Of a stream that is what comes before its first word: until then another attempt may begin anew. Of a
    whole answer it is all of it. An answer that ends well without a word is none.
    """

    __slots__ = ("_emptiness", "_held", "_pieces", "_progress", "_raw", "_streams", "has_begun")

    def __init__(self, held: list[Any], progress: Progress, *, streams: bool, raw: bool) -> None:
        self._held = held
        self._progress = progress
        self._streams = streams
        self._raw = raw
        self._pieces: list[bytes] = []
        self._emptiness = Emptiness()
        self.has_begun = False
        """Whether an event came."""

    def take(self, events: list[Any], piece: bytes, *, is_end: bool) -> Emit | None:
        """The step for what may go out now. Raises EmptyAnswerError for an answer that holds nothing."""
        if self._raw:
            self._pieces.append(piece)
        if events or is_end:
            self._held += events
            self.has_begun = True
            self._progress.came(piece)
            if self._emptiness.is_open:
                self._emptiness.saw(events)
                if is_end and (error := self._emptiness.verdict()) is not None:
                    raise error
        return self._all() if is_end or self._speaks() else None

    def rest(self, early: list[Any], piece: bytes) -> Emit | None:
        """The same for what came before a failure: a stream shows it."""
        if self._raw:
            self._pieces.append(piece)
        self._held += early
        self._emptiness.saw(early)
        return self._all() if self._speaks() else None

    def _speaks(self) -> bool:
        """Whether a stream says something by now."""
        return self._streams and not self._emptiness.is_open

    def _all(self) -> Emit | None:
        held, pieces = self._held, self._pieces
        if not held and not any(pieces):
            return None
        self._progress.shown = True
        emit = Emit(held.copy(), b"".join(pieces) if self._raw else None)
        held.clear()
        pieces.clear()
        return emit


_NOW = Now()
_DICE = Dice()


def _mended(
    operation: Operation, error: Error, at: Deployment, credentials: _Granted | None
) -> tuple[Operation, WireRequest] | None:
    """The same in other words, where the refusal is about its words: asked at once, and no retry."""
    if not isinstance(error, ProviderError) or not hasattr(operation, "mended"):
        return None
    found = operation.mended(error, at)
    if found is None:
        return None
    other: Operation = found[0]
    wire = _encoded(other, at)
    if credentials is not None:
        credentials.asks(other, wire)
    return other, wire


def _encoded(operation: Operation, at: Deployment) -> WireRequest:
    """The unsigned request with the deployment's own header fields."""
    wire = operation.encode(at)
    return _laid_over(wire, at.headers, operation.headers) if at.headers else wire


def _outcome(at: Deployment, sent: Sent, wire: WireRequest, head: WireHead, decoder: Decoder) -> Outcome:
    """What is known at the end: a decoder may have `notes` and a `request_id` that the body told."""
    notes: tuple[Note, ...] = getattr(decoder, "notes", ())
    told_id: str | None = getattr(decoder, "request_id", None)
    return Outcome(at, sent, head, (*wire.notes, *notes) if notes else wire.notes, told_id)


class _Granted:
    """What a signer must have fetched before it can sign, for the attempts of one call."""

    def __init__(self, operation: Operation, at: Deployment, wire: WireRequest) -> None:
        self._operation = operation
        self._granting: Granting = at.signer  # type: ignore[assignment]
        self._grant: Grant | None = None
        self._stale: Grant | None = None
        self._is_renewed = False
        self._site = at.site
        """As it was configured: what one grant told is not what the next one is asked for."""
        self.at = at
        self.wire = wire
        """The request; encoded anew when the grant told what its address needs."""
        self.secrets = at.secrets

    def fetch(
        self, deadline: Deadline, wall: float, mono: float
    ) -> Generator[Step, Any, tuple[float, float]]:
        """Fetch the grant, or share one that is there. Returns the time, which may have gone on."""
        at = self.at
        shared = self._granting.grant(self._site, at.secrets, self._stale)
        if shared is None:
            return wall, mono
        grant: Grant = yield replace(shared, stale=self._stale, within_s=deadline.left(mono))
        self._grant = grant
        self.secrets = {**at.secrets, **grant.secrets}
        if grant.project is not None and at.site.project is None:
            self.at = replace(at, site=replace(at.site, project=grant.project))
            self.wire = _encoded(self._operation, self.at)
        now: tuple[float, float] = yield _NOW
        return now

    def asks(self, operation: Operation, wire: WireRequest) -> None:
        """Go on with another operation, whose request that is."""
        self._operation, self.wire = operation, wire

    def may_renew(self, error: Error) -> bool:
        """Whether the call is made again at once with a fresh grant: one time a call."""
        if self._is_renewed or self._grant is None or not self._granting.renews(error):
            return False
        self._is_renewed = True
        self._stale = self._grant
        return True


class _Attempts:
    """The attempts of one call: how many, which of them may be billed, what follows a failure."""

    def __init__(
        self,
        at: Deployment,
        retry: RetryPolicy,
        tally: Tally,
        watch: Watch | None,
        together: RetryBudget | None,
        *,
        has_own_fields: bool,
    ) -> None:
        self._at = at
        self._retry = retry
        self._tally = tally
        self._together = together
        self._stale = False
        self._waited_s = 0.0
        self.watch = watch
        self.has_own_fields = has_own_fields
        """Whether somebody gave header fields of his own, which may hold secrets."""
        self.held: list[Any] = []
        """Events of the attempt that is under way which nobody has seen."""

    def begin(self) -> None:
        """The call begins."""
        if self._together is not None:
            self._together.begin(self)

    def watched(self, now: float) -> None:
        """An attempt begins."""
        if self.watch is not None:
            self.watch.attempt(self._at, now, waited_s=self._waited_s)

    def end(self) -> None:
        """The call is over."""
        if self._together is not None:
            self._together.end(self)

    def next(
        self,
        error: Error,
        progress: Progress,
        operation: Operation,
        limits: TimeLimits,
        deadline: Deadline,
    ) -> Generator[Step, Any, None]:
        """Wait for the next attempt. Raises the error, with all that is known of it, where there is none."""
        wall, mono = yield _NOW
        error = self._failed(error, progress, operation, limits, deadline, wall, mono)
        dice = yield _DICE
        wait = self._wait_or_raise(error, deadline.left(mono), dice)
        self._waited_s = wait.seconds
        yield wait

    def sent(self, wire: WireRequest) -> Sent:
        """What was sent, without secrets."""
        fields = _without_secrets(wire.headers) if self.has_own_fields else wire.headers
        method, body = "GET", b""
        if isinstance(wire, HttpRequest):
            method = wire.method
            body = wire.body if type(wire.body) is bytes else b""
        return Sent(
            method, wire.origin, wire.target, fields, body, self._tally.made, self._tally.maybe_billed
        )

    def _failed(
        self,
        error: Error,
        progress: Progress,
        operation: Operation,
        limits: TimeLimits,
        deadline: Deadline,
        wall: float,
        mono: float,
    ) -> Error:
        """The error with all that is known of it. Raised at once where nothing may follow."""
        if isinstance(error, TimedOutError) and error.limit != "total":
            first = operation.streams and not progress.shown
            error = _out_of_time(error, limits, deadline, mono, first=first)
        tally, head = self._tally, progress.head
        tally.head = head
        status = getattr(error, "status", None) if head is None else head.status
        billed = error.sent and (status is None or status < 400)  # what was refused is not billed
        tally.maybe_billed += billed
        _annotate(error, self._at, tally, head, wall)
        if self.watch is not None:
            self.watch.failed(error, mono, billed=billed)
        if progress.shown:
            raise _interrupted(error) from error
        if self.held and isinstance(error, StreamInterrupted) and error.ended == "cut":
            error.retryable = True
        if not isinstance(error, StaleConnectionError):
            tally.made += 1
        elif self._stale:
            raise error
        else:
            self._stale = True
        return error

    def _wait_or_raise(self, error: Error, left_s: float | None, dice: float) -> Wait:
        """The wait before the next attempt; the error itself where there is none."""
        verdict = self._retry.verdict(self._tally.made, error, dice=dice, left_s=left_s)
        if verdict.wait_s and self._together is not None and not self._together.may_retry(self):
            verdict = Verdict(None, TOO_MANY)
        if verdict.wait_s is None:
            if verdict.why and not error.hint:
                error.hint = verdict.why
            if self.held and isinstance(error, (TransportError, StreamInterrupted)):
                raise _interrupted(error, self.held) from error
            raise error
        why = Retrying(self._at.provider, self._tally.made, self._retry.attempts, verdict.wait_s, error)
        return Wait(verdict.wait_s, why)


def _laid_over(wire: WireRequest, fields: HeaderFields, given: Mapping[str, str]) -> WireRequest:
    names = {name.lower().encode("latin-1", "replace") for name in given}
    more = tuple([field for field in fields if field[0].lower() not in names])
    return replace(wire, headers=with_headers(wire.headers, more))


def _out_of_time(
    error: TimedOutError, limits: TimeLimits, deadline: Deadline, now: float, *, first: bool
) -> TimedOutError:
    """The same error, named after the limit that a person knows."""
    if deadline.left(now) == 0.0:
        whole = TimedOutError(
            f"no whole answer within the {limits.total:g} s that the call was given",
            limit="total",
            retryable=False,
            sent=error.sent,
        )
        whole.__cause__ = error
        return whole
    if first and error.limit != "connect":
        error.limit = "first_event"
    return error


def _interrupted(error: Error, held: Sequence[Any] = ()) -> StreamInterrupted:
    """What an error means once events were shown, or came and were held back."""
    if isinstance(error, StreamInterrupted):
        ended, why = error.ended, error.message
    elif isinstance(error, TimedOutError):
        ended, why = "stalled", f"the reply stalled: {error.message}"
    elif isinstance(error, TransportError):
        ended, why = "cut", f"the reply was cut off: {error.message}"
    else:
        ended, why = "error", f"the reply broke off with an error: {error.message}"
    broken = StreamInterrupted(
        why,
        ended=ended,
        hint=error.hint,
        provider=error.provider,
        request_id=error.request_id,
        retry_after=error.retry_after,
        retryable=False,
        partial=_folded(held, ended) if held else None,
    )
    broken.attempts, broken.maybe_billed = error.attempts, error.maybe_billed
    return broken


def _folded(held: Sequence[Any], ended: Any) -> ChatResponse:
    folder = Folder()
    folder.add(list(held))
    return folder.response(ended=ended)


_SECRET_FIELDS = frozenset(
    (b"authorization", b"proxy-authorization", b"api-key", b"x-api-key", b"x-goog-api-key", b"cookie")
)


def _without_secrets(fields: HeaderFields) -> HeaderFields:
    return tuple(
        [(name, b"****") if name.lower() in _SECRET_FIELDS else (name, text) for name, text in fields]
    )


def _annotate(error: Error, at: Deployment, tally: Tally, head: WireHead | None, wall: float) -> None:
    """Facts that only the exchange knows."""
    error.provider = error.provider or at.provider
    error.attempts = tally.made
    error.maybe_billed = tally.maybe_billed
    if head is not None:
        error.request_id = error.request_id or request_id(head)
        if error.retry_after is None and head.status >= 400:
            error.retry_after = retry_after(head, wall)
    if at.advice is not None and error.hint is None:
        error.hint = at.advice(error)
