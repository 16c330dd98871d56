"""Text that comes in pieces, or whole again with every event."""

from __future__ import annotations

_HALF = "\ufffd"
"""What a service writes for a character of which it has only the first bytes."""


class Growth:
    """One text of an answer. `more` gives what an event adds to it.

    Where it is not known which form the events have, a text that begins with all that came before is taken
    for the whole; the first that does not tells that they are pieces.
    """

    __slots__ = ("_output", "_seen")

    def __init__(self, output: str) -> None:
        self._output = output
        self._seen = ""

    def more(self, text: str, *, is_last: bool) -> str:
        """What is new in the text of an event; `is_last`: none comes after it."""
        if self._output == "incremental" or not text:
            return text
        seen = self._seen
        if self._output == "unknown" and not text.startswith(seen):
            self._output = "incremental"
            return text
        if not is_last:
            text = text.rstrip(_HALF)
        if len(text) <= len(seen):
            return ""
        self._seen = text
        return text[len(seen) :]
