"""The attempts of a call as bars on one scale of time: waiting, in line, until the first event, stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .ledgers import seconds
from .width import cut, pad, width
from .words import say

if TYPE_CHECKING:
    from baimo.types.record import AttemptRecord, CallRecord

SIGNS = {"waited": ("·", "."), "queued": ("░", "~"), "first": ("▒", "-"), "stream": ("█", "=")}
_LEAST_BAR = 10
_NAME = 28
"""Columns that a name may take."""
_AROUND = 6
"""Columns for the number of an attempt and its mark."""

Symbol = Callable[[str, str], str]


def timeline(call: CallRecord, columns: int, *, symbol: Symbol) -> tuple[list[str], str]:
    """One line an attempt, and the legend: name, bar, and how long it took."""
    names = [f"{one.provider}/{one.model}".removesuffix("/*") for one in call.attempts]
    times = [seconds(one.took_s) for one in call.attempts]
    longest = max(map(width, names))
    wide = min(longest, _NAME, max(columns - _AROUND - 4 - _LEAST_BAR - max(map(len, times)), 8))
    room = max(columns - _AROUND - wide - max(map(len, times)) - 4, _LEAST_BAR)
    whole = max(call.took_s, *(one.began_s + one.took_s for one in call.attempts), 0.001)
    lines = []
    for name, took, one in zip(names, times, call.attempts, strict=True):
        bar = _bar(one, whole, room, symbol)
        lines.append(f"{pad(cut(name, wide), wide)}  {bar}  {took:>{max(map(len, times))}}")
    used = [kind for kind in SIGNS if any(_has(one, kind) for one in call.attempts)]
    legend = "  ".join(f"{symbol(*SIGNS[kind])} {say(f'trace.sign_{kind}')}" for kind in used)
    return lines, "    " + legend


def _bar(one: AttemptRecord, whole: float, room: int, symbol: Symbol) -> str:
    """As many characters as there is room; one stands for the same time in every attempt."""
    cells = [" "] * room
    spans = _spans(one)
    for kind, begin, end in spans:
        first = min(int(begin / whole * room), room - 1)
        last = min(max(round(end / whole * room), first + 1), room)
        cells[first:last] = symbol(*SIGNS[kind]) * (last - first)
    return "".join(cells)


def _spans(one: AttemptRecord) -> list[tuple[str, float, float]]:
    """What an attempt did, from when to when; what took no time is left out."""
    queued = one.began_s - one.queued_s
    first = one.began_s + (one.took_s if one.first_s is None else one.first_s)
    spans = [
        ("waited", max(queued - one.waited_s, 0.0), queued),
        ("queued", max(queued, 0.0), one.began_s),
        ("first", one.began_s, first),
        ("stream", first, one.began_s + one.took_s),
    ]
    return [span for span in spans if span[2] > span[1]]


def _has(one: AttemptRecord, kind: str) -> bool:
    return any(name == kind for name, _, _ in _spans(one))
