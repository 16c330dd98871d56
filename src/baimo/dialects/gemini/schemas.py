"""Schemas: the OpenAPI subset of this wire to JSON Schema, and JSON Schema narrowed to that subset.

The subset writes types in capitals, says `nullable` where JSON Schema has a type of null, has no references
and none of the keywords that are not in `_KNOWN`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .words import camel

_WORDS = """
    type format title description nullable enum items properties required anyOf default example pattern
    minItems maxItems minLength maxLength minProperties maxProperties minimum maximum propertyOrdering
"""
_KNOWN = frozenset(_WORDS.split())
_NUMBERS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")


def decode_schema(schema: Any) -> Any:
    """JSON Schema of a schema in the subset; one that is JSON Schema already stays as it is."""
    if not isinstance(schema, dict):
        return schema
    found = camel(schema)
    kind = found.get("type")
    if isinstance(kind, str):
        found["type"] = kind.lower()
    if found.pop("nullable", None) is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    for name in _NUMBERS:
        if isinstance(found.get(name), str) and found[name].isdigit():
            found[name] = int(found[name])
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: decode_schema(one) for name, one in found["properties"].items()}
    if "items" in found:
        found["items"] = decode_schema(found["items"])
    if isinstance(found.get("anyOf"), list):
        found["anyOf"] = [decode_schema(one) for one in found["anyOf"]]
    return found


class Narrowing:
    """Narrows one schema; `lost` names the keywords that had no place."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.lost: list[str] = []
        self._whole = schema

    def narrowed(self) -> dict[str, Any]:
        """The schema in the subset."""
        return self._narrow(self._whole, frozenset())

    def _lose(self, keyword: str) -> None:
        if keyword not in self.lost:
            self.lost.append(keyword)

    def _narrow(self, schema: Any, inside: frozenset[str]) -> dict[str, Any]:
        if not isinstance(schema, Mapping):
            if schema is not True:
                self._lose("false")
            return {"type": "OBJECT"}
        fields, inside = self._resolved(schema, inside)
        found: dict[str, Any] = {}
        for name, value in fields.items():
            if name == "type":
                self._type(value, found)
            elif name == "properties" and isinstance(value, Mapping):
                found[name] = {key: self._narrow(one, inside) for key, one in value.items()}
            elif name == "items":
                found[name] = self._narrow(value, inside)
            elif name in ("anyOf", "oneOf") and isinstance(value, list):
                self._any(value, found, inside)
            elif name == "const":
                self._enum([value], found)
            elif name == "enum" and isinstance(value, list):
                self._enum(value, found)
            elif name in _KNOWN:
                found[name] = value
            elif name not in ("$defs", "definitions", "$schema", "$id", "$comment"):
                self._lose(name)
        return found

    def _resolved(
        self, schema: Mapping[str, Any], inside: frozenset[str]
    ) -> tuple[Mapping[str, Any], frozenset[str]]:
        """The schema with its reference, or the one schema of an `allOf`, laid under it; and the references
        that it stands in. One that holds itself ends in an object without a form."""
        all_of = schema.get("allOf")
        if isinstance(all_of, list) and len(all_of) == 1 and isinstance(all_of[0], Mapping):
            rest = {name: value for name, value in schema.items() if name != "allOf"}
            return self._resolved({**all_of[0], **rest}, inside)
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema, inside
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        found: Any = self._whole
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping) or reference in inside:
            self._lose("$ref")
            return {"type": "object", **rest}, inside
        return self._resolved({**found, **rest}, inside | {reference})

    def _type(self, value: Any, found: dict[str, Any]) -> None:
        kinds = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        real = [kind for kind in kinds if isinstance(kind, str) and kind != "null"]
        if len(real) < len(kinds) and real:
            found["nullable"] = True
        if len(real) == 1:
            found["type"] = real[0].upper()
        elif real:
            found["anyOf"] = [{"type": kind.upper()} for kind in real]
        elif kinds:
            found["type"] = "NULL"

    def _any(self, options: list[Any], found: dict[str, Any], inside: frozenset[str]) -> None:
        real = [one for one in options if not (isinstance(one, Mapping) and one.get("type") == "null")]
        if len(real) < len(options):
            found["nullable"] = True
        narrowed = [self._narrow(one, inside) for one in real]
        if len(narrowed) == 1:
            found.update({name: value for name, value in narrowed[0].items() if name not in found})
        elif narrowed:
            found["anyOf"] = narrowed

    def _enum(self, values: list[Any], found: dict[str, Any]) -> None:
        """The subset's enumerations are of texts."""
        if all(isinstance(value, str) for value in values):
            found.setdefault("type", "STRING")
            found["enum"] = values
        else:
            self._lose("enum")
