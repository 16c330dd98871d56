"""A model's answer as a value of the type that was asked for."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from baimo.errors import AnswerFormatError
from baimo.types.chat import Choice, FinishReason

from .bare import bare
from .check import Fault
from .misfit import misfit, no_json, unfit
from .narrow import as_object
from .of_types import Described

T = TypeVar("T")


class _Wrapped(msgspec.Struct):
    value: msgspec.Raw


class AnswerReader(Generic[T]):
    """Reads the answers to one call. Its `schema` is always that of an object, as most wires want."""

    is_unreadable = False
    """A type can always be read."""

    def __init__(self, described: Described[T]) -> None:
        self.described = described
        self.schema, self.is_wrapped = as_object(described.schema)

    @property
    def tool(self) -> str:
        """The name of the function whose arguments are the answer, where it is asked for so."""
        return self.described.name

    def value(self, choice: Choice) -> T:
        """The value of a choice.

        Raises AnswerFormatError, also where the model refused, was filtered, or called other tools.
        """
        said = _without_answer(choice)
        if said is not None:
            raise unfit("$", said)
        message = choice.message
        for call in message.tool_calls:
            if call.name == self.tool:
                return self.read(call.arguments)
        if message.tool_calls:
            raise unfit("$", "it calls tools instead of answering")
        return self.read(bare(message.text))

    def fault(self, choice: Choice) -> Fault | None:
        """What keeps a choice from being a value, or None."""
        try:
            self.value(choice)
        except AnswerFormatError as error:
            return Fault(error.path, error.fault, error.detail)
        return None

    def read(self, text: str) -> T:
        """The value of a JSON text. Raises AnswerFormatError."""
        if not text:
            raise unfit("$", "it is empty")
        if not self.is_wrapped:
            return self.described.decode(text)
        try:
            inner = msgspec.json.decode(text.encode("utf-8", "replace"), type=_Wrapped).value
        except msgspec.ValidationError as error:
            raise misfit(error) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise no_json(error) from error
        try:
            return self.described.decode(bytes(inner))
        except AnswerFormatError as error:
            within: Any = unfit(f"$.value{error.path[1:]}", error.fault, error.detail)
            raise within from error.__cause__


def _without_answer(choice: Choice) -> str | None:
    """Why there is no answer in a choice, where it tells so itself."""
    if choice.message.refusal is not None or choice.finish_reason is FinishReason.REFUSAL:
        return "the model refused to answer"
    if choice.withdrawn is not None or choice.finish_reason is FinishReason.CONTENT_FILTER:
        return "it was filtered"
    if choice.finish_reason in (FinishReason.PAUSE, FinishReason.ERROR):
        return f"it ended early: {choice.finish_reason.value}"
    return None
