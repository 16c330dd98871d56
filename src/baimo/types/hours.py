"""Hours in which a price holds, on which days, and the holidays that they leave out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Holidays(msgspec.Struct, frozen=True, kw_only=True):
    """Days off, by country, as far as they are published."""

    days: Mapping[str, frozenset[date]] = {}
    """Public holidays of a country, by its ISO 3166 code."""
    years: Mapping[str, frozenset[int]] = {}
    """The years for which a country's table is whole."""
    further: frozenset[date] = frozenset()
    """Days that the user has named, off everywhere."""

    def has(self, country: str, day: date) -> bool | None:
        """Whether the day is a holiday there; None where no table tells."""
        if day in self.further or day in self.days.get(country, ()):
            return True
        return False if day.year in self.years.get(country, ()) else None


NO_HOLIDAYS = Holidays()
"""No table at all: what a holiday would decide is not known."""


class Hours(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """When a price holds: spans of local time on some days of the week, or all other hours."""

    otherwise: bool = False
    """All hours that no other price of the same tier names."""
    days: tuple[Weekday, ...] = ()
    """Empty: every day. A span over midnight belongs to the day on which it begins."""
    spans: tuple[tuple[time, time], ...] = ()
    """From, to (not included), in local time; 00:00 as an end is midnight. Empty: the whole day."""
    utc_offset: str = "+00:00"
    except_holidays: Literal["CN"] | None = None
    """Does not hold on public holidays of that country."""

    def __post_init__(self) -> None:
        parse_offset(self.utc_offset)
        if self.otherwise and (self.days or self.spans or self.except_holidays):
            raise ValueError("all other hours have no days, spans or holidays of their own")

    def holds(self, at: float, holidays: Holidays) -> bool | None:
        """Whether a moment (Unix seconds) is within; None where an unknown holiday would decide.

        Has no answer for `otherwise`: that depends on the other prices.
        """
        local = datetime.fromtimestamp(at, parse_offset(self.utc_offset))
        today, clock = local.date(), local.time()
        found: bool | None = False
        for begun in (False, True):
            if not self._spans_at(clock, begun=begun):
                continue
            day = today - timedelta(days=1) if begun else today
            if self.days and _WEEK[day.weekday()] not in self.days:
                continue
            off = None if self.except_holidays is None else holidays.has(self.except_holidays, day)
            if off is None and self.except_holidays is not None:
                found = None
            elif not off:
                return True
        return found

    def _spans_at(self, clock: time, *, begun: bool) -> bool:
        """Whether a span holds at that time of day: one that began today, or (`begun`) the day before."""
        if not self.spans:
            return not begun
        for start, end in self.spans:
            over_midnight = end <= start
            if begun:
                if over_midnight and clock < end:
                    return True
            elif start <= clock and (over_midnight or clock < end):
                return True
        return False


@lru_cache(maxsize=64)  # pure: the same text gives the same distance
def parse_offset(text: str) -> timezone:
    """A distance from UTC as `+08:00`. Raises ValueError for anything else.

    >>> parse_offset("+08:00")
    datetime.timezone(datetime.timedelta(seconds=28800))
    """
    hours, colon, minutes = text[1:].partition(":")
    is_shaped = text[:1] in ("+", "-") and colon and len(hours) == 2 and len(minutes) == 2
    if not is_shaped or not f"{hours}{minutes}".isdecimal() or int(hours) > 14 or int(minutes) > 59:
        raise ValueError(f"a distance from UTC is written as +08:00, not {text!r}")
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-distance if text[0] == "-" else distance) if distance else UTC
