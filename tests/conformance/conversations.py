"""The corpus: conversations in neutral words that every dialect is asked to carry as far as it can."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from baimo import errors
from baimo.errors import ProviderError
from baimo.types.chat import ChatRequest, ChatResponse

FOLDER = Path(__file__).parents[1] / "data" / "conversations"


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider's no."""

    kind: str
    message: str
    status: int
    retry_after: float | None = None

    @property
    def error(self) -> ProviderError:
        """As an exception of ours, made anew each time."""
        kind: type[ProviderError] = getattr(errors, self.kind)
        return kind(self.message, status=self.status, retry_after=self.retry_after)


class Conversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: what is asked, and the reply or the refusal."""

    about: str
    request: ChatRequest
    reply: ChatResponse | None = None
    error: Refusal | None = None


@cache
def conversations() -> dict[str, Conversation]:
    """All of them by name."""
    return {
        path.stem: msgspec.json.decode(path.read_bytes(), type=Conversation)
        for path in sorted(FOLDER.glob("*.json"))
    }
