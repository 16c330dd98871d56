"""The order of messages that this wire wants: user and assistant in turn, a question at the end."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints

_PLAIN = {"Role", "Content", "Contents", "FileIDs"}
"""Messages that hold nothing else can be joined."""


def in_turn(wire: list[dict[str, Any]], complaints: Complaints) -> list[dict[str, Any]]:
    """The messages, those of one role in a row as one; what cannot stand where it stands is complained of."""
    turns: list[dict[str, Any]] = []
    for entry in wire:
        before = turns[-1] if turns else None
        if entry["Role"] == "assistant" and (before is None or before["Role"] == "system"):
            complaints.cannot("an answer before the first question")
        elif before is not None and _joins(before, entry):
            _join(before, entry)
            complaints.emulated("messages of one role in a row went out as one")
        else:
            turns.append(entry)
    if turns and turns[-1]["Role"] == "assistant":
        complaints.cannot("an answer to go on with", "the last message must be of the user or of a tool")
        turns.pop()
    return turns


def _joins(before: dict[str, Any], entry: dict[str, Any]) -> bool:
    alike = before["Role"] == entry["Role"] in ("user", "assistant")
    return alike and before.keys() <= _PLAIN and entry.keys() <= _PLAIN


def _join(before: dict[str, Any], entry: dict[str, Any]) -> None:
    """Put the second into the first: words stay words where both are nothing else."""
    files = [*before.pop("FileIDs", ()), *entry.get("FileIDs", ())]
    if "Content" in before and "Content" in entry:
        before["Content"] = "\n\n".join(filter(None, [before["Content"], entry["Content"]]))
    else:
        before["Contents"] = [*_contents(before), *_contents(entry)]
        before.pop("Content", None)
    if files:
        before["FileIDs"] = files


def _contents(entry: dict[str, Any]) -> list[dict[str, Any]]:
    if "Contents" in entry:
        contents: list[dict[str, Any]] = entry["Contents"]
        return contents
    return [{"Type": "text", "Text": entry["Content"]}] if entry["Content"] else []
