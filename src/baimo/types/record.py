"""The record of a call: what was tried, what came of it, what it cost. Kept by those who watch calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, Protocol

import msgspec

from baimo.notes import Note

from .chat import ChatRequest, ChatResponse
from .money import Money
from .usage import Usage

Outcome = Literal["answered", "failed", "interrupted", "cancelled"]
"""interrupted: it broke off after something was shown. cancelled: the caller left."""


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One request to one deployment, in seconds. Its texts hold neither secrets nor prompts nor replies."""

    provider: str
    endpoint: str
    model: str
    dialect: str
    address: str
    """Scheme, host and port that it went to."""
    key: str = ""
    """Which key of a pool, by its name or place in the configuration; empty for the only one."""
    began_s: float
    """When it began, counted from the beginning of the call."""
    queued_s: float = 0.0
    """Waited for a place within limits, before it began."""
    waited_s: float = 0.0
    """Waited as a retry does, before it began."""
    first_s: float | None = None
    """From its beginning to its first event."""
    took_s: float = 0.0
    outcome: Outcome
    error: str | None = None
    """The error's stable code."""
    error_type: str | None = None
    """The name of its class."""
    message: str | None = None
    status: int | None = None
    provider_code: str | None = None
    request_id: str | None = None
    maybe_billed: bool = False
    """It gave no answer, and may have been billed all the same."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Why a deployment was chosen: what the choice was made from, enough to make it again."""

    at_s: float
    """When, counted from the beginning of the call."""
    strategy: str
    dice: float
    sticky: str | None = None
    standings: tuple[dict[str, Any], ...]
    """What was known of each candidate, in the order of the route."""
    order: tuple[int, ...]
    """Places in `standings`, best first; one that is left out was not to be used."""


class CallRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One call with all its attempts. Holds neither secrets nor, by itself, prompts and replies."""

    id: str
    """32 hexadecimal digits that sort by time."""
    operation: str
    """chat, embeddings, count_tokens, …"""
    streamed: bool = False
    at: float
    """When it began, in Unix seconds."""
    took_s: float
    asked: tuple[str, ...]
    """The deployments it might go to, as provider/model, without doubles."""
    provider: str | None = None
    """Who answered, or was asked last."""
    model: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    usage: Usage = Usage()
    cost: Money | None = None
    first_s: float | None = None
    """From the beginning of the call to the first event."""
    outcome: Outcome
    error: str | None = None
    error_type: str | None = None
    message: str | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    decisions: tuple[Decision, ...] = ()
    notes: tuple[Note, ...] = ()
    cached: bool = False
    """Answered from the cache; nothing was sent."""
    conversation: str | None = None
    parameters: dict[str, Any] = {}
    """What was asked besides words: temperature, max_tokens, top_p, top_k, seed, stop, n."""
    recording: str | None = None
    """The file that holds its bytes, where calls are recorded."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, for observers who want it."""

    request: ChatRequest | None = None
    response: ChatResponse | None = None
    """None where nothing came."""


class LateRecord(Protocol):
    """A call that is over, whose record is made when somebody asks for it. It holds no prompts or replies."""

    @property
    def tries(self) -> int:
        """How many attempts the record has."""

    def record(self) -> CallRecord:
        """The record, in whatever thread; always the same."""


class Ready:
    """A record that is there already, where one that is made late would do."""

    __slots__ = ("_record", "tries")

    def __init__(self, record: CallRecord) -> None:
        self._record = record
        self.tries = len(record.attempts)

    def record(self) -> CallRecord:
        """The record."""
        return self._record


class Observer(Protocol):
    """Is told of every call of a client. Must not raise and must not block.

    Those of our own that need no record at once are a `LateObserver` besides.
    """

    wants_content: bool
    """Whether prompts and replies are handed over."""

    def began(self) -> Any:
        """A call begins, in the caller's thread and context. What is returned comes back to `ended`."""

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        """The call is over, whatever came of it."""

    def close(self) -> None:
        """The client closes: everything told so far is to be kept when this returns."""


class LateObserver(ABC):
    """An observer that is told of a call by `over`, in place of `ended`: the record is made where that costs
    the caller least, or never.
    """

    marks = True
    """Whether something is to be made of the beginning of a call. Else `began` is not called."""

    @abstractmethod
    def over(self, late: LateRecord, began: Any, content: Content | None) -> None:
        """The call is over, whatever came of it."""
