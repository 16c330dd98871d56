"""Shapes of texts: what is counted, and that nothing breaks the counting."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from baimo.context.shapes import NAMES, shape


def counts(text: str) -> dict[str, int]:
    return {name: count for name, count in zip(NAMES, shape(text), strict=True) if count}


def test_each_kind_of_character_is_counted_once_however_many_bytes_it_has() -> None:
    assert counts("你") == {"h": 1}
    assert counts("é") == {"x": 1}
    assert counts("ж") == {"c": 1}
    assert counts("한") == {"g": 1}
    assert counts("あ") == {"k": 1}
    assert counts("，") == {"f": 1}
    assert counts("—") == {"p": 1}
    assert counts("😀") == {"e": 1}
    assert counts("α") == {"o": 1}
    assert counts("ש") == {"b": 1}
    assert counts("ก") == {"i": 1}


def test_words_and_numbers_are_counted_as_runs() -> None:
    assert counts("getHTTPResponse 2026") == {
        **{"A": 5, "0": 4, " ": 1, "aA": 1, "AA": 2, " 0": 1},
        **{"word": 1, "word of 8": 1, "number": 1},
    }
    assert counts("a.b") == {".": 1, ".a": 1, "a.": 1, "word": 2}
    assert counts("\n\n    x")["    "] == 1


def test_half_a_surrogate_pair_is_counted_too() -> None:
    assert counts("\ud800") == {"g": 1}


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_words_are_those_that_a_pattern_finds(text: str) -> None:
    found = counts(text)
    assert found.get("word", 0) == len(re.findall("[A-Za-z]+", text))
    assert found.get("number", 0) == len(re.findall("[0-9]+", text))
