"""What a failure means for the rest of a route."""

from __future__ import annotations

from enum import Enum

from baimo.errors import (
    AuthError,
    BudgetError,
    ConfigError,
    ContextTooLongError,
    Error,
    InputError,
    InvalidRequestError,
    LimitReachedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    StreamInterrupted,
    TransportError,
    UnsupportedError,
)


class After(Enum):
    """What may follow a failure, as far as the deployment that failed is concerned."""

    STOP = "stop"
    """Nobody could do better: a bad request, refused content, a wrong configuration."""
    OTHER_KEY = "other_key"
    """Not this key again in this call; another one may do."""
    OTHER_MODEL = "other_model"
    """Not this model again in this call, with any key."""
    LONGER = "longer"
    """Only a model that holds more."""
    LATER = "later"
    """Another deployment now, or this one after a wait."""


def after(error: Error, *, shown: bool = True) -> After:
    """What may follow `error`. `shown`: whether a reply that broke off was shown to the caller by then."""
    if isinstance(error, ContextTooLongError):
        return After.LONGER
    if isinstance(error, (AuthError, PermissionDeniedError, QuotaError)):
        return After.OTHER_KEY
    if isinstance(error, StreamInterrupted):
        return After.STOP if shown else After.LATER
    if isinstance(error, (TransportError, LimitReachedError)):
        return After.LATER
    if isinstance(error, ProviderError) and error.retryable:
        return After.LATER
    if isinstance(error, UnsupportedError):
        return After.OTHER_MODEL
    if isinstance(error, (InputError, InvalidRequestError, ConfigError, BudgetError)):
        return After.STOP
    return After.OTHER_MODEL
