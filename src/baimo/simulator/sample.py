"""A value that follows a JSON schema: the smallest sensible one, always the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from baimo.errors import InputError

_DEEPEST = 8
_FORMATS = {
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: Any) -> Any:
    """A value for that schema. Raises InputError where none can be made."""
    return _Maker(schema).make(schema, "value", 0)


class _Maker:
    def __init__(self, root: Any) -> None:
        self._root = root

    def make(self, schema: Any, name: str, depth: int) -> Any:
        """A value for a schema found under that name."""
        if schema is True or schema == {}:
            return name
        if not isinstance(schema, Mapping):
            raise InputError(f"{schema!r} is no schema that a value can follow")
        if "$ref" in schema:
            schema = {**self._referred(schema["$ref"]), **{k: v for k, v in schema.items() if k != "$ref"}}
        for word in ("const", "default"):
            if word in schema:
                return schema[word]
        for word in ("enum", "examples"):
            if schema.get(word):
                return schema[word][0]
        for inner in schema.get("allOf", ()):
            schema = self._joined(schema, inner)
        return (
            self._chosen(schema, name, depth) if self._choices(schema) else self._typed(schema, name, depth)
        )

    def _choices(self, schema: Mapping[str, Any]) -> list[Any]:
        return [*schema.get("anyOf", ()), *schema.get("oneOf", ())]

    def _chosen(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        """One of several: where it gets deep, one that goes no deeper."""
        choices = self._choices(schema)
        own = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf")}
        if depth >= _DEEPEST:
            choices.sort(key=lambda one: one.get("type") in (None, "object", "array"))
        return self.make(self._joined(own, choices[0]), name, depth + 1)

    def _typed(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0] if depth < _DEEPEST or "null" not in kind else "null"
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number":
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case "string":
                return _string(schema, name)
            case _:
                raise InputError(f"{kind!r} is no type of a schema")

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        required = schema.get("required", ())
        wanted = [name for name in properties if depth < _DEEPEST or name in required]
        if depth > 4 * _DEEPEST:
            raise InputError("the schema asks for a value without end")
        made = {name: self.make(properties[name], name, depth + 1) for name in wanted}
        for name in required:
            if name not in made:
                made[name] = self.make(schema.get("additionalProperties", True), name, depth + 1)
        return made

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        first = [self.make(each, name, depth + 1) for each in schema.get("prefixItems", ())]
        least = schema.get("minItems", 0 if depth >= _DEEPEST or schema.get("maxItems") == 0 else 1)
        rest = schema.get("items", True)
        while len(first) < least:
            made = self.make(rest, f"{name} {len(first) + 1}" if first else name, depth + 1)
            if schema.get("uniqueItems") and made in first:
                made = _another(rest, made, first)
            first.append(made)
        return first

    def _joined(self, one: Mapping[str, Any], other: Any) -> dict[str, Any]:
        if "$ref" in other:
            other = {**self._referred(other["$ref"]), **{k: v for k, v in other.items() if k != "$ref"}}
        joined = {**one, **other}
        if "properties" in one and "properties" in other:
            joined["properties"] = {**one["properties"], **other["properties"]}
        if "required" in one and "required" in other:
            joined["required"] = list(dict.fromkeys((*one["required"], *other["required"])))
        return joined

    def _referred(self, address: str) -> dict[str, Any]:
        found = self._root
        for step in address.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise InputError(f"the schema refers to {address!r}, which is not in it")
            found = found[name]
        return dict(found)


def _another(schema: Any, made: Any, taken: list[Any]) -> Any:
    """A further value where all must differ."""
    for choice in schema.get("enum", ()) if isinstance(schema, Mapping) else ():
        if choice not in taken:
            return choice
    if isinstance(made, (int, float)) and not isinstance(made, bool):
        return max(one for one in taken if isinstance(one, (int, float))) + 1
    raise InputError("the schema asks for more different values than can be made")


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    step = schema.get("multipleOf", 1)
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    value = 1 if least is None else least
    if most is not None and value > most:
        value = most
    value = math.ceil(value / step) * step
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        value += step
    over = most is not None and (value > most or (value == most and value == schema.get("exclusiveMaximum")))
    if over and least is None:
        value = math.floor(most / step) * step
        value -= step if value == schema.get("exclusiveMaximum") else 0
    elif over and not whole:
        value = (least + most) / 2
    return int(value) if whole else value


def _string(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if "pattern" in schema:
        from .pattern import matching

        return matching(schema["pattern"])
    text = name
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    while len(text) < least:
        text += f" {name}"
    return text if most is None or len(text) <= most else text[:most]
