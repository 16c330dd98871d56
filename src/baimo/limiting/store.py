"""Redis as keepers of limits use it: an address, a connection that fails in words, jobs for the script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec

from baimo.errors import ConfigError, MissingExtraError, TransportError

LEASE_S = 30.0
"""So long after a process is gone, its requests under way count no more. Renewed at a third of it."""
TIMEOUT_S = 2.0
"""So long Redis may take for an answer."""
_TIMEOUTS_S = (TIMEOUT_S, 1.0, 0.5, 0.2, 0.1)


def patience(within_s: float) -> float:
    """How long Redis may take where the caller has so much time: one of few values, each with connections of
    its own, for a connection is made with its time limit."""
    return next((one for one in _TIMEOUTS_S if one <= within_s), _TIMEOUTS_S[-1])


def options(timeout_s: float) -> dict[str, Any]:
    """How connections are made: nothing is sent twice, for a claim that is sent twice counts twice."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }


def tag(prefix: str) -> str:
    """What every name begins with; the braces keep all of them on one node of a cluster."""
    return "{" + prefix + "}:limits"


def payload(job: Mapping[str, Any], lease_s: float) -> bytes:
    """A job as the script reads it."""
    return msgspec.json.encode({**job, "lease": round(lease_s * 1000)})


def without_secrets(address: str) -> str:
    """The address without user and password."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


@contextmanager
def in_words(address: str) -> Iterator[None]:
    """Failures of Redis as our errors, which show the address without its password."""
    from redis import exceptions

    shown = without_secrets(address)
    try:
        yield
    except (exceptions.AuthenticationError, exceptions.ResponseError) as error:
        raise ConfigError(f"Redis at {shown}, where limits are shared, refuses: {_said(error)}") from None
    except (exceptions.RedisError, OSError) as error:
        raise TransportError(
            f"Redis at {shown}, where limits are shared, does not answer ({type(error).__name__})",
            hint="Calls do not go out without their limits. Start it, or take `shared` out of [limits].",
            sent=False,
        ) from None


def package() -> Any:
    """The package `redis`. Raises MissingExtraError without it."""
    try:
        import redis
    except ImportError:
        raise MissingExtraError(
            "limits that are shared need the package redis", hint="Install it: pip install 'baimo[redis]'"
        ) from None
    return redis


def checked(address: str) -> None:
    """Raise ConfigError for what is no address of a Redis."""
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("redis", "rediss", "unix"):
        raise ConfigError(
            "shared in [limits] must be the address of a Redis, like redis://127.0.0.1:6379/0",
        )


def _said(error: Exception) -> str:
    """The first words of what Redis answered: its code, and nothing that was sent."""
    return str(error).partition(",")[0][:120]
