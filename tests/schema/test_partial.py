"""JSON that is still being written."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from baimo.schema.partial import JsonStart, PartialJson

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=12,
)


def grown(before: Any, after: Any) -> bool:
    """Whether what was shown before still stands."""
    if before is UNSET:
        return True
    if isinstance(before, str) and isinstance(after, str):
        return after.startswith(before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) <= len(after) and all(map(grown, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return list(before) == list(after)[: len(before)] and all(
            grown(before[name], after[name]) for name in before
        )
    return type(before) is type(after) and bool(before == after)


@given(
    value=VALUES,
    plain=st.booleans(),
    spaced=st.booleans(),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_what_was_shown_only_grows_and_ends_as_the_whole(
    value: Any, plain: bool, spaced: bool, cuts: list[int]
) -> None:
    text = json.dumps(value, ensure_ascii=plain, indent=1 if spaced else None)
    reader = PartialJson()
    states: list[Any] = [UNSET]
    at = 0
    for cut in [*sorted(cuts), len(text)]:
        changed = reader.feed(text[at:cut])
        at = max(at, cut)
        states.append(deepcopy(reader.value))
        assert changed or states[-1] == states[-2]
    reader.end()
    assert reader.value == value
    assert type(reader.value) is type(value)
    states.append(reader.value)
    assert all(map(grown, states, states[1:]))


@given(value=VALUES)
def test_letter_by_letter_is_no_different(value: Any) -> None:
    text = json.dumps(value)
    reader = PartialJson()
    before: Any = UNSET
    for letter in text:
        changed = reader.feed(letter)
        assert grown(before, reader.value)
        assert changed or before == reader.value
        before = deepcopy(reader.value)
    reader.end()
    assert reader.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", UNSET),
        (" ", UNSET),
        ("{", {}),
        ('{"a', {}),
        ('{"a"', {}),
        ('{"a":', {}),
        ('{"a": "', {"a": ""}),
        ('{"a": "b\\', {"a": "b"}),
        ('{"a": "b\\u00e', {"a": "b"}),
        ('{"a": "b\\ud83d', {"a": "b"}),
        ('{"a": "b\\ud83d\\ude00', {"a": "b😀"}),
        ('{"a": 12', {}),
        ('{"a": 12,', {"a": 12}),
        ('{"a": tru', {}),
        ('{"a": true}', {"a": True}),
        ('{"a": [1, {"b": [', {"a": [1, {"b": []}]}),
        ('{"a": {}} and more', {"a": {}}),
        ("[]", []),
        ("[ ", []),
        ("[1 ", [1]),
        ("1", UNSET),
        ('"ab', "ab"),
    ],
)
def test_what_can_be_said_of_a_beginning(text: str, value: Any) -> None:
    reader = PartialJson()
    reader.feed(text)
    assert reader.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<", UNSET),
        ('{"a": 1 "b"', {"a": 1}),
        ("{1", {}),
        ('{"a" 1', {}),
        ('{"a": tru}', {}),
        ("[1}", [1]),
        ('["\\x', [""]),
        ('["\\uzzzz', [""]),
    ],
)
def test_what_is_no_json_ends_the_reading(text: str, value: Any) -> None:
    reader = PartialJson()
    reader.feed(text)
    reader.end()
    assert reader.is_over or text == "<"
    reader.feed(' "more": 1}')
    assert reader.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["\\ud83d"', ["\N{REPLACEMENT CHARACTER}"]),
        ('["\\ud83dx"', ["\N{REPLACEMENT CHARACTER}x"]),
        ('["\\ud83d\\n"', ["\N{REPLACEMENT CHARACTER}\n"]),
        ('["\\ud83d\\ud83d\\ude00"', ["\N{REPLACEMENT CHARACTER}😀"]),
        ('["\\ude00"', ["\N{REPLACEMENT CHARACTER}"]),
        ('["\\ud83d\\u0041"', ["\N{REPLACEMENT CHARACTER}A"]),
        ('{"\\ud83d": 1,', {"\N{REPLACEMENT CHARACTER}": 1}),
    ],
)
def test_half_a_letter_is_shown_as_lost(text: str, value: Any) -> None:
    reader = PartialJson()
    reader.feed(text)
    assert reader.value == value


def test_the_end_tells_only_of_a_number_that_stands_alone() -> None:
    reader = PartialJson()
    assert not reader.feed("12")
    assert reader.end()
    assert reader.value == 12
    inside = PartialJson()
    inside.feed("[12")
    assert not inside.end()
    assert inside.value == []


@pytest.mark.parametrize(
    ("said", "json"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ("\n [1", "[1"),
        ("```json\n{", "{"),
        ("```json", ""),
        ("<think>{}</think>\n{", "{"),
        ("<thinking>a < b</thinking> ```\n[", "["),
        ("<think>{}</think", ""),
        ("Sure: {}", ""),
        ("<b>{}", ""),
        ("", ""),
    ],
)
def test_json_is_let_through_from_where_it_begins(said: str, json: str) -> None:
    for size in (1, 3, len(said) or 1):
        start = JsonStart()
        assert "".join([start.feed(said[at : at + size]) for at in range(0, len(said), size)]) == json
    assert start.feed("") == ""
