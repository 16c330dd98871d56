"""What a failed connection means, in words."""

from __future__ import annotations

import errno
import socket

from baimo.errors import ConnectError, StaleConnectionError, TimedOutError, TransportError, UnsupportedError
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest

STAGGER_S = 0.25
"""How long one address is tried alone before the next one joins (RFC 8305, section 5)."""

_USE_OURS = "Leave `transport` out: the transport that is used then carries WebSockets too."
_PERMANENT = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


def connect_failure(name: str, error: OSError) -> ConnectError:
    """The error for a connection to `name` that could not be made."""
    if isinstance(error, socket.gaierror):
        return ConnectError(
            f"the host name of {name} cannot be found: {error.strerror}",
            hint="Check the address, the network and the proxy settings.",
            retryable=error.errno not in _PERMANENT,
        )
    if error.errno == errno.ECONNREFUSED:
        return ConnectError(f"nobody answers at {name}: connection refused")
    return ConnectError(f"cannot connect to {name}: {error.strerror or error}")


def connect_timeout(name: str, seconds: float, what: str = "no connection to") -> TimedOutError:
    """The error for a connection that was not there in time; nothing was sent."""
    return TimedOutError(f"{what} {name} within {seconds:g} s", limit="connect", sent=False)


def reply_timeout(limit: str, seconds: float) -> TimedOutError:
    """The error for a reply that is late: `limit` is head or idle."""
    what = "the head of the reply" if limit == "head" else "the next piece of the reply"
    return TimedOutError(f"{what} did not come within {seconds:g} s", limit=limit)


def stale_connection() -> StaleConnectionError:
    """The error for a kept connection that ended without a byte of the reply."""
    return StaleConnectionError("a kept connection ended before any byte of the reply came")


def call_aborted() -> TransportError:
    """The error for a call that our own side ended."""
    return TransportError("the connection was closed on our side", retryable=False)


def transport_closed() -> ConnectError:
    """The error for a call on a transport after its `close`."""
    return ConnectError(
        "this client is closed",
        hint="Call inside its `with`, or make another client; a transport is closed with its client.",
        retryable=False,
    )


def http_only(request: WireRequest, who: str, hint: str = _USE_OURS) -> HttpRequest:
    """The request for a transport that carries HTTP alone. Raises UnsupportedError for a WebSocket."""
    if isinstance(request, SocketRequest):
        raise UnsupportedError(f"{who} cannot carry a WebSocket, which {request.origin} asks for", hint=hint)
    return request
