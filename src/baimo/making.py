"""What can be asked of a deployment besides words: images, the text of sound, speech, moderation.

As in `baimo.operations`, dialects are known by what they can do, never by name.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from baimo.dialect.making import (
    ImagesDialect,
    ModerateDialect,
    SpeakDialect,
    TaskDialect,
    TranscribeDialect,
)
from baimo.errors import ConfigError, Error, FetchError, TimedOutError, WireError
from baimo.exchange import Decoder, Deployment, Exchange, Outcome
from baimo.media.fetching import Fetched, FetchRules, fetch, request_for, shown
from baimo.passing import through
from baimo.resilience.timing import Deadline
from baimo.rules import Route
from baimo.steps import Emit, Now, Step, Wait
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.moderation import ModerateRequest
from baimo.types.sniff import media_type_of
from baimo.types.speech import SpeechPiece, SpeechRequest
from baimo.types.transcription import TranscribeRequest, Transcription
from baimo.wire.http import WireHead, WireRequest, split_url

from .operations import Whole

Making = TypeVar("Making", ImagesRequest, TranscribeRequest, SpeechRequest, ModerateRequest)


class ImagesOperation:
    """Images of a prompt."""

    streams = False

    def __init__(self, request: ImagesRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_images"):
            raise _incapable(at, "making of images")
        dialect: ImagesDialect = at.dialect
        return dialect.encode_images(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: ImagesDialect = at.dialect
        return Whole(lambda body: dialect.decode_images(self._request, head, body, at.site))


class TranscribeOperation:
    """The text of some sound; streamed, the events are `TranscriptPiece`."""

    def __init__(self, request: TranscribeRequest) -> None:
        self._request = request
        self.streams = request.stream
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_transcribe"):
            raise _incapable(at, "transcription")
        if self._request.stream and not hasattr(at.dialect, "transcript_decoder"):
            raise _incapable(at, "streamed transcription")
        dialect: TranscribeDialect = at.dialect
        return dialect.encode_transcribe(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: Any = at.dialect
        if self._request.stream:
            decoder: Decoder = dialect.transcript_decoder(self._request, head, at.site)
            return decoder
        return Whole(lambda body: dialect.decode_transcribe(self._request, head, body, at.site))


class SpeakOperation:
    """Speech of a text; the events are `SpeechPiece`."""

    def __init__(self, request: SpeechRequest) -> None:
        self._request = request
        self.streams = request.stream
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_speak"):
            raise _incapable(at, "speech")
        dialect: SpeakDialect = at.dialect
        return dialect.encode_speak(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        """A decoder; a dialect with `speech_decoder_for` is told what was asked."""
        dialect: SpeakDialect = at.dialect
        if hasattr(dialect, "speech_decoder_for"):
            decoder: Decoder = dialect.speech_decoder_for(self._request, head, at.site)
            return decoder
        return dialect.speech_decoder(head, at.site)


class ModerateOperation:
    """Whether texts hold what is not wanted."""

    streams = False

    def __init__(self, request: ModerateRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_moderate"):
            raise _incapable(at, "moderation")
        dialect: ModerateDialect = at.dialect
        return dialect.encode_moderate(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: ModerateDialect = at.dialect
        return Whole(lambda body: dialect.decode_moderate(self._request, head, body, at.site))


def _addressed(request: Making, at: Deployment) -> Making:
    """The request for that deployment: its model, and what the row or an alias adds to the body."""
    return replace(request, model=at.model, extra={**at.extra, **request.extra})


def _incapable(at: Deployment, what: str) -> ConfigError:
    return ConfigError(f"{at.provider} is spoken to by {at.dialect.name!r}, which knows no {what}")


_FIRST_S, _LONGEST_S, _USUAL_S = 1.0, 5.0, 600.0
"""Waits between two questions how a task goes, and how long it is waited for where the call has no limit."""
_AGAIN_S = (1.0, 3.0)
"""Waits before what was made is fetched again: it is made, and may be billed."""


class TaskOperation:
    """How a task goes that makes images, or the text of some sound."""

    streams = False

    def __init__(self, begun_by: ImagesOperation | TranscribeOperation, task_id: str) -> None:
        self._begun_by = begun_by
        self._task_id = task_id
        self.headers = begun_by.headers

    def encode(self, at: Deployment) -> WireRequest:
        dialect: TaskDialect = at.dialect
        return dialect.encode_task(self._task_id, self.headers, at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        return self._begun_by.decoder(head, at)


def makes_tasks(route: Route) -> bool:
    """Whether some place of a route may answer with a task that is waited for, or with an address."""
    return any(hasattr(at.dialect, "encode_task") for pool in route for at in pool)


def waited_for(
    steps: Exchange,
    operation: ImagesOperation | TranscribeOperation,
    total_s: float | None,
    ask: Callable[[TaskOperation, Deployment], Exchange],
) -> Exchange:
    """The call, and as long as what it gives is a task, questions how that goes, by `ask`, at the same place.

    Raises TimedOutError where it takes longer than `total_s` seconds; every error in between has the id of
    the task, which goes on without us.
    """
    given: list[ImagesResponse | Transcription] = []

    def held(emit: Emit) -> None:
        given[:] = emit.events

    _, began = yield Now()
    outcome: Outcome = yield from through(steps, held)
    made, wait_s = given[0], _FIRST_S
    while made.is_pending:
        task_id = made.task_id or ""
        try:
            _, now = yield Now()
            if now + wait_s - began > (total_s or _USUAL_S):
                limit = total_s or _USUAL_S
                raise TimedOutError(
                    f"the task {task_id} was not done within {limit:g} s", limit="total", sent=True
                )
            yield Wait(wait_s)
            yield from through(ask(TaskOperation(operation, task_id), outcome.at), held)
        except Error as error:
            error.task_id = task_id
            error.hint = error.hint or f"The task {task_id} may go on at the provider, and be billed."
            raise
        made = replace(given[0], task_id=task_id)
        wait_s = min(wait_s * 1.5, _LONGEST_S)
    yield Emit([made])
    return outcome


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How what a provider made is fetched from where it keeps it."""

    rules: FetchRules
    guarded: bool = True
    """Whether the transport sees to it that only public addresses are connected to."""


def brought(steps: Exchange, total_s: float | None, keeping: Keeping) -> Exchange:
    """The call, with the sound or the text itself where it gives but the address where that is kept.

    The address is looked at as any other: public, unless the provider itself is there. Sound that comes in
    pieces is shown as it comes. Raises FetchError, ConfigError, WireError; TimedOutError after `total_s`.
    """
    kept: list[SpeechPiece | Transcription] = []

    def passed(emit: Emit) -> Emit | None:
        shown = [made for made in emit.events if made.address is None]
        if len(shown) == len(emit.events):
            return emit
        kept.extend([made for made in emit.events if made.address is not None])
        return replace(emit, events=shown) if shown else None

    _, began = yield Now()
    outcome: Outcome = yield from through(steps, passed)
    deadline = Deadline(total_s, now=began)
    for made in kept:
        try:
            found = yield from _fetched(made.address or "", outcome.at, keeping, deadline)
            whole = _whole(made, found, outcome.at)
        except Error as error:
            error.sent = True
            error.task_id = getattr(made, "task_id", None)
            error.hint = "It was made, and may be billed; what could not be had is its file."
            raise
        yield Emit([whole])
    return outcome


def _fetched(url: str, at: Deployment, keeping: Keeping, deadline: Deadline) -> Generator[Step, Any, Fetched]:
    """What is kept at an address, asked for again where that may help."""
    own, _ = split_url(at.site.base_url)
    rules = replace(keeping.rules, own=own)
    if request_for(url, rules).public_only and not keeping.guarded:
        raise ConfigError(
            f"{shown(url)} is to be fetched, but the transport that was handed in does not see to it that "
            "only public addresses are connected to"
        )
    for wait_s in _AGAIN_S:
        try:
            return (yield from fetch(url, rules, deadline))
        except FetchError as error:
            if not error.retryable:
                raise
        yield Wait(wait_s)
    return (yield from fetch(url, rules, deadline))


def _whole(made: SpeechPiece | Transcription, found: Fetched, at: Deployment) -> SpeechPiece | Transcription:
    """What was fetched, as what the call gives."""
    if isinstance(made, Transcription):
        dialect: TaskDialect = at.dialect
        return dialect.decode_transcript(made, found.data)
    told = found.media_type
    kind = media_type_of(found.data) or (told if told and told.startswith("audio/") else None)
    if not found.data or told == "text/html":
        raise WireError("the address where the sound should be holds none")
    return SpeechPiece(audio=found.data, media_type=kind, usage=made.usage)
