"""The file of a recorded call: JSON lines, one for everything that happened, with its time.

The first line tells what was asked and of whom, the last one what came of it. No secret stands in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo import errors
from baimo.dialect.protocols import Site
from baimo.errors import ConfigError, Error
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.routing.choose import Strategy
from baimo.types.chat import Validate
from baimo.types.parsed import How
from baimo.types.record import CallRecord

FORM = 1
ENDING = ".baimo"
_LONGEST = 512 * 1024 * 1024


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=str.lower, tag_field="is"):
    """One line; `at` is in seconds from the beginning of the call."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deployment without its secrets."""

    provider: str
    endpoint: str
    model: str
    dialect: str
    site: Site
    """Its quirks are those that differ from the dialect's defaults."""
    secrets: dict[str, str] = {}
    """By name what stands in their place."""
    scheme: str | None = None
    """How it signs, where that takes requests of its own."""
    scheme_options: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    limits: TimeLimits | None = None
    transport: str = "network"
    weight: float = 1.0
    key: str = ""


class HowTold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rules by which the call goes over its deployments."""

    strategy: Strategy = "ordered"
    weights: tuple[float, ...] = ()
    on_cut: Literal["raise", "continue"] = "raise"
    limited: bool = False
    """Whether it asked for places within limits."""
    mends: bool = True
    """Whether it might be asked in other words after a refusal about words."""
    validate: Validate = False
    """How the answer is looked at by the form that was asked for; False: it is not."""


class Formed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a value of a type was asked for. What the type itself said of answers stands in the lines."""

    name: str
    schema: Raw
    how: How | None = None
    repairs: bool = False


class Lesson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mending that had helped before, and where."""

    provider: str
    endpoint: str
    model: str
    quirks: dict[str, Any]
    told: str


class Began(_Line, frozen=True, kw_only=True):
    """The call as it was asked for."""

    form: int = FORM
    baimo: str
    id: str
    wall: float
    """When it began, in Unix seconds."""
    operation: str
    streamed: bool = False
    raw: bool = False
    request: Raw = Raw(b"null")
    """The neutral request, where there is one."""
    route: tuple[tuple[Place, ...], ...] = ()
    retry: RetryPolicy = RetryPolicy()
    limits: tuple[TimeLimits, ...] = ()
    rules: HowTold = HowTold()
    learned: tuple[Lesson, ...] = ()
    """What other calls had found to help where a request is refused for its words."""
    whole: bool = True
    """False where it was too long to be kept."""
    fetch: Literal["auto", "always", "never"] | None = None
    """Which addresses of its media were fetched; None: it had none."""
    formed: Formed | None = None
    """Of a call whose answer is a value of a type."""


class Sent(_Line, frozen=True, kw_only=True):
    """A request went out."""

    at: float
    method: str
    origin: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    data: bytes | None = None
    """The body where it is no text."""
    frames: tuple[str, ...] = ()
    """Of a WebSocket."""

    @property
    def whole_body(self) -> bytes:
        return (self.body or "").encode() if self.data is None else self.data


class Came(_Line, frozen=True, kw_only=True):
    """The head of a reply came."""

    at: float
    status: int
    headers: tuple[tuple[str, str], ...] = ()


class Piece(_Line, frozen=True, kw_only=True):
    """A piece of its body."""

    at: float
    text: str | None = None
    data: bytes | None = None
    """The piece where it is no text by itself."""

    @property
    def piece(self) -> bytes:
        return (self.text or "").encode() if self.data is None else self.data


class End(_Line, frozen=True, kw_only=True):
    """The body ended."""

    at: float


class Fault(_Line, frozen=True, kw_only=True):
    """The transport failed."""

    at: float
    kind: str
    message: str
    facts: dict[str, Any] = {}

    @property
    def error(self) -> Error:
        """The error as it was raised."""
        kind = getattr(errors, self.kind)
        error: Error = kind(self.message, **self.facts)
        return error


class Left(_Line, frozen=True, kw_only=True):
    """Our own side ended the reply before its end."""

    at: float


class Dice(_Line, frozen=True, kw_only=True):
    """Chance was asked for."""

    value: float


class Granted(_Line, frozen=True, kw_only=True):
    """Something that calls share was taken: a token, a project's id."""

    at: float
    fetched: bool
    """Whether this call fetched it; the requests stand in the recording then."""
    names: tuple[str, ...] = ()
    """Of the secrets it holds."""
    project: str | None = None
    fault: Fault | None = None
    """Why nothing was to be had from the call that fetched it."""


class Told(_Line, frozen=True, kw_only=True):
    """The world answered: a place within limits, the retry budget, the purse, the cache, a caller's type."""

    at: float
    what: str
    value: Any = None


class Events(_Line, frozen=True, kw_only=True):
    """What the caller was given."""

    at: float
    events: Raw


class Closed(_Line, frozen=True, kw_only=True):
    """What came of the call."""

    took_s: float
    record: CallRecord


Line: TypeAlias = Began | Sent | Came | Piece | End | Fault | Left | Dice | Granted | Told | Events | Closed

_FACTS = (
    "hint",
    "retryable",
    "retry_after",
    "request_id",
    "sent",
    "limit",
    "ended",
    "provider_code",
    "status",
)


def fault_of(error: Error, at: float) -> Fault:
    """A transport's error as a line."""
    facts = {name: value for name in _FACTS if (value := getattr(error, name, None)) is not None}
    kind = type(error).__name__
    if getattr(errors, kind, None) is not type(error):
        kind = "TransportError"
    return Fault(at=at, kind=kind, message=error.message, facts=facts)


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded call, read back."""

    path: Path
    began: Began
    lines: tuple[Line, ...]
    closed: Closed

    @property
    def id(self) -> str:
        return self.began.id

    @property
    def record(self) -> CallRecord:
        return self.closed.record

    @property
    def exchanges(self) -> tuple[Line, ...]:
        """What went over the wire, in order."""
        return tuple(one for one in self.lines if isinstance(one, (Sent, Came, Piece, End, Fault, Left)))

    @property
    def events(self) -> tuple[Any, ...]:
        """What the caller was given, as plain values."""
        told = [msgspec.json.decode(one.events) for one in self.lines if isinstance(one, Events)]
        return tuple(event for events in told for event in events)


_lines: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def read_recording(path: Path) -> Recording:
    """Read a file. Raises ConfigError naming one that is not there, is none, or cannot be replayed."""
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST)
    except OSError as error:
        raise ConfigError(f"the recording {path} cannot be read: {error.strerror or error}") from error
    try:
        lines = _lines.decode_lines(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no recording that this Baimo can read: {error}") from None
    if len(lines) < 2 or not isinstance(lines[0], Began) or not isinstance(lines[-1], Closed):
        raise ConfigError(f"{path} is no whole recording of a call")
    if lines[0].form > FORM:
        raise ConfigError(f"{path} was recorded by a newer Baimo ({lines[0].baimo})", hint="Update Baimo.")
    if not lines[0].whole:
        raise ConfigError(f"the recording {path} is not whole: the replies were too long to be kept")
    return Recording(path=path, began=lines[0], lines=tuple(lines[1:-1]), closed=lines[-1])
