"""A call that is answered from the cache where an equal one was, and that is kept where it was not.

Wraps the generator of any chat. What is kept are its events, in the pieces in which they first came.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.errors import CacheError, Error
from baimo.exchange import Deployment, Exchange, Outcome
from baimo.notes import Note
from baimo.passing import through
from baimo.rules import Route
from baimo.steps import Emit, Keep, Look, Now, Step
from baimo.types.chat import FinishReason, Message, Sent
from baimo.types.content import Refusal, Text, Thinking
from baimo.types.events import ChatEvent, UsageReported
from baimo.types.fold import Folder
from baimo.wire.http import WireHead

GOOD = frozenset({FinishReason.STOP, FinishReason.LENGTH, FinishReason.TOOL_CALLS})
"""Only what ended so is kept. The rest is no answer, or one that may well turn out otherwise next time."""

VERSION = 1
"""Of what is kept. It is part of every key as well: values of different versions never meet."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it is kept."""

    pieces: list[list[ChatEvent]]
    provider: str
    endpoint: str
    model: str
    told_id: str | None = None
    notes: tuple[Note, ...] = ()
    at_s: float
    """Unix seconds at which it was kept."""


def remembered(steps: Exchange, key: str, *, route: Route, streams: bool, within_s: float | None) -> Exchange:
    """The answer that is kept under the key; else that of `steps`, which is kept when it ended well.

    `route` is what `steps` calls: it tells whose answer it was. A cache that cannot be used does not
    break the call; a note says so. `within_s` is the time of the whole call: it bounds the wait for an equal
    call that is under way, and what is waited for counts.
    """
    try:
        begun = 0.0
        if within_s is not None:
            _, begun = yield Now()
        kept, at, trouble = yield from _look(key, route, within_s)
        if kept is not None and at is not None:
            pieces = kept.pieces if streams else [[event for piece in kept.pieces for event in piece]]
            for events in pieces:
                yield Emit(events)
            return _outcome(kept, at)
        call = steps
        if within_s is not None:
            _, mono = yield Now()
            call = _begun_before(steps, mono - begun, max(within_s - (mono - begun), 0.0))
        collected: list[list[ChatEvent]] = []

        def collect(emit: Emit) -> Emit:
            collected.append(emit.events)
            return emit

        try:
            outcome: Outcome = yield from through(call, collect)
        except Error:
            yield Keep(key, None)
            raise
        if trouble is None:
            trouble = yield from _keep(key, collected, outcome)
        return outcome if trouble is None else replace(outcome, notes=(*outcome.notes, trouble))
    finally:
        steps.close()


def _look(
    key: str, route: Route, within_s: float | None
) -> Generator[Step, Any, tuple[Kept | None, Deployment | None, Note | None]]:
    """What is kept and whose it is; a note where the cache cannot be asked."""
    try:
        value: bytes | None = yield Look(key, within_s)
        if value is None:
            return None, None, None
        kept = decoded(value)
        at = None if kept is None else _origin(kept, route)
        if at is None:  # no use to us: as if there were nothing, and what comes is put in its place
            value = yield Look(key, within_s, value)
            kept = None if value is None else decoded(value)
            at = None if kept is None else _origin(kept, route)
    except CacheError as error:
        return None, None, _unavailable(error)
    return kept, at, None


def _begun_before(steps: Exchange, waited_s: float, left_s: float) -> Exchange:
    """The call as one that began before it waited for an equal one: its whole time is what it was given.

    The first time that it is told is that of its beginning; what it asks for until it is told the next
    one may take no longer than is left.
    """
    told = 0
    try:
        step = next(steps)
        while True:
            is_now = type(step) is Now
            told += is_now
            if told == 1 and not is_now:
                step = _shortened(step, left_s)
            try:
                answer = yield step
            except Error as error:
                step = steps.throw(error)
            else:
                if is_now and told == 1:
                    wall, mono = answer
                    answer = (wall, mono - waited_s)
                step = steps.send(answer)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


def _shortened(step: Step, left_s: float) -> Step:
    limits = {name: value for name in _LIMITS if (value := getattr(step, name, None)) is not None}
    return replace(step, **{name: min(value, left_s) for name, value in limits.items()}) if limits else step


_LIMITS = ("connect_s", "head_s", "within_s")


def _keep(key: str, pieces: list[list[ChatEvent]], outcome: Outcome) -> Generator[Step, Any, Note | None]:
    """Keep an answer that is good; a note where the cache cannot take it."""
    value = None
    if is_good(pieces):
        wall, _ = yield Now()
        at = outcome.at
        kept = Kept(
            pieces=[[_readable(event) for event in piece] for piece in pieces],
            provider=at.provider,
            endpoint=at.endpoint,
            model=at.model,
            told_id=outcome.request_id,
            notes=outcome.notes,
            at_s=wall,
        )
        value = encoded(kept)
    try:
        yield Keep(key, value)
    except CacheError as error:
        return _unavailable(error)
    return None


def _readable(event: ChatEvent) -> ChatEvent:
    """The event as it can be read back: without the provider's own object of usage, which says the same."""
    if type(event) is UsageReported and event.usage.raw is not None:
        return replace(event, usage=replace(event.usage, raw=None))
    return event


def is_good(pieces: Sequence[Sequence[ChatEvent]]) -> bool:
    """Whether every choice says something, stands, and ended as one that is kept."""
    folder = Folder()
    folder.add([event for piece in pieces for event in piece])
    choices = folder.response().choices
    return bool(choices) and all(
        choice.finish_reason in GOOD and choice.withdrawn is None and _says_something(choice.message)
        for choice in choices
    )


def _says_something(message: Message) -> bool:
    """Whether there is more than thinking and blanks, and no refusal."""
    kinds: set[type] = {type(part) for part in message.content}
    return Refusal not in kinds and bool(message.text.strip() or kinds.difference({Text, Thinking}))


_DECODER = msgspec.json.Decoder(Kept)
"""Made while this module is imported: threads that make their first one of a type at once crash msgspec."""
_PACKED_FROM = 1024
_PLAIN, _PACKED = b"%dj" % VERSION, b"%dz" % VERSION


def encoded(kept: Kept) -> bytes:
    """Its bytes: the version, how they are packed, JSON (raw parts of replies are JSON already)."""
    plain = msgspec.json.encode(kept)
    if len(plain) >= _PACKED_FROM:
        packed = zlib.compress(plain)
        if len(packed) < len(plain) * 2 // 3:
            return _PACKED + packed
    return _PLAIN + plain


def decoded(value: bytes) -> Kept | None:
    """The answer; None where it cannot be read, or is of another version."""
    form, body = value[:2], value[2:]
    try:
        if form == _PACKED:
            body = zlib.decompress(body)
        elif form != _PLAIN:
            return None
        return _DECODER.decode(body)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _origin(kept: Kept, route: Route) -> Deployment | None:
    """The deployment that it came from."""
    for pool in route:
        for at in pool:
            if (at.provider, at.endpoint, at.model) == (kept.provider, kept.endpoint, kept.model):
                return at
    return None


NOTHING_SENT = Sent("", "", b"", attempts=0)
_NO_HEAD = WireHead(200)


def _outcome(kept: Kept, at: Deployment) -> Outcome:
    when = datetime.fromtimestamp(kept.at_s, UTC)
    note = Note(
        code="cached",
        message=f"Answered from the cache, where it was kept at {when:%Y-%m-%d %H:%M} UTC; nothing was sent.",
    )
    return Outcome(at, NOTHING_SENT, _NO_HEAD, (*kept.notes, note), kept.told_id, cached=True)


def _unavailable(error: CacheError) -> Note:
    return Note(code="cache_unavailable", message=f"The call went past the cache: {error.message}.")
