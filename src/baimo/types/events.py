"""Events: the pieces a reply consists of, whole or streamed.

Order, per choice: Started once for the reply; then per part PartStarted, any number of PartDelta,
PartEnded; Finished once. Parts of one choice may interleave by `index`.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from .chat import FinishReason, TokenLogprob
from .content import Citation, Part, Replay
from .usage import Usage


class Started(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The reply begins. Fields the provider leaves out are None."""

    id: str | None = None
    model: str | None = None
    created: int | None = None


class PartStarted(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A part begins: `part` holds what is known by now, its text still empty or begun."""

    index: int
    part: Part
    choice: int = 0


class PartDelta(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """More of a part.

    `text` goes to the text of Text, Thinking and Refusal, the arguments of a ToolCall, the transcript of
    Audio; `data` to the bytes of Audio and Image.
    """

    index: int
    text: str = ""
    data: bytes = b""
    choice: int = 0


class PartEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A part is whole. What the provider told only now is laid over the part."""

    index: int
    citations: tuple[Citation, ...] = ()
    replay: Replay | None = None
    expires_at: int | None = None
    """Of Audio: Unix seconds until which its id may be referred to."""
    choice: int = 0


class LogprobsReported(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Log probabilities of the tokens just made."""

    tokens: tuple[TokenLogprob, ...]
    choice: int = 0


class UsageReported(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """What the call used so far. Replaces what was reported before, never adds to it."""

    usage: Usage


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The provider takes back what it sent for this choice (moderation in mid-stream)."""

    reason: str
    choice: int = 0


class Continued(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Another deployment goes on with an answer that was cut; asked for with `on_cut="continue"`."""

    model: str | None = None
    """The model that goes on, as its provider names it."""
    after: int
    """Characters of the text that were there before."""
    choice: int = 0


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A choice ended; `raw` is the provider's own word for why."""

    reason: FinishReason
    raw: str | None = None
    choice: int = 0


ChatEvent: TypeAlias = (
    Started
    | PartStarted
    | PartDelta
    | PartEnded
    | LogprobsReported
    | UsageReported
    | Withdrawn
    | Continued
    | Finished
)
