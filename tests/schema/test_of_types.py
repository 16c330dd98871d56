"""Types as JSON Schema, and JSON as values of them."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Required, TypedDict, TypeVar

import msgspec
import pytest

from baimo.errors import AnswerFormatError, InputError
from baimo.schema.of_types import describe, rooted

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Place:
    """Somewhere."""

    city: Annotated[str, "as its people call it"]
    floor: int = field(default=1, metadata={"description": "from the street"})


class Words(TypedDict, total=False):
    text: Required[Annotated[str, "what is said"]]
    lang: NotRequired[str]


class Point(NamedTuple):
    x: Annotated[float, "to the right"]
    y: float = 0.0


class Node(msgspec.Struct, rename="camel"):
    """A thing with things below."""

    the_name: Annotated[str, msgspec.Meta(description="short", min_length=1)]
    kids: list[Node] = []
    colour: Colour = Colour.RED
    place: Place | None = None


class Span(msgspec.Struct):
    begin: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.begin:
            raise ValueError(f"{self.end} is before {self.begin}")


class Boxed(msgspec.Struct, Generic[T]):
    inside: Annotated[T, "what it holds"]


class Noted:
    def __init__(self, documentation: str) -> None:
        self.documentation = documentation


def test_the_root_stands_as_it_is_and_what_it_names_in_defs() -> None:
    schema = describe(Node).schema
    assert schema["type"] == "object"
    assert schema["description"] == "A thing with things below."
    assert schema["required"] == ["theName"]
    assert schema["properties"]["theName"] == {"description": "short", "type": "string", "minLength": 1}
    assert schema["properties"]["kids"]["items"] == {"$ref": "#/$defs/Node"}
    assert sorted(schema["$defs"]) == ["Colour", "Node", "Place"]
    assert "$defs" not in describe(Place).schema


def test_descriptions_come_from_annotations_metadata_and_docstrings() -> None:
    place = describe(Place)
    assert place.description == "Somewhere."
    assert place.schema["properties"] == {
        "city": {"description": "as its people call it", "type": "string"},
        "floor": {"description": "from the street", "type": "integer", "default": 1},
    }
    words = describe(list[Words]).schema
    assert words["$defs"]["Words"]["properties"]["text"]["description"] == "what is said"
    point = describe(Point).schema
    assert point["description"] == "An array of: x, y"
    assert point["prefixItems"][0] == {"description": "to the right", "type": "number"}
    assert describe(Annotated[int, Noted("years")]).description == "years"
    assert describe(Annotated[int, 5]).description is None
    assert describe(Boxed[int]).schema["properties"]["inside"]["description"] == "what it holds"
    assert describe(dict[Literal["a"], tuple[Place, int] | None]).schema["$defs"]["Place"]["properties"][
        "city"
    ]["description"]


def test_a_description_that_stands_already_is_kept() -> None:
    both = Annotated[int, msgspec.Meta(description="first"), "second"]
    assert describe(both).description == "first"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (int, "3", 3),
        (Literal["a", 1], '"a"', "a"),
        (Colour, '"blue"', Colour.BLUE),
        (int | None, "null", None),
        (list[int], "[1, 2]", [1, 2]),
        (set[str], '["a"]', {"a"}),
        (tuple[int, str], '[1, "a"]', (1, "a")),
        (dict[int, str], '{"1": "a"}', {1: "a"}),
        (datetime, '"2026-11-29T08:00:00"', datetime(2026, 11, 29, 8)),
        (bytes, '"AAE="', b"\0\1"),
        (Place, '{"city": "Xi\'an"}', Place("Xi'an")),
        (Words, '{"text": "hi"}', {"text": "hi"}),
        (Point, "[1, 2]", Point(1, 2)),
        (Node, '{"theName": "a", "kids": [{"theName": "b"}]}', Node("a", [Node("b")])),
        (Boxed[int], '{"inside": 1}', Boxed(1)),
        (Any, '{"a": [1]}', {"a": [1]}),
    ],
)
def test_json_becomes_a_value_of_its_type_from_text_and_from_what_was_read(
    kind: Any, text: str, value: Any
) -> None:
    described = describe(kind)
    assert described.decode(text) == value
    assert described.decode(text.encode()) == value
    assert described.convert(msgspec.json.decode(text)) == value


@pytest.mark.parametrize(
    ("kind", "text", "path", "fault", "detail"),
    [
        (Node, '{"theName": 1}', "$.theName", "Expected `str`, got `int`", ""),
        (Node, "{}", "$", "Object missing required field `theName`", ""),
        (Node, '{"theName": "a", "kids": [{}]}', "$.kids[0]", "Object missing required field `theName`", ""),
        (Colour, '"secret"', "$", "Invalid enum value", "Invalid enum value 'secret'"),
        (list[Span], '[{"begin": 2, "end": 1}]', "$[0]", "refused by the type's own check", "1 is before 2"),
        (dict[int, str], '{"secret": "a"}', "$", "Expected `int`, got `str`", ""),
        (int, "{", "$", "it is no JSON", ""),
        (int, "", "$", "it is no JSON", ""),
        (int, "[" * 100_000, "$", "it is nested too deeply", ""),
    ],
)
def test_a_misfit_names_its_place_and_no_words_of_the_text(
    kind: Any, text: str, path: str, fault: str, detail: str
) -> None:
    with pytest.raises(AnswerFormatError) as caught:
        describe(kind).decode(text)
    error = caught.value
    assert (error.path, fault in error.fault) == (path, True)
    assert detail in error.detail
    assert "secret" not in str(error)
    assert fault in str(error)


def test_what_was_read_already_is_checked_alike() -> None:
    with pytest.raises(AnswerFormatError) as caught:
        describe(list[Span]).convert([{"begin": 1, "end": 2}, {"begin": "1"}])
    assert caught.value.path == "$[1].begin"


def test_a_null_where_none_is_known_counts_as_left_out() -> None:
    described = describe(Node)
    text = '{"theName": "a", "colour": null, "place": {"city": "b", "floor": null}}'
    assert described.decode(text) == Node("a", place=Place("b"))
    assert described.convert(msgspec.json.decode(text)) == Node("a", place=Place("b"))
    with pytest.raises(AnswerFormatError, match="theName"):
        described.decode('{"theName": null, "colour": null}')


@pytest.mark.parametrize("kind", [Callable[[int], int], object(), complex, "Node"])
def test_what_has_no_form_in_json_is_said_at_once(kind: Any) -> None:
    with pytest.raises(InputError, match="has no form in JSON"):
        describe(kind)


def test_names_are_what_wires_allow() -> None:
    assert describe(Node).name == "Node"
    assert describe(int).name == describe(Boxed[int]).name == "answer"
    assert describe(type("é" * 70, (Span,), {})).name == "_" * 64


def test_a_root_that_only_refers_is_put_in_place() -> None:
    schema = {"$ref": "#/$defs/A~1b", "$defs": {"A/b": {"type": "object"}, "C": {"$ref": "#/$defs/C"}}}
    assert rooted(schema) == {"type": "object"}
    assert rooted({"$ref": "https://example.invalid/x"}) == {"$ref": "https://example.invalid/x"}


def test_a_class_is_described_once_and_two_of_one_name_apart() -> None:
    def made(of: type) -> type:
        return msgspec.defstruct("Answer", [("value", of)])

    numbers, words = made(int), made(str)
    assert describe(numbers) is describe(numbers)
    assert describe(numbers).schema["properties"] != describe(words).schema["properties"]
