"""Reasoning that stands in an answer's text, inside `<think>` and `</think>`."""

from __future__ import annotations

_OPEN = "<think>"
_CLOSE = "</think>"


class ThinkSplitter:
    """Splits text into reasoning and answer; tags may be cut anywhere.

    White space beside the tags is not part of either text.
    """

    __slots__ = ("_held", "_inside", "_skip")

    def __init__(self) -> None:
        self._inside = False
        self._held = ""
        self._skip = False  # white space after a tag

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """Pieces in order: whether it is reasoning, and its text."""
        text = self._held + text
        self._held = ""
        pieces: list[tuple[bool, str]] = []
        while text:
            tag = _CLOSE if self._inside else _OPEN
            at = text.find(tag)
            if at < 0:
                keep = self._may_begin(text, tag)
                self._held = text[len(text) - keep :]
                self._add(pieces, text[: len(text) - keep])
                break
            self._add(pieces, text[:at].rstrip() if self._inside else text[:at])
            self._inside = not self._inside
            self._skip = True
            text = text[at + len(tag) :]
        return pieces

    def end(self) -> list[tuple[bool, str]]:
        """What was held because it might have begun a tag."""
        pieces: list[tuple[bool, str]] = []
        held, self._held = self._held, ""
        self._add(pieces, held)
        return pieces

    def _add(self, pieces: list[tuple[bool, str]], text: str) -> None:
        if self._skip:
            text = text.lstrip()
            self._skip = not text
        if text:
            pieces.append((self._inside, text))

    def _may_begin(self, text: str, tag: str) -> int:
        """How many characters at the end may belong to a tag, with white space before a closing one."""
        keep = 0
        for length in range(min(len(tag) - 1, len(text)), 0, -1):
            if tag.startswith(text[-length:]):
                keep = length
                break
        if self._inside:
            before = text[: len(text) - keep]
            keep += len(before) - len(before.rstrip())
        return keep


def in_tags(thinking: str) -> str:
    """Reasoning as it is written before an answer: the form that `ThinkSplitter` reads."""
    return f"{_OPEN}\n{thinking}\n{_CLOSE}\n\n"
