"""Classes that describe and read themselves, as pydantic's do; pydantic itself is an oracle."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.errors import AnswerFormatError, InputError
from baimo.schema.of_pydantic import is_model
from baimo.schema.of_types import describe


class RefusedError(ValueError):
    def __init__(self, kind: str, loc: tuple[str | int, ...], msg: str) -> None:
        super().__init__(msg)
        self.found = {"type": kind, "loc": loc, "msg": msg}

    def errors(self, **options: bool) -> list[dict[str, Any]]:
        assert options == {"include_url": False, "include_context": False, "include_input": False}
        return [self.found]


class Pet:
    """Has a name, and an age that may be left out."""

    def __init__(self, name: str, age: int = 1) -> None:
        self.name, self.age = name, age

    @classmethod
    def model_json_schema(cls, ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
        name = {"$ref": ref_template.format(model="Name")}
        properties = {"name": name, "age": {"type": "integer"}}
        return {
            "type": "object",
            "properties": properties,
            "required": ["name"],
            "$defs": {"Name": {"type": "string"}},
        }

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Pet:
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise RefusedError("json_invalid", (), f"Invalid JSON: {error}") from None
        if not isinstance(value.get("age", 0), int):
            raise RefusedError("int_type", ("age",), "Input should be a valid integer")
        if value["name"] == "secret":
            raise RefusedError("value_error", ("name",), "Value error, secret is no name")
        if value["name"] == "broken":
            raise ValueError("a fault of the program")
        return cls(**value)


class Basket(msgspec.Struct):
    pets: list[Pet]


def test_a_model_describes_itself() -> None:
    assert is_model(Pet)
    assert not is_model(Pet("a"))
    described = describe(Pet)
    assert described.name == "Pet"
    assert described.schema == Pet.model_json_schema()


def test_a_model_reads_itself() -> None:
    described = describe(Pet)
    assert described.decode('{"name": "a", "age": 2}').age == 2
    assert described.convert({"name": "a"}).age == 1
    assert described.decode(b'{"name": "a", "age": null}').age == 1


@pytest.mark.parametrize(
    ("text", "path", "fault"),
    [
        ("{", "$", "it is no JSON: Input data was truncated"),
        ('{"name": "a", "age": "b"}', "$.age", "Input should be a valid integer"),
        ('{"name": "secret"}', "$.name", "it is refused by the type's own check"),
        ('{"name": "secret", "age": null}', "$.name", "it is refused by the type's own check"),
    ],
)
def test_a_models_fault_is_told_as_any_other(text: str, path: str, fault: str) -> None:
    with pytest.raises(AnswerFormatError) as caught:
        describe(Pet).decode(text)
    assert (caught.value.path, caught.value.fault) == (path, fault)
    assert "secret" not in str(caught.value)


def test_a_fault_of_the_program_is_not_one_of_the_text() -> None:
    with pytest.raises(ValueError, match="a fault of the program"):
        describe(Pet).decode('{"name": "broken"}')


def test_models_within_other_types_keep_their_own_names() -> None:
    described = describe(Basket)
    item = described.schema["properties"]["pets"]["items"]
    assert item["properties"]["name"] == {"$ref": "#/$defs/Pet_Name"}
    assert described.schema["$defs"] == {"Pet_Name": {"type": "string"}}
    assert described.decode('{"pets": [{"name": "a"}]}').pets[0].name == "a"
    assert described.convert({"pets": [{"name": "a", "age": None}]}).pets[0].age == 1


def test_a_fault_within_is_found_from_the_root() -> None:
    with pytest.raises(AnswerFormatError) as caught:
        describe(Basket).decode('{"pets": [{"name": "a"}, {"name": "secret"}]}')
    assert caught.value.path == "$.pets[1].name"
    assert caught.value.fault == "it is refused by the type's own check"
    assert caught.value.detail == "Value error, secret is no name"


def test_what_only_pydantic_could_check_is_not_read_without_it() -> None:
    from dataclasses import make_dataclass

    kind = make_dataclass("Checked", [("a", int)], namespace={"__pydantic_validator__": object()})
    with pytest.raises(InputError, match="must stand in a model"):
        describe(kind)
