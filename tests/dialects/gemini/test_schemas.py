"""Schemas in the OpenAPI subset, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialects.gemini.schemas import Narrowing, decode_schema


@pytest.mark.parametrize(
    ("subset", "schema"),
    [
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"nullable": True}, {}),
        (
            {"type": "ARRAY", "items": {"type": "INTEGER"}, "min_items": "2"},
            {"type": "array", "items": {"type": "integer"}, "minItems": 2},
        ),
        (
            {"type": "OBJECT", "properties": {"a_b": {"type": "STRING"}}, "property_ordering": ["a_b"]},
            {"type": "object", "properties": {"a_b": {"type": "string"}}, "propertyOrdering": ["a_b"]},
        ),
        ({"any_of": [{"type": "NUMBER"}, True]}, {"anyOf": [{"type": "number"}, True]}),
        ({"type": ["string", "null"], "maxItems": "many"}, {"type": ["string", "null"], "maxItems": "many"}),
    ],
)
def test_the_subset_becomes_json_schema(subset: dict[str, Any], schema: dict[str, Any]) -> None:
    assert decode_schema(subset) == schema


@pytest.mark.parametrize(
    ("schema", "subset", "lost"),
    [
        ({"type": "string", "minLength": 1}, {"type": "STRING", "minLength": 1}, []),
        ({"type": ["integer", "null"]}, {"type": "INTEGER", "nullable": True}, []),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]}, []),
        ({"type": "null"}, {"type": "NULL"}, []),
        ({"type": 5}, {}, []),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}, []),
        (
            {"oneOf": [{"type": "string"}, {"type": "number"}]},
            {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]},
            [],
        ),
        ({"anyOf": [{"type": "null"}]}, {"nullable": True}, []),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}, []),
        ({"enum": ["a", "b"], "type": "string"}, {"type": "STRING", "enum": ["a", "b"]}, []),
        ({"enum": [1, 2], "type": "integer"}, {"type": "INTEGER"}, ["enum"]),
        ({"allOf": [{"type": "string"}], "title": "t"}, {"type": "STRING", "title": "t"}, []),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, {}, ["allOf"]),
        (
            {"type": "array", "items": {"type": "number", "multipleOf": 2}},
            {"type": "ARRAY", "items": {"type": "NUMBER"}},
            ["multipleOf"],
        ),
        ({"type": "array", "items": True}, {"type": "ARRAY", "items": {"type": "OBJECT"}}, []),
        (
            {"type": "object", "properties": {"a": False, "b": False}},
            {"type": "OBJECT", "properties": {"a": {"type": "OBJECT"}, "b": {"type": "OBJECT"}}},
            ["false"],
        ),
        (
            {"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}, "title": "t"},
            {"type": "STRING", "title": "t"},
            [],
        ),
        ({"$ref": "#/$defs/gone", "$schema": "x"}, {"type": "OBJECT"}, ["$ref"]),
        ({"properties": 3}, {"properties": 3}, []),
    ],
)
def test_json_schema_is_narrowed_to_the_subset(
    schema: dict[str, Any], subset: dict[str, Any], lost: list[str]
) -> None:
    narrowing = Narrowing(schema)
    assert narrowing.narrowed() == subset
    assert narrowing.lost == lost


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    node = {
        "type": "object",
        "properties": {"left": {"$ref": "#/$defs/Node"}, "right": {"$ref": "#/$defs/Node"}},
    }
    narrowing = Narrowing({"$ref": "#/$defs/Node", "$defs": {"Node": node}})
    assert narrowing.narrowed() == {
        "type": "OBJECT",
        "properties": {"left": {"type": "OBJECT"}, "right": {"type": "OBJECT"}},
    }
    assert narrowing.lost == ["$ref"]


def test_a_reference_may_lead_to_another() -> None:
    defs = {"A": {"$ref": "#/$defs/B"}, "B": {"type": "integer"}}
    assert Narrowing({"$ref": "#/$defs/A", "$defs": defs}).narrowed() == {"type": "INTEGER"}
