"""What a refusal means: the provider's own code decides, then its type, then the status, last its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.wire.http import WireHead

BY_STATUS: Mapping[int, type[ProviderError]] = {
    400: InvalidRequestError,
    401: AuthError,
    402: QuotaError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: NotFoundError,
    408: ServerError,
    409: InvalidRequestError,
    410: NotFoundError,
    413: InvalidRequestError,
    422: InvalidRequestError,
    425: OverloadedError,
    429: RateLimitedError,
    451: ContentFilteredError,
    498: AuthError,
    501: InvalidRequestError,
    503: OverloadedError,
    529: OverloadedError,
}
"""Statuses with a meaning of their own; other 4xx are InvalidRequestError, other 5xx ServerError."""

_RETRYABLE_STATUS = {409}

# Patterns are kept as text: they are compiled when the first refusal comes, not at import.
_NO_MONEY = (
    r"(?i)insufficient (?:account )?(?:balance|quota|funds|credit)|balance is (?:insufficient|not enough)"
    r"|overdue balance|not enough (?:credit|balance)|account balance|current (?:token )?quota|out of credit"
    r"|payment required|in arrears|arrearage|欠费|余额不足|充值"
)
_TOO_LONG = (
    r"(?i)context[ _](?:length|window|size)|maximum context"
    r"|max(?:imum)? (?:model )?(?:sequence|prompt) length"
    r"|prompt (?:is )?too long|prompt tokens too long|exceeded model token limit|too many (?:input )?tokens"
    r"|reduce the length of|exceeds the (?:available )?context|超长|上下文长度"
)
_FILTERED = (
    r"(?i)content[ _](?:policy|filter|management)|content_?filter|safety system|data_?inspection|high risk"
    r"|content exists risk|inappropriate content|sensitive content|敏感内容|不安全|策略阻止"
)
_NO_MODEL = (
    r"(?i)model[^.]{0,80}(?:does not exist|not found|not exist|unknown)|model '[^']*' is not supported"
    r"|(?:unknown|invalid|no such|not a valid) model\b|模型不存在"
)
_BAD_KEY = (
    r"(?i)(?:invalid|incorrect|wrong|missing)[^.]{0,20} api[ _-]?key"
    r"|api[ _-]?key (?:is )?(?:invalid|not valid|incorrect)"
)

_BY_WORDS: Mapping[type[ProviderError], tuple[tuple[str, type[ProviderError]], ...]] = {
    InvalidRequestError: (
        (_TOO_LONG, ContextTooLongError),
        (_FILTERED, ContentFilteredError),
        (_NO_MODEL, NotFoundError),
        (_BAD_KEY, AuthError),
        (_NO_MONEY, QuotaError),
    ),
    RateLimitedError: ((_NO_MONEY, QuotaError),),
    PermissionDeniedError: ((_NO_MONEY, QuotaError), (_FILTERED, ContentFilteredError)),
}
"""Words are asked only where the status says too little, never to overrule a clear one."""


def classify(
    status: int,
    *,
    code: str | None = None,
    type: str | None = None,
    message: str = "",
    codes: Mapping[str, type[ProviderError]],
) -> type[ProviderError]:
    """The class of error for a refusal. `codes` is the dialect's table of codes and types.

    A code that says less than the words ("invalid_request_error", the status once more) leaves room for them.
    """
    found = (_by_code(code, codes) if code != str(status) else None) or _by_code(type, codes)
    if found is None:
        found = by_status(status)
    elif found is not InvalidRequestError:
        return found
    for words, kind in _BY_WORDS.get(found, ()):
        if re.search(words, message):
            return kind
    if found is InvalidRequestError and status in BY_STATUS:
        return BY_STATUS[status]
    return found


def by_status(status: int) -> type[ProviderError]:
    """The class that an HTTP status alone tells."""
    found = BY_STATUS.get(status)
    if found is None:
        return InvalidRequestError if 400 <= status < 500 else ServerError
    return found


def is_retryable(kind: type[ProviderError], status: int) -> bool | None:
    """True for a status that asks for another try although its class does not; None: as the class says."""
    return True if status in _RETRYABLE_STATUS and kind is InvalidRequestError else None


def _by_code(code: str | None, codes: Mapping[str, type[ProviderError]]) -> type[ProviderError] | None:
    """The table's entry for a code, or for the part before its first dot."""
    if not code:
        return None
    return codes.get(code) or codes.get(code.partition(".")[0])


REQUEST_ID_FIELDS = (
    b"x-request-id",
    b"request-id",
    b"x-requestid",
    b"apim-request-id",
    b"x-siliconcloud-trace-id",
    b"x-bc-request-id",
    b"x-tt-logid",
    b"x-tc-requestid",
    b"x-amzn-requestid",
    b"x-ds-trace-id",
    b"x-debug-trace-id",
    b"sid",
)
_REQUEST_ID_RANKS = {name: rank for rank, name in enumerate(REQUEST_ID_FIELDS)}


def request_id(head: WireHead) -> str | None:
    """The id by which a provider finds the call again."""
    best, found = len(REQUEST_ID_FIELDS), None
    for name, value in head.headers:
        if name in _REQUEST_ID_RANKS:
            rank = _REQUEST_ID_RANKS[name]
            if rank < best and value.strip():
                best, found = rank, value.decode("latin-1").strip()
    return found


def retry_after(head: WireHead, now: float) -> float | None:
    """Seconds that a reply's head asks to wait; `now` is wall time in Unix seconds.

    `retry-after-ms` wins over `retry-after`, which holds seconds or a date. None where neither says anything
    that can be read.
    """
    exact = _number(head.get(b"retry-after-ms"))
    if exact is not None:
        return exact / 1000
    text = head.get(b"retry-after")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    at = _date(text)
    return None if at is None else max(0.0, at - now)


def wait_told(head: WireHead) -> float | None:
    """As `retry_after` for a refusal, where no clock is at hand: a date is counted from the head's own."""
    if head.status < 400:
        return None
    sent = _date(head.get(b"date") or "")
    if sent is None and _number(head.get(b"retry-after-ms")) is _number(head.get(b"retry-after")) is None:
        return None
    return retry_after(head, sent or 0.0)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


_DATE = (
    r"[A-Za-z]+,? +(?:(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[ -](?P<year>\d{2,4})"
    r"|(?P<month2>[A-Za-z]{3}) +(?P<day2>\d{1,2}))"
    r" +(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?: +(?P<year2>\d{4}))?(?: +GMT| +UTC)?"
)
"""The three forms of a date in HTTP: `Sun, 06 Nov 1994 08:49:37 GMT` and its two elders."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _date(text: str) -> float | None:
    """Unix seconds of a date as HTTP writes it."""
    found = re.fullmatch(_DATE, text)
    month = found and (found["month"] or found["month2"]).lower()
    year = found and (found["year"] or found["year2"])
    if not found or not year or month not in _MONTHS:
        return None
    full_year = int(year) + (0 if len(year) > 2 else 2000 if int(year) < 70 else 1900)
    clock = (int(found["hour"]), int(found["minute"]), int(found["second"]))
    day = int(found["day"] or found["day2"])
    try:
        return datetime(full_year, _MONTHS.index(month) + 1, day, *clock, tzinfo=UTC).timestamp()
    except ValueError:
        return None


_WAIT = (
    r"(?i)(?:retry|try again|available|reset)[^.\d]{0,20}(?:after|in) (\d+(?:\.\d+)?) ?"
    r"(ms|milliseconds?|s|sec|seconds?)\b"
)


def wait_in_words(message: str) -> float | None:
    """Seconds that a message asks to wait: "please try again in 1.5s"."""
    found = re.search(_WAIT, message)
    if found is None:
        return None
    return float(found[1]) / (1000 if found[2].lower().startswith("m") else 1)


def refusal(
    kind: type[ProviderError],
    message: str,
    *,
    head: WireHead,
    provider_code: str | None,
    body: str,
    **facts: Any,
) -> ProviderError:
    """An error of that class with the facts of its reply."""
    return kind(
        message,
        status=head.status,
        provider_code=provider_code,
        body=body,
        retryable=is_retryable(kind, head.status),
        **facts,
    )
