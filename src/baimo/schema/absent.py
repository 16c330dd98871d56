"""Nulls that mean "not given".

Strict schemas have no properties that may be left out: they are made to allow null instead. Where a type does
not know null, a null that came so is taken out again.
"""

from __future__ import annotations

from typing import Any


def without_absent(value: Any, schema: dict[str, Any]) -> Any:
    """The value without nulls where the schema lets a property be left out and has no null for it.

    The same object where there is none.

    >>> schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    >>> without_absent({"a": None}, schema)
    {}
    """
    return _kept(value, schema, schema)


def _kept(value: Any, schema: Any, root: dict[str, Any]) -> Any:
    """The value, or a copy of it that lacks something."""
    schema = _resolved(schema, root)
    if not isinstance(schema, dict):
        return value
    for word in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(word, ()):
            kept = _kept(value, one, root)
            if kept is not value:
                return kept
    if isinstance(value, dict):
        return _kept_object(value, schema, root)
    if isinstance(value, list):
        firsts, rest = schema.get("prefixItems", []), schema.get("items")
        kept_items = [
            _kept(one, firsts[at] if at < len(firsts) else rest, root) for at, one in enumerate(value)
        ]
        return value if all(map(_is, kept_items, value)) else kept_items
    return value


def _kept_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    known = schema.get("properties", {})
    must = schema.get("required", ())
    others = schema.get("additionalProperties")
    kept: dict[str, Any] = {}
    for name, one in value.items():
        rule = known.get(name, others)
        if one is None and name in known and name not in must and not _allows_null(rule, root):
            continue
        kept[name] = _kept(one, rule, root)
    return value if len(kept) == len(value) and all(map(_is, kept.values(), value.values())) else kept


def _allows_null(schema: Any, root: dict[str, Any]) -> bool:
    schema = _resolved(schema, root)
    if not isinstance(schema, dict):
        return True
    kind = schema.get("type")
    if kind is not None:
        return kind == "null" or (isinstance(kind, list) and "null" in kind)
    if "enum" in schema:
        return None in schema["enum"]
    if "const" in schema:
        return schema["const"] is None
    choices = schema.get("anyOf", schema.get("oneOf"))
    return choices is None or any(_allows_null(one, root) for one in choices)


def _resolved(schema: Any, root: dict[str, Any]) -> Any:
    """What a reference refers to; an unknown one allows anything."""
    seen = 0
    while isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        name = schema["$ref"].removeprefix("#/$defs/")
        seen += 1
        schema = root.get("$defs", {}).get(name) if seen < 32 else None
    return schema


def _is(one: Any, other: Any) -> bool:
    return one is other
