"""Neutral messages to this wire's turns: lists of blocks, results in a turn of the user's."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import (
    Audio,
    Cache,
    File,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)

from .citations import encode_citations
from .media import file_block, image_block
from .quirks import Quirks
from .words import NAME

_ASSISTANT_ONLY = (Thinking, Refusal, ToolCall)
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_TTLS = ("5m", "1h")
_ID = re.compile(r"[A-Za-z0-9_-]+")

_fields = msgspec.json.Decoder(dict[str, Raw])


class MessageEncoder:
    """Encodes the messages of one request."""

    def __init__(self, quirks: Quirks, complaints: Complaints) -> None:
        self._quirks = quirks
        self._complaints = complaints
        self._ids: dict[str, str] = {}
        self.uses_files = False
        """Whether something refers to a file that was uploaded before."""

    def encode(self, messages: tuple[Message, ...]) -> tuple[Any, list[dict[str, Any]]]:
        """What stands before the turns (None where nothing does), and the turns."""
        system: list[dict[str, Any]] = []
        turns: list[dict[str, Any]] = []
        results: list[dict[str, Any]] | None = None  # of a turn that may still take more
        for index, message in enumerate(messages):
            if message.role in _SYSTEM:
                results = None
                self._system(message, index, system, turns)
                continue
            if message.role is Role.ASSISTANT:
                results = None
                blocks = self._assistant(message, index)
                role = "assistant"
            else:
                blocks, role = self._other(message, index), "user"
            if results is not None and message.replay is None:
                results += blocks  # all results of a turn stand in one, what the user adds behind them
                continue
            if not blocks:
                self._complaints.note("left_out", f"messages[{index}] was left out: nothing of it remains")
                continue
            turns.append(self._turn(role, blocks, message))
            is_open = message.role is Role.TOOL and message.replay is None
            results = blocks if is_open else None
        if not turns:
            raise InputError("messages is empty; a request needs at least one of the user's")
        for turn in turns:
            turn["content"] = _short(turn["content"])
        return (_short(system) or None), turns

    def _turn(self, role: str, blocks: list[dict[str, Any]], message: Message) -> dict[str, Any]:
        turn: dict[str, Any] = {"role": role, "content": blocks}
        if message.name is not None:
            self._complaints.cannot("the name of a message's author")
        if message.replay is not None and message.replay.dialect == NAME:
            turn.update(msgspec.json.decode(message.replay.json))
        return turn

    def _system(
        self, message: Message, index: int, system: list[dict[str, Any]], turns: list[dict[str, Any]]
    ) -> None:
        """The leading messages of the system stand apart; a later one is a turn, or said by the user."""
        self._must_not(message, index, (*_ASSISTANT_ONLY, ToolResult), "a message of the system")
        blocks = self._blocks(message.content)
        is_turn = message.replay is not None and message.replay.dialect == NAME
        if not turns and not is_turn:
            if message.name is not None:
                self._complaints.cannot("the name of a message's author")
            system += blocks
        elif blocks:
            if not is_turn and not self._quirks.system_turns:
                self._complaints.emulated("a later message of the system was sent as one of the user's")
            in_place = is_turn or self._quirks.system_turns
            turns.append(self._turn("system" if in_place else "user", blocks, message))

    def _must_not(self, message: Message, index: int, kinds: tuple[type, ...], where: str) -> None:
        for number, part in enumerate(message.content):
            if isinstance(part, kinds):
                raise InputError(
                    f"messages[{index}].content[{number}] is a {type(part).__name__}, which {where} must "
                    "not hold"
                )

    def _other(self, message: Message, index: int) -> list[dict[str, Any]]:
        """A message of the user or a tool: results come first."""
        self._must_not(message, index, _ASSISTANT_ONLY, "only an assistant's message may hold, others")
        results = [part for part in message.content if isinstance(part, ToolResult)]
        rest = [part for part in message.content if not isinstance(part, ToolResult)]
        if message.role is Role.TOOL and (rest or not results):
            raise InputError(f"messages[{index}] is of a tool and must hold tool results, nothing else")
        return [*map(self._result, results), *self._blocks(rest)]

    def _assistant(self, message: Message, index: int) -> list[dict[str, Any]]:
        self._must_not(message, index, (ToolResult,), "an assistant's message")
        return self._blocks(message.content)

    def _blocks(self, parts: Any) -> list[dict[str, Any]]:
        return [block for part in parts if (block := self._block(part)) is not None]

    def _block(self, part: Part) -> dict[str, Any] | None:
        if isinstance(part, Text):
            block = self._text(part)
        elif isinstance(part, Thinking):
            return self._thinking(part)
        elif isinstance(part, ToolCall):
            block = self._call(part)
        elif isinstance(part, Image):
            block = image_block(part, self._quirks, self._complaints)
        elif isinstance(part, File):
            block = file_block(part, self._quirks, self._complaints)
        elif isinstance(part, Opaque):
            return self._opaque(part)
        elif isinstance(part, Refusal):
            self._complaints.emulated("an earlier refusal was sent as the text of its message")
            block = {"type": "text", "text": part.text} if part.text else None
        else:
            assert isinstance(part, (Audio, Video))
            self._complaints.cannot(f"{type(part).__name__.lower()} content")
            block = None
        return self._dressed(block, part)

    def _dressed(self, block: dict[str, Any] | None, part: Part) -> dict[str, Any] | None:
        """A block with its mark for the cache, and with what came with it from this wire."""
        if block is None:
            return None
        if isinstance(part, (Image, File)) and part.data is None and part.file_id is not None:
            self.uses_files = True
        if part.replay is not None and part.replay.dialect == NAME:
            block.update(_fields.decode(part.replay.json))
        if part.cache is not None:
            self.mark(block, part.cache)
        return block

    def mark(self, block: dict[str, Any], cache: Cache) -> None:
        """Mark a block, or a tool, for the provider's cache."""
        if "cache" in self._quirks.refused:
            self._complaints.cannot("what to cache")
            return
        mark: dict[str, Any] = {"type": "ephemeral"}
        if cache.ttl in _TTLS:
            mark["ttl"] = cache.ttl
        elif cache.ttl is not None:
            self._complaints.cannot(f"to cache for {cache.ttl}", f"it takes {', '.join(_TTLS)}")
        block["cache_control"] = mark

    def _text(self, part: Text) -> dict[str, Any] | None:
        """A text. This wire refuses an empty one, and sources that are not its own."""
        if not part.text:
            return None
        block: dict[str, Any] = {"type": "text", "text": part.text}
        if part.replay is not None and part.replay.dialect == NAME and (told := encode_citations(part)):
            block["citations"] = told
        return block

    def _thinking(self, part: Thinking) -> dict[str, Any] | None:
        """Reasoning goes back as it came, with its signature; that of another provider cannot."""
        kept = _kept(part.replay)
        if "data" in kept:
            return {"type": "redacted_thinking", **kept}
        if not kept and not (self._quirks.unsigned_thinking and part.text):
            self._complaints.note(
                "left_out", "earlier reasoning was left out: it has no signature that this provider knows"
            )
            return None
        return {"type": "thinking", "thinking": part.text, **kept}

    def _call(self, part: ToolCall) -> dict[str, Any]:
        arguments: Any = object_of(part.arguments)
        if part.kind == "custom" or arguments is None:
            what = "of a custom tool" if part.kind == "custom" else "whose arguments are no JSON object"
            self._complaints.cannot(f"an earlier call {what}", "arguments are an object on this wire")
            arguments = boxed(part.arguments)
        return {"type": "tool_use", "id": self._id(part.id), "name": part.name, "input": arguments}

    def _result(self, part: ToolResult) -> dict[str, Any]:
        block: dict[str, Any] = {"type": "tool_result", "tool_use_id": self._id(part.call_id)}
        content = _short(self._blocks(part.content))
        if content:
            block["content"] = content
        if part.is_error:
            block["is_error"] = True
        dressed = self._dressed(block, part)
        assert dressed is not None
        return dressed

    def _opaque(self, part: Opaque) -> dict[str, Any] | None:
        if part.dialect != NAME:
            self._complaints.cannot("a part", f"it is one of the dialect {part.dialect!r}")
            return None
        return dict(_fields.decode(part.json))

    def _id(self, ident: str) -> str:
        """The id of a call, or the one that stands for it: this wire takes letters, digits, _ and -."""
        if _ID.fullmatch(ident):
            return ident
        return self._ids.setdefault(ident, f"call_{len(self._ids)}_{re.sub(r'[^A-Za-z0-9]', '_', ident)}")


def _short(blocks: list[dict[str, Any]]) -> Any:
    """A string where a single text can be one."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"} and type(blocks[0]["text"]) is str:
        return blocks[0]["text"]
    return blocks


def _kept(replay: Replay | None) -> dict[str, Any]:
    return dict(_fields.decode(replay.json)) if replay is not None and replay.dialect == NAME else {}


def object_of(arguments: str) -> Raw | None:
    """Arguments as a JSON object, byte for byte; None where they are none. No text means no arguments."""
    if not arguments.strip():
        return Raw(b"{}")
    try:
        raw = arguments.encode()
        _fields.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return Raw(raw)


def boxed(text: str) -> dict[str, str]:
    """What stands in the place of an object for arguments that are none."""
    return {"input": text}
