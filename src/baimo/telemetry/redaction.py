"""Takes secrets out of text: keys, tokens, signatures, cookies, by their shapes and by their names."""

from __future__ import annotations

import logging
import re
import traceback

_STARS = "***"

_NAME = (
    r"api[_-]?key|api[_-]?secret|api[_-]?password|app[_-]?key|app[_-]?secret|app[_-]?code|x-apig-appcode"
    r"|secret[_-]?id|secret[_-]?key|secret[_-]?access[_-]?key|client[_-]?secret|access[_-]?key(?:[_-]?id)?"
    r"|(?:access|refresh|security|session|subject|auth|id|bearer)[_-]?token|token|secret|password|passwd"
    r"|credential|signature|sdk_(?:ak|sk)"
)
_VALUES = (
    # A header or a field of that name, up to the end of the line or of its quotes.
    re.compile(r"(?i)((?:authorization|cookie)[\"']?\s*[:=,]\s*(?:b?[\"'])?)(?!\*\*\*)[^\"'\r\n&]+"),
    # The name of a secret and its value: key=value, "key": "value", (b'key', b'value').
    re.compile(
        rf"(?i)((?<![\w-])[\w-]{{0,40}}?(?:{_NAME})[\"']?(?:\s*[:=]\s*(?:b?[\"'])?|\s*,\s*b?[\"']))"
        r"(?!\*\*\*|None\b|null\b)[^\s\"'&,;)}\]]+"
    ),
    # A short name that means a key in an address only.
    re.compile(r"(?i)([?&](?:key|sig|sign|ak|sk)=)[^\s\"'&,;)]+"),
    # What follows the name of a scheme.
    re.compile(r"(?i)\b((?:bearer|basic|appcode)\s+)[\w.~+/:=-]{6,}"),
    re.compile(r"((?:TC3|SDK|V11|AWS4)-HMAC-SHA256\s+)[^\"'\r\n]+"),
    re.compile(r"(://[^/\s:@\"']{0,200}:)[^/\s@\"']+(?=@)"),
)
_SHAPES = re.compile(
    r"(?<![\w./+-])(?:"
    r"(?:sk|rk|pk|csk|tp|ms|xai|pplx|nvapi|fw|hf|gsk|ghp|gho|key)[-_][\w-]{8,}"  # by what it begins with
    r"|github_pat_\w{8,}|AIza[\w-]{20,}|glpat-[\w-]{8,}"
    r"|bce-v3/[\w./+=-]{8,}"
    r"|AKID[A-Za-z0-9]{6,}|AKIA[A-Z0-9]{12,}|LTAI[A-Za-z0-9]{10,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # JWT
    r"|MII[A-Za-z0-9+/=_-]{100,}"  # Huawei's IAM token
    r"|[0-9a-f]{32}\.[A-Za-z0-9]{16}"  # Zhipu
    r"|[A-Za-z0-9]{20}:[A-Za-z0-9]{20}"  # Spark's APIPassword
    r"|(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{20}"  # AK
    r"|(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{36,64}"  # SK
    r")(?![\w+/=])"
)


def redact(text: str) -> str:
    """The text with stars in the place of whatever looks like a secret.

    >>> redact("GET /v1?key=abc refused: Authorization: Bearer sk-123456789")
    'GET /v1?key=*** refused: Authorization: ***'
    """
    for pattern in _VALUES:
        text = pattern.sub(rf"\g<1>{_STARS}", text)
    return _SHAPES.sub(_STARS, text)


_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every record has; all else was given as `extra`."""


class RedactingFilter(logging.Filter):
    """A filter for handlers and loggers: lets every record pass, without secrets.

    The message with its arguments, the traceback, and texts given as `extra` are gone over. Put it on a
    *handler*; on a logger it does not see what the loggers below it say.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):  # arguments that do not fit; handlers would print them all
            said = f"{record.msg!r} % {record.args!r}"
            record.msg, record.args = said, ()
        clean = redact(said)
        if clean != said:
            record.msg, record.args = clean, ()
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        for name, value in vars(record).items():
            if name not in _OWN and isinstance(value, str):
                setattr(record, name, redact(value))
        return True
