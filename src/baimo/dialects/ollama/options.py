"""`options`: how the model samples and how it is loaded. One table, read both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.types.chat import ChatRequest

OPTIONS: tuple[tuple[str, str], ...] = (
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("min_p", "min_p"),
    ("seed", "seed"),
    ("repetition_penalty", "repeat_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("max_tokens", "num_predict"),
)
"""Our name, and the wire's. What is asked is sent even where it is the server's default: the model's own file
may say otherwise."""

_OTHER = """
    num_keep typical_p repeat_last_n num_ctx num_batch num_gpu main_gpu use_mmap num_thread draft_num_predict
    stop mirostat mirostat_eta mirostat_tau penalize_newline numa low_vram use_mlock
"""

EVERY = frozenset(_OTHER.split()) | {theirs for _, theirs in OPTIONS}
"""Every option there is or was: beside `options` they have no effect."""


class Sampling(msgspec.Struct):
    """The options that have a neutral name, as a caller gives them."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    num_predict: int | None = None
    stop: str | list[str] | None = None


KNOWN = frozenset(Sampling.__struct_fields__)


def encode_options(request: ChatRequest) -> dict[str, Any]:
    """The options that a request asks for."""
    options = {theirs: value for ours, theirs in OPTIONS if (value := getattr(request, ours)) is not None}
    if request.stop:
        options["stop"] = list(request.stop)
    return options


def decode_options(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A caller's options: neutral fields of a request, and what has no neutral name.

    Raises msgspec.ValidationError for a value of the wrong type.
    """
    given = msgspec.convert({name: value for name, value in options.items() if name in KNOWN}, Sampling)
    fields: dict[str, Any] = {ours: getattr(given, theirs) for ours, theirs in OPTIONS}
    kept = {name: value for name, value in options.items() if name not in KNOWN}
    if given.num_predict is not None and given.num_predict < 0:
        fields["max_tokens"] = None  # without a limit, or until the context is full
        kept["num_predict"] = given.num_predict
    fields["stop"] = (given.stop,) if isinstance(given.stop, str) else tuple(given.stop or ())
    return fields, kept
