"""A schema in the words that a wire takes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from baimo.schema.narrow import as_object, narrow
from baimo.schema.of_types import describe
from baimo.schema.rules import ANY, BOUNDED, CLOSED, STRICT, UNBOUNDED, SchemaRules

INTEGER = {"type": "integer"}
NULL = {"type": "null"}


class Inner(msgspec.Struct):
    """Inside."""

    a: int


class Outer(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=2, pattern="^a", description="its name")]
    pair: tuple[int, str]
    inner: Annotated[Inner, "the inner one"]
    same: tuple[int, int] = (1, 2)
    may: Annotated[int, "a number"] = 3
    either: int | str = 1
    null: int | None = None


class Loop(msgspec.Struct):
    next: Loop | None = None


def an(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


def test_strict_schemas_name_all_and_require_all() -> None:
    found = narrow(describe(Outer).schema, STRICT)
    assert found.cannot == ""
    assert found.schema["additionalProperties"] is False
    assert found.schema["required"] == ["name", "pair", "inner", "same", "may", "either", "null"]
    properties = found.schema["properties"]
    assert properties["name"] == {
        "type": "string",
        "pattern": "^a",
        "description": "its name\nminLength: 2",
    }
    assert properties["pair"] == {
        "type": "array",
        "items": {"anyOf": [INTEGER, {"type": "string"}]},
        "minItems": 2,
        "maxItems": 2,
    }
    assert properties["same"]["anyOf"][0]["items"] == INTEGER
    assert properties["may"] == {"anyOf": [INTEGER, NULL], "description": "a number"}
    assert properties["either"] == {"anyOf": [INTEGER, {"type": "string"}, NULL]}
    assert properties["null"] == {"anyOf": [INTEGER, NULL]}
    inner = properties["inner"]
    assert inner["description"] == "the inner one"
    assert inner["properties"] == {"a": INTEGER}
    assert "default" not in str(found.schema)
    assert found.lost == (
        "minLength",
        "prefixItems",
        "properties that may be left out (they may be null instead)",
    )


def test_where_everything_may_be_said_nothing_changes() -> None:
    schema = describe(Outer).schema
    assert narrow(schema, ANY).schema is schema


def test_what_no_rule_forbids_is_kept() -> None:
    rules = SchemaRules(words=frozenset({"minimum", "prefixItems", "format"}), formats=frozenset({"date"}))
    schema = an(
        {
            "a": {"type": "integer", "minimum": 1},
            "b": {"type": "string", "format": "date"},
            "c": {"type": "string", "format": "uri"},
            "d": {"prefixItems": [INTEGER], "type": "array"},
            "e": {},
            "f": True,
            "g": {"description": "anything"},
            "h": {"type": "object", "additionalProperties": INTEGER},
        },
        required=["a"],
    )
    found = narrow(schema, rules)
    assert found.lost == ("format",)
    assert found.schema == an(
        {
            "a": {"type": "integer", "minimum": 1},
            "b": {"type": "string", "format": "date"},
            "c": {"type": "string", "description": 'format: "uri"'},
            "d": {"prefixItems": [INTEGER], "type": "array"},
            "e": {},
            "f": {},
            "g": {"description": "anything"},
            "h": {"type": "object", "additionalProperties": INTEGER},
        },
        required=["a"],
    )


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (an({"a": {}}), "it has a place for any value"),
        ({"type": "object", "additionalProperties": INTEGER}, "it has an object whose keys are not named"),
        ({"type": "object"}, "it has an object whose keys are not named"),
        (an({"a": {"allOf": [INTEGER, {"minimum": 1}]}}), "it joins several schemas by allOf"),
        (describe(Loop).schema, "it refers to itself"),
        (
            {
                **an({"a": {"$ref": "#/$defs/A"}}),
                "$defs": {"A": an({"b": {"$ref": "#/$defs/B"}}), "B": an({"a": {"$ref": "#/$defs/A"}})},
            },
            "it refers to itself",
        ),
    ],
)
def test_what_the_rules_have_no_room_for_is_said(schema: dict[str, Any], why: str) -> None:
    found = narrow(schema, CLOSED)
    assert (found.cannot, found.lost) == (why, ())
    assert found.schema is schema


def test_references_stay_where_they_lead_no_round() -> None:
    schema = {
        **an({"a": {"$ref": "#/$defs/A"}, "b": {"$ref": "#/$defs/A"}}),
        "$defs": {"A": an({"x": INTEGER})},
    }
    found = narrow(schema, CLOSED)
    assert found.schema["$defs"]["A"]["additionalProperties"] is False
    assert found.schema["properties"]["b"] == {"$ref": "#/$defs/A"}


def test_two_ways_to_one_schema_are_no_loop() -> None:
    both = {"x": {"$ref": "#/$defs/B"}, "y": {"$ref": "#/$defs/C"}}
    ends = {"B": an({"z": {"$ref": "#/$defs/C"}}), "C": an({"a": INTEGER})}
    schema = {**an({"a": {"$ref": "#/$defs/A"}}), "$defs": {"A": an(both), **ends}}
    assert narrow(schema, CLOSED).cannot == ""


def test_a_loop_is_no_hindrance_where_it_may_be() -> None:
    found = narrow(describe(Loop).schema, STRICT)
    assert found.cannot == ""
    assert found.schema["properties"]["next"] == {"anyOf": [{"$ref": "#/$defs/Loop"}, NULL]}


def test_other_ways_to_join_schemas_are_said_in_the_usual_one() -> None:
    schema = an(
        {
            "a": {"oneOf": [INTEGER, NULL]},
            "b": {"allOf": [INTEGER], "description": "x"},
            "c": {"enum": [1, None]},
        }
    )
    found = narrow(schema, STRICT).schema["properties"]
    assert found["a"] == {"anyOf": [INTEGER, NULL]}
    assert found["b"] == {"anyOf": [INTEGER, NULL], "description": "x"}
    assert found["c"] == {"enum": [1, None]}
    assert narrow(an({"a": {"const": 1}}, required=["a"]), STRICT).schema["properties"]["a"] == {"enum": [1]}
    unknown = an({"a": {"$ref": "#/$defs/A", "description": "y", "type": "integer"}}, required=["a"])
    assert narrow(unknown, STRICT).schema["properties"]["a"] == {"type": "integer", "description": "y"}


def test_whatever_is_no_object_becomes_the_value_of_one() -> None:
    assert as_object(an({})) == (an({}), False)
    schema, wrapped = as_object({"type": "array", "items": {"$ref": "#/$defs/A"}, "$defs": {"A": INTEGER}})
    assert wrapped
    assert schema == {
        "type": "object",
        "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/A"}}},
        "required": ["value"],
        "$defs": {"A": INTEGER},
    }
    assert as_object({}) == ({"type": "object", "properties": {"value": {}}, "required": ["value"]}, True)


class Branch(msgspec.Struct):
    leaves: list[Branch]


class Tree(msgspec.Struct):
    root: Branch
    more: list[Tree] = []


def test_a_loop_must_be_in_what_may_be_left_out_where_the_rules_say_so() -> None:
    free = narrow(describe(Loop).schema, BOUNDED)
    assert free.cannot == ""
    assert free.schema["properties"]["next"] == {"anyOf": [{"$ref": "#/$defs/Loop"}, NULL]}
    assert (
        narrow(describe(Tree).schema, BOUNDED).cannot
        == "it refers to itself in a property that must be given"
    )
    named = {**an({"a": {"$ref": "#/$defs/A"}}), "$defs": {"A": an({"b": INTEGER}, required=["b", "gone"])}}
    assert narrow(named, BOUNDED).cannot == ""


@pytest.mark.parametrize(
    ("rules", "pattern", "is_kept"),
    [
        (CLOSED, "^[a-z]{2}-\\d+$", True),
        (CLOSED, "(a)\\1", False),
        (CLOSED, "\\bword", False),
        (CLOSED, "a(?=b)", False),
        (CLOSED, "(?<!a)b", False),
        (CLOSED, "(?:ab)+", True),
        (UNBOUNDED, "[a-z]+", True),
        (UNBOUNDED, "^a", False),
        (UNBOUNDED, "a$", False),
        (UNBOUNDED, "a(?!b)", False),
        (BOUNDED, "a", False),
        (STRICT, "^a(?=b)$", True),
    ],
)
def test_patterns_go_out_where_the_wire_can_read_them(
    rules: SchemaRules, pattern: str, is_kept: bool
) -> None:
    found = narrow(an({"a": {"type": "string", "pattern": pattern}}, required=["a"]), rules)
    assert (found.schema["properties"]["a"].get("pattern") == pattern) is is_kept
    assert found.lost == (() if is_kept else ("pattern",))


def test_a_list_that_must_hold_something_may_say_so_to_anthropic() -> None:
    schema = an({name: {"type": "array", "items": INTEGER, "minItems": at} for at, name in enumerate("abc")})
    found = narrow(schema, CLOSED)
    assert [one.get("minItems") for one in found.schema["properties"].values()] == [0, 1, None]
    assert found.schema["properties"]["c"]["description"] == "minItems: 2"
    assert found.lost == ("minItems",)


def test_an_object_requires_something_where_the_wire_wants_it() -> None:
    found = narrow(an({"a": INTEGER, "b": INTEGER, "c": {"type": "string", "format": "uri"}}), UNBOUNDED)
    assert found.schema["required"] == ["a"]
    assert found.schema["properties"]["a"] == {"anyOf": [INTEGER, NULL]}
    assert found.schema["properties"]["b"] == INTEGER
    assert found.lost == ("format", "properties that may be left out (they may be null instead)")
    assert narrow(an({"a": INTEGER}, required=["a"]), UNBOUNDED).lost == ()
    open_one = an({"a": {"type": "object", "additionalProperties": INTEGER}}, required=["a"])
    assert narrow(open_one, UNBOUNDED).cannot == "it has an object whose keys are not named"
