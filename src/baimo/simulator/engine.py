"""The simulator itself: a request becomes the acts of its answer. It does no I/O and knows no provider.

The way of a request: which operation → who sends → rates of that key → what is asked → moderation of it →
a fault, maybe → the script → events → the provider's bytes, paced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random

import msgspec
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
)
from baimo.types.chat import ChatRequest
from baimo.types.events import ChatEvent, Finished, PartDelta, UsageReported
from baimo.wire.http import SocketRequest, WireHead

from .faults import HEADER, Fault, FaultPlan, FaultRule, broken, model_fault, parse_fault
from .rates import Meter, Meters, OverRateError, Rate
from .received import Log, Mask, Received
from .reply import events_of, input_tokens
from .scripts import Script, auto
from .strikes import Ending, Token
from .timing import Pace, Timing
from .vectors import embed
from .words import (
    Abort,
    Act,
    CloseSocket,
    EmbeddingFace,
    Face,
    Head,
    Pause,
    Piece,
    RefusedError,
    ServedRequest,
    Why,
    without_fault,
)

_WHY: tuple[tuple[type[Error], Why], ...] = (
    (InputError, Why.INVALID_REQUEST),
    (ContentFilteredError, Why.INPUT_MODERATED),
    (AuthError, Why.WRONG_SECRET),
    (PermissionDeniedError, Why.UNKNOWN_KEY),
    (NotFoundError, Why.UNKNOWN_MODEL),
    (QuotaError, Why.OVER_QUOTA),
    (RateLimitedError, Why.OVER_RATE),
    (OverloadedError, Why.OVERLOADED),
    (Error, Why.SERVER_ERROR),
)
"""What an error of ours is to a caller: a request that cannot be read, a failure of the model behind."""


_NO_SECRETS = frozenset(("app_id", "project_id", "region"))
"""Credentials that say who one is, and prove nothing."""


class Moderation(msgspec.Struct, frozen=True, kw_only=True):
    """Words that the provider does not want, in what is asked and in what it answers."""

    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Limits, and for whom: None means every provider, every key."""

    rate: Rate
    provider: str | None = None
    key: str | None = None


class Simulation:
    """Faces with what they do: script, timing, moderation, faults, rates. Calls may come from any thread."""

    def __init__(self, faces: Mapping[str, Face] | Iterable[Face], *, seed: int = 0) -> None:
        self.faces: Mapping[str, Face] = (
            faces if isinstance(faces, Mapping) else {face.name: face for face in faces}
        )
        self.seed = seed
        self.on_answered: Callable[[Received], None] | None = None
        """Told of each request when it is over."""
        self.log = Log()
        self._masks: dict[str, Mask] = {}
        self.reset()

    def reset(self) -> None:
        """Forget what was received and used, and all that was set."""
        self.log.clear()
        self.script: Script = auto
        self.timing = Timing()
        self.moderation = Moderation()
        self.faults = FaultPlan()
        self.rates: list[Rule] = []
        self.meters = Meters()

    def refuse(self, why: Why, *, times: int | None = None, provider: str | None = None) -> None:
        """Refuse requests in the provider's own words, so many times or always."""
        self.faults.add(FaultRule(fault=Fault("refuse", word=why), times=times, provider=provider))

    def call(self, provider: str, request: ServedRequest, *, wall: float, mono: float) -> Call:
        """A request to that provider that came just now. Raises KeyError for an unknown provider."""
        received = self.log.add(provider, request, wall, self.mask(provider))
        return Call(self, self.faces[provider], request, received, wall, mono)

    def mask(self, provider: str) -> Mask:
        """Takes that provider's secrets out of what is kept."""
        mask = self._masks.get(provider)
        if mask is None:
            known = self.faces[provider].credentials()
            mask = self._masks[provider] = Mask(known[name] for name in known if name not in _NO_SECRETS)
        return mask

    def rate_for(self, provider: str, key: str) -> Rate | None:
        """The limits of that key: the last that were set for it."""
        for rule in reversed(self.rates):
            if rule.provider in (None, provider) and rule.key in (None, key):
                return rule.rate
        return None


class Call:
    """One request on its way to its answer.

    Of HTTP, perform `acts()`. Of a socket, perform `handshake()`; where that accepted (status 101), perform
    `told(frames)` once the caller's first message is here. Closing an iterator means the caller has left.
    """

    def __init__(
        self,
        simulation: Simulation,
        face: Face,
        request: ServedRequest,
        received: Received,
        wall: float,
        mono: float,
    ) -> None:
        self._simulation = simulation
        self._face = face
        self._request = request
        self._wall = wall
        self._mono = mono
        self._dice = Random(f"{simulation.seed} {received.number}")
        self._meter: Meter | None = None
        self._tokens = 0
        self._fault: Fault | None = None
        self._encoder: ChatEncoder | None = None
        self.received = received
        self.is_socket = isinstance(request, SocketRequest)

    def acts(self) -> Iterator[Act]:
        """The answer to an HTTP request."""
        return self._told_of(self._kept(self._answer))

    def handshake(self) -> Iterator[Act]:
        """The answer to a handshake."""
        return self._told_of(self._kept(self._shake))

    def told(self, frames: Iterable[bytes | str], *, wall: float, mono: float) -> Iterator[Act]:
        """The answer to the messages of a caller whose handshake was accepted."""
        assert isinstance(self._request, SocketRequest)
        self._wall, self._mono = wall, mono
        self._request = replace(self._request, frames=tuple(frames))
        mask = self._simulation.mask(self._face.name)
        self.received.frames = tuple(
            mask.body(frame.encode() if isinstance(frame, str) else frame) for frame in self._request.frames
        )
        return self._told_of(self._kept(self._answer))

    @property
    def blocks(self) -> bool:
        """Whether the acts may wait for something, so that an event loop takes them on a thread."""
        return bool(getattr(self._simulation.script, "blocks", False))

    def refusal(self, why: Why, retry_after: float | None = None, detail: str = "") -> tuple[WireHead, bytes]:
        """The provider's own refusal."""
        return self._face.refuse(why, self._request, detail=detail, retry_after=retry_after)

    def interruption(self, why: Why) -> list[bytes]:
        """What the provider sends when it stops in the middle."""
        if self._encoder is None:
            return []
        self.received.why = why
        return self._face.interrupt(why, self._request, self._encoder)

    def _shake(self) -> Iterator[Act]:
        received = self.received
        self._look(Why.NO_SUCH_ADDRESS)
        fault = self._draw_fault()
        accepted = self._accepted()
        if fault is not None and (fault.kind.is_early or self._refuses_handshakes(fault)):
            yield from self._struck(fault, accepted)
            return
        self._fault = fault
        received.outcome = "accepted"
        yield from accepted

    def _refuses_handshakes(self, fault: Fault) -> bool:
        """Whether the provider says that refusal before it accepts a socket."""
        return fault.name == "refuse" and self.refusal(Why(fault.word))[0].status != 101

    def _accepted(self) -> Iterator[Act]:
        self._face.identify(self._request, self._wall)
        yield Head(WireHead(101))

    def _answer(self) -> Iterator[Act]:
        """The acts, or RefusedError and baimo's Error where there is no answer."""
        operation = self._look(Why.NO_SUCH_ADDRESS)
        caller = self._face.identify(self._request, self._wall)
        self.received.caller = caller.key
        rate = self._simulation.rate_for(self._face.name, caller.key)
        meter = self._simulation.meters.of(self._face.name, caller.key)
        meter.enter(rate or Rate(), self._mono)
        self._meter = meter
        if operation == "chat":
            yield from self._chat()
            return
        fault = self._draw_fault()
        acts = self._embed() if operation == "embed" else self._other(operation)
        yield from acts if fault is None else self._struck(fault, acts)

    def _look(self, otherwise: Why) -> str:
        """The operation. Raises RefusedError where nothing is served."""
        operation = self._face.operation(self._request)
        if operation is None:
            raise RefusedError(otherwise, f"nothing is served at {self.received.target}")
        self.received.operation = operation
        return operation

    def _chat(self) -> Iterator[Act]:
        asked = self._face.chat_request(self._request)
        by_model = model_fault(asked.model)
        asked = replace(asked, model=without_fault(asked.model))
        self.received.asked = asked
        self._moderate(asked)
        fault = by_model or (self._fault if self.is_socket else self._draw_fault())
        acts = self._reply(asked)
        yield from acts if fault is None else self._struck(fault, acts)

    def _draw_fault(self) -> Fault | None:
        """The fault that the caller's header asks for, else the one that a rule has for it."""
        for name, value in self._request.headers:
            if name.lower() == HEADER:
                return parse_fault(value.decode("latin-1"))
        plan = self._simulation.faults
        return plan.draw(self._face.name, self.received.operation or "", self._dice)

    def _struck(self, fault: Fault, acts: Iterator[Act]) -> Iterator[Act]:
        self.received.fault = str(fault)
        if self.is_socket and fault.kind.is_early and self.received.frames:
            yield CloseSocket(1011, str(fault))  # the handshake that it is for is over
            return
        yield from broken(fault, self, acts)

    def _moderate(self, asked: ChatRequest) -> None:
        words = self._simulation.moderation.input
        said = "\n".join(message.text for message in asked.messages)
        for word in words:
            if word in said:
                raise RefusedError(Why.INPUT_MODERATED, f"the request holds {word!r}")

    def _reply(self, asked: ChatRequest) -> Iterator[Act]:
        """The acts of a chat's answer."""
        encoder = self._encoder = self._face.encoder(self._request, asked)
        pace = Pace(self._simulation.timing, self._dice)
        number = self.received.number
        answer = self._simulation.script(asked)
        events = events_of(answer, asked, id=f"sim-{number:06d}", created=int(self._wall))
        first = next(events)  # whose script fails at once is refused: no head is out yet
        if asked.stream or self.is_socket:
            yield from self._streamed(encoder, _chained(first, events), pace)
        else:
            yield from self._whole(encoder, _chained(first, events), pace)

    def _streamed(self, encoder: ChatEncoder, events: Iterator[ChatEvent], pace: Pace) -> Iterator[Act]:
        if not self.is_socket:
            yield Head(encoder.head())
        is_ending = False
        try:
            for event in events:
                self._watch(event)
                is_token = isinstance(event, PartDelta)
                if is_token and (wait := pace.next()):
                    yield Pause(wait)
                is_ending = is_ending or isinstance(event, Finished)
                kind = Ending if is_ending else Token if is_token else Piece
                for item in encoder.feed(event):
                    yield kind(item)
        except (RefusedError, Error) as failure:
            why = failure.why if isinstance(failure, RefusedError) else _why(failure)
            self.received.outcome, self.received.why = "interrupted", why
            for item in self._face.interrupt(why, self._request, encoder):
                yield Piece(item)
        else:
            for item in encoder.end():
                yield Ending(item)
        if self.is_socket:
            yield CloseSocket()

    def _whole(self, encoder: ChatEncoder, events: Iterator[ChatEvent], pace: Pace) -> Iterator[Act]:
        items: list[bytes] = []
        wait = 0.0
        for event in events:
            try:
                self._watch(event)
            except RefusedError as refused:
                self.received.outcome, self.received.why = "interrupted", refused.why
                items += self._face.interrupt(refused.why, self._request, encoder)
                break
            wait += pace.next() if isinstance(event, PartDelta) else 0.0
            items += encoder.feed(event)
        else:
            items += encoder.end()
        if wait:
            yield Pause(wait)
        body = b"".join(items)
        yield Head(_sized(encoder.head(), body))
        yield Ending(body)

    def _watch(self, event: ChatEvent) -> None:
        """Count, keep, and raise RefusedError at a word that must not go out."""
        if isinstance(event, PartDelta):
            self.received.output += event.text
            for word in self._simulation.moderation.output:
                if word in self.received.output:
                    raise RefusedError(Why.OUTPUT_MODERATED, f"the answer holds {word!r}")
        elif isinstance(event, UsageReported):
            self._tokens = event.usage.total or 0

    def _embed(self) -> Iterator[Act]:
        if not isinstance(self._face, EmbeddingFace):
            raise RefusedError(Why.NO_SUCH_ADDRESS, "no vectors are made here")
        asked = self._face.embed_request(self._request)
        self.received.asked = asked
        response = embed(asked)
        self._tokens = response.usage.total or 0
        head, body = self._face.embed_reply(self._request, asked, response)
        yield Head(_sized(head, body))
        yield Ending(body)

    def _other(self, operation: str) -> Iterator[Act]:
        head, pieces = self._face.other(operation, self._request, self._wall)
        yield Head(_sized(head, b"".join(pieces)) if len(pieces) < 2 else head)
        for number, piece in enumerate(pieces, 1):
            yield Ending(piece) if number == len(pieces) else Piece(piece)

    def _refused(self, refused: RefusedError) -> Iterator[Act]:
        received = self.received
        received.outcome, received.why, received.detail = "refused", refused.why, refused.detail
        wait = refused.retry_after if isinstance(refused, OverRateError) else None
        head, body = self.refusal(refused.why, wait, refused.detail)
        if self.is_socket and head.status == 101:
            if not received.frames:
                yield Head(WireHead(101))
            yield Piece(body)
            yield CloseSocket()
        elif received.frames:  # the handshake was accepted: too late for a status
            received.status = head.status
            yield CloseSocket(1011, refused.why.value)
        else:
            yield Head(_sized(head, body))
            yield Piece(body)

    def _kept(self, make: object) -> Iterator[Act]:
        """The acts of `make`, or of the refusal where it ends in one before anything was sent."""
        assert callable(make)
        begun = False
        try:
            for act in make():
                begun = begun or not isinstance(act, Pause)
                yield act
            return
        except RefusedError as failure:
            if begun:
                raise
            refused = failure
        except Error as failure:
            if begun:
                raise
            refused = RefusedError(_why(failure), failure.message)
        yield from self._refused(refused)

    def _told_of(self, acts: Iterator[Act]) -> Iterator[Act]:
        """Passes acts on and writes down how it went; the key's place is given back at the end."""
        received = self.received
        is_whole = False
        try:
            for act in acts:
                if isinstance(act, Head):
                    received.status = act.head.status
                elif isinstance(act, Abort):
                    received.outcome = "broken"
                elif isinstance(act, Ending):
                    # Who receives this knows the end, and may look here or leave before more comes.
                    is_whole = True
                    self._ended_well()
                yield act
            is_whole = True
        finally:
            if received.outcome in ("under way", "accepted") and not is_whole:
                received.outcome = "left"
            elif received.outcome != "accepted" or received.frames:
                self._ended_well()
            told = self._simulation.on_answered
            if told is not None and received.outcome != "accepted":
                told(received)
            meter, self._meter = self._meter, None
            if meter is not None:
                meter.leave(self._tokens or self._estimate(), self._mono)

    def _ended_well(self) -> None:
        if self.received.outcome in ("under way", "accepted"):
            self.received.outcome = "broken" if self.received.fault else "answered"

    def _estimate(self) -> int:
        """Tokens of a call that told of none."""
        asked = self.received.asked
        return input_tokens(asked) if isinstance(asked, ChatRequest) and self.received.output else 0


def _sized(head: WireHead, body: bytes) -> WireHead:
    if head.get(b"content-length") is not None or head.status in (204, 304):
        return head
    return replace(head, headers=(*head.headers, (b"content-length", str(len(body)).encode())))


def _why(error: Error) -> Why:
    return next(why for kind, why in _WHY if isinstance(error, kind))


def _chained(first: ChatEvent, rest: Iterator[ChatEvent]) -> Iterator[ChatEvent]:
    yield first
    yield from rest
