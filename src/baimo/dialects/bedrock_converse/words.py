"""This wire's words: why a reply ended, formats of media, and where the operations are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from baimo.dialect.protocols import Site
from baimo.types.chat import FinishReason
from baimo.wire.http import split_url

NAME = "bedrock_converse"

STREAM_TYPE = "application/vnd.amazon.eventstream"

FINISHES: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "guardrail_intervened": FinishReason.CONTENT_FILTER,
    "content_filtered": FinishReason.CONTENT_FILTER,
    "malformed_model_output": FinishReason.ERROR,
    "malformed_tool_use": FinishReason.ERROR,
    "model_context_window_exceeded": FinishReason.CONTEXT_LENGTH,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "content_filtered",
    FinishReason.REFUSAL: "content_filtered",
    FinishReason.CONTEXT_LENGTH: "model_context_window_exceeded",
    FinishReason.PAUSE: "end_turn",
    FinishReason.ERROR: "malformed_model_output",
}


def decode_finish(word: str | None) -> FinishReason:
    """Our word; one that is new is unknown."""
    return FINISHES.get(word or "", FinishReason.UNKNOWN)


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word."""
    return raw if raw is not None and decode_finish(raw) is reason else _BACK.get(reason, reason.value)


IMAGES: Mapping[str, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
DOCUMENTS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
VIDEOS: Mapping[str, str] = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "mpeg": "video/mpeg",
    "mpg": "video/mpg",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
}
SOUNDS = frozenset(
    (
        *("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv"),
        *("mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"),
    )
)


def format_of(media_type: str | None, formats: Mapping[str, str]) -> str | None:
    """This wire's word for a media type."""
    plain = (media_type or "").partition(";")[0].strip().lower()
    return next((word for word, known in formats.items() if known == plain), None)


@lru_cache(maxsize=256)  # pure: the same text gives the same parts
def _address(base_url: str, model: str, operation: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    return origin, f"{quote(base, safe='/%:@~')}/model/{quote(model, safe='')}/{operation}".encode()


def address(site: Site, model: str, operation: str) -> tuple[str, bytes]:
    """Origin and target of an operation. A model's id is percent-encoded wholly: ids hold `:`, ARNs `/` too.

    Raises InputError for an address that is none.
    """
    return _address(site.base_url, model, operation)
