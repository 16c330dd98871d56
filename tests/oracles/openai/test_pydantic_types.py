"""Models of pydantic as types of answers: this group has pydantic, as the official client needs it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import msgspec
import pydantic.dataclasses
import pytest
from pydantic import BaseModel, Field, RootModel, field_validator

from baimo.errors import AnswerFormatError, InputError
from baimo.schema.narrow import narrow
from baimo.schema.of_types import describe
from baimo.schema.rules import STRICT
from baimo.testing import Simulator


class Address(BaseModel):
    city: str = Field(description="as its people call it")
    lines: list[str] = []


class Person(BaseModel):
    """Somebody."""

    name: str
    age: Annotated[int, Field(ge=0, le=150)] = 30
    address: Address | None = None
    kind: Literal["friend", "other"] = "other"

    @field_validator("name")
    @classmethod
    def is_no_secret(cls, name: str) -> str:
        if name == "secret":
            raise ValueError("secret is no name")
        return name


class People(RootModel[list[Person]]):
    pass


class Node(BaseModel):
    below: list[Node] = []


class Party(msgspec.Struct):
    host: Person
    guests: list[Person] = []


@dataclasses.dataclass
class Trip:
    to: Address


@pydantic.dataclasses.dataclass
class Dressed:
    a: int


def test_a_model_is_described_and_narrowed() -> None:
    described = describe(Person)
    assert (described.name, described.description) == ("Person", "Somebody.")
    assert (
        described.schema["$defs"]["Address"]["properties"]["city"]["description"] == "as its people call it"
    )
    narrowed = narrow(described.schema, STRICT)
    assert narrowed.cannot == ""
    assert narrowed.schema["required"] == ["name", "age", "address", "kind"]
    assert narrowed.schema["$defs"]["Address"]["additionalProperties"] is False
    assert "title" not in narrowed.schema["properties"]["name"]
    assert describe(Node).schema["properties"]["below"]["items"] == {"$ref": "#/$defs/Node"}
    assert describe(People).schema["type"] == "array"


def test_a_model_reads_an_answer() -> None:
    described = describe(Person)
    assert described.decode('{"name": "Ann", "address": {"city": "x"}}') == Person(
        name="Ann", address=Address(city="x")
    )
    assert described.decode('{"name": "Ann", "age": null, "kind": null}') == Person(name="Ann")
    assert describe(People).decode('[{"name": "Ann"}]').root == [Person(name="Ann")]
    assert describe(Node).decode('{"below": [{"below": null}]}') == Node(below=[Node()])


@pytest.mark.parametrize(
    ("text", "path", "fault"),
    [
        ('{"name": "secret"}', "$.name", "it is refused by the type's own check"),
        ('{"name": "Ann", "address": {}}', "$.address.city", "Field required"),
        ('{"name": "Ann", "age": 200}', "$.age", "Input should be less than or equal to 150"),
        ('{"name": "Ann"', "$", "it is no JSON"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, path: str, fault: str) -> None:
    with pytest.raises(AnswerFormatError) as caught:
        describe(Person).decode(text)
    assert caught.value.path == path
    assert fault in caught.value.fault
    assert "secret" not in str(caught.value)


def test_models_stand_within_other_types() -> None:
    party = describe(Party)
    assert set(party.schema["$defs"]) == {"Person_Address"}
    assert party.decode('{"host": {"name": "Ann", "age": null}}') == Party(host=Person(name="Ann"))
    with pytest.raises(AnswerFormatError) as caught:
        party.decode('{"host": {"name": "Ann"}, "guests": [{"name": "Bob", "address": {}}]}')
    assert caught.value.path == "$.guests[0].address.city"
    assert describe(Trip).decode('{"to": {"city": "x"}}') == Trip(to=Address(city="x"))
    assert describe(list[Person]).decode('[{"name": "Ann"}]') == [Person(name="Ann")]
    with pytest.raises(InputError, match="must stand in a model"):
        describe(Dressed)


def test_a_call_gives_a_model() -> None:
    with Simulator("openai") as sim, sim.client(endpoints={"openai": "chat"}) as client:
        sim.reply('{"name": "secret"}', '{"name": "Ann", "age": 7, "address": null, "kind": "friend"}')
        parsed = client.parse("openai/gpt-6-luna", "Who?", into=Person, repair=True)
        assert parsed.value == Person(name="Ann", age=7, kind="friend")
        assert "secret is no name" in sim.last.chat.messages[-1].text
