"""How many tokens a prompt may have, without a tokenizer.

Two figures, for two questions. `likely` errs upwards: is there room for the prompt? `least` is a floor that
no tokenizer goes below: did the provider count so few that it cannot have read everything?
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from baimo.types.chat import ChatRequest, Message
from baimo.types.content import Audio, Image, Part, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool

from .jsontext import encode

_IDEOGRAPHS = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_CJK_ONE = f"[{_IDEOGRAPHS}]"
_CJK = f"[{_IDEOGRAPHS}]+"
_WORD = f"[^\\W_{_IDEOGRAPHS}]+"
"""Patterns are text: `re` makes and keeps them when they are first needed, which a plain call never does."""

_BYTES_A_TOKEN = 4
_CJK_A_TOKEN = 3
"""The most CJK characters that one token holds on average over a text."""

_A_MESSAGE = 8
"""Tokens that a message costs besides its text: role and marks."""

_A_TOOL = 16
_AN_IMAGE = 1024
_A_SOUND = 1024


class PromptSize(msgspec.Struct, frozen=True):
    """A prompt's size in tokens."""

    likely: int
    """An estimate on the high side; pictures, sounds and tools included."""
    least: int
    """A floor: the words of the messages alone, one token each."""


def likely_tokens(text: str) -> int:
    """Tokens of a text, rather too many: a CJK character each, else four bytes.

    >>> likely_tokens("Hello, world! 你好")
    6
    """
    if text.isascii():
        return -(-len(text) // _BYTES_A_TOKEN)
    rest, ideographs = re.subn(_CJK_ONE, "", text)
    return ideographs + -(-len(rest.encode("utf-8", "surrogatepass")) // _BYTES_A_TOKEN)


def least_tokens(text: str) -> int:
    """A floor: words and numbers count one each however long they are, three CJK characters one; the rest
    nothing.

    >>> least_tokens("Hello, world!  ------  你好吗")
    3
    """
    words = len(re.findall(_WORD, text))
    return words if text.isascii() else words + sum(map(len, re.findall(_CJK, text))) // _CJK_A_TOKEN


def prompt_size(request: ChatRequest) -> PromptSize:
    """The size of a request's prompt."""
    least = sum(sum(map(least_tokens, _words(message))) for message in request.messages)
    return PromptSize(likely_size(request), least)


def likely_size(request: ChatRequest) -> int:
    """The same on the high side alone: the text is not looked at word by word."""
    likely = 0
    for message in request.messages:
        likely += _A_MESSAGE
        for part in message.content:
            if type(part) is Text and part.text.isascii():
                likely += (len(part.text) + _BYTES_A_TOKEN - 1) // _BYTES_A_TOKEN
            else:
                likely += _likely(part)
    for tool in request.tools:
        if isinstance(tool, FunctionTool):
            told = tool.name, tool.description or "", encode(tool.parameters or {})
            likely += _A_TOOL + sum(map(likely_tokens, told))
    return likely


def _likely(part: Part) -> int:
    if isinstance(part, (Text, Thinking, Refusal)):
        return likely_tokens(part.text)
    if isinstance(part, ToolCall):
        return likely_tokens(part.name) + likely_tokens(part.arguments)
    if isinstance(part, ToolResult):
        return sum(map(_likely, part.content))
    if isinstance(part, Image):
        return _AN_IMAGE
    return _A_SOUND if isinstance(part, Audio) else 0


def _words(message: Message) -> Iterable[str]:
    """Texts that every provider reads; reasoning and earlier calls may be left out of a prompt."""
    for part in message.content:
        if isinstance(part, Text):
            yield part.text
        elif isinstance(part, ToolResult):
            yield from (piece.text for piece in part.content if isinstance(piece, Text))
