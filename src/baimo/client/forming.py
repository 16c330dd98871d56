"""How a value is asked for: in the form that each deployment knows, told in its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.forms import USUAL, Forms
from baimo.dialect.jsontext import encode
from baimo.errors import Error, InputError
from baimo.exchange import Deployment
from baimo.notes import Note
from baimo.schema.narrow import Narrowed, narrow
from baimo.schema.of_types import describe
from baimo.schema.reading import AnswerReader
from baimo.types.chat import ChatRequest, Message, ResponseFormat, Role, Validate
from baimo.types.content import Text
from baimo.types.parsed import How
from baimo.types.tools import FunctionTool, ToolChoice

if TYPE_CHECKING:
    from baimo.transports.recorded import Formed

T = TypeVar("T")

HOWS: tuple[How, ...] = ("json_schema", "json_object", "tool", "prompt")

_TOLD = (
    "Answer with one JSON object and nothing else: no words around it, no code fence. "
    "It must follow this JSON Schema:\n{schema}"
)
_PROBE = (Message(role=Role.USER, content=(Text(text="Answer in JSON."),)),)
_SAID: dict[How, str] = {
    "json_object": "The provider was asked for a JSON object, and the model was told the schema.",
    "tool": "The model was made to call a function whose arguments are the answer.",
    "prompt": "The model was told the schema in words, and the provider nothing: it may not keep to it.",
}


class Forming(Generic[T]):
    """Asks for a value of one type; one a call. `how` stands for a choice of its own.

    `reader` reads answers in place of one that is made of the type.
    """

    def __init__(
        self,
        into: Any,
        *,
        how: How | None = None,
        repairs: bool = False,
        reader: AnswerReader[T] | None = None,
    ) -> None:
        self.reader: AnswerReader[T] = reader if reader is not None else AnswerReader(describe(into))
        self.repairs = repairs
        self.asked = how
        self._found: dict[tuple[str, str, str], How] = {}

    @property
    def form(self) -> ResponseFormat:
        """The whole of it, before any deployment is chosen."""
        return ResponseFormat(type="json_schema", name=self.reader.described.name, schema=self.reader.schema)

    @property
    def validate(self) -> Validate:
        """How its answers are looked at."""
        return "repair" if self.repairs else True

    @property
    def told(self) -> Formed:
        """What a recording keeps of it."""
        from baimo.transports.recorded import Formed

        described = self.reader.described
        schema = Raw(msgspec.json.encode(described.schema))
        return Formed(name=described.name, schema=schema, how=self.asked, repairs=self.repairs)

    def how(self, request: ChatRequest, at: Deployment) -> How:
        """How a deployment is asked.

        By a schema, where it takes one and can say this one; else for a JSON object; else by a function that
        must be called, where the caller offers none of his own; else in words alone. What it takes is asked
        of its dialect: it must say the form without leaving anything out.
        """
        if self.asked is not None:
            return self.asked
        place = (at.provider, at.endpoint, at.model)
        if place not in self._found:
            self._found[place] = self._best(request, at)
        return self._found[place]

    def shaped(self, request: ChatRequest, at: Deployment) -> tuple[ChatRequest, tuple[Note, ...]]:
        """The request as that deployment takes it, and what the caller is told of that."""
        return self._worded(self.how(request, at), request, at)

    def _worded(self, how: How, request: ChatRequest, at: Deployment) -> tuple[ChatRequest, tuple[Note, ...]]:
        if how == "json_schema":
            return self._by_schema(request, at)
        note = Note(code="emulated", message=_SAID[how])
        if how == "tool":
            described = self.reader.described
            tool = FunctionTool(
                name=self.reader.tool,
                description=described.description or "Gives the answer.",
                parameters=self.reader.schema,
            )
            choice = ToolChoice(mode="required", allowed=(tool.name,))
            return replace(request, tools=(tool,), tool_choice=choice, response_format=None), (note,)
        form = ResponseFormat(type="json_object") if how == "json_object" else None
        told = self._told(request.messages)
        return replace(request, messages=told, response_format=form), (note,)

    def _by_schema(self, request: ChatRequest, at: Deployment) -> tuple[ChatRequest, tuple[Note, ...]]:
        rules = _forms(at).rules
        narrowed = self._narrowed(at)
        strict, notes = rules.strict, []
        if narrowed.cannot:
            strict = None if strict is None else False
            notes.append(
                Note(code="narrowed", message=f"The schema is not held to strictly: {narrowed.cannot}.")
            )
        elif narrowed.lost:
            lost = ", ".join(narrowed.lost)
            notes.append(
                Note(
                    code="narrowed",
                    message=f"The schema was sent without {lost}; the answer is checked by all of it.",
                )
            )
        form = replace(self.form, schema=narrowed.schema, strict=strict)
        return replace(request, response_format=form), tuple(notes)

    def _narrowed(self, at: Deployment) -> Narrowed:
        return narrow(self.reader.schema, _forms(at).rules)

    def _told(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages with the schema in the first of them, so that the beginning stays the same."""
        words = Text(text=_TOLD.format(schema=encode(self.reader.schema)))
        if messages and messages[0].role in (Role.SYSTEM, Role.DEVELOPER):
            first = messages[0]
            return (replace(first, content=(*first.content, words)), *messages[1:])
        return (Message(role=Role.SYSTEM, content=(words,)), *messages)

    def _best(self, request: ChatRequest, at: Deployment) -> How:
        forms = _forms(at)
        taken = _Takes(request, at)
        for how in HOWS[:-1]:
            if how == "json_schema" and forms.first != "json_schema":
                continue
            if how == "json_schema" and self._narrowed(at).cannot and forms.rules.strict is None:
                continue
            if how == "tool" and request.tools:
                continue
            if taken.takes(self._worded(how, taken.probe, at)[0]):
                return how
        return "prompt"


class _Takes:
    """Whether a deployment's dialect can say a form, asked with a request that has nothing else to it."""

    def __init__(self, request: ChatRequest, at: Deployment) -> None:
        self._at = at
        self.probe = ChatRequest(
            model=at.model,
            messages=_PROBE,
            reasoning=request.reasoning,
            max_tokens=request.max_tokens,
            stream=request.stream,
            unsupported="drop",
        )
        self._usual = self._left_out(self.probe)

    def takes(self, asked: ChatRequest) -> bool:
        left_out = self._left_out(asked)
        return left_out is not None and (self._usual is None or left_out <= self._usual)

    def _left_out(self, asked: ChatRequest) -> frozenset[str] | None:
        """What the dialect leaves out of a request; None where it cannot say it at all."""
        try:
            wire = self._at.dialect.encode_request(asked, self._at.site)
        except Error:
            return None
        return frozenset([note.message for note in wire.notes if note.code == "dropped"])


def _forms(at: Deployment) -> Forms:
    if not hasattr(at.dialect, "forms"):
        return USUAL
    found: Forms = at.dialect.forms(at.site)
    return found


def read_how(how: Any) -> How | None:
    """The caller's `how`; None for "auto". Raises InputError."""
    if how == "auto":
        return None
    if how not in HOWS:
        raise InputError(f"how must be auto, {', '.join(HOWS)}; got {how!r}")
    return how  # type: ignore[no-any-return]
