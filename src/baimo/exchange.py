"""One call to one deployment, as a generator of steps: encode, sign, send, read, retry.

Nothing here does I/O. A driver carries the steps out and throws a transport's failures back in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from operator import attrgetter
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
from baimo.steps import Dice, Emit, Now, Read, Retrying, Step, Steps, Wait
from baimo.types.chat import Sent
from baimo.types.events import UsageReported
from baimo.types.hours import Holidays
from baimo.types.limits import Limit
from baimo.types.medialimits import MediaLimits
from baimo.types.models import ModelInfo
from baimo.types.secret import Secret
from baimo.types.usage import Usage
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
    row_limit: Limit | None = None
    """Bounds that a new account meets, as the row tells."""
    media: MediaLimits | None = None
    """What the provider takes of pictures and other media, as the row tells."""
    facts: Callable[[], ModelInfo | None] | None = None
    """Reads what is known of the model; called only when somebody asks."""
    holidays: Callable[[], Holidays] | None = None
    """Reads the days on which the hours of its prices do not hold."""
    advice: Callable[[Error], str | None] | None = None
    """What to tell the user about a refusal, from dated facts."""

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


class Decoder(Protocol):
    """A reply's bytes to events, of whatever operation.

    One that ends a reply before its body does (a limit held on our side) has `is_over`: nothing more is read.
    One whose wire has an end mark has `has_ended`: what follows the mark is not waited for long, and that the
    connection breaks there takes nothing from the reply.
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

    One with `before` needs something before it can be encoded: `before(at)` gives None, or takes the deadline
    of the call and gives the steps that see to it.

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
    cached: bool = False
    """The answer was kept from an earlier call: nothing was sent, and `sent` and `head` are empty."""

    @property
    def request_id(self) -> str | None:
        return self.told_id or request_id(self.head)


Exchange: TypeAlias = Generator[Step, Any, Outcome]
_CLASSES = attrgetter(
    *[name for name in Usage.__struct_fields__ if name not in ("billed_input", "billed_output", "raw")]
)


class Tally:
    """The attempts of one call, over all its deployments."""

    made = 1
    """The attempt that is under way, counted from 1."""
    maybe_billed = 0
    """Attempts that gave no answer, and may have been billed all the same."""
    head: WireHead | None = None
    """Of the last reply, refusals included."""
    shown = False
    """Whether the last attempt, which failed, had shown events by then."""
    used: Usage | None = None
    """What the last attempt used, as far as its events told; only where tokens are `counted`."""

    def __init__(self, *, counted: bool = False) -> None:
        self.counted = counted

    @property
    def tokens(self) -> int | None:
        """All that the last attempt used, as `Usage.total` says it; None where that is not known."""
        used = self.used
        return None if used is None else sum(filter(None, _CLASSES(used))) or used.total

    def emitting(self, events: list[Any]) -> Emit:
        """The step that emits events, after a look at them."""
        self.count(events)
        return Emit(events)

    def count(self, events: Sequence[Any]) -> None:
        """Take note of what events tell of tokens: the last of them holds."""
        for event in reversed(events):
            if type(event) is UsageReported:
                self.used = event.usage
                return


class Watch(Protocol):
    """Is told how the attempts of one call go. Its methods return at once and never raise."""

    @property
    def mono(self) -> Callable[[], float] | None:
        """Tells the monotonic time that it is told; None: a step asks for it, which costs more."""

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        """A request goes to a deployment; `waited_s` as a retry waits."""

    def first(self, now: float) -> None:
        """The first event is here."""

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        """The attempt failed; `billed`: it may be billed all the same."""

    def answered(self, now: float) -> None:
        """The attempt ended well."""

    def whole(self, now: float) -> None:
        """The first event is here, and with it the attempt ended well: `first` and `answered` in one."""


class Seat(Protocol):
    """What a call holds while its only attempt at a deployment is under way; the call's tally as well."""

    def take(self) -> bool:
        """Take it; False where `slowly` must go on."""

    def done(self, head: WireHead) -> None:
        """The attempt ended well."""

    def gives_up(self, failure: BaseException) -> bool:
        """The attempt broke off. Whether the call goes on after that."""

    def goes_on(self) -> Exchange:
        """The steps that follow."""

    def slowly(self) -> Exchange:
        """The steps of the same call another way."""


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
    now: tuple[float, float] | None = None,
    seat: Seat | None = None,
) -> Exchange:
    """Call one deployment; try again as `retry` says, never after the first event was emitted.

    With `raw` every Emit carries the wire piece beside its events; what the caller wants whole is emitted
    once. A reply that has only begun is nobody's yet: it is emitted with the first thing it says. `together`
    bounds how many calls are tried again at once; `now` is the time where the caller has just asked for it.
    `seat` is taken when the call begins, and goes on where it fails.

    Raises whatever kept the call from ending well; `StreamInterrupted` once events were shown.
    """
    has_own_fields = bool(at.headers or operation.headers)
    attempts = _Attempts(at, retry, limits, raw, tally, watch, together, seat, has_own_fields)
    attempts.now = now
    if deadline is None and limits.total is None:
        deadline = NO_DEADLINE
    if hasattr(operation, "before") and (begin := operation.before(at)) is not None:
        if seat is not None:
            return seat.slowly()
        return _prepared(begin, operation, at, attempts, deadline)
    return _attempted(operation, at, attempts, deadline)


def _prepared(
    begin: Callable[[Deadline], Steps],
    operation: Operation,
    at: Deployment,
    attempts: _Attempts,
    deadline: Deadline | None,
) -> Exchange:
    """The call, after what the operation needs first; its time counts from before that."""
    if deadline is None:
        deadline = Deadline(attempts.limits.total, now=(attempts.now or (yield _NOW))[1])
    attempts.now = None
    yield from begin(deadline)
    return (yield from _attempted(operation, at, attempts, deadline))


def _attempted(operation: Operation, at: Deployment, attempts: _Attempts, deadline: Any) -> Exchange:
    limits, raw, streams, secrets = attempts.limits, attempts.raw, operation.streams, at.secrets
    counted, watch, together, seat = attempts.counting, attempts.watch, attempts.together, attempts.seat
    asked, timed, wall, mono = attempts.now, streams or at.signer.timed or watch is not None, 0.0, 0.0
    if seat is not None and not seat.take():
        return (yield from seat.slowly())
    if together is not None:
        together.begin(attempts)
    try:
        wire = _encoded(operation, at)
        credentials = _Granted(operation, at, wire) if hasattr(at.signer, "grant") else None
        while True:
            progress = Progress(limits, streams=streams, counted=counted)
            pieces: list[bytes] = []
            held = attempts.held = []
            if timed or deadline is None or deadline.is_set:
                wall, mono = asked or (yield _NOW)
                asked, progress.since, deadline = None, mono, deadline or Deadline(limits.total, now=mono)
                if watch is not None:
                    watch.attempt(attempts.at, mono, waited_s=attempts.waited_s)
            try:
                if credentials is not None:
                    wall, mono = yield from credentials.fetch(progress, deadline, wall, mono)
                    at, wire, secrets = credentials.at, credentials.wire, credentials.secrets
                signed = at.signer.sign(wire, secrets, wall)
                head = progress.head = yield progress.send(signed, deadline, mono)
                decoder = operation.decoder(head, at)
                bounded, lively, flowing, empty = deadline.is_set, progress.lively, False, Emptiness()
                limited = decoder if hasattr(decoder, "is_over") else None
                marked = decoder if hasattr(decoder, "has_ended") else None
                step, told = None if bounded else progress.first, None
                while True:
                    if step is None:
                        step = Read(deadline.bound(progress.within(now := (yield _NOW)[1]), now))
                    try:
                        piece = yield step
                    except TransportError as failure:
                        piece = _ended(marked, failure)
                    if raw:
                        pieces.append(piece)
                    try:
                        events = decoder.feed(piece) if piece else decoder.end()
                    except Error:
                        if _has_early(decoder, held, empty) and streams:
                            yield progress.showing(held, pieces if raw else None)
                        raise
                    is_end = not piece or (limited is not None and limited.is_over)
                    if events and flowing:
                        progress.since = None
                        yield Emit(events) if counted is None else counted.emitting(events)
                    elif events or is_end:
                        if watch is not None and events and not held:
                            attempts.came = told = watch.mono() if watch.mono else (yield _NOW)[1]
                            attempts.tell_first(streams or not is_end)
                        held += events
                        progress.came()
                        empty.saw(events, is_end)
                        if (is_end or (streams and not empty.is_open)) and (held or any(pieces)):
                            yield progress.showing(held, pieces if raw else None)
                            held, pieces, flowing = [], [], streams and not raw
                    if is_end:
                        if watch is not None and told is None:
                            told = watch.mono() if watch.mono else (yield _NOW)[1]
                        return attempts.outcome(at, wire, head, decoder, told)
                    if not events and not progress.made_by(piece):
                        progress.quiet((yield _NOW)[1])
                    step, told = None if bounded or progress.since is not None else lively, None
                    if marked is not None and marked.has_ended:
                        step = progress.parting(step)
            except Error as failure:
                error = attempts.failing(failure)
            asks = operation, wire, at, credentials
            operation, wire = yield from attempts.next(error, progress, asks, deadline)
    except BaseException as failure:
        if seat is None or not seat.gives_up(failure):
            raise
    finally:
        if together is not None:
            together.end(attempts)
    return (yield from seat.goes_on())


_NOW = Now()
_DICE = Dice()


def _ended(marked: Any, failure: TransportError) -> bytes:
    """What is read where the transport fails: the end, if the reply's own mark of it came whole before."""
    if marked is None or not marked.has_ended or failure.damaged:
        raise failure
    return b""


def _has_early(decoder: Decoder, held: list[Any], empty: Emptiness) -> bool:
    """Whether there is something to show of a reply that fails; what came last is held as well."""
    held += decoder.early
    empty.saw(decoder.early)
    return bool(held) and not empty.is_open


def _again(
    operation: Operation, wire: WireRequest, error: Error, at: Deployment, credentials: _Granted | None
) -> tuple[Operation, WireRequest] | None:
    """What is asked at once, and is no retry: the same with a fresh grant, or in other words where the words
    were refused.
    """
    if credentials is not None and credentials.may_renew(error):
        return operation, wire
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
        self, progress: Progress, deadline: Deadline, wall: float, mono: float
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
        if self._operation.streams:
            progress.since = now[1]
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


class _Attempts(Tally):
    """The attempts of one call to one deployment: which may be billed, what follows a failure."""

    now: tuple[float, float] | None = None
    """The time, where it was asked for just before the call."""
    waited_s = 0.0
    """How long the attempt that comes next has waited, as a retry does."""
    held: list[Any]
    """Events of the attempt that is under way which nobody has seen."""
    came: float | None = None
    """When the first event came, as long as nobody was told."""
    _stale = False

    def __init__(
        self,
        at: Deployment,
        retry: RetryPolicy,
        limits: TimeLimits,
        raw: bool,
        tally: Tally | None,
        watch: Watch | None,
        together: RetryBudget | None,
        seat: Seat | None,
        has_own_fields: bool,
    ) -> None:
        self.at = at
        self._retry = retry
        self.limits = limits
        self.raw = raw
        self.counting = tally if tally is not None and tally.counted else None
        self._tally = tally
        """Counts for the whole route; None: this one does, and knows itself without a circle."""
        self.watch = watch
        self.together = together
        self.seat = seat
        self.has_own_fields = has_own_fields
        """Whether somebody gave header fields of his own, which may hold secrets."""

    def failing(self, error: Error) -> Error:
        """The attempt fails: what came before is told before that."""
        self.tell_first()
        return error

    def tell_first(self, is_due: bool = True) -> None:
        """Tell that the first event came, where that is known, due now, and nobody was told."""
        if not is_due:
            return
        if self.watch is not None and self.came is not None:
            self.watch.first(self.came)
        self.came = None

    def next(
        self,
        error: Error,
        progress: Progress,
        asks: tuple[Operation, WireRequest, Deployment, _Granted | None],
        deadline: Deadline,
    ) -> Generator[Step, Any, tuple[Operation, WireRequest]]:
        """Wait for the next attempt: what it asks for, and its request. Raises the error, with all that is
        known of it, where there is none.
        """
        operation, wire, at, credentials = asks
        if not progress.shown and (other := _again(operation, wire, error, at, credentials)) is not None:
            return other
        wall, mono = yield _NOW
        error = self._failed(error, progress, operation, deadline, wall, mono)
        dice = yield _DICE
        held = () if operation.streams else self.held  # what begins a stream is no part of an answer
        wait = self._wait_or_raise(error, deadline.left(mono), dice, held)
        self.waited_s = wait.seconds
        yield wait
        return operation, wire

    def outcome(
        self, at: Deployment, wire: WireRequest, head: WireHead, decoder: Decoder, now: float | None
    ) -> Outcome:
        """The attempt ended well, now where somebody watches. What is known at the end, without secrets: a
        decoder may have `notes` and a `request_id` that the body told.
        """
        if self.watch is not None and now is not None:
            (self.watch.answered if self.came is None else self.watch.whole)(now)
        notes: tuple[Note, ...] = getattr(decoder, "notes", ())
        told_id: str | None = getattr(decoder, "request_id", None)
        tally = self._tally or self
        fields = _without_secrets(wire.headers) if self.has_own_fields else wire.headers
        method, body = "GET", b""
        if isinstance(wire, HttpRequest):
            method = wire.method
            body = wire.body if type(wire.body) is bytes else b""
        sent = Sent(method, wire.origin, wire.target, fields, body, tally.made, tally.maybe_billed)
        if self.seat is not None:
            self.seat.done(head)
        return Outcome(at, sent, head, (*wire.notes, *notes) if notes else wire.notes, told_id)

    def _failed(
        self,
        error: Error,
        progress: Progress,
        operation: Operation,
        deadline: Deadline,
        wall: float,
        mono: float,
    ) -> Error:
        """The error with all that is known of it. Raised at once where nothing may follow."""
        from baimo import failing

        if isinstance(error, TimedOutError) and error.limit != "total":
            first = operation.streams and not progress.begun
            error = failing.out_of_time(error, self.limits, deadline, mono, first=first)
        tally, head = self._tally or self, progress.head
        tally.head = head
        billed = failing.may_be_billed(error, head)
        tally.maybe_billed += billed
        _annotate(error, self.at, tally, head, wall)
        if self.watch is not None:
            self.watch.failed(error, mono, billed=billed)
        tally.shown = progress.shown
        is_stale = isinstance(error, StaleConnectionError)
        if is_stale and not self._stale:
            self._stale = True
            return error  # made again at once, as the same attempt
        tally.made += 1
        if progress.shown:
            raise failing.interrupted(error) from error
        if is_stale:
            raise error
        if isinstance(error, StreamInterrupted) and error.ended == "cut":
            error.retryable = True
        return error

    def _wait_or_raise(self, error: Error, left_s: float | None, dice: float, held: Sequence[Any]) -> Wait:
        """The wait before the next attempt; the error itself where there is none."""
        from baimo import failing

        made = (self._tally or self).made
        verdict = self._retry.verdict(made, error, dice=dice, left_s=left_s)
        is_stale = isinstance(error, StaleConnectionError)
        if verdict.wait_s is not None and not is_stale and not self._may_retry():
            verdict = Verdict(None, TOO_MANY)
        if verdict.wait_s is None:
            if verdict.why and not error.hint:
                error.hint = verdict.why
            if held and isinstance(error, (TransportError, StreamInterrupted)):
                raise failing.interrupted(error, held) from error
            raise error
        why = Retrying(self.at.provider, made, self._retry.attempts, verdict.wait_s, error)
        return Wait(verdict.wait_s, why)

    def _may_retry(self) -> bool:
        return self.together is None or self.together.may_retry(self)


def _laid_over(wire: WireRequest, fields: HeaderFields, given: Mapping[str, str]) -> WireRequest:
    names = {name.lower().encode("latin-1", "replace") for name in given}
    more = tuple([field for field in fields if field[0].lower() not in names])
    return replace(wire, headers=with_headers(wire.headers, more))


_SECRET_FIELDS = frozenset(
    (b"authorization", b"proxy-authorization", b"api-key", b"x-api-key", b"x-goog-api-key", b"cookie")
)


def _without_secrets(fields: HeaderFields) -> HeaderFields:
    return tuple(
        [(name, b"****") if name.lower() in _SECRET_FIELDS else (name, text) for name, text in fields]
    )


def _annotate(error: Error, at: Deployment, tally: Tally, head: WireHead | None, wall: float) -> None:
    """Facts that only the exchange knows."""
    from baimo import failing

    error.provider = error.provider or at.provider
    error.attempts = tally.made
    error.maybe_billed = tally.maybe_billed
    if head is not None:
        error.request_id = error.request_id or request_id(head)
        if error.retry_after is None and head.status >= 400:
            error.retry_after = retry_after(head, wall)
    failing.mask(error, at.secrets)
    if at.advice is not None and error.hint is None:
        error.hint = at.advice(error)
