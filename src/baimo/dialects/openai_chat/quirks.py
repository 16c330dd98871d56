"""How providers of this wire differ from each other: every difference is one typed field.

The defaults are those of a provider nobody has looked at yet: what OpenAI documents can be said, what
others added cannot, the limit is `max_tokens`, a developer's message goes out as the system's, and
reasoning is not sent back.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from baimo.dialect.interval import Interval

from .beside import Beside

Refusable: TypeAlias = Literal[
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "max_tokens",
    "n",
    "logprobs",
    "logit_bias",
    "json_object",
    "json_schema",
    "tools",
    "custom_tools",
    "parallel_tool_calls",
    "tool_choice.none",
    "tool_choice.required",
    "tool_choice.named",
    "audio",
    "modalities",
    "verbosity",
    "prediction",
    "service_tier",
    "store",
    "metadata",
    "user",
    "prompt_cache_key",
    "image",
    "image_url",
    "file",
    "name",
    "replay",
]
"""Neutral names of what OpenAI documents and a provider may refuse.

Where `tool_choice.none` is refused, no tools are offered in its place.
`image_url` is an image by a web address (bytes may still be sent), `name` the name of a message's author,
`replay` what another provider of this wire gave to be sent back (reasoning_details, fields of messages); it
is left out in silence. The signature of a thinking part goes back with its part all the same.
"""

Sampling: TypeAlias = Literal["temperature", "top_p", "frequency_penalty", "presence_penalty"]

Extra: TypeAlias = Literal[
    "top_k",
    "min_p",
    "repetition_penalty",
    "allowed_tools",
    "video",
    "video_fps_inside",
    "audio_url",
    "document_url",
    "tool_calls_switch",
    "json_word",
    "prefix",
    "partial",
    "logprobs_number",
    "tool_stream",
    "schema_told",
    "reasoning_parsed",
]
"""What some providers of this wire understand beyond the common words.

`video` is a part `video_url`, its frames a second beside the address; with `video_fps_inside` they stand
inside. `audio_url`: the data of a sound is an address, of the web or of data. `document_url` is a part for a
file by a web address. `tool_calls_switch` is a field
that must be true for tool calls to come as a list. `json_word`: a JSON object is made only where the messages
hold the word "json"; a note tells so. `logprobs_number`: `logprobs` is the number of alternatives, not a
boolean beside `top_logprobs`. `schema_told`: the models know no schema of an answer, or are not known to hold
to one, so that `parse` tells it to the model and asks for a JSON object. `tool_stream` is a field that must
be true for the arguments of calls to be streamed. `reasoning_parsed`: thinking stands in a field of its own
only where `reasoning_format` is "parsed", which is sent while the model thinks. `prefix` and `partial` are
fields that mark a last message of the assistant as the beginning of the answer.
After `prefix` the answer repeats it; after `partial`, which is not known for JSON objects, it does not.
"""


SearchWay: TypeAlias = Literal[
    "none",
    "web_search_options",
    "perplexity",
    "enable_search",
    "enable_enhancement",
    "web_search_object",
    "zhipu_tool",
    "baichuan_tool",
    "stepfun_tool",
    "spark_tool",
    "builtin_function",
    "plugin",
]
"""How a search is asked for.

web_search_options: OpenAI's models that always search, with how much they read and where the user is.
perplexity: all models search; the sites may be bounded as well. enable_search: Qwen's boolean with
`search_options`. enable_enhancement: Hunyuan's booleans. web_search_object: Qianfan's `web_search`. …_tool: a
tool `web_search` in that provider's own form. builtin_function: Kimi's `$web_search`, which the model calls
and the caller answers with the call's own arguments. plugin: OpenRouter's plugin `web`.
"""


class Paths(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the operations are, after the base address; `{model}` stands for the percent-encoded model."""

    chat: str = "/chat/completions"
    embed: str = "/embeddings"
    models: str = "/models"
    rerank: str = ""
    """Where texts are ranked; with two slashes in front it is counted from the root of the host. Empty:
    nowhere."""
    count: str = ""
    """Where tokens are counted. Empty: nowhere."""
    images: str = "/images/generations"
    edits: str = "/images/edits"
    transcribe: str = "/audio/transcriptions"
    speak: str = "/audio/speech"
    moderate: str = "/moderations"
    """These five are OpenAI's. Empty: nowhere."""
    prefix: str = ""
    """Where a conversation goes that ends with an answer to be continued, or that has strict functions,
    where that is another place than `chat`. A `/v1` at the end of the base address makes way for it."""
    fill: str = ""
    """Where a text between two others (`suffix` in `extra`) is asked for, likewise. Empty: nowhere."""


class Moot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a provider whose models think unless told otherwise accepts without any effect.

    It is sent all the same, for the same request may go to several models, and a note tells of it.
    """

    thinking: tuple[Sampling, ...] = ()
    """While the model thinks."""
    plain: tuple[Sampling, ...] = ()
    """While it does not."""
    top_p: Interval = Interval("[0, 1]")
    """While the model thinks, `top_p` is moved into this range."""


NOT_MOOT = Moot()


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. Each is used in one place of this package."""

    paths: Paths = Paths()

    max_tokens_field: Literal["max_tokens", "max_completion_tokens", "max_new_tokens"] = "max_tokens"
    """What the limit of an answer is called."""

    developer_role: bool = False
    """The role `developer` is known; else such a message goes out as `system`."""

    string_content: bool = False
    """A message's content must be a string: text parts are joined, other parts cannot be said."""

    blank_content: bool = False
    """An assistant's message without content is refused; one blank is sent in its place."""

    stream_usage: Literal["option", "always", "none"] = "option"
    """Usage in a stream: on `stream_options.include_usage`, unasked, or never."""

    stream_only: bool = False
    """The models only stream: a whole reply is streamed as well and put together on our side."""

    thinking_switch: Literal[
        "effort",
        "effort_default",
        "thinking_type",
        "thinking_adaptive",
        "thinking_enabled",
        "enable_thinking",
        "reasoning_object",
        "reasoning_enabled",
        "template_thinking",
        "template_enable_thinking",
        "none",
    ] = "effort"
    """How reasoning is asked for.

    effort: `reasoning_effort`, off is "none". effort_default: there on is "default", off "none".
    thinking_type: `thinking.type` enabled or disabled, beside it `reasoning_effort`. thinking_adaptive:
    `thinking.type` adaptive or disabled. thinking_enabled: a boolean `thinking.enabled`. enable_thinking: a
    boolean with `thinking_budget`. reasoning_object: `reasoning` with
    effort, max_tokens or enabled. reasoning_enabled: a boolean `reasoning.enabled`, beside it
    `reasoning_effort`. template_…: a boolean of that name in `chat_template_kwargs`. none: it
    cannot be said.
    """

    efforts: tuple[Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"], ...] = (
        "none",
        "minimal",
        "low",
        "medium",
        "high",
        "xhigh",
        "max",
    )
    """The efforts the models know, lowest first; empty where only on and off can be said."""

    thinking_always: bool = False
    """Thinking cannot be switched off."""

    reasoning_field: Literal["reasoning_content", "reasoning", "think_tags", "thinking_part"] = (
        "reasoning_content"
    )
    """Where an earlier answer's reasoning stands when it is sent back: a field, tags inside the content,
    or a part of a content list."""

    reasoning_replay: Literal["never", "tool_turns", "always", "required"] = "never"
    """When it is sent back: never, where the message called tools, always, or (required) where the message
    called tools with one blank in place of reasoning that is not known, unless thinking is switched off."""

    reasoning_tokens: Literal["auto", "outside"] = "auto"
    """Whether completion_tokens counts them. auto: yes, unless the total tells otherwise. outside: as
    auto, but where they exceed completion_tokens they are in neither."""

    think_tags: bool = False
    """Answers carry their reasoning in the content, inside `<think>` and `</think>`."""

    finish_missing: Literal["unknown", "stop"] = "unknown"
    """What it means that a reply which came to its end mark tells no finish reason."""

    moot: Moot = NOT_MOOT

    temperature: Interval = Interval("[0, 2]")
    top_p: Interval = Interval("[0, 1]")

    n_max: int = 128
    """The most choices one call may ask for."""

    beside: Beside = Beside()
    """Operations beside chat."""

    cache_marks: Literal["none", "breakpoint", "cache_control", "ephemeral"] = "none"
    """How a part is marked for the provider's cache: `prompt_cache_breakpoint` or `cache_control`. ephemeral:
    as the latter, for five minutes, of which nothing is said."""

    search: SearchWay = "none"
    """How a search of the web is asked for; none: it cannot be."""

    tool_ids: Literal["any", "nine"] = "any"
    """nine: ids of tool calls must be nine letters or digits; others are replaced, alike in call and
    result."""

    renamed: dict[str, str] = {}
    """Top-level wire fields that go by another name here: `seed = "random_seed"`, and of embeddings
    `dimensions = "output_dimension"`, of ranks `top_n = "top_k"`."""

    refused: tuple[Refusable, ...] = ()
    extras: tuple[Extra, ...] = ()
