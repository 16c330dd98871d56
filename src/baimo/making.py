"""What can be asked of a deployment besides words: images, the text of sound, speech, moderation.

As in `baimo.operations`, dialects are known by what they can do, never by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from baimo.dialect.making import ImagesDialect, ModerateDialect, SpeakDialect, TranscribeDialect
from baimo.errors import ConfigError, Error, TimedOutError
from baimo.exchange import Decoder, Deployment, Exchange, Outcome
from baimo.passing import through
from baimo.rules import Route
from baimo.steps import Emit, Now, Wait
from baimo.types.images import ImagesRequest, ImagesResponse
from baimo.types.moderation import ModerateRequest
from baimo.types.speech import SpeechRequest
from baimo.types.transcription import TranscribeRequest
from baimo.wire.http import WireHead, WireRequest

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
    """The text of some sound."""

    streams = False

    def __init__(self, request: TranscribeRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_transcribe"):
            raise _incapable(at, "transcription")
        dialect: TranscribeDialect = at.dialect
        return dialect.encode_transcribe(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: TranscribeDialect = at.dialect
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
        dialect: SpeakDialect = at.dialect
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


class TaskOperation:
    """How a task that makes images goes."""

    streams = False

    def __init__(self, request: ImagesRequest, task_id: str) -> None:
        self._request = request
        self._task_id = task_id
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        wire: WireRequest = at.dialect.encode_images_task(self._request, self._task_id, at.site)
        return wire

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: ImagesDialect = at.dialect
        return Whole(lambda body: dialect.decode_images(self._request, head, body, at.site))


def makes_tasks(route: Route) -> bool:
    """Whether some place of a route makes images as a task that is waited for."""
    return any(hasattr(at.dialect, "encode_images_task") for pool in route for at in pool)


def waited_for(
    steps: Exchange,
    request: ImagesRequest,
    total_s: float | None,
    ask: Callable[[TaskOperation, Deployment], Exchange],
) -> Exchange:
    """The call, and as long as what it gives is a task, questions how that goes, by `ask`, at the same place.

    Raises TimedOutError where it takes longer than `total_s` seconds; every error in between has the id of
    the task, which goes on without us.
    """
    given: list[ImagesResponse] = []

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
            yield from through(ask(TaskOperation(request, task_id), outcome.at), held)
        except Error as error:
            error.task_id = task_id
            error.hint = error.hint or f"The task {task_id} may go on at the provider, and be billed."
            raise
        made = replace(given[0], task_id=task_id)
        wait_s = min(wait_s * 1.5, _LONGEST_S)
    yield Emit([made])
    return outcome
