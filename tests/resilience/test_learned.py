"""What heads tell of limits: the fields of each provider, as recorded or documented."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.resilience import learned
from baimo.types.limits import Learned
from baimo.wire.http import WireHead

NOW = 1_772_000_000.0  # 2026-02-25T06:13:20Z
DAY_S = 86_400.0


def head(fields: dict[str, str]) -> WireHead:
    return WireHead(200, tuple((name.encode(), value.encode()) for name, value in fields.items()))


TABLE: dict[str, tuple[dict[str, str], Learned | None]] = {
    "openai": (
        {
            "x-ratelimit-limit-requests": "15000",
            "x-ratelimit-remaining-requests": "14999",
            "x-ratelimit-reset-requests": "4ms",
            "x-ratelimit-limit-tokens": "2000000",
            "x-ratelimit-remaining-tokens": "1968400",
            "x-ratelimit-reset-tokens": "1m6.5s",
        },
        Learned(
            requests=15000,
            requests_left=14999,
            requests_reset_s=0.004,
            tokens=2_000_000,
            tokens_left=1_968_400,
            tokens_reset_s=66.5,
        ),
    ),
    "openai, requests of a day": (
        {
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-requests": "9992",
            "x-ratelimit-reset-requests": "1m3.57s",
        },
        Learned(requests=10000, requests_left=9992, requests_reset_s=63.57, requests_window_s=DAY_S),
    ),
    "groq": (
        {
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-remaining-requests": "14397",
            "x-ratelimit-reset-requests": "17.379s",
            "x-ratelimit-limit-tokens": "30000",
            "x-ratelimit-remaining-tokens": "29987",
            "x-ratelimit-reset-tokens": "26ms",
        },
        Learned(
            requests=14400,
            requests_left=14397,
            requests_reset_s=17.379,
            requests_window_s=DAY_S,
            tokens=30000,
            tokens_left=29987,
            tokens_reset_s=0.026,
        ),
    ),
    "azure": (
        {
            "x-ratelimit-limit-requests": "120",
            "x-ratelimit-remaining-requests": "119",
            "x-ratelimit-reset-requests": "500",
            "x-ratelimit-renewalperiod-requests": "60",
            "x-ratelimit-limit-tokens": "120000",
            "x-ratelimit-remaining-tokens": "119986",
            "x-ratelimit-reset-tokens": "7",
            "x-ratelimit-renewalperiod-tokens": "60",
        },
        Learned(
            requests=120,
            requests_left=119,
            requests_reset_s=0.5,
            tokens=120_000,
            tokens_left=119_986,
            tokens_reset_s=0.007,
        ),
    ),
    "azure that does not know": (
        {"x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1"},
        None,
    ),
    "xai, without a reset": (
        {"x-ratelimit-limit-requests": "1800", "x-ratelimit-remaining-requests": "1788"},
        Learned(requests=1800, requests_left=1788),
    ),
    "anthropic": (
        {
            "anthropic-ratelimit-requests-limit": "4000",
            "anthropic-ratelimit-requests-remaining": "3999",
            "anthropic-ratelimit-requests-reset": "2026-02-25T06:13:21Z",
            "anthropic-ratelimit-tokens-limit": "2400000",
            "anthropic-ratelimit-tokens-remaining": "2399000",
            "anthropic-ratelimit-tokens-reset": "2026-02-25T06:13:10Z",
            "anthropic-ratelimit-input-tokens-limit": "2000000",
            "anthropic-ratelimit-input-tokens-remaining": "1999000",
            "anthropic-ratelimit-output-tokens-limit": "400000",
            "anthropic-ratelimit-output-tokens-remaining": "400000",
        },
        Learned(
            requests=4000,
            requests_left=3999,
            requests_reset_s=1.0,
            tokens=2_400_000,
            tokens_left=2_399_000,
            tokens_reset_s=0.0,
        ),
    ),
    "anthropic, no output left": (
        {
            "anthropic-ratelimit-input-tokens-limit": "2000000",
            "anthropic-ratelimit-input-tokens-remaining": "1999000",
            "anthropic-ratelimit-output-tokens-limit": "400000",
            "anthropic-ratelimit-output-tokens-remaining": "0",
            "anthropic-ratelimit-output-tokens-reset": "2026-02-25T06:13:50Z",
        },
        Learned(tokens=2_400_000, tokens_left=0, tokens_reset_s=30.0),
    ),
    "mistral": (
        {
            "x-ratelimit-limit-req-minute": "60",
            "x-ratelimit-remaining-req-minute": "52",
            "x-ratelimit-limit-tokens-minute": "500000",
            "x-ratelimit-remaining-tokens-minute": "499497",
            "x-ratelimit-limit-tokens-month": "1000000000",
        },
        Learned(requests=60, requests_left=52, tokens=500_000, tokens_left=499_497),
    ),
    "mistral by size": (
        {
            "ratelimitbysize-limit": "500000",
            "ratelimitbysize-reset": "33",
            "x-ratelimitbysize-limit-minute": "500000",
            "x-ratelimitbysize-remaining-minute": "401381",
        },
        Learned(tokens=500_000, tokens_left=401_381, tokens_reset_s=33.0),
    ),
    "cerebras": (
        {
            "x-ratelimit-limit-requests-day": "14400",
            "x-ratelimit-remaining-requests-day": "14399",
            "x-ratelimit-reset-requests-day": "33011.382867",
            "x-ratelimit-limit-tokens-minute": "60000",
            "x-ratelimit-remaining-tokens-minute": "59000",
            "x-ratelimit-reset-tokens-minute": "11.38",
        },
        Learned(
            requests=14400,
            requests_left=14399,
            requests_reset_s=33011.382867,
            requests_window_s=DAY_S,
            tokens=60_000,
            tokens_left=59_000,
            tokens_reset_s=11.38,
        ),
    ),
    "together: a limit of an untold window is not taken": (
        {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"},
        Learned(requests_left=0, requests_reset_s=1.0, requests_window_s=1.0),
    ),
    "openrouter: milliseconds since 1970": (
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1772000005500"},
        Learned(requests_left=0, requests_reset_s=5.5, requests_window_s=1.0),
    ),
    "seconds since 1970": (
        {"x-ratelimit-remaining": "3", "x-ratelimit-reset": "1772000009"},
        Learned(requests_left=3, requests_reset_s=9.0, requests_window_s=1.0),
    ),
    "hugging face": (
        {
            "ratelimit-limit": "400",
            "ratelimit-remaining": "398",
            "ratelimit-reset": "18",
            "x-ratelimit-limit-minute": "400",
            "x-ratelimit-remaining-minute": "398",
        },
        Learned(requests=400, requests_left=398, requests_reset_s=18.0),
    ),
    "what is left of a minute, all of a day": (
        {"x-ratelimit-remaining-requests-minute": "1997", "x-ratelimit-limit-requests-day": "2880000"},
        Learned(requests_left=1997),
    ),
    "a limit of no window that what is left has": (
        {"x-ratelimit-limit-requests": "20", "x-ratelimit-remaining": "7"},
        Learned(requests_left=7, requests_window_s=1.0),
    ),
    "a reset of another window": (
        {"x-ratelimit-remaining-requests-minute": "5", "x-ratelimit-reset-requests-day": "5000"},
        Learned(requests_left=5),
    ),
    "modelscope": (
        {
            "modelscope-ratelimit-model-requests-limit": "500",
            "modelscope-ratelimit-model-requests-remaining": "499",
        },
        Learned(requests=500, requests_left=499, requests_window_s=DAY_S),
    ),
    "a wait alone": ({"retry-after": "31"}, Learned(retry_after_s=31.0)),
    "nothing": ({"content-type": "application/json"}, None),
    "a field that only looks like one": ({"x-ratelimit-key": "gpt-5-nano"}, None),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_a_head_tells(name: str) -> None:
    fields, told = TABLE[name]
    found = learned.parse(head(fields), NOW)
    assert (found is None) == (told is None)
    if found is not None and told is not None:
        assert msgspec.structs.asdict(found) == pytest.approx(msgspec.structs.asdict(told))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3s", 3723.0),
        ("2d", 172_800.0),
        ("0.5", 0.5),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("-4", None),
        ("2026-02-25T06:13:30Z", 10.0),
        ("2026-02-25T14:13:30+08:00", 10.0),
        ("2026-02-25T06:13:30", None),
        ("TOMORROW", None),
    ],
)
def test_the_forms_of_a_reset(text: str, seconds: float | None) -> None:
    told = learned.parse(head({"x-ratelimit-remaining": "1", "x-ratelimit-reset": text}), NOW)
    assert told is not None
    assert told.requests_reset_s == (None if seconds is None else pytest.approx(seconds))


def test_a_window_that_somebody_knows_better_is_taken() -> None:
    fields = {"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "99"}
    told = learned.parse(head(fields), NOW, requests_window_s=DAY_S)
    assert told == Learned(requests=100, requests_left=99, requests_window_s=DAY_S)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"x-ratelimit-limit-requests", b"x-ratelimit-reset-requests", b"retry-after"])
            | st.sampled_from(
                [b"x-ratelimit-remaining-requests", b"x-ratelimit-reset", b"x-ratelimit-remaining"]
            ),
            st.binary(max_size=8) | st.sampled_from([b"1e400", b"9" * 400, b"1s", b"T", b"0"]),
        )
    )
)
def test_no_field_is_a_crash(fields: list[tuple[bytes, bytes]]) -> None:
    learned.parse(WireHead(200, tuple(fields)), NOW)
