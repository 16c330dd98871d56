"""A model's answer as a value."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.errors import AnswerFormatError
from baimo.schema.of_types import describe
from baimo.schema.reading import AnswerReader
from baimo.types.chat import Choice, FinishReason, Message, Role
from baimo.types.content import Part, Refusal, Text, ToolCall


class Pet(msgspec.Struct):
    name: str
    age: int = 1


PETS = AnswerReader(describe(Pet))
NUMBERS = AnswerReader(describe(list[int]))


def choice(*parts: Part | str, finish: FinishReason = FinishReason.STOP, **more: Any) -> Choice:
    content = tuple([Text(text=part) if isinstance(part, str) else part for part in parts])
    return Choice(message=Message(role=Role.ASSISTANT, content=content), finish_reason=finish, **more)


def test_words_are_read_without_what_stands_around_them() -> None:
    assert PETS.value(choice('```json\n{"name": "a"}\n```')) == Pet("a")
    assert PETS.schema == describe(Pet).schema
    assert not PETS.is_unreadable


def test_what_is_no_object_is_the_value_of_one() -> None:
    assert NUMBERS.is_wrapped
    assert NUMBERS.value(choice('{"value": [1, 2]}')) == [1, 2]


def test_the_arguments_of_its_own_function_are_an_answer() -> None:
    call = ToolCall(id="1", name="Pet", arguments='{"name": "a", "age": 2}')
    found = PETS.value(choice("I shall call it.", call, finish=FinishReason.TOOL_CALLS))
    assert found == Pet("a", 2)


@pytest.mark.parametrize(
    ("reader", "given", "path", "says"),
    [
        (PETS, choice(), "$", "it is empty"),
        (PETS, choice('{"name": 1}'), "$.name", "Expected `str`, got `int`"),
        (PETS, choice('Sure: {"name": "a"}'), "$", "it is no JSON"),
        (PETS, choice('{"name": "a'), "$", "it is no JSON"),
        (PETS, choice(Refusal(text="No.")), "$", "the model refused to answer"),
        (PETS, choice('{"name": "a"}', finish=FinishReason.REFUSAL), "$", "the model refused to answer"),
        (PETS, choice('{"name": "a"}', finish=FinishReason.CONTENT_FILTER), "$", "it was filtered"),
        (PETS, choice('{"name": "a"}', withdrawn="filter"), "$", "it was filtered"),
        (PETS, choice('{"name": "a"}', finish=FinishReason.PAUSE), "$", "it ended early: pause"),
        (PETS, choice('{"name": "a"}', ToolCall(id="1", name="x", arguments="{}")), "$", "it calls tools"),
        (NUMBERS, choice('{"value": [1, "a"]}'), "$.value[1]", "Expected `int`, got `str`"),
        (NUMBERS, choice("[1, 2]"), "$", "Expected `object`, got `array`"),
        (NUMBERS, choice("{"), "$", "it is no JSON"),
    ],
)
def test_what_is_no_value_is_never_taken_for_one(
    reader: AnswerReader[Any], given: Choice, path: str, says: str
) -> None:
    with pytest.raises(AnswerFormatError) as caught:
        reader.value(given)
    assert caught.value.path == path
    assert says in caught.value.fault
    fault = reader.fault(given)
    assert fault is not None
    assert (fault.path, fault.says) == (path, caught.value.fault)


def test_a_good_answer_has_no_fault() -> None:
    assert PETS.fault(choice('{"name": "a"}')) is None
