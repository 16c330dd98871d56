"""How the models behind this wire differ from each other."""

from __future__ import annotations

from typing import Literal

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. Each is used in one place of this package."""

    multimodal: bool = False
    """The model is called at the address of multimodal models even where nothing but text is said. A request
    with pictures, sound or films goes there in any case."""

    stream_only: bool = False
    """The model only streams: a whole reply is streamed as well and put together on our side."""

    output: Literal["incremental", "cumulative", "unknown"] = "incremental"
    """What a stream's events hold: the next piece, which is asked for, or (older models, which are then not
    asked) all that was said so far. unknown: it is told apart by what comes."""

    thinking_always: bool = False
    """Thinking cannot be switched off."""

    reasoning_replay: Literal["never", "tool_turns"] = "never"
    """Whether an earlier answer's reasoning is sent back where it called tools."""

    schema_told: bool = False
    """The models know no schema of an answer, or are not known to hold to one: `parse` tells it to the model
    and asks for a JSON object. A schema that a caller gives is sent either way."""

    partial: bool = False
    """`partial` marks a last message of the assistant as the beginning of the answer."""

    images: Literal["task", "edits", "messages"] = "task"
    """How images are asked for: as a task that is waited for (edits: one that works pictures over, at an
    address of its own), or in the messages of a multimodal model."""

    transcribe: Literal["messages", "input_audio", "files", "file", "socket"] = "messages"
    """How sound becomes text: in the messages of a multimodal model, in the same with other words, or as a
    task that is given addresses (or only one) and waited for. socket: over a live connection alone, which is
    refused."""

    speak: Literal["generation", "synthesizer", "socket"] = "generation"
    """Which address makes speech: that of multimodal models, or the synthesizer's own. socket: as above."""

    instructed: bool = False
    """Speech may be told in words how it shall sound."""

    search_strategy: Literal["turbo", "max", "agent"] | None = None
    """The one way of searching that the model knows; None: `turbo` and `max` as is asked for."""

    cache_marks: bool = True
    """A part may be marked for the cache."""
