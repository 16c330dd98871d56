"""A short text that matches a regular expression of a JSON schema."""

from __future__ import annotations

import re

from baimo.errors import InputError

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_ENDS = ")|"
_TRIED = "a0A_- .,:;/@#!?é中"


def matching(pattern: str) -> str:
    """The text. Raises InputError for a pattern of words that this small reader does not know."""
    try:
        regex = re.compile(pattern)
        text = _Reader(pattern).alternatives()
    except (re.error, IndexError, ValueError):
        raise InputError(f"no text can be made for the pattern {pattern!r}") from None
    if regex.search(text) is None:
        raise InputError(f"no text can be made for the pattern {pattern!r}")
    return text


class _Reader:
    """Reads a pattern from the left and makes the text as it goes: always the first and the shortest."""

    def __init__(self, pattern: str) -> None:
        self._rest = pattern

    def alternatives(self) -> str:
        """The first of `a|b|c`; the others are read over."""
        made = self._run()
        while self._rest.startswith("|"):
            self._take(1)
            self._run()
        return made

    def _run(self) -> str:
        made = ""
        while self._rest and self._rest[0] not in _ENDS:
            made += self._repeated(self._atom())
        return made

    def _atom(self) -> str:
        mark = self._take(1)
        if mark == "(":
            if self._rest.startswith("?"):
                if not self._rest.startswith(("?:", "?P<")):
                    raise ValueError("looking around")
                self._take(2 if self._rest.startswith("?:") else self._rest.index(">") + 1)
            made = self.alternatives()
            self._take(1)
            return made
        if mark == "[":
            return self._one_of()
        if mark == "\\":
            letter = self._take(1)
            if letter.isdigit() or letter in "bBAZ":
                if letter.isdigit():
                    raise ValueError("looking back")
                return ""
            return _CLASSES.get(letter, {"n": "\n", "t": "\t"}.get(letter, letter))
        return "" if mark in "^$" else "a" if mark == "." else mark

    def _one_of(self) -> str:
        end = self._rest.index("]", 2 if self._rest.startswith("^") else 1)
        while self._rest[end - 1] == "\\":
            end = self._rest.index("]", end + 1)
        inside = self._take(end + 1)
        wanted = re.compile(f"[{inside}")
        letters: list[str] = [*_TRIED, *map(chr, range(33, 127))]
        for letter in letters:
            if wanted.fullmatch(letter):
                return letter
        raise ValueError("beyond this reader")

    def _repeated(self, made: str) -> str:
        times = 1
        if self._rest[:1] in ("*", "?"):
            self._take(1)
            times = 0
        elif self._rest.startswith("+"):
            self._take(1)
        elif found := re.match(r"\{(\d*)(,\d*)?\}", self._rest):
            self._take(found.end())
            times = int(found[1] or 0)
        else:
            return made
        if self._rest[:1] in ("?", "+"):
            self._take(1)
        return made * times

    def _take(self, length: int) -> str:
        if len(self._rest) < length:
            raise IndexError("the pattern is over")
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken
