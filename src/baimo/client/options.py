"""What a caller may say besides model and messages: one list of names for every call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from baimo.types.chat import AudioOutput, Message, Reasoning, ResponseFormat
from baimo.types.money import Money
from baimo.types.tools import Search, Tool, ToolChoice

if TYPE_CHECKING:
    from .budget import Budget

Messages: TypeAlias = str | Sequence[Message | Mapping[str, Any] | tuple[str, str]] | Message
"""A prompt; messages of ours or as OpenAI writes them; or (user, assistant) pairs of earlier turns."""
Model: TypeAlias = str | Sequence[str] | None
"""`provider/model`, an alias, a list of them as fallbacks in order, or None for the default model."""


class CountOptions(TypedDict, total=False):
    """Options of counting tokens."""

    system: str | None
    """Put before the messages as the system message."""
    tools: Sequence[Tool | Mapping[str, Any]]
    offline: bool | None
    """True: nobody is asked. False: the provider must count. None: it counts where it can."""
    extra: Mapping[str, Any]
    """Merged into the wire body last."""
    headers: Mapping[str, str]
    timeout: float | None
    """Seconds for the whole call."""


class SharedOptions(TypedDict, total=False):
    """Options of all calls of chat models, but for the tools."""

    system: str | None
    """Put before the messages as the system message."""
    tools_as: Literal["native", "prompt"]
    """"prompt" describes the tools in the system message and reads calls out of the text, for models
    without tools of their own; never done unless it is asked for."""
    tool_choice: ToolChoice | str | Mapping[str, Any] | None
    parallel_tool_calls: bool | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    frequency_penalty: float | None
    presence_penalty: float | None
    repetition_penalty: float | None
    seed: int | None
    stop: str | Sequence[str] | None
    max_tokens: int | None
    n: int | None
    logprobs: bool | None
    top_logprobs: int | None
    logit_bias: Mapping[str, float] | None
    response_format: ResponseFormat | Mapping[str, Any] | str | None
    reasoning: Reasoning | str | bool | int | Mapping[str, Any] | None
    verbosity: Literal["low", "medium", "high"] | None
    audio: AudioOutput | Mapping[str, Any] | None
    modalities: Sequence[str]
    prediction: str | None
    service_tier: str | None
    store: bool | None
    metadata: Mapping[str, str] | None
    user: str | None
    prompt_cache_key: str | None
    prompt_cache: bool | Literal["5m", "1h"] | None
    """Whether the provider should keep this prompt for the next call, and how long: marks are laid on the
    last part of the system, the last tool and the last message. Nothing where it caches by itself."""
    fetch: Literal["auto", "always", "never"] | None
    """Which web addresses of pictures and other media are fetched here and sent as bytes: those that the
    provider would not fetch ("auto"), all, or none; None: as the client is set."""
    search: Search | bool | Mapping[str, Any] | None
    """Whether the provider may search the web for the answer: True, or what is said of it."""
    unsupported: Literal["raise", "drop"]
    """What to do with what the provider cannot be told: raise UnsupportedError, or drop it with a note."""
    extra: Mapping[str, Any]
    """Merged into the wire body last."""
    headers: Mapping[str, str]
    """Laid over the wire head, signed with the rest."""
    timeout: float | None
    """Seconds for the whole call: retries, waiting and reading included."""
    strategy: Literal["ordered", "weighted", "least-latency", "cheapest", "least-busy"] | None
    """How the deployments of a route are chosen; "ordered" where nothing else is said."""
    on_cut: Literal["raise", "continue"] | None
    """Streams only: what follows when an answer is cut off after its first word. "continue" lets the next
    deployment that can go on from there; a `Continued` event and a note on the response tell of it."""
    at_most: str | Money | None
    """What the call may cost, retries and fallbacks included: "0.05 CNY"."""
    budget: str | Budget | Sequence[Budget] | None
    """A budget, or several, that this call counts against, besides those of the client."""
    cache: bool | None
    """Whether equal calls may be answered from the cache; None: as the client is set."""
    priority: int | None
    """Where calls wait in line for a limit the higher goes first; 0 where nothing is said."""
    conversation: str | None
    """Names the conversation: its calls go to the same key of a pool, where prompt caches still know it."""
    keep_raw: bool
    """Keep the provider's own reply as `r.raw`."""
    keep: bool
    """Streams only. False lets each piece go once it was given, so that a long stream takes no memory."""
    validate: bool | Literal["repair"]
    """What to make of an answer in another form than `response_format` asks for. Left out: JSON is checked,
    and the schema where the package jsonschema is there. True: the schema must be checked. "repair": a whole
    answer is asked for once more, with the fault told. False: nothing is looked at."""
    mend: bool
    """Whether a call that the provider refuses for its wording is made again in words that it takes; each
    such mending is told in `r.notes`."""


class ChatOptions(SharedOptions, total=False):
    """Options of one chat call; the names follow OpenAI's. What is left out is not sent."""

    tools: Sequence[Tool | Mapping[str, Any]]
