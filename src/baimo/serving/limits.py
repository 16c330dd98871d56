"""What a server lets one connection do."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one server."""

    max_head: int = 64 * 1024
    """Bytes of a request's head; more is refused with 431."""
    max_body: int = 64 * 1024 * 1024
    """Bytes of a request's body, or of a socket's message; more is refused with 413, or closed with 1009."""
    max_ahead: int = 16
    """Requests that may wait on one connection while another one is answered."""
    idle_s: float = 75.0
    """Seconds that a connection without a request is kept."""
    head_s: float = 30.0
    """Seconds from a request's first byte to the end of its head; then 408."""
