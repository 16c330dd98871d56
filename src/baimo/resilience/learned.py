"""What a reply's head tells of limits, in the header fields that providers use for it.

Read from recorded replies (OpenAI, Azure, Groq, xAI, Mistral, Anthropic, Together, Hugging Face) and from
documentation (Cerebras, ModelScope, Qianfan, Moonshot, OpenRouter). Three things no field's name says:

- OpenAI and Groq send daily limits of requests under the name of limits of a minute. Theirs refill steadily,
  so what is missing and the time until it is back tell the window.
- A plain number in `x-ratelimit-reset-requests` is in seconds, but in milliseconds where
  `x-ratelimit-renewalperiod-*` stands beside it.
- `x-ratelimit-limit` alone does not tell its window (of Together it is a second); only what is left is used.
"""

from __future__ import annotations

import re
from datetime import datetime
from operator import itemgetter

from baimo.dialect.status import retry_after
from baimo.types.limits import Learned
from baimo.wire.http import WireHead

DAY_S = 86_400.0

_FIELDS: dict[bytes, tuple[str, float]] = {
    b"x-ratelimit-limit-requests": ("requests", 60.0),
    b"x-ratelimit-remaining-requests": ("requests_left", 60.0),
    b"x-ratelimit-reset-requests": ("requests_reset", 60.0),
    b"x-ratelimit-limit-tokens": ("tokens", 60.0),
    b"x-ratelimit-remaining-tokens": ("tokens_left", 60.0),
    b"x-ratelimit-reset-tokens": ("tokens_reset", 60.0),
    b"x-ratelimit-renewalperiod-requests": ("milliseconds", 60.0),
    b"x-ratelimit-renewalperiod-tokens": ("milliseconds", 60.0),
    b"anthropic-ratelimit-requests-limit": ("requests", 60.0),
    b"anthropic-ratelimit-requests-remaining": ("requests_left", 60.0),
    b"anthropic-ratelimit-requests-reset": ("requests_reset", 60.0),
    b"anthropic-ratelimit-tokens-limit": ("tokens", 60.0),
    b"anthropic-ratelimit-tokens-remaining": ("tokens_left", 60.0),
    b"anthropic-ratelimit-tokens-reset": ("tokens_reset", 60.0),
    b"anthropic-ratelimit-input-tokens-limit": ("input", 60.0),
    b"anthropic-ratelimit-input-tokens-remaining": ("input_left", 60.0),
    b"anthropic-ratelimit-input-tokens-reset": ("input_reset", 60.0),
    b"anthropic-ratelimit-output-tokens-limit": ("output", 60.0),
    b"anthropic-ratelimit-output-tokens-remaining": ("output_left", 60.0),
    b"anthropic-ratelimit-output-tokens-reset": ("output_reset", 60.0),
    b"x-ratelimit-limit-req-minute": ("requests", 60.0),
    b"x-ratelimit-remaining-req-minute": ("requests_left", 60.0),
    b"x-ratelimit-limit-minute": ("requests", 60.0),
    b"x-ratelimit-remaining-minute": ("requests_left", 60.0),
    b"x-ratelimit-limit-requests-minute": ("requests", 60.0),
    b"x-ratelimit-remaining-requests-minute": ("requests_left", 60.0),
    b"x-ratelimit-reset-requests-minute": ("requests_reset", 60.0),
    b"x-ratelimit-limit-requests-day": ("requests", DAY_S),
    b"x-ratelimit-remaining-requests-day": ("requests_left", DAY_S),
    b"x-ratelimit-reset-requests-day": ("requests_reset", DAY_S),
    b"x-ratelimit-limit-tokens-minute": ("tokens", 60.0),
    b"x-ratelimit-remaining-tokens-minute": ("tokens_left", 60.0),
    b"x-ratelimit-reset-tokens-minute": ("tokens_reset", 60.0),
    b"x-ratelimitbysize-limit-minute": ("tokens", 60.0),
    b"x-ratelimitbysize-remaining-minute": ("tokens_left", 60.0),
    b"ratelimitbysize-reset": ("tokens_reset", 60.0),
    b"modelscope-ratelimit-model-requests-limit": ("requests", DAY_S),
    b"modelscope-ratelimit-model-requests-remaining": ("requests_left", DAY_S),
    b"x-ratelimit-remaining": ("requests_left", 1.0),
    b"x-ratelimit-reset": ("requests_reset", 1.0),
    b"ratelimit-remaining": ("requests_left", 1.0),
    b"ratelimit-reset": ("requests_reset", 1.0),
}
"""What each field tells, and the window that it counts over. Of several windows the one of a minute is used,
a day's only where there is no other; a window of a second stands for one that is not told."""

_RANK = {60.0: 2, DAY_S: 1, 1.0: 0}
_ASKS = frozenset((b"retry-after", b"retry-after-ms"))
_TELLING = _ASKS | set(_FIELDS)
_NAME = itemgetter(0)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS = (DAY_S, 3600.0, 60.0, 1.0, 0.001)


def parse(head: WireHead, wall: float, *, requests_window_s: float | None = None) -> Learned | None:
    """What the head tells of limits; None where it tells nothing.

    `wall` is the time in Unix seconds. `requests_window_s` is the window of the limit of requests, where
    somebody knows it better than the fields do.
    """
    if _TELLING.isdisjoint(map(_NAME, head.headers)):
        return None
    told: dict[str, tuple[float, str]] = {}
    may_ask = False
    for name, value in head.headers:
        field = _FIELDS.get(name)
        if field is None:
            may_ask = may_ask or name in _ASKS
        else:
            what, window_s = field
            known = told.get(what)
            if known is None or _RANK[window_s] > _RANK[known[0]]:
                told[what] = (window_s, value.decode("latin-1").strip())
    wait_s = retry_after(head, wall) if may_ask else None
    if not told:
        return None if wait_s is None else Learned(retry_after_s=wait_s)
    requests, left, reset_s, window_s = _requests(told, wall)
    tokens, tokens_left, tokens_reset_s = _tokens(told, wall)
    learned = Learned(
        requests=requests,
        requests_left=left,
        requests_reset_s=reset_s,
        requests_window_s=requests_window_s or window_s,
        tokens=tokens,
        tokens_left=tokens_left,
        tokens_reset_s=tokens_reset_s,
        retry_after_s=wait_s,
    )
    return None if learned == Learned() else learned


Told = dict[str, tuple[float, str]]


def _requests(told: Told, wall: float) -> tuple[int | None, int | None, float | None, float]:
    limit, left, reset_s = _three(told, "requests", wall)
    window_s = told.get("requests_left", told.get("requests", (60.0, "")))[0]
    if limit is not None and told["requests"][0] != window_s:
        limit = None  # of another window than what is left
    reset_window_s, text = told.get("requests_reset", (window_s, ""))
    if reset_window_s not in (window_s, 1.0):
        reset_s = None
    if window_s == 60.0 and text.endswith("s") and limit and left is not None and reset_s and left < limit:
        refilled_in_s = reset_s * limit / (limit - left)
        if 0.85 < refilled_in_s / DAY_S < 1.15:
            window_s = DAY_S
    return limit, left, reset_s, window_s


def _tokens(told: Told, wall: float) -> tuple[int | None, int | None, float | None]:
    limit, left, reset_s = _three(told, "tokens", wall)
    parts = [_three(told, name, wall) for name in ("input", "output")]
    if limit is None and parts[0][0] is not None and parts[1][0] is not None:
        limit = parts[0][0] + parts[1][0]
    for _, part_left, part_reset_s in parts:
        if part_left == 0:
            left, reset_s = 0, max(part_reset_s or 0.0, reset_s or 0.0)
    return limit, left, reset_s


def _three(told: Told, what: str, wall: float) -> tuple[int | None, int | None, float | None]:
    """Limit, what is left, seconds until all is back. A limit of 0 or less is none."""
    limit = _count(told.get(what))
    left = _count(told.get(f"{what}_left"))
    reset = told.get(f"{what}_reset")
    reset_s = None if reset is None else _seconds(reset[1], wall, in_ms="milliseconds" in told)
    if limit is not None and limit <= 0:
        return None, None, None
    return limit, None if left is None or left < 0 else left, reset_s


def _count(field: tuple[float, str] | None) -> int | None:
    """A whole number; some stand there as 1e6 or with a fraction."""
    try:
        return None if field is None else int(float(field[1]))
    except (ValueError, OverflowError):
        return None


def _seconds(text: str, wall: float, *, in_ms: bool) -> float | None:
    """Seconds until that time: a number, a Unix time in seconds or milliseconds, `1m6.5s`, or a date."""
    try:
        number = float(text)
    except ValueError:
        return _duration(text) if "T" not in text else _until(text, wall)
    if not number >= 0:
        return None
    if number > 1e11:
        return max(number / 1000 - wall, 0.0)
    if number > 1e9:
        return max(number - wall, 0.0)
    return number / 1000 if in_ms else number


def _duration(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        return None
    return sum(float(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part)


def _until(text: str, wall: float) -> float | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(at.timestamp() - wall, 0.0) if at.tzinfo is not None else None
