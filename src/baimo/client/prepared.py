"""One call, ready to be driven: its steps, and what is to be done when it is over."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from baimo.errors import Error
from baimo.exchange import Exchange
from baimo.types.chat import ChatResponse
from baimo.types.embeddings import EmbedResponse

from .request import NO_OPTIONS, CallOptions
from .watching import CallWatch

Answer = TypeVar("Answer", ChatResponse, EmbedResponse, None)


class OpenPurse(Protocol):
    """What a call has kept aside of its budgets."""

    def settle(self, response: Any) -> None:
        """The call ended well: book what it cost."""

    def close(self) -> None:
        """The call ended otherwise: keep aside only what may be billed."""


class Prepared:
    """A call that somebody drives and then tells how it ended: `done`, `broke` or `left`."""

    watch: CallWatch | None = None
    purse: OpenPurse | None = None
    services: Any = None
    """What a driver needs, where this call needs other than its client's."""

    def __init__(self, steps: Exchange, model: str, options: CallOptions = NO_OPTIONS) -> None:
        self.steps = steps
        self.model = model
        self.options = options

    def done(self, response: Answer, *, cached: bool = False) -> Answer:
        """It ended well."""
        if self.purse is not None:
            self.purse.settle(response)
        if self.watch is not None:
            self.watch.done(response, cached=cached)
        return response

    def broke(self, error: Error) -> Error:
        """It failed."""
        if self.purse is not None:
            self.purse.close()
        if self.watch is not None:
            self.watch.broke(error)
        return error

    def left(self) -> None:
        """Its caller went away."""
        if self.purse is not None:
            self.purse.close()
        if self.watch is not None:
            self.watch.left()
