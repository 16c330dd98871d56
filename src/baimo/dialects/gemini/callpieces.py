"""A call of a function whose arguments come in pieces.

Vertex AI sends them so where `streamFunctionCallArguments` is asked for: the first part holds the name, each
further one values at places in the arguments, and a part without `willContinue` ends the call.
"""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\[(?P<quote>['\"])(?P<quoted>.*?)(?P=quote)\]")
_MAX_INDEX = 10_000
"""The furthest place of a list that is believed."""

_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


def is_piece(call: dict[str, Any]) -> bool:
    """Whether the part of a call is not the whole call."""
    return bool(call.get("willContinue")) or isinstance(call.get("partialArgs"), list)


class CallPieces:
    """What has come of one call."""

    def __init__(self, part: dict[str, Any]) -> None:
        self._part: dict[str, Any] = {}
        self._call: dict[str, Any] = {}
        self._args: dict[str, Any] = {}
        self._open: str | None = None
        """The place of a text that goes on in the next piece."""
        self.add(part)

    def add(self, part: dict[str, Any]) -> bool:
        """One part of it; whether it was the last."""
        call = part["functionCall"]
        self._part.update((name, value) for name, value in part.items() if name != "functionCall")
        if isinstance(call.get("args"), dict):
            self._args.update(call["args"])
        pieces = call.get("partialArgs")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._lay(piece)
        known = ("args", "partialArgs", "willContinue")
        self._call.update((name, value) for name, value in call.items() if name not in known)
        return not call.get("willContinue")

    def whole(self) -> dict[str, Any]:
        """The part as it would have come in one."""
        return {**self._part, "functionCall": {**self._call, "args": self._args}}

    def _lay(self, piece: dict[str, Any]) -> None:
        """Put one value in its place; what cannot be placed is passed over."""
        name = next((one for one in _VALUES if one in piece), None)
        path = piece.get("jsonPath")
        steps = _steps(path) if isinstance(path, str) else []
        if name is None or not steps:
            return
        place = _place(self._args, steps)
        if place is None:
            return
        holder, last = place
        value = None if name == "nullValue" else piece[name]
        begun = holder[last] if path == self._open else None
        holder[last] = begun + value if isinstance(begun, str) and isinstance(value, str) else value
        self._open = path if piece.get("willContinue") else None


def _steps(path: str) -> list[str | int]:
    """The names and numbers of `$.a['b c'][0]`; none where it is no such path."""
    steps: list[str | int] = []
    at = 1
    while path.startswith("$") and at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return []
        index = found["index"]
        steps.append(int(index) if index is not None else found["name"] or found["quoted"])
        at = found.end()
    return steps


def _place(holder: Any, steps: list[str | int]) -> tuple[Any, str | int] | None:
    """The object or list of the last step, made where it was not there; None where another value is there."""
    *way, last = steps
    for step, after in zip(way, steps[1:], strict=True):
        if not _has_room(holder, step):
            return None
        below = holder[step] if isinstance(step, int) else holder.get(step)
        if below is None:
            below = holder[step] = [] if isinstance(after, int) else {}
        holder = below
    return (holder, last) if _has_room(holder, last) else None


def _has_room(holder: Any, step: str | int) -> bool:
    """Whether the step can be made here; a list is made long enough for it."""
    if isinstance(step, str):
        return isinstance(holder, dict)
    if not isinstance(holder, list) or step > _MAX_INDEX:
        return False
    holder.extend([None] * (step + 1 - len(holder)))
    return True
