"""The error for JSON that is not a value of its type: where, and what is wrong there."""

from __future__ import annotations

import re

from baimo.errors import AnswerFormatError

_AT = re.compile(r"^(.*?)(?: - at (?:`key` in )?`(.+)`)?$", re.DOTALL)
_WORDS_OF_THE_TEXT = re.compile(
    r"^(Invalid enum value|Invalid value|Object contains unknown field)\b.*$", re.DOTALL
)


def misfit(error: Exception) -> AnswerFormatError:
    """From an error of msgspec. What a type's own check says is left to the error's cause."""
    found = _AT.match(str(error))
    assert found is not None  # the pattern takes any text
    says, path = found.group(1), found.group(2) or "$"
    cause = error.__cause__
    inner = None if cause is None else cause.__cause__
    if isinstance(inner, AnswerFormatError):  # a class of pydantic within
        return unfit(path + inner.path[1:], inner.fault, inner.detail)
    if cause is not None:
        return unfit(path, "it is refused by the type's own check", says)
    return unfit(path, _WORDS_OF_THE_TEXT.sub(lambda words: words.group(1), says), says)


def no_json(error: Exception) -> AnswerFormatError:
    """From an error of a reader of JSON."""
    if isinstance(error, RecursionError):
        return unfit("$", "it is nested too deeply")
    return unfit("$", f"it is no JSON: {str(error).removeprefix('JSON is malformed: ')}")


def unfit(path: str, fault: str, detail: str = "") -> AnswerFormatError:
    """The error. `fault` has no words of the text, `detail` may have some."""
    text = f"the JSON is not what was asked for: {fault} at {path}"
    return AnswerFormatError(text, path=path, fault=fault, detail=detail or fault)
