"""A schema in the words that a wire takes: what it loses by that is told, and said to the model in words.

The answer is always checked by the whole type on our side: nothing lost here lets a wrong value through.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from .rules import ANY, SchemaRules

_ALWAYS = frozenset(
    (
        "$ref",
        "type",
        "enum",
        "properties",
        "required",
        "items",
        "anyOf",
        "description",
        "additionalProperties",
    )
)
"""Words that are known wherever a schema is."""
_SILENT = frozenset(
    (
        *("title", "default", "examples", "example", "deprecated", "readOnly", "writeOnly"),
        *("discriminator", "$comment", "$schema", "$id"),
    )
)
"""Words that bind no answer: they go without being told of."""
_NULL_INSTEAD = "properties that may be left out (they may be null instead)"


class Narrowed(msgspec.Struct, frozen=True):
    """A schema in the words of a wire."""

    schema: dict[str, Any]
    lost: tuple[str, ...] = ()
    """What was left out of it or said in another way, in words for the caller."""
    cannot: str = ""
    """Why it cannot be said at all; then `schema` is the one that was given."""


def narrow(schema: dict[str, Any], rules: SchemaRules) -> Narrowed:
    """The schema as those rules want it.

    >>> from baimo.schema.rules import STRICT
    >>> narrow({"type": "string", "minLength": 2}, STRICT)
    Narrowed(schema={'type': 'string', 'description': 'minLength: 2'}, lost=('minLength',), cannot='')
    """
    if rules == ANY:
        return Narrowed(schema)
    work = _Narrowing(schema, rules)
    try:
        found = work.whole()
    except _CannotError as error:
        return Narrowed(schema, (), str(error))
    return Narrowed(found, tuple(work.lost))


def as_object(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema of an object, and whether it had to be made one: of any other value as the property `value`.

    >>> as_object({"type": "integer"})[0]["properties"]
    {'value': {'type': 'integer'}}
    """
    if schema.get("type") == "object":
        return schema, False
    inner = {name: value for name, value in schema.items() if name != "$defs"}
    found: dict[str, Any] = {"type": "object", "properties": {"value": inner}, "required": ["value"]}
    if "$defs" in schema:
        found["$defs"] = schema["$defs"]
    return found, True


class _CannotError(Exception):
    """The rules have no room for it."""


class _Narrowing:
    def __init__(self, schema: dict[str, Any], rules: SchemaRules) -> None:
        self._root = schema
        self._rules = rules
        self._defs: dict[str, Any] = schema.get("$defs", {})
        self.lost: dict[str, None] = {}

    def whole(self) -> dict[str, Any]:
        root = {name: value for name, value in self._root.items() if name != "$defs"}
        found = self._piece(root)
        if self._defs:
            if self._rules.recursion != "any":
                self._look_for_loops()
            found["$defs"] = {name: self._piece(one) for name, one in self._defs.items()}
        return found

    def _piece(self, schema: Any) -> dict[str, Any]:
        if not isinstance(schema, dict):
            schema = {}
        if not (schema.keys() - _SILENT - {"description"}):
            if self._rules.is_closed:
                raise _CannotError("it has a place for any value")
            return {"description": schema["description"]} if "description" in schema else {}
        schema = self._plain(schema)
        if "$ref" in schema:
            return {"$ref": schema["$ref"]}
        found: dict[str, Any] = {}
        said = []
        for word, value in schema.items():
            if word in ("properties", "required", "additionalProperties"):
                continue
            if word == "items":
                found["items"] = self._piece(value)
            elif word == "anyOf":
                found["anyOf"] = [self._piece(one) for one in value]
            elif self._knows(word, value):
                found[word] = value
            elif word not in _SILENT:
                self.lost[word] = None
                said.append(f"{word}: {msgspec.json.encode(value).decode()}")
        if "properties" in schema or "object" in _types(schema):
            self._object(schema, found)
        if said:
            words = [schema["description"]] if "description" in schema else []
            found["description"] = "\n".join([*words, *said])
        return found

    def _object(self, schema: dict[str, Any], found: dict[str, Any]) -> None:
        others = schema.get("additionalProperties")
        properties: dict[str, Any] = schema.get("properties", {})
        must = schema.get("required", [])
        if self._rules.is_closed:
            if others not in (None, False, True) or not properties:
                raise _CannotError("it has an object whose keys are not named")
            others = False
        found["properties"] = {name: self._piece(one) for name, one in properties.items()}
        if self._rules.is_full:
            for name in properties.keys() - set(must):
                found["properties"][name] = _nullable(found["properties"][name])
            if len(must) < len(properties):
                self.lost[_NULL_INSTEAD] = None
            must = list(properties)
        if self._rules.has_required and not must:
            must = self._one_required(found["properties"])
        if not properties:
            del found["properties"]
        if must:
            found["required"] = must
        if others is not None:
            found["additionalProperties"] = others if isinstance(others, bool) else self._piece(others)

    def _one_required(self, properties: dict[str, Any]) -> list[str]:
        """The first one, which may be null instead of left out."""
        if not properties:
            raise _CannotError("it has an object whose keys are not named")
        first = next(iter(properties))
        properties[first] = _nullable(properties[first])
        self.lost[_NULL_INSTEAD] = None
        return [first]

    def _knows(self, word: str, value: Any) -> bool:
        rules = self._rules
        if word == "format" and rules.formats is not None and value not in rules.formats:
            return False
        if word == "pattern" and rules.pattern_without and re.search(rules.pattern_without, str(value)):
            return False
        if word == "minItems" and rules.max_min_items is not None and value > rules.max_min_items:
            return False
        if word in _SILENT:
            return False
        return word in _ALWAYS or rules.words is None or word in rules.words

    def _plain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema without what can be said in the usual words: const, oneOf, allOf of one, tuples, words
        beside a reference."""
        if "const" in schema:
            schema = {**schema, "enum": [schema["const"]]}
            del schema["const"]
        if "oneOf" in schema and "anyOf" not in schema:
            schema = {**schema, "anyOf": schema["oneOf"]}
            del schema["oneOf"]
        if "allOf" in schema:
            if len(schema["allOf"]) != 1:
                raise _CannotError("it joins several schemas by allOf")
            schema = {**schema["allOf"][0], **schema}
            del schema["allOf"]
        if "$ref" in schema and schema.keys() - _SILENT != {"$ref"}:
            name = schema["$ref"].removeprefix("#/$defs/")
            beside = {word: value for word, value in schema.items() if word != "$ref"}
            return self._plain({**self._defs.get(name, {}), **beside})
        if "prefixItems" in schema and not self._may("prefixItems"):
            schema = self._as_list(schema)
        return schema

    def _as_list(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A tuple as a list of any of its kinds."""
        self.lost["prefixItems"] = None
        firsts = schema["prefixItems"]
        kinds: list[Any] = []
        for one in firsts:
            kind = {word: value for word, value in one.items() if word not in ("default", "description")}
            if kind not in kinds:
                kinds.append(kind)
        rest = {word: value for word, value in schema.items() if word not in ("prefixItems", "items")}
        return {"items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds}, **rest}

    def _may(self, word: str) -> bool:
        return self._rules.words is None or word in self._rules.words

    def _look_for_loops(self) -> None:
        must = self._rules.recursion == "optional"
        for name in self._defs:
            seen: set[str] = set()
            waiting = [name]
            while waiting:
                for other in references(self._defs.get(waiting.pop(), {}), must=must):
                    if other == name:
                        where = " in a property that must be given" if must else ""
                        raise _CannotError(f"it refers to itself{where}")
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)


def references(schema: Any, *, must: bool = False) -> list[str]:
    """All names in `$defs` that a piece of schema refers to; with `must` not in what may be left out."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, dict):
            name = referred(piece.get("$ref"))
            if name is not None:
                found.append(name)
            properties = piece.get("properties")
            if must and isinstance(properties, dict):
                waiting += (properties[one] for one in piece.get("required", ()) if one in properties)
                piece = {word: value for word, value in piece.items() if word != "properties"}
            waiting += piece.values()
        elif isinstance(piece, list):
            waiting += piece
    return found


def referred(reference: Any) -> str | None:
    """The name that a reference within the schema refers to."""
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return reference.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
    return None


def _types(schema: dict[str, Any]) -> list[Any]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The same or null."""
    if _has_null(schema):
        return schema
    described = {"description": schema["description"]} if "description" in schema else {}
    inner = {word: value for word, value in schema.items() if word != "description"}
    choices = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {"anyOf": [*choices, {"type": "null"}], **described}


def _has_null(schema: dict[str, Any]) -> bool:
    if "null" in _types(schema) or None in schema.get("enum", ()):
        return True
    return any(_has_null(one) for one in schema.get("anyOf", ()))
