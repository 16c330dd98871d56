"""Ranges that a wire allows for a number, written as in mathematics: `[0, 2]`, `(0, 1]`."""

from __future__ import annotations

import re
from typing import ClassVar

_FORM = re.compile(r"([\[(])\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*([\])])")


class Interval:
    """A range; a round bracket leaves its bound out, `[1, 1]` is one value.

    >>> Interval("(0, 2]").clamp(0.0)
    0.01
    """

    __slots__ = ("high", "high_open", "low", "low_open", "text")

    step: ClassVar[float] = 0.01
    """How far inside an open bound a clamped value is put."""

    def __init__(self, text: str) -> None:
        form = _FORM.fullmatch(text.strip())
        if form is None or (float(form[2]), form[1] + form[4] != "[]") >= (float(form[3]), True):
            raise ValueError(f"{text!r} is no range; write it as '[0, 2]' or '(0, 1]'")
        self.text = text.strip()
        self.low = float(form[2])
        self.high = float(form[3])
        self.low_open = form[1] == "("
        self.high_open = form[4] == ")"

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)

    def clamp(self, value: float) -> float:
        """The nearest value that is allowed."""
        if value in self:
            return value
        if value <= self.low:
            return self.low + self.step if self.low_open else self.low
        return self.high - self.step if self.high_open else self.high

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Interval) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Interval({self.text!r})"
