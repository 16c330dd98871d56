"""An answer of generateContent that shall hold pictures or sound: its parts, and why they are not there."""

from __future__ import annotations

from typing import Any

from baimo.dialect import status
from baimo.errors import ContentFilteredError, ProviderError
from baimo.types.chat import FinishReason
from baimo.wire.http import WireHead

from .errors import REQUEST_ID
from .words import decode_block, decode_finish, finish_word


def candidates_of(content: Any) -> list[dict[str, Any]]:
    """The candidates of a reply or of a chunk."""
    found = content.get("candidates") if isinstance(content, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def parts_of(candidate: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a candidate's answer; what it drew while it thought is none of it."""
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    found = parts if isinstance(parts, list) else []
    return [part for part in found if isinstance(part, dict) and part.get("thought") is not True]


def end_of(candidate: dict[str, Any]) -> tuple[str, str] | None:
    """Why a candidate ended, as a word and in the provider's own words; None where it tells nothing."""
    word = finish_word(candidate.get("finishReason"))
    said = candidate.get("finishMessage")
    return None if word is None else (word, said if isinstance(said, str) else "")


def block_of(content: Any) -> tuple[str, str] | None:
    """Why the prompt was blocked, as a word and in words; None where it was not."""
    return decode_block(content.get("promptFeedback")) if isinstance(content, dict) else None


def blocked(block: tuple[str, str], head: WireHead) -> ProviderError:
    """The error for a prompt that is not answered."""
    return _error(ContentFilteredError, "the prompt was blocked", block, head)


def failed(what: str, end: tuple[str, str] | None, head: WireHead) -> ProviderError:
    """The error for an answer without what it was asked for, by the reason that it tells."""
    reason = decode_finish(end[0] if end else None, calls=False)
    kind = ContentFilteredError if reason is FinishReason.CONTENT_FILTER else ProviderError
    return _error(kind, what, end or ("no reason is told", ""), head)


def _error(kind: type[ProviderError], what: str, why: tuple[str, str], head: WireHead) -> ProviderError:
    word, said = why
    return kind(
        f"{what} ({word}){': ' if said else ''}{said}",
        status=head.status,
        provider_code=word,
        request_id=status.request_id(head) or head.get(REQUEST_ID),
    )
