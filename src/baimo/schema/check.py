"""Whether a text is the JSON that a response format asks for.

The syntax is always checked; the schema where the package jsonschema is installed and can read it. Nothing
is fetched: a schema that refers to an address is one that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any

import msgspec

from baimo.errors import MissingExtraError
from baimo.types.chat import ResponseFormat


class Fault(msgspec.Struct, frozen=True):
    """What keeps a text from being what was asked for."""

    path: str
    """Where, in the manner of JSONPath: `$.items[2].name`; "$" is the whole."""
    says: str
    """What is wrong there, without words of the text."""
    detail: str = ""
    """What is wrong in more words, which may be those of the text: for whoever wrote it, not for logs."""


class Checker:
    """Checks texts against one response format.

    `is_unreadable` tells that there is a schema which the package cannot read. Raises MissingExtraError where
    the schema `must` be looked at and the package is missing.
    """

    def __init__(self, form: ResponseFormat, *, must: bool = False) -> None:
        self._form = form
        self._faults: Callable[[Any], Iterable[Any]] | None = None
        self.is_unreadable = False
        if form.schema is not None:
            if find_spec("jsonschema") is not None:
                self._faults = _reader(form.schema)
                self.is_unreadable = self._faults is None
            elif must:
                raise MissingExtraError(
                    "checking an answer by its schema needs the package jsonschema",
                    hint="Run: pip install 'baimo[schema]'",
                )

    def fault(self, text: str) -> Fault | None:
        """The fault that matters most, or None. Blank space around the JSON is no fault."""
        body = text.strip(" \t\r\n")
        if not body:
            return Fault("$", "it is empty")
        try:
            value = msgspec.json.decode(body.encode("utf-8", "replace"))
        except msgspec.DecodeError as error:
            if body.startswith("```"):
                return Fault("$", "the JSON stands in a code fence")
            return Fault("$", f"it is no JSON: {_without_prefix(str(error))}")
        except RecursionError:
            return Fault("$", "it is nested too deeply")
        if self._form.type == "json_object" and not isinstance(value, dict):
            return Fault("$", f"it is {_kind(value)} where an object was due")
        return None if self._faults is None else self._by_schema(self._faults, value)

    def _by_schema(self, faults: Callable[[Any], Iterable[Any]], value: Any) -> Fault | None:
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        try:
            worst = best_match(faults(value))
        except (Unresolvable, re.error, RecursionError):
            self.is_unreadable = True
            return None
        if worst is None:
            return None
        says = _SAYS.get(worst.validator, "{rule} is not met")
        rule = f"{worst.validator} {_short(worst.validator_value)}" if worst.validator else "the schema"
        return Fault(path_of(worst.absolute_path), says.format(rule=rule, kind=_kind(value)), worst.message)


_SAYS: Mapping[Any, str] = {
    "required": "a required property is missing ({rule})",
    "additionalProperties": "there is a property that the schema does not allow",
    "unevaluatedProperties": "there is a property that the schema does not allow",
}
"""Words for the rules of JSON Schema whose name says too little; the others are named with their value."""


def _reader(schema: dict[str, Any]) -> Callable[[Any], Iterable[Any]] | None:
    """What finds the faults of a value; None for a schema that is none."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except (SchemaError, re.error, RecursionError):
        return None
    faults: Callable[[Any], Iterable[Any]] = kind(schema, registry=Registry()).iter_errors
    return faults


def path_of(steps: Iterable[str | int]) -> str:
    """`$.items[2]["odd name"]`."""
    said = "$"
    for step in steps:
        if isinstance(step, int):
            said += f"[{step}]"
        else:
            said += f".{step}" if step.isidentifier() else f"[{msgspec.json.encode(step).decode()}]"
    return said


def _kind(value: Any) -> str:
    """What sort of JSON that is, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    return _KINDS.get(type(value), "a number")


_KINDS: Mapping[type, str] = {dict: "an object", list: "an array", str: "a string"}


def _short(value: Any, limit: int = 80) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= limit else f"{text[:limit]}…"


def _without_prefix(message: str) -> str:
    return message.removeprefix("JSON is malformed: ")
