"""One call, ready to be driven: its steps, and what is to be done when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from baimo.errors import AnswerFormatError, Error
from baimo.exchange import Deployment, Exchange, Outcome
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.embeddings import EmbedResponse
from baimo.types.money import Money
from baimo.types.rerank import RerankResponse

from .request import NO_OPTIONS, CallOptions

if TYPE_CHECKING:
    from baimo.types.images import ImagesResponse
    from baimo.types.moderation import ModerationResponse
    from baimo.types.speech import SpeechResponse
    from baimo.types.transcription import Transcription

    from .watching import CallWatch

Answer = TypeVar(
    "Answer",
    ChatResponse,
    EmbedResponse,
    RerankResponse,
    "ImagesResponse",
    "Transcription",
    "SpeechResponse",
    "ModerationResponse",
    None,
)


class OpenPurse(Protocol):
    """What a call has kept aside of its budgets."""

    def close(self, cost: Money | None) -> None:
        """The call is over: book what it cost; None: not known, so all that was kept aside."""


class Prepared:
    """A call that somebody drives and then tells how it ended: `done`, `broke` or `left`."""

    watch: CallWatch | None = None
    purse: OpenPurse | None = None
    tier: str | None = None
    """The service tier that the request asks for: its prices are not those of the catalogue."""
    at: Deployment | None = None
    """Who answered, once it is done."""
    request: ChatRequest | None = None
    """What was asked, where a reader of the answer needs it."""
    services: Any = None
    """What a driver needs, where this call needs other than its client's."""
    reads: Callable[[Any], Any] | None = None
    """Reads out of the answer what the model was told to write into its text."""

    def __init__(self, steps: Exchange, model: str, options: CallOptions = NO_OPTIONS) -> None:
        self.steps = steps
        self.model = model
        self.options = options

    def done(self, response: Answer, outcome: Outcome | None = None) -> Answer:
        """It ended well."""
        if outcome is not None:
            self.at = outcome.at
        if self.purse is not None:
            self.purse.close(None if response is None else response.cost)
        if self.watch is not None:
            self.watch.done(response, outcome)
        return response if self.reads is None or response is None else self.reads(response)

    def broke(self, error: Error) -> Error:
        """It failed."""
        if self.purse is not None:
            response = error.response if isinstance(error, AnswerFormatError) else None
            self.purse.close(None if response is None else response.cost)
        if self.watch is not None:
            self.watch.broke(error)
        return error

    def left(self) -> None:
        """Its caller went away."""
        if self.purse is not None:
            self.purse.close(None)
        if self.watch is not None:
            self.watch.left()
