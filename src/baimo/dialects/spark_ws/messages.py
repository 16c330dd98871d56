"""Neutral messages to this wire's turns: text only, a system's word first, then user and assistant in turn.

Texts of one role that follow each other are joined, with a note: nothing is lost by it. A system message
behind the first turn, a call of a tool and its result have no place here: they are refused, or (with
`unsupported="drop"`) told in words of the user or the assistant.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Image, Opaque, Part, Refusal, Text, Thinking, ToolCall, ToolResult

from .complaints import Complaints
from .pairs import NAME, Pair

_BETWEEN = "\n\n"


class TurnEncoder:
    """Encodes the messages of one request."""

    def __init__(self, pair: Pair, complaints: Complaints) -> None:
        self._pair = pair
        self._complaints = complaints
        self._turns: list[dict[str, Any]] = []
        self._image: str | bytes | None = None  # bytes become base64 with the rest of the frame
        self._calls: dict[str, str] = {}

    def encode(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """`payload.message.text`. Raises InputError where no question is left to ask."""
        if not messages:
            raise InputError("messages is empty; a request needs at least one")
        for index, message in enumerate(messages):
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            text = self._text(message, f"messages[{index}]")
            if text is not None:
                self._say(self._role(message), text, message)
        self._end()
        if self._image is not None:
            self._show(self._image)
        return self._turns

    def _role(self, message: Message) -> str:
        if message.role in (Role.SYSTEM, Role.DEVELOPER):
            if all(turn["role"] == "system" for turn in self._turns):
                return "system"
            self._complaints.instead(
                "a system message behind the first turn", "it is sent as the user's words"
            )
            return "user"
        return "assistant" if message.role is Role.ASSISTANT else "user"

    def _say(self, role: str, text: str, message: Message) -> None:
        last = self._turns[-1] if self._turns else None
        if last is not None and last["role"] == role:
            last["content"] += _BETWEEN + text
            self._complaints.emulated(
                f"messages of the role {role} that follow each other were joined: roles must alternate"
            )
            return
        turn = {"role": role, "content": text}
        if message.replay is not None and message.replay.dialect == NAME:
            turn |= msgspec.json.decode(message.replay.json)
        self._turns.append(turn)

    def _end(self) -> None:
        """The last word must be the user's."""
        if self._turns and self._turns[-1]["role"] == "assistant":
            self._complaints.cannot("an answer to go on with", "the last message must be the user's")
            self._turns.pop()
        if not self._turns or self._turns[-1]["role"] != "user":
            raise InputError("the last message must be the user's; there is none")

    def _show(self, image: str | bytes) -> None:
        """The picture stands before the question."""
        if self._turns[0]["role"] == "system":
            self._complaints.cannot("a system message beside an image")
            del self._turns[0]
        self._turns.insert(0, {"role": "user", "content": image, "content_type": "image"})

    def _text(self, message: Message, where: str) -> str | None:
        """A message's words; None where none are left."""
        assistant = message.role is Role.ASSISTANT
        texts: list[str] = []
        for number, part in enumerate(message.content):
            if isinstance(part, (Thinking, Refusal, ToolCall)) and not assistant:
                raise InputError(
                    f"{where}.content[{number}] is a {type(part).__name__}, which only an assistant's "
                    "message may hold"
                )
            if isinstance(part, ToolResult) and assistant:
                raise InputError(
                    f"{where}.content[{number}] is a ToolResult, which an assistant's message must not hold"
                )
            text = self._part(part, first=not self._turns or self._turns[-1]["role"] == "system")
            if text is not None:
                texts.append(text)
        return _BETWEEN.join(texts) if texts or not message.content else None

    def _part(self, part: Part, *, first: bool) -> str | None:
        if part.cache is not None:
            self._complaints.cannot("what to cache")
        if isinstance(part, (Text, Refusal)):
            return part.text
        if isinstance(part, ToolCall):
            return self._call(part)
        if isinstance(part, ToolResult):
            return self._result(part)
        if isinstance(part, Image):
            self._picture(part, first=first)
        elif isinstance(part, Opaque):
            if part.dialect != NAME:
                self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
        elif not isinstance(part, Thinking):
            self._complaints.cannot(f"{type(part).__name__.lower()} content")
        return None

    def _call(self, part: ToolCall) -> str:
        self._calls[part.id] = part.name
        self._complaints.instead("an earlier call of a tool", "it is told in the assistant's words")
        return f"{part.name}({part.arguments})"

    def _result(self, part: ToolResult) -> str:
        self._complaints.instead("a tool's result", "it is told in the user's words")
        texts = []
        for piece in part.content:
            if isinstance(piece, Text):
                texts.append(piece.text)
            else:
                self._complaints.cannot(f"a tool's result with {type(piece).__name__.lower()} content")
        name = part.name or self._calls.get(part.call_id) or part.call_id
        return f"{'Error of' if part.is_error else 'Result of'} {name}: {_BETWEEN.join(texts)}"

    def _picture(self, part: Image, *, first: bool) -> None:
        if not self._pair.image:
            self._complaints.cannot("image content", "only the model 'image' takes a picture")
            return
        encoded = part.data if part.data is not None else _base64_of(part.url)
        if encoded is None:
            self._complaints.cannot("an image other than by its bytes", "send its bytes")
        elif self._image is not None:
            self._complaints.cannot("more than one image")
        else:
            if not first:
                self._complaints.instead("an image in a later turn", "it stands before the first question")
            self._image = encoded


def _base64_of(url: str | None) -> str | None:
    head, comma, data = (url or "").partition(",")
    return data if comma and head.startswith("data:") and head.endswith(";base64") else None
