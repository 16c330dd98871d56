"""What a record tells of a request, an answer, an error: each as plain values, without what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from baimo.errors import Error
from baimo.types.chat import ChatRequest, ChatResponse, Choice, FinishReason
from baimo.types.usage import Usage

if TYPE_CHECKING:
    from baimo.types.embeddings import EmbedResponse
    from baimo.types.images import ImagesResponse
    from baimo.types.moderation import ModerationResponse
    from baimo.types.rerank import RerankResponse
    from baimo.types.speech import SpeechResponse
    from baimo.types.transcription import Transcription

    Answered: TypeAlias = (
        ChatResponse
        | EmbedResponse
        | RerankResponse
        | ImagesResponse
        | Transcription
        | SpeechResponse
        | ModerationResponse
    )

_PARAMETERS = (
    "temperature",
    "max_tokens",
    "top_p",
    "top_k",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
)
asked_of: Callable[[ChatRequest], tuple[Any, ...]] = attrgetter("stream", "stop", *_PARAMETERS)
"""Whether a chat is streamed, and what is asked besides words: small values."""
NOTHING = (False, (), *[None] * len(_PARAMETERS))
"""What that gives of a whole reply for which nothing is asked besides words."""
ONE_REASON = {reason._value_: (reason._value_,) for reason in FinishReason}
"""What `reasons_of` gives of one answer, the same each time."""
CHANCE = 80
"""The bits of an id that are drawn."""
_DIGITS = 1 << 48
"""Above the milliseconds: makes `hex` write all twelve of their digits."""


def told_of(error: Error | None, told: str | None) -> dict[str, Any]:
    """What a record tells of an attempt that failed."""
    if error is None:
        return {"message": told}
    return {
        "error": error.code,
        "error_type": type(error).__name__,
        "message": error.message,
        "status": getattr(error, "status", None),
        "provider_code": getattr(error, "provider_code", None),
        "request_id": error.request_id,
    }


def answer_facts(response: Answered) -> dict[str, Any]:
    """What a record tells of an answer."""
    facts: dict[str, Any] = {
        "response_model": response.model or None,
        "usage": bare(response.usage),
        "cost": response.cost,
        "notes": response.notes,
    }
    if isinstance(response, ChatResponse):
        facts["response_id"] = response.id
        facts["finish_reasons"] = reasons_of(response.choices)
    return facts


def id_of(wall: float, chance: int) -> str:
    """An id of a call: it sorts by when that began."""
    return hex((int(wall * 1000) | _DIGITS) << CHANCE | chance)[3:]


def reasons_of(choices: Sequence[Choice]) -> tuple[str, ...]:
    """Why each of the answers ended."""
    return tuple([choice.finish_reason._value_ for choice in choices])


def is_streamed(request: ChatRequest | None) -> bool:
    """Whether it is a chat that is streamed."""
    return request is not None and request.stream


def bare(usage: Usage) -> Usage:
    """Usage without the provider's own object, which may hold the whole reply."""
    return usage if usage.raw is None else replace(usage, raw=None)


@lru_cache(maxsize=512)
def address_of(base_url: str) -> str:
    """Scheme, host and port."""
    scheme, mark, rest = base_url.partition("://")
    return scheme + mark + rest.partition("/")[0]


def parameters_of(asked: tuple[Any, ...]) -> dict[str, Any]:
    """What `asked_of` found, by name."""
    told = {name: value for name, value in zip(_PARAMETERS, asked[2:], strict=True) if value is not None}
    if asked[1]:
        told["stop"] = list(asked[1])
    return told
