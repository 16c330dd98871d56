"""The steps that a call's generator asks its driver to do. A closed list, without logic.

A generator yields a step and is sent its result; a failure is thrown into it. What a failure
means is decided in the generator, never in the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

import msgspec

from baimo.errors import Error
from baimo.types.limits import Claim, Receipt, Settlement
from baimo.wire.http import WireRequest


class Send(msgspec.Struct, frozen=True, gc=False):
    """Open the transport and send. Result: `WireHead`."""

    wire: WireRequest
    connect_s: float
    """Seconds for the connection, name look-up and TLS included."""
    head_s: float
    """Seconds from the request's last byte to the whole head of the reply."""


class Read(msgspec.Struct, frozen=True, gc=False):
    """Read on. Result: a piece of the body, or `b""` at its end."""

    within_s: float
    """Seconds until the next piece must be here."""


class Emit(msgspec.Struct, frozen=True, gc=False):
    """Hand events to the caller: all that one read gave. Result: None."""

    events: list[Any]
    raw: bytes | None = None
    """The wire piece itself, for callers that pass it on."""


class Retrying(msgspec.Struct, frozen=True):
    """What a caller is told before a request is sent again."""

    provider: str
    attempt: int
    """The attempt that comes next, counted from 1."""
    attempts: int
    """How many there will be at the most."""
    wait_s: float
    error: Error


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Wait for so many seconds, after telling whoever listens why. Result: None."""

    seconds: float
    why: Retrying | None = None


class Now(msgspec.Struct, frozen=True, gc=False):
    """The time. Result: `(wall, monotonic)`, both in seconds."""


class Dice(msgspec.Struct, frozen=True, gc=False):
    """Chance. Result: a float in [0, 1)."""


class Shared(msgspec.Struct, frozen=True):
    """Run `make()` once per key however many calls wait for it. Result: what it returned.

    `make()` is a generator of steps that returns `(value, lives_s)`; the value is shared until it expires.
    """

    key: str
    make: Callable[[], Steps]
    stale: Any = None
    """A value that is no longer good: where it is the one that is kept, `make` is run anew."""
    within_s: float | None = None
    """Seconds that this call may wait for it; None: as long as `make` takes."""


class Reserve(msgspec.Struct, frozen=True, gc=False):
    """Take a place within limits, before a request. Result: `Receipt` of the first claim that is granted.

    Claims are alternatives, best first. Where none can be granted now, the call waits in line.
    Raises LimitReachedError where it would wait longer than it may.
    """

    claims: tuple[Claim, ...]
    within_s: float | None = None
    """Seconds that it may wait; None: as long as it takes."""
    priority: int = 0
    """The higher goes first; in line among its like."""


class Settle(msgspec.Struct, frozen=True, gc=False):
    """Give a place back, and tell what became of the request. Result: None."""

    receipt: Receipt
    settlement: Settlement


class Look(msgspec.Struct, frozen=True):
    """Look into the cache. Result: the stored bytes, or None: then the caller is the one who fetches.

    While another call fetches the same, this one waits for it, `within_s` at the most. Raises CacheError
    where nothing can be looked up: then the caller fetches, and keeps nothing.
    """

    key: str
    within_s: float | None = None
    stale: bytes | None = None
    """Stored bytes that are no good: where it is these that are kept, the caller fetches anew."""


class Keep(msgspec.Struct, frozen=True):
    """End what `Look` began, however it goes. Result: None. Raises CacheError where nothing can be stored."""

    key: str
    value: bytes | None
    """None: there is nothing to keep, another one may fetch."""


Step: TypeAlias = Send | Read | Emit | Wait | Now | Dice | Shared | Reserve | Settle | Look | Keep
Steps: TypeAlias = Generator[Step, Any, Any]
