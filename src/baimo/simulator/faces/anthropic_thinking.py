"""Thinking with signatures: made when it is shown, checked when it comes back."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.errors import Error
from baimo.simulator.words import RefusedError, Why
from baimo.types.chat import ChatRequest
from baimo.types.content import Replay, Thinking
from baimo.types.events import ChatEvent, PartDelta, PartEnded, PartStarted, UsageReported
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .anthropic_cache import Used
from .anthropic_rules import blocks_of

_SEAL = b"a signature of the simulator's"
_WORDS = "Let me see."
"""What is thought where the script thinks nothing but thinking was asked for."""
_LEAST = 1024
_KINDS = ("thinking", "redacted_thinking")


def signature_of(text: str) -> str:
    """The signature of a thought."""
    return b64encode(hmac.digest(_SEAL, text.encode("utf-8", "replace"), "sha256")).decode()


def check_thinking(body: dict[str, Any], model: str) -> None:
    """Raises RefusedError for thinking that cannot be asked for, is altered, or is missing where it must
    come back."""
    thinking = body.get("thinking") or {}
    thinks = thinking.get("type") in ("enabled", "adaptive")
    budget = thinking.get("budget_tokens")
    if thinking.get("type") == "enabled":
        if budget is None or budget < _LEAST:
            raise _refused(
                f"thinking.enabled.budget_tokens: Input should be greater than or equal to {_LEAST}"
            )
        if budget >= body["max_tokens"]:
            raise _refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if thinks and body.get("temperature", 1) != 1:
        raise _refused("`temperature` may only be set to 1 when thinking is enabled.")
    if thinks and (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise _refused("Thinking may not be enabled when tool_choice forces tool use.")
    turns = body["messages"]
    for at, turn in enumerate(turns):
        for number, block in enumerate(blocks_of(turn["content"])):
            if block["type"] == "thinking" and not _is_signed(block):
                raise _refused(f"messages.{at}.content.{number}: Invalid `signature` in `thinking` block")
    if thinks:
        _check_last_turn(turns)


def _is_signed(block: dict[str, Any]) -> bool:
    sent = str(block.get("signature") or "")
    return hmac.compare_digest(sent.encode(), signature_of(block["thinking"]).encode())


def _check_last_turn(turns: list[dict[str, Any]]) -> None:
    """While a tool is being used, the answer that calls it begins with its thinking."""
    for at in range(len(turns) - 1, 0, -1):
        role, blocks = turns[at]["role"], blocks_of(turns[at]["content"])
        if role == "user" and not any(block["type"] == "tool_result" for block in blocks):
            return
        if role == "assistant" and blocks and blocks[0]["type"] not in _KINDS:
            raise _refused(
                f"messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
                f"`{blocks[0]['type']}`. When `thinking` is enabled, a final `assistant` message must start "
                "with a thinking block (preceding the lastmost set of `tool_use` and `tool_result` blocks)."
            )


def _refused(detail: str) -> RefusedError:
    return RefusedError(Why.INVALID_REQUEST, detail)


class SignedThinking:
    """Signs the thinking of a reply, thinks where that was asked for, and counts as the cache has it."""

    def __init__(self, encoder: ChatEncoder, asked: ChatRequest, used: Used, request_id: str) -> None:
        self._encoder = encoder
        reasoning = asked.reasoning
        self._must_think = reasoning is not None and reasoning.enabled is True
        self._used = used
        self._request_id = request_id
        self._thoughts: dict[int, str] = {}

    def head(self) -> WireHead:
        """Status and header fields, with the id of the call."""
        head = self._encoder.head()
        return replace(head, headers=(*head.headers, (b"request-id", self._request_id.encode())))

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The bytes of one event."""
        items: list[bytes] = []
        if isinstance(event, PartStarted):
            if isinstance(event.part, Thinking):
                self._thoughts[event.index] = event.part.text
            elif self._must_think:
                items = self._think()
            self._must_think = False
        elif isinstance(event, PartDelta) and event.index in self._thoughts:
            self._thoughts[event.index] += event.text
        elif isinstance(event, PartEnded) and event.index in self._thoughts:
            event = replace(event, replay=_signed(self._thoughts.pop(event.index)))
        elif isinstance(event, UsageReported):
            event = UsageReported(usage=self._counted(event.usage))
        return items + self._encoder.feed(event)

    def end(self) -> list[bytes]:
        """What ends the reply."""
        return self._encoder.end()

    def error(self, error: Error) -> list[bytes]:
        """A failure in mid-stream."""
        return self._encoder.error(error)

    def _think(self) -> list[bytes]:
        return [
            *self._encoder.feed(PartStarted(index=-1, part=Thinking(text=_WORDS))),
            *self._encoder.feed(PartEnded(index=-1, replay=_signed(_WORDS))),
        ]

    def _counted(self, usage: Usage) -> Usage:
        """A part of the prompt came from the cache, a part was written to it."""
        left = usage.input_uncached or 0
        read = min(self._used.read, left)
        written = min(self._used.written, left - read)
        hour = written if self._used.is_hour else 0
        return replace(
            usage,
            input_uncached=left - read - written,
            cache_read=read,
            cache_write_5m=written - hour,
            cache_write_1h=hour,
        )


def _signed(text: str) -> Replay:
    raw = msgspec.json.encode({"signature": signature_of(text)})
    return Replay(dialect="anthropic_messages", json=Raw(raw))
