"""How many tokens a text, a message or a whole prompt has for a family of models, reckoned offline.

Text is reckoned by its shape, pictures by their size where their file tells it; the rest is guessed and said
so. Figures are in tokens, errors a share of the true count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import mul

import msgspec

from baimo.catalogue.tokenizer_rows import Family
from baimo.dialect.jsontext import encode
from baimo.types.chat import ChatRequest, Message
from baimo.types.content import (
    Audio,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, Tool

from .measuring import UNKNOWN, picture_tokens, size_of
from .shapes import shape

_LEAST_SHARE = 64
"""A token never holds more characters than this over a whole text."""
_MEDIA = {Audio: "sound", Video: "a film", File: "a file"}


class Reckoned(msgspec.Struct, frozen=True):
    """An estimate: tokens, the family that it is for, and what of it is no more than a guess."""

    tokens: int
    family: str
    error: float
    """What texts may be off by."""
    guessed: tuple[str, ...] = ()
    """Kinds of parts whose tokens cannot be told from here."""


def text_tokens(text: str, row: Family) -> int:
    """Tokens of a text for a family of models. Nothing has none."""
    if not text:
        return 0
    weighed: float = sum(map(mul, row.weights, shape(text)))
    return max(1, len(text) // _LEAST_SHARE, round(weighed))


def message_tokens(message: Message, row: Family) -> int:
    """Tokens of a message with what frames it."""
    return _Count(row).message(message)


def reckon_text(text: str, row: Family) -> Reckoned:
    """Tokens of a text by itself, with what is known of the estimate."""
    return Reckoned(text_tokens(text, row), row.name, row.error)


def reckon(request: ChatRequest, row: Family) -> Reckoned:
    """Tokens of a request's prompt: messages, tools, a schema, and what frames them."""
    count = _Count(row)
    tokens = row.start + sum(map(count.message, request.messages)) + count.tools(request.tools)
    if request.response_format is not None and request.response_format.schema is not None:
        tokens += text_tokens(encode(request.response_format.schema), row)
    return Reckoned(tokens, row.name, row.error, tuple(dict.fromkeys(count.guessed)))


class _Count:
    """Adds up parts for one family and keeps what it had to guess."""

    def __init__(self, row: Family) -> None:
        self._row = row
        self.guessed: list[str] = []

    def message(self, message: Message) -> int:
        return self._row.message + self._parts(message.content)

    def tools(self, tools: Sequence[Tool]) -> int:
        row, tokens = self._row, self._row.tools if tools else 0
        for tool in tools:
            if isinstance(tool, FunctionTool):
                told: Iterable[str] = tool.name, tool.description or "", encode(tool.parameters or {})
            elif isinstance(tool, CustomTool):
                told = tool.name, tool.description or "", tool.grammar or ""
            else:
                self.guessed.append("a tool of the provider")
                told = ()
            tokens += row.tool + sum([text_tokens(one, row) for one in told])
        return tokens

    def _parts(self, parts: Iterable[Part]) -> int:
        return sum(map(self._part, parts))

    def _part(self, part: Part) -> int:
        if isinstance(part, Text | Thinking | Refusal):
            return text_tokens(part.text, self._row)
        if isinstance(part, ToolCall):
            return (
                text_tokens(part.name, self._row) + text_tokens(part.arguments, self._row) + self._row.message
            )
        if isinstance(part, ToolResult):
            return self._parts(part.content) + self._row.message
        if isinstance(part, Image):
            return self._picture(part)
        if isinstance(part, Opaque):
            return text_tokens(bytes(part.json).decode(errors="replace"), self._row)
        self.guessed.append(_MEDIA[type(part)])
        return UNKNOWN

    def _picture(self, part: Image) -> int:
        rule = self._row.image
        size = size_of(part.data) if part.data is not None else None
        if rule is None or size is None:
            self.guessed.append("a picture")
            return UNKNOWN
        return picture_tokens(rule, *size, detail=part.detail)
