"""Values made for schemas follow them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from baimo.errors import InputError
from baimo.simulator.pattern import matching
from baimo.simulator.sample import sample

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 18},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "kind": {"enum": ["a", "b"]},
    },
    "required": ["name", "other"],
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (True, "value"),
        ({}, "value"),
        ({"type": "string"}, "value"),
        ({"type": "string", "minLength": 12}, "value value value"),
        ({"type": "string", "maxLength": 3}, "val"),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "string", "pattern": "^[a-c]{2}\\d$"}, "aa0"),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, "value"),
        ({"const": 5}, 5),
        ({"default": [1]}, [1]),
        ({"enum": ["x", "y"]}, "x"),
        ({"type": "string", "examples": ["eg"]}, "eg"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": "integer", "maximum": -7, "multipleOf": 5}, -10),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "minimum": 0.25, "multipleOf": 0.25}, 0.25),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}]}, [1, None]),
        ({"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "integer"}}, [1, 2, 3]),
        ({"type": "array", "minItems": 2, "uniqueItems": True, "items": {"enum": ["p", "q"]}}, ["p", "q"]),
        ({"type": "array", "minItems": 2, "uniqueItems": True}, ["value", "value 2"]),
        ({"items": {"type": "null"}}, [None]),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"oneOf": [{"type": "integer"}], "description": "x"}, 1),
        (
            {"allOf": [{"properties": {"a": {"type": "null"}}}, {"properties": {"b": {"const": 1}}}]},
            {"a": None, "b": 1},
        ),
        (PERSON, {"name": "name", "age": 18, "tags": ["tags", "tags 2"], "kind": "a", "other": "other"}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 2}}}, 2),
        (
            {
                "allOf": [{"$ref": "#/$defs/x"}],
                "properties": {"b": {"const": 1}},
                "required": ["b"],
                "$defs": {"x": {"properties": {"a": {"const": 0}}, "required": ["a"]}},
            },
            {"b": 1, "a": 0},
        ),
    ],
)
def test_a_value_follows_its_schema(schema: Any, value: Any) -> None:
    assert sample(schema) == value


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    tree: dict[str, Any] = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#"}},
            "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
            "other": {"type": ["object", "null"], "properties": {"again": {"$ref": "#"}}},
        },
        "required": ["name"],
    }
    made = sample(tree)
    assert made["name"] == "name"
    assert made["children"][0]["name"] == "name"


@pytest.mark.parametrize(
    "schema",
    [
        False,
        "string",
        {"type": "horse"},
        {"$ref": "#/$defs/none"},
        {"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]},
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"const": "c"}},
        {"type": "string", "pattern": "(?=x)y"},
    ],
)
def test_where_no_value_can_be_made_the_schema_is_refused(schema: Any) -> None:
    with pytest.raises(InputError):
        sample(schema)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "abc",
        r"^\d{4}-\d{2}-\d{2}$",
        r"[A-Z]{3}[^A-Z]+",
        r"(foo|bar)?baz",
        r"^(?:a|b)+\.(?P<end>com|org)$",
        r"\w+@\w+\.[a-z]{2,}",
        r"[\]x]\s*",
        r"[]x]",
        r"[^]x]",
        r"x{2}y*?z{0,3}\n\t\$",
        r"\bword\b",
        "[一-龥]{2}",
        ".",
        r"a{,2}b",
    ],
)
def test_a_text_matches_its_pattern(pattern: str) -> None:
    assert re.search(pattern, matching(pattern))


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?!x)", "[", "(", r"a(?<=b)", r"a\bb", "[^\x00-\U0010ffff]"])
def test_a_pattern_beyond_the_reader_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match="no text"):
        matching(pattern)
