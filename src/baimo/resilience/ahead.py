"""What a place grants ahead of its windows: the usual claim changes a few numbers, whatever windows count."""

from __future__ import annotations

from .windows import Bucket, Window

_SHUT = float("-inf")
_MOST = 1 << 29
"""So much is granted ahead where nothing bounds it: numbers that Python adds quickest."""


class Ahead:
    """What may be granted before the windows are looked at again, and what has been granted so.

    It is open from a claim that the windows had room for until the first of their buckets closes: as long
    as that, all that is granted counts in the same buckets. Whoever looks at a window has it told first.
    """

    __slots__ = ("_requests", "_tokens", "counted", "last", "requests", "tokens", "until")

    def __init__(self) -> None:
        self.until = _SHUT
        """Nothing is granted so from then on."""
        self.requests = self.tokens = self._requests = self._tokens = 0
        """So many there is room for, and there was when it opened. What leaves a window meanwhile is not in
        it; what was granted and is not used comes back."""
        self.last = _SHUT
        """When something was granted last."""
        self.counted: list[tuple[Window, Bucket]] = []
        """Where tokens count that are granted now; another list each time it opens."""

    def open(self, requests: list[Window], tokens: list[Window], now: float) -> None:
        """Look how much room there is; windows under a ceiling are to be asked each time."""
        until, room, tokens_room = float("inf"), float(_MOST), float(_MOST)
        for window in requests:
            until = min(until, window.newest.closes)
            room = min(room, window.room - window.counted)
        for window in tokens:
            until = min(until, window.newest.closes)
            tokens_room = min(tokens_room, window.room - window.counted)
        if room > 0 and tokens_room > 0:
            self.until, self.last = until, now
            self.requests = self._requests = int(room)
            self.tokens = self._tokens = int(tokens_room)
            self.counted = [(window, window.newest) for window in tokens]

    def tell(self, requests: list[Window], tokens: list[Window]) -> None:
        """Have the windows count what was granted, and grant no more until it is opened again."""
        if self.until == _SHUT:
            return
        for window in requests:
            window.add(self._requests - self.requests, self.last)
        for window in tokens:
            window.add(self._tokens - self.tokens, self.last)
        self.until = _SHUT
        self.counted = []
