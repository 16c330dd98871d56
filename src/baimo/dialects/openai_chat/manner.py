"""Being the provider: how the one that is played writes its replies, where it differs from OpenAI.

A face hands a `Manner` to `DIALECT.encoder(request, manner)` and gets replies in that form; everything else
(roles, parts, tool calls, half characters) is written as always. The default is OpenAI's own form.

    SPARK = Manner(envelope=True, finish=False, usage="finish", calls="switch", space=False)
    DEEPSEEK = Manner(usage="finish", cache="hit_miss")
    MAAS = Manner(usage="every")
    PANGU = Manner(usage="every", increments="message", space=False)

`encoder(…).error(error)` writes a failure in mid-stream in the same form. Heads and whole refusals are the
face's own: `baimo.simulator.faces` knows their statuses and bodies.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest

from .errors import error_object


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a reply; each field one difference."""

    usage: Literal["asked", "finish", "every"] = "asked"
    """Usage in a stream. asked: in a chunk without choices behind the finish, where `include_usage` asks for
    it. finish: unasked, on the chunk that ends the (last) choice. every: on each chunk, what is known by
    then."""

    cache: Literal["details", "hit_miss"] = "details"
    """hit_miss: `prompt_cache_hit_tokens` and `prompt_cache_miss_tokens` stand beside the details."""

    envelope: bool = False
    """`code` 0, `message` "Success" and `sid` (the reply's id) stand beside the choices; `object` and `model`
    are missing, and in whole replies `id` and `created`. A failure is `{code, message, sid}`."""

    finish: bool = True
    """Choices have `finish_reason` (and `logprobs`)."""

    calls: Literal["list", "switch"] = "list"
    """switch: `tool_calls` is one object instead of a list, unless the request says `tool_calls_switch`
    true."""

    increments: Literal["delta", "message"] = "delta"
    """What a chunk's increments are called."""

    space: bool = True
    """One blank between `data:` and what follows."""

    text: bool = False
    """Choices hold `text` instead of a message: the answer to a completion without roles."""


OPENAI = Manner()


def data_line(payload: bytes, manner: Manner) -> bytes:
    """One event of a stream."""
    return (b"data: " if manner.space else b"data:") + payload + b"\n\n"


def dressed(body: dict[str, Any], manner: Manner, request: ChatRequest) -> dict[str, Any]:
    """A chunk or a whole reply of OpenAI's form in that of the provider who is played."""
    if manner is OPENAI:
        return body
    single = manner.calls == "switch" and not _switched(request)
    choices = [_choice(choice, manner, single=single) for choice in body["choices"]]
    usage = body.get("usage")
    if usage and manner.cache == "hit_miss":
        hit = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
        miss = usage["prompt_tokens"] - hit
        usage = {**usage, "prompt_cache_hit_tokens": hit, "prompt_cache_miss_tokens": miss}
    counted = {"usage": usage} if "usage" in body else {}
    if not manner.envelope:
        word = {"object": "text_completion"} if manner.text else {}
        return {**body, **word, "choices": choices, **counted}
    frame: dict[str, Any] = {"code": 0, "message": "Success", "sid": body["id"]}
    if body["object"] == "chat.completion.chunk":
        frame |= {"id": body["id"], "created": body["created"]}
    return {**frame, "choices": choices, **counted}


def failure(error: Error, manner: Manner, ident: str) -> dict[str, Any]:
    """What a failure looks like inside a reply."""
    if not manner.envelope:
        return error_object(error)[1]
    code = getattr(error, "provider_code", None) or ""
    # 10012, "engine internal error", is the word for a failure that has no number of its own.
    number = int(code) if code.isascii() and code.isdigit() else 10012
    return {"code": number, "message": error.message, "sid": error.request_id or ident}


def _choice(choice: dict[str, Any], manner: Manner, *, single: bool) -> dict[str, Any]:
    choice = dict(choice)
    field = "delta" if "delta" in choice else "message"
    said = choice.pop(field)
    if not manner.finish:
        del choice["finish_reason"], choice["logprobs"]
    if manner.text:
        return {"text": said.get("content") or "", **choice}
    if single and said.get("tool_calls"):
        said = {**said, "tool_calls": said["tool_calls"][0]}
    return {**choice, ("message" if manner.increments == "message" else field): said}


def _switched(request: ChatRequest) -> bool:
    """Whether the caller asked for a list of tool calls."""
    if request.foreign is None:
        return False
    return msgspec.json.decode(request.foreign.json).get("tool_calls_switch") is True
