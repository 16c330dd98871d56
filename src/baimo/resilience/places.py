"""One place where requests count: its windows, how many are under way, and what was learned of it."""

from __future__ import annotations

from baimo.types.limits import Hold, Learned

from .adaptive import Adaptive
from .ahead import Ahead
from .windows import Bucket, Window

MINUTE_S = 60.0
_REQUESTS = (("requests_per_second", 1.0), ("requests_per_minute", MINUTE_S), ("requests_per_day", 86_400.0))
_TOKENS = (("tokens_per_minute", MINUTE_S), ("tokens_per_day", 86_400.0))
NEVER = float("inf")


class Place:
    """The state of one place; `limit` and `row` are those it was last asked for with."""

    __slots__ = (
        "adaptive",
        "ahead",
        "blocked_until",
        "in_flight",
        "is_known",
        "learned_most",
        "learned_window",
        "limit",
        "name",
        "requests",
        "room",
        "row",
        "tokens",
        "tokens_in_flight",
    )

    def __init__(self, hold: Hold) -> None:
        self.name = hold.place
        self.requests: list[Window] = []
        self.tokens: list[Window] = []
        self.ahead = Ahead()
        """What is granted without a look at the windows."""
        self.in_flight = 0
        self.tokens_in_flight = 0
        self.blocked_until = float("-inf")
        self.learned_most: int | None = None
        self.learned_window: Window | None = None
        self.room = NEVER
        """As many may be under way at once."""
        self.adaptive = Adaptive()
        self.is_known = False
        """Whether a bound is known of it: configured, from the row, or learned."""
        self.configure(hold)

    def configure(self, hold: Hold) -> None:
        """Take the hold's bounds; what was counted and learned stays."""
        self.tell()
        self.limit, self.row = hold.limit, hold.row
        for windows, names in ((self.requests, _REQUESTS), (self.tokens, _TOKENS)):
            for name, length_s in names:
                own, row = getattr(hold.limit, name), getattr(hold.row, name)
                _bound(windows, length_s, own, row)
        self._bound_flight()

    def due(self, tokens: int, now: float) -> float:
        """When there is room; `now` or before means at once, NEVER that only an end of a request helps."""
        if self.in_flight >= self.room:
            return NEVER
        self.tell()
        latest = self.blocked_until
        for window in self.requests:
            if window.counted >= window.room:
                latest = max(latest, window.due(1, now))
        for window in self.tokens:
            if window.counted + tokens > window.room:
                latest = max(latest, window.due(tokens, now))
        return latest

    def too_many(self, tokens: int) -> int | None:
        """The configured bound that so many tokens can never keep, if there is one."""
        bounds = [window.bound for window in self.tokens if window.is_own and window.bound is not None]
        return next((bound for bound in bounds if tokens > bound), None)

    def take(self, tokens: int, now: float, counted: list[tuple[Window, Bucket]]) -> None:
        """Count a request; `counted` is told where its tokens can be corrected."""
        self.tell()
        self.in_flight += 1
        self.tokens_in_flight += tokens
        for window in self.requests:
            window.take(1, now)
        for window in self.tokens:
            counted.append((window, window.take(tokens, now)))

    def tell(self) -> None:
        """Have the windows count all that was granted."""
        self.ahead.tell(self.requests, self.tokens)

    def look_ahead(self, now: float) -> None:
        """Grant without a look at the windows for a while, after a claim that there was room for."""
        self.ahead.open(self.requests, self.tokens, now)

    def block(self, until: float) -> None:
        """Grant nothing until then."""
        self.tell()
        self.blocked_until = max(self.blocked_until, until)

    def learn(self, learned: Learned, now: float) -> None:
        """Take in what a reply told. Requests that are still under way may not be in its numbers yet."""
        self.tell()
        if learned.requests is not None or learned.requests_left is not None:
            left = None if learned.requests_left is None else learned.requests_left - self.in_flight
            window = _at(self.requests, learned.requests_window_s)
            before = self.learned_window
            if before is not None and before is not window and not before.is_own:
                before.bind(None, own=False)  # it was taken to be of another length
            self.learned_window = window
            window.learn(learned.requests, left, learned.requests_reset_s, now)
        if learned.tokens is not None or learned.tokens_left is not None:
            left = None if learned.tokens_left is None else learned.tokens_left - self.tokens_in_flight
            _at(self.tokens, MINUTE_S).learn(learned.tokens, left, learned.tokens_reset_s, now)
        if learned.concurrency is not None or learned.concurrency_left is not None:
            told = [] if learned.concurrency is None else [learned.concurrency]
            if learned.concurrency_left is not None:
                told.append(self.in_flight + learned.concurrency_left)
            self.learned_most = max(1, min(told))
        self._bound_flight()

    def _bound_flight(self) -> None:
        """Configured bounds what is learned; either stands before the row."""
        bounds = [bound for bound in (self.limit.concurrency, self.learned_most) if bound is not None]
        most = min(bounds) if bounds else self.row.concurrency
        self.room = NEVER if most is None else most
        self.is_known = most is not None or any(
            window.bound is not None for window in (*self.requests, *self.tokens)
        )


def _bound(windows: list[Window], length_s: float, own: int | None, row: int | None) -> None:
    """Bound the window of that length, made where there is none yet; learned bounds stay."""
    found = next((window for window in windows if window.length_s == length_s), None)
    if found is None and own is None and row is None:
        return
    window = found or _at(windows, length_s)
    if own is not None:
        window.bind(own, own=True)
    elif found is None or window.is_own:
        window.bind(row, own=False)


def _at(windows: list[Window], length_s: float) -> Window:
    """The window of that length; a new one is not bounded."""
    for window in windows:
        if window.length_s == length_s:
            return window
    window = Window(length_s)
    windows.append(window)
    return window
