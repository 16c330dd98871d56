"""Classes of pydantic v2, known by what they have: they describe and read themselves, nothing is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.errors import AnswerFormatError

from .absent import without_absent
from .check import path_of
from .misfit import unfit


def is_model(kind: Any) -> bool:
    """Whether it is a model: a class with `model_json_schema` and `model_validate_json`.

    >>> is_model(int)
    False
    """
    return (
        isinstance(kind, type) and hasattr(kind, "model_json_schema") and hasattr(kind, "model_validate_json")
    )


def decode(kind: Any, text: str | bytes, schema: dict[str, Any]) -> Any:
    """The value. Raises AnswerFormatError."""
    try:
        return kind.model_validate_json(text)
    except ValueError as error:
        if not hasattr(error, "errors"):
            raise
        found = error
    if _first(found)["type"] == "json_invalid":
        raise _misfit(found) from found
    value = msgspec.json.decode(text)
    kept = without_absent(value, schema)
    if kept is value:
        raise _misfit(found) from found
    return decode(kind, msgspec.json.encode(kept), schema)


def nested(kind: Any, value: Any) -> Any:
    """A model's value within a type that msgspec reads: the hook for it."""
    try:
        return decode(kind, msgspec.json.encode(value), kind.model_json_schema())
    except AnswerFormatError as error:
        raise ValueError(error.fault) from error


def nested_schema(kind: Any, named: dict[str, Any]) -> dict[str, Any]:
    """A model's schema within another; what it names goes into `named`, under names of its own.

    Raises TypeError for a class that is no model.
    """
    if not is_model(kind):
        raise TypeError(f"{getattr(kind, '__name__', kind)} is no type for data")
    schema: dict[str, Any] = dict(kind.model_json_schema(ref_template=f"#/$defs/{kind.__name__}_{{model}}"))
    for name, one in schema.pop("$defs", {}).items():
        named[f"{kind.__name__}_{name}"] = one
    return schema


def _first(error: Any) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = error.errors(
        include_url=False, include_context=False, include_input=False
    )
    return found[0]


def _misfit(error: Any) -> AnswerFormatError:
    first = _first(error)
    path, says = path_of(first["loc"]), str(first["msg"])
    if first["type"] == "json_invalid":
        return unfit("$", f"it is no JSON: {says.removeprefix('Invalid JSON: ')}")
    if first["type"] in ("value_error", "assertion_error"):
        return unfit(path, "it is refused by the type's own check", says)
    return unfit(path, says)
