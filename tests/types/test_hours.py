"""Hours of the day, days of the week, and holidays that decide only where they must be known."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import msgspec
import pytest

from baimo.types.hours import NO_HOLIDAYS, Holidays, Hours, parse_offset

BEIJING = timezone(timedelta(hours=8))
PEAK = Hours(
    days=("mon", "tue", "wed", "thu", "fri"),
    spans=((time(9), time(12)), (time(14), time(18))),
    utc_offset="+08:00",
    except_holidays="CN",
)
TABLE = Holidays(days={"CN": frozenset({date(2026, 10, 1)})}, years={"CN": frozenset({2026})})


def at(*clock: int) -> float:
    return datetime(*clock, tzinfo=BEIJING).timestamp()  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ((2026, 11, 27, 9), True),
        ((2026, 11, 27, 11, 59, 59), True),
        ((2026, 11, 27, 12), False),
        ((2026, 11, 27, 13, 59, 59), False),
        ((2026, 11, 27, 14), True),
        ((2026, 11, 27, 18), False),
        ((2026, 11, 27, 8, 59, 59), False),
        ((2026, 11, 28, 10), False),
        ((2026, 10, 1, 10), False),
    ],
)
def test_a_peak_is_some_hours_of_working_days(moment: tuple[int, ...], wanted: bool) -> None:
    assert PEAK.holds(at(*moment), TABLE) is wanted


def test_a_holiday_that_is_not_known_matters_only_where_it_would_decide() -> None:
    assert PEAK.holds(at(2027, 1, 4, 10), TABLE) is None
    assert PEAK.holds(at(2027, 1, 4, 13), TABLE) is False
    assert PEAK.holds(at(2027, 1, 2, 10), TABLE) is False
    assert PEAK.holds(at(2026, 11, 27, 10), NO_HOLIDAYS) is None


def test_days_that_the_user_names_are_holidays_too() -> None:
    more = Holidays(days=TABLE.days, years=TABLE.years, further=frozenset({date(2026, 11, 27)}))
    assert PEAK.holds(at(2026, 11, 27, 10), more) is False
    assert more.has("CN", date(2026, 11, 26)) is False
    assert more.has("FR", date(2026, 11, 26)) is None


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = Hours(days=("fri",), spans=((time(22), time(6)),), utc_offset="+08:00")
    assert night.holds(at(2026, 11, 27, 22), NO_HOLIDAYS) is True
    assert night.holds(at(2026, 11, 28, 5, 59), NO_HOLIDAYS) is True
    assert night.holds(at(2026, 11, 28, 6), NO_HOLIDAYS) is False
    assert night.holds(at(2026, 11, 27, 5), NO_HOLIDAYS) is False
    assert night.holds(at(2026, 11, 27, 21), NO_HOLIDAYS) is False
    evening = Hours(spans=((time(22), time(0)),), utc_offset="+08:00")
    assert evening.holds(at(2026, 11, 27, 23, 59), NO_HOLIDAYS) is True
    assert evening.holds(at(2026, 11, 28, 0), NO_HOLIDAYS) is False


def test_without_spans_the_whole_day_is_meant() -> None:
    weekend = Hours(days=("sat", "sun"))
    assert weekend.holds(datetime(2026, 11, 28, tzinfo=UTC).timestamp(), NO_HOLIDAYS) is True
    assert weekend.holds(datetime(2026, 11, 30, tzinfo=UTC).timestamp(), NO_HOLIDAYS) is False


@pytest.mark.parametrize("wrong", ["8", "+8:00", "+08", "+15:00", "+08:60", "08:00", "+ab:cd", ""])
def test_a_distance_from_utc_is_written_in_one_way(wrong: str) -> None:
    with pytest.raises(ValueError, match="written as"):
        parse_offset(wrong)
    with pytest.raises(msgspec.ValidationError, match="written as"):
        msgspec.convert({"utc_offset": wrong}, Hours)


def test_distances_are_east_and_west() -> None:
    assert parse_offset("-05:30").utcoffset(None) == timedelta(hours=-5, minutes=-30)
    assert parse_offset("+00:00") is UTC


def test_all_other_hours_have_no_hours_of_their_own() -> None:
    with pytest.raises(ValueError, match="all other hours"):
        Hours(otherwise=True, days=("mon",))
