"""Python types as JSON Schema, and JSON as values of them.

What msgspec knows is described by msgspec: builtins, Literal, Enum, unions, collections, Annotated, structs,
dataclasses, TypedDict, NamedTuple, attrs. A class of pydantic (v2) describes and reads itself; pydantic is
never loaded unless such a class came with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast, overload

import msgspec

from baimo.errors import InputError

from . import of_pydantic
from .absent import without_absent
from .describing import described_fields
from .misfit import misfit, no_json
from .narrow import references, referred

T = TypeVar("T")


class Described(msgspec.Struct, Generic[T], frozen=True):
    """A type in the words of JSON Schema, and the way back.

    >>> described = describe(dict[str, int])
    >>> described.schema
    {'type': 'object', 'additionalProperties': {'type': 'integer'}}
    >>> described.decode('{"a": 1}')
    {'a': 1}
    """

    type: Any
    name: str
    """The type's name in letters that wires allow, `answer` where it has none."""
    schema: dict[str, Any]
    """Draft 2020-12. The root stands in it as it is; what is named or used twice stands in `$defs`."""

    @property
    def description(self) -> str | None:
        """What the type's docstring says of it."""
        return self.schema.get("description")

    def decode(self, text: str | bytes) -> T:
        """The value that a JSON text stands for.

        A null for a property that may be left out and cannot be null counts as left out. Raises
        AnswerFormatError with the path and the fault.
        """
        if of_pydantic.is_model(self.type):
            return cast(T, of_pydantic.decode(self.type, text, self.schema))
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text
        try:
            return cast(T, msgspec.json.decode(data, type=self.type, dec_hook=of_pydantic.nested))
        except msgspec.ValidationError as error:
            found = error
        except (msgspec.DecodeError, RecursionError) as error:
            raise no_json(error) from error
        try:
            value = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError) as error:
            raise no_json(error) from error
        kept = without_absent(value, self.schema)
        if kept is value:
            raise misfit(found) from found
        return self.convert(kept)

    def convert(self, value: object) -> T:
        """The same for JSON that was read already: dicts, lists, texts, numbers."""
        if of_pydantic.is_model(self.type):
            return self.decode(msgspec.json.encode(value))
        try:
            return self._converted(value)
        except msgspec.ValidationError as error:
            kept = without_absent(value, self.schema)
            if kept is value:
                raise misfit(error) from error
        return self.convert(kept)

    def _converted(self, value: object) -> T:
        return cast(T, msgspec.convert(value, type=self.type, str_keys=True, dec_hook=of_pydantic.nested))


@overload
def describe(kind: type[T]) -> Described[T]:
    """Of a class."""


@overload
def describe(kind: Any) -> Described[Any]:
    """Of a union, a Literal and the like."""


def describe(kind: Any) -> Described[Any]:
    """The type as JSON Schema. Raises InputError for one that JSON has no form for.

    Descriptions are taken from docstrings of classes, `msgspec.Meta(description=…)`, a text in `Annotated`,
    and the metadata `description` of a dataclass's field.

    >>> from typing import Annotated
    >>> describe(Annotated[int, "full years"]).schema
    {'description': 'full years', 'type': 'integer'}
    """
    return _of_class(kind) if isinstance(kind, type) else _described(kind)


@lru_cache(maxsize=128)  # pure: a class stays what it is
def _of_class(kind: type[T]) -> Described[T]:
    return _described(kind)


def _described(kind: Any) -> Described[Any]:
    if of_pydantic.is_model(kind):
        return Described(kind, _name(kind), rooted(kind.model_json_schema()))
    nested: dict[str, Any] = {}
    try:
        (root,), named = msgspec.json.schema_components(
            (kind,), schema_hook=lambda inner: of_pydantic.nested_schema(inner, nested)
        )
        described_fields(kind, root, named)
    except (TypeError, NameError, RecursionError) as error:
        why = str(error).strip().split("\n")[-1]
        raise InputError(f"{_said(kind)} has no form in JSON: {why}") from error
    defs = {**named, **nested}
    return Described(kind, _name(kind), rooted({**root, "$defs": defs} if defs else root))


def rooted(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its root in place, and in `$defs` only what is used."""
    defs: Mapping[str, Any] = schema.get("$defs", {})
    root = {name: value for name, value in schema.items() if name != "$defs"}
    name = referred(root.get("$ref"))
    if name is not None and name in defs:
        beside = {key: value for key, value in root.items() if key != "$ref"}
        root = {**defs[name], **beside}
    used: dict[str, Any] = {}
    wanted = references(root)
    while wanted:
        name = wanted.pop()
        if name in defs and name not in used:
            used[name] = defs[name]
            wanted += references(defs[name])
    return {**root, "$defs": {name: used[name] for name in defs if name in used}} if used else root


def _said(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else repr(kind)


def _name(kind: Any) -> str:
    """Its name where it is a class of somebody's own: letters, digits, `_` and `-`, at most 64."""
    if not isinstance(kind, type) or kind.__module__ == "builtins":
        return "answer"
    return re.sub(r"[^a-zA-Z0-9_-]", "_", kind.__name__)[:64]
