"""Whether a failure moves a call on to the next deployment."""

from __future__ import annotations

from baimo.errors import (
    ConfigError,
    ContentFilteredError,
    ContextTooLongError,
    EmptyAnswerError,
    Error,
    InputError,
    InvalidRequestError,
    StreamInterrupted,
    UnsupportedError,
)


def moves_on(error: Error) -> bool:
    """True when another deployment may do better.

    A bad request or refused content fails everywhere alike; another dialect may be able to say what
    this one cannot, and another model may hold a longer context. After the first event was shown
    nothing moves on.
    """
    if isinstance(error, (ContextTooLongError, UnsupportedError)):
        return True
    if isinstance(error, EmptyAnswerError):
        return error.retryable
    return not isinstance(
        error, (InputError, InvalidRequestError, ContentFilteredError, ConfigError, StreamInterrupted)
    )
