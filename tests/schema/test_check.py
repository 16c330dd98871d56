"""Answers that are JSON of a form, and answers that are not."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from baimo.errors import MissingExtraError
from baimo.schema.check import Checker, Fault
from baimo.types.chat import ResponseFormat

OBJECT = ResponseFormat(type="json_object")
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "ages": {"type": "array", "items": {"type": "integer"}},
        "odd key": {"type": "null"},
        "flag": {"enum": [True]},
    },
    "required": ["name"],
    "additionalProperties": False,
}


def fault(text: str, schema: Any = None, form: ResponseFormat = OBJECT) -> Fault | None:
    if schema is not None:
        form = ResponseFormat(type="json_schema", name="answer", schema=schema)
    return Checker(form).fault(text)


@pytest.mark.parametrize("text", ['{"a": 1}', ' \n{"a": 1}\t\r\n', "{}", '{"词": "😀"}'])
def test_an_object_is_an_object_whatever_blanks_stand_around_it(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("{", "it is no JSON"),
        ("Here you are: {}", "it is no JSON"),
        ("{} {}", "it is no JSON"),
        ("\N{NO-BREAK SPACE}{}", "it is no JSON"),
        ("```json\n{}\n```", "in a code fence"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "it is an array where an object was due"),
        ('"word"', "it is a string where"),
        ("null", "it is null where"),
        ("true", "it is a boolean where"),
        ("1.5", "it is a number where"),
    ],
)
def test_what_is_no_object_is_told_by_its_kind(text: str, says: str) -> None:
    found = fault(text)
    assert found is not None
    assert found.path == "$"
    assert says in found.says


def test_a_schema_without_a_schema_takes_any_json() -> None:
    assert fault("[1]", form=ResponseFormat(type="json_schema", name="x")) is None


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ('{"name": "Ann", "ages": [1, "secret"]}', "$.ages[1]", 'type "integer" is not met'),
        ('{"ages": []}', "$", "a required property is missing"),
        ('{"name": "Ann", "secret": 1}', "$", "a property that the schema does not allow"),
        ('{"name": "secret"}', "$.name", "maxLength 5 is not met"),
        ('{"name": "Ann", "odd key": 1}', '$["odd key"]', 'type "null" is not met'),
        ("[]", "$", 'type "object" is not met'),
    ],
)
def test_a_fault_names_its_place_and_no_words_of_the_answer(text: str, path: str, says: str) -> None:
    found = fault(text, PERSON)
    assert found is not None
    assert found.path == path
    assert says in found.says
    assert "secret" not in found.says
    assert found.detail


def test_an_answer_by_its_schema_has_no_fault() -> None:
    assert fault('{"name": "Ann", "ages": [1, 2]}', PERSON) is None


def test_a_schema_of_false_is_a_fault_that_names_no_rule() -> None:
    found = fault('{"a": 1}', {"properties": {"a": False}})
    assert found is not None
    assert found.says == "the schema is not met"


def test_a_long_rule_is_told_in_short() -> None:
    found = fault('"x"', {"enum": ["y" * 500]})
    assert found is not None
    assert len(found.says) < 200


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"$ref": "https://schemas.test/person.json"},
        {"type": "string", "pattern": "("},
        {"$ref": "#"},
    ],
)
def test_a_schema_that_cannot_be_read_checks_nothing_and_fetches_nothing(schema: dict[str, Any]) -> None:
    checker = Checker(ResponseFormat(type="json_schema", name="x", schema=schema))
    assert checker.fault('"text"') is None
    assert checker.is_unreadable
    assert checker.fault("text") is not None


def test_without_the_package_only_the_syntax_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    form = ResponseFormat(type="json_schema", name="x", schema=PERSON)
    checker = Checker(form)
    assert checker.fault('{"ages": 1}') is None
    assert not checker.is_unreadable
    assert checker.fault("{") is not None
    with pytest.raises(MissingExtraError, match=r"baimo\[schema\]"):
        Checker(form, must=True)
