"""What Anthropic is strict about in a request besides its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from baimo.simulator.words import RefusedError, Why

_SAMPLING = ("temperature", "top_p", "top_k")
_MOST_MARKS = 4


def blocks_of(content: Any) -> list[dict[str, Any]]:
    """The blocks of a turn, a text being one."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def merged(messages: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The turns as the provider reads them: neighbours of one role are one."""
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        role, blocks = message["role"], blocks_of(message["content"])
        if turns and turns[-1][0] == role:
            turns[-1] = (role, turns[-1][1] + blocks)
        else:
            turns.append((role, blocks))
    return turns


def check_request(body: dict[str, Any], version: str) -> None:
    """Raises RefusedError in the provider's words."""
    if version >= "2026":
        for name in _SAMPLING:
            if name in body:
                raise _refused(f"{name}: not supported in this API version")
    turns = merged(body["messages"])
    if turns[0][0] == "assistant":
        raise _refused('messages: first message must use the "user" role')
    marks = 0
    for at, (role, blocks) in enumerate(turns):
        if not blocks and not (role == "assistant" and at == len(turns) - 1):
            raise _refused(f"messages.{at}: all messages must have non-empty content")
        marks += _check_blocks(at, blocks)
        called = [block["id"] for block in blocks if block["type"] == "tool_use"]
        after = turns[at + 1][1] if at + 1 < len(turns) else []
        _check_results(at, called, after)
        before = turns[at - 1][1] if at else []
        known = {block["id"] for block in before if block["type"] == "tool_use"}
        for block in blocks:
            if block["type"] == "tool_result" and block["tool_use_id"] not in known:
                raise _refused(
                    f"messages.{at}.content: unexpected `tool_use_id` found in `tool_result` blocks: "
                    f"{block['tool_use_id']}. Each `tool_result` block must have a corresponding `tool_use` "
                    "block in the previous message."
                )
    marks += sum("cache_control" in block for block in _marked(body))
    if marks > _MOST_MARKS:
        raise _refused(
            f"A maximum of {_MOST_MARKS} blocks with cache_control may be provided. Found {marks}."
        )


def _marked(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body.get("tools") or ()
    yield from blocks_of(body.get("system") or [])


def _check_blocks(at: int, blocks: list[dict[str, Any]]) -> int:
    """Refuses an empty text; the number of marks for the cache."""
    for block in blocks:
        if block["type"] == "text" and not block["text"]:
            raise _refused("messages: text content blocks must be non-empty")
    return sum("cache_control" in block for block in blocks)


def _check_results(at: int, called: list[str], after: list[dict[str, Any]]) -> None:
    """The calls of a turn have their results at the beginning of the next."""
    given = []
    for block in after:
        if block["type"] != "tool_result":
            break
        given.append(block["tool_use_id"])
    missing = [ident for ident in called if ident not in given]
    if missing:
        raise _refused(
            f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in "
            "the next message."
        )


def _refused(detail: str) -> RefusedError:
    return RefusedError(Why.INVALID_REQUEST, detail)
