"""This wire's words: why an answer ended, where operations are, and both ways of writing a field's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

from baimo.dialect.protocols import Site
from baimo.types.chat import FinishReason
from baimo.wire.http import split_url

NAME = "gemini"

FORM = "$form"
"""In what is kept of a caller's request: that its stream goes as one JSON array, as without `alt=sse`."""

FUNCTIONS = "$functions"
"""In what is kept of a caller's request: fields of function declarations that have no neutral name."""

_VERSION = re.compile(r"/v\d+[a-z]*\d*(?=/|$)")
_DEFAULT_VERSION = "/v1beta"
_GOOGLE = "/publishers/google"

_FINISHES: Mapping[str, FinishReason] = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "SAFETY": FinishReason.CONTENT_FILTER,
    "RECITATION": FinishReason.CONTENT_FILTER,
    "BLOCKLIST": FinishReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "SPII": FinishReason.CONTENT_FILTER,
    "MODEL_ARMOR": FinishReason.CONTENT_FILTER,
    "IMAGE_SAFETY": FinishReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "IMAGE_RECITATION": FinishReason.CONTENT_FILTER,
    "IMAGE_OTHER": FinishReason.CONTENT_FILTER,
    "JAILBREAK": FinishReason.CONTENT_FILTER,
    "LANGUAGE": FinishReason.ERROR,
    "OTHER": FinishReason.ERROR,
    "MALFORMED_FUNCTION_CALL": FinishReason.ERROR,
    "MALFORMED_RESPONSE": FinishReason.ERROR,
    "UNEXPECTED_TOOL_CALL": FinishReason.ERROR,
    "TOO_MANY_TOOL_CALLS": FinishReason.ERROR,
    "MISSING_THOUGHT_SIGNATURE": FinishReason.ERROR,
    "NO_IMAGE": FinishReason.ERROR,
    "ESCALATION": FinishReason.ERROR,
    "PUP_LIMITED_DISABLED": FinishReason.ERROR,
    "CONTINUATION": FinishReason.PAUSE,
}

_NUMBERS = ("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")
"""Old clients of Google's have reasons sent as numbers; beyond these the two services count differently."""

_BACK: Mapping[FinishReason, str] = {
    FinishReason.STOP: "STOP",
    FinishReason.TOOL_CALLS: "STOP",
    FinishReason.REFUSAL: "STOP",
    FinishReason.LENGTH: "MAX_TOKENS",
    FinishReason.CONTEXT_LENGTH: "MAX_TOKENS",
    FinishReason.CONTENT_FILTER: "SAFETY",
    FinishReason.PAUSE: "CONTINUATION",
    FinishReason.UNKNOWN: _NUMBERS[0],
}


def finish_word(value: Any) -> str | None:
    """The provider's word for an end, whether it came as a word or as a number."""
    if type(value) is int:
        return _NUMBERS[value] if 0 < value < len(_NUMBERS) else str(value)
    return value if isinstance(value, str) and value else None


def decode_finish(word: str | None, *, calls: bool) -> FinishReason:
    """Our word. This wire has none for tool calls: they are there or not."""
    reason = _FINISHES.get(word or "", FinishReason.UNKNOWN)
    return FinishReason.TOOL_CALLS if calls and reason is FinishReason.STOP else reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; a word of its own that means the same is kept."""
    if raw is not None and _FINISHES.get(raw, FinishReason.UNKNOWN) is reason:
        return raw
    return _BACK.get(reason, "OTHER")


def decode_block(feedback: Any) -> tuple[str, str] | None:
    """Why a prompt was blocked, as a word and in words; None where it was not."""
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    if reason is None or reason in ("BLOCK_REASON_UNSPECIFIED", 0):
        return None
    said = feedback.get("blockReasonMessage")
    return _BLOCKS.get(reason, str(reason)), said if isinstance(said, str) else ""


_BLOCKS = {1: "SAFETY", 2: "OTHER"}


def camel(fields: Mapping[str, Any]) -> dict[str, Any]:
    """An object's own fields by their names in lowerCamelCase: the service takes both ways of writing."""
    return {_camel(name) if "_" in name else name: value for name, value in fields.items()}


@lru_cache(maxsize=256)  # pure: field names are few
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join([part[:1].upper() + part[1:] for part in rest])


@lru_cache(maxsize=64)  # pure: the same text gives the same parts
def _base(base_url: str) -> tuple[str, str]:
    origin, base = split_url(base_url)
    origin = origin.replace("://global-aiplatform.", "://aiplatform.")  # the one location without a prefix
    base = base.removesuffix("/openai")
    return origin, base if _VERSION.search(base) else base + _DEFAULT_VERSION


def address(site: Site, model: str, method: str) -> tuple[str, bytes]:
    """Origin and target of a method of a model. Raises InputError for an address that is none."""
    origin, base = _base(site.base_url)
    if base.endswith(_GOOGLE):
        model = model.removeprefix("google/")
    path = f"{base}/{resource(model)}:{method}"
    return origin, quote(path, safe="/%:@!$&'()*+,;=~-._").encode()


def is_google_cloud(site: Site) -> bool:
    """Whether the address is one of Vertex AI."""
    return _base(site.base_url)[1].endswith(_GOOGLE)


def collection(site: Site) -> tuple[str, bytes]:
    """Origin and target of the list of models. Of a project's own address, the list is the publisher's."""
    origin, base = _base(site.base_url)
    if base.endswith(_GOOGLE) and "/projects/" in base:
        base = base.partition("/projects/")[0] + _GOOGLE
    return origin, quote(f"{base}/models", safe="/%:@-._~").encode()


def resource(model: str) -> str:
    """A model as it is named in addresses and bodies: `models/gemini-2.5-flash`."""
    return model if model.startswith(("models/", "tunedModels/", "endpoints/")) else f"models/{model}"


_TARGET = re.compile(
    r"^(?:/[^/]+)*?/(?P<name>(?:models|tunedModels|endpoints)/[^:?]+?)(?::(?P<method>\w+))?/?$"
)


def place(target: bytes) -> tuple[str, str] | None:
    """Model and method of a target that a caller asked; the method is empty for the model itself."""
    path = unquote(target.partition(b"?")[0].decode("latin-1"))
    found = _TARGET.match(path)
    if found is None:
        return None
    return found["name"].removeprefix("models/"), found["method"] or ""
