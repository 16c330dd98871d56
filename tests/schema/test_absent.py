"""Nulls that mean "not given"."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.schema.absent import without_absent

NUMBER: dict[str, Any] = {"type": "integer"}


def an(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("rule", "is_kept"),
    [
        (NUMBER, False),
        ({"type": "null"}, True),
        ({"type": ["integer", "null"]}, True),
        ({"type": ["integer", "string"]}, False),
        ({"enum": [1]}, False),
        ({"enum": [1, None]}, True),
        ({"const": None}, True),
        ({"const": 1}, False),
        ({"anyOf": [NUMBER, {"type": "null"}]}, True),
        ({"oneOf": [NUMBER, {"type": "string"}]}, False),
        ({}, True),
        (True, True),
        ({"$ref": "#/$defs/N"}, False),
        ({"$ref": "#/$defs/loop"}, True),
        ({"$ref": "#/$defs/nowhere"}, True),
    ],
)
def test_a_null_goes_where_the_rule_has_none(rule: Any, is_kept: bool) -> None:
    schema = {**an(a=rule), "$defs": {"N": NUMBER, "loop": {"$ref": "#/$defs/loop"}}}
    value = {"a": None}
    kept = without_absent(value, schema)
    assert (kept is value) == is_kept
    assert kept == ({"a": None} if is_kept else {})


def test_nulls_are_found_at_any_depth_and_the_rest_stays() -> None:
    inner = an(a=NUMBER, b=NUMBER)
    schema = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": inner},
            "pair": {"prefixItems": [NUMBER, inner], "items": False},
            "either": {"anyOf": [NUMBER, inner]},
        },
        "additionalProperties": inner,
    }
    hole = {"a": None, "b": 1}
    value = {"list": [hole, {"b": 1}], "pair": [1, hole, None], "either": hole, "more": hole, "none": None}
    full = {"b": 1}
    assert without_absent(value, schema) == {
        "list": [full, full],
        "pair": [1, full, None],
        "either": full,
        "more": full,
        "none": None,
    }
    whole = {"list": [full], "pair": [1, full], "more": full}
    assert without_absent(whole, schema) is whole


def test_what_must_be_there_stays() -> None:
    value = {"a": None}
    assert without_absent(value, {**an(a=NUMBER), "required": ["a"]}) is value
    assert without_absent(None, NUMBER) is None
