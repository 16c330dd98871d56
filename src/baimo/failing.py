"""What the failure of an attempt means to its caller: what is known besides, and what it is called.

Loaded when something fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from baimo.errors import (
    AuthError,
    Error,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.resilience.timing import Deadline, TimeLimits
from baimo.types.chat import ChatResponse
from baimo.types.fold import Folder
from baimo.types.secret import Secret
from baimo.wire.http import WireHead

_TURNED_AWAY = (
    AuthError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
)
"""Refusals before any work, whatever the status: some providers say them under a good one."""


def may_be_billed(error: Error, head: WireHead | None) -> bool:
    """Whether the attempt that failed so may be billed: it was sent, and not turned away."""
    status = getattr(error, "status", None) if head is None else head.status
    return error.sent and (status is None or status < 400) and not isinstance(error, _TURNED_AWAY)


def out_of_time(
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


def interrupted(error: Error, held: Sequence[Any] = ()) -> StreamInterrupted:
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


_SHORT = 6
"""Characters below which a secret may stand in any word."""


def mask(error: Error, secrets: Mapping[str, Secret]) -> None:
    """Take out of an error what a provider says of the credentials that it was sent."""
    for secret in secrets.values():
        text = secret.reveal()
        if len(text) >= _SHORT and (text in error.message or text in (getattr(error, "body", None) or "")):
            error.message = error.message.replace(text, "****")
            error.args = (error.message, *error.args[1:])
            if isinstance(error, ProviderError) and error.body is not None:
                error.body = error.body.replace(text, "****")
