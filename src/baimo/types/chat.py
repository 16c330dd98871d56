"""A chat request and its response."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo.notes import Note

from .content import Cache, Part, Refusal, Replay, Text, Thinking, ToolCall
from .money import Money
from .tools import Search, Tool, ToolChoice
from .usage import Usage


class Role(StrEnum):
    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One turn: who speaks and what. A plain string as `content` becomes one Text.

    >>> Message(role="user", content=(Text(text="Hi"),)).text
    'Hi'
    """

    role: Role
    content: tuple[Part, ...] = ()
    name: str | None = None
    replay: Replay | None = None

    def __post_init__(self) -> None:
        if type(self.role) is not Role:
            msgspec.structs.force_setattr(self, "role", Role(self.role))
        content: object = self.content
        if type(content) is not tuple:
            whole = (Text(text=content),) if isinstance(content, str) else tuple(self.content)
            msgspec.structs.force_setattr(self, "content", whole)

    @property
    def text(self) -> str:
        """All words for people, joined."""
        return "".join([part.text for part in self.content if type(part) is Text])

    @property
    def thinking(self) -> str:
        return "".join([part.text for part in self.content if type(part) is Thinking])

    @property
    def refusal(self) -> str | None:
        """The model's words for not answering, or None."""
        words = [part.text for part in self.content if type(part) is Refusal]
        return "".join(words) if words else None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple([part for part in self.content if type(part) is ToolCall])


class FinishReason(StrEnum):
    """Why a reply ended."""

    STOP = "stop"
    LENGTH = "length"
    CONTEXT_LENGTH = "context_length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    ERROR = "error"
    UNKNOWN = "unknown"


class TokenLogprob(msgspec.Struct, frozen=True, kw_only=True):
    """A token with its log probability; `bytes` are its UTF-8 bytes where the provider tells them."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None
    top: tuple[TokenLogprob, ...] = ()


class ResponseFormat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form an answer must have: free text, any JSON object, or JSON by a schema."""

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


Validate: TypeAlias = bool | Literal["repair"] | None
"""Whether an answer's form is checked: None as far as that can be done, True wholly, "repair" with one more
round, False not at all."""


class Reasoning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much the model should think: switched off, an effort, or a budget in tokens."""

    enabled: bool | None = None
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    budget: int | None = None


class AudioOutput(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Spoken answers: the voice and the format to make them in."""

    voice: str
    format: str


USUAL_TIERS = (None, "auto", "default", "standard", "standard_only")
"""Service tiers whose calls cost what a model's prices tell."""


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One chat call in neutral words. None means "not asked for"."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    max_tokens: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    response_format: ResponseFormat | None = None
    reasoning: Reasoning | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    audio: AudioOutput | None = None
    modalities: tuple[str, ...] = ()
    prediction: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache: Cache | None = None
    """That the provider keep the prompt for the next call, laid as marks where its wire has them."""
    search: Search | None = None
    stream: bool = False
    include_usage: bool | None = None
    """Usage in a stream; None lets the dialect ask for it wherever the provider knows how."""
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    """Merged into the wire body last."""
    headers: Mapping[str, str] = {}
    """Laid over the wire head, signed with the rest."""
    foreign: Replay | None = None
    """Fields of a served request that its dialect did not know; sent on to the same dialect only."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One of the answers to a request."""

    index: int = 0
    message: Message
    finish_reason: FinishReason = FinishReason.UNKNOWN
    finish_raw: str | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    withdrawn: str | None = None
    """Why the provider took the text back after sending it, where it did."""


Ended = Literal["complete", "cut", "stalled", "error"]


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What was sent, as it was before signing, so without secrets: the last attempt of a call."""

    method: str
    origin: str
    target: bytes
    head: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    attempts: int = 1
    maybe_billed: int = 0
    """Earlier attempts that gave no answer but may have been billed all the same."""

    @property
    def url(self) -> str:
        return self.origin + self.target.decode("ascii", "replace")

    @property
    def headers(self) -> dict[str, str]:
        """The header fields as text."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.head}


class ChatResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A whole answer: what the events of a reply add up to."""

    choices: tuple[Choice, ...]
    usage: Usage = Usage()
    id: str | None = None
    model: str = ""
    """The model as the provider names it in its reply, else as it was asked for."""
    provider: str | None = None
    created: int | None = None
    """Unix seconds, by the provider's clock."""
    ended: Ended = "complete"
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    """None where price or usage are not known; never 0 for want of knowledge."""
    raw: Raw | bytes | None = None
    """The provider's own reply, kept with `keep_raw=True`: JSON when whole, the stream's bytes else."""
    sent: Sent | None = None

    @property
    def message(self) -> Message:
        """The first choice's message; an empty one where the provider sent no choice."""
        return self.choices[0].message if self.choices else Message(role=Role.ASSISTANT)

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def thinking(self) -> str:
        return self.message.thinking

    @property
    def refusal(self) -> str | None:
        return self.message.refusal

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return self.message.tool_calls

    @property
    def finish_reason(self) -> FinishReason:
        return self.choices[0].finish_reason if self.choices else FinishReason.UNKNOWN
