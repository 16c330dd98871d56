"""Width of text on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.cli.width import pad, table, width, wrap


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("百模", 4), ("e\u0301", 1), ("ａ", 2), ("", 0)])
def test_chinese_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_padding_counts_columns() -> None:
    assert pad("百模", 6) == "百模  "


def test_lines_break_at_spaces_and_between_chinese_characters() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("天空为什么是蓝色的", 8) == ["天空为什", "么是蓝色", "的"]
    assert wrap("abcdefghijk", 8) == ["abcdefgh", "ijk"]
    assert wrap("a\n\nb", 8) == ["a", "", "b"]


def test_no_line_begins_with_a_closing_mark() -> None:
    assert wrap("一二三四，五六", 9) == ["一二三", "四，五六"]


@given(st.text(alphabet="ab 百模，.\n", max_size=60), st.integers(8, 20))
def test_no_line_is_too_long_and_no_character_is_lost(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_the_columns_of_a_table_stand_below_each_other() -> None:
    lines = table([["名称", "x"], ["a", "y"]])
    assert lines == ["名称  x", "a     y"]


def test_the_last_column_wraps_below_itself() -> None:
    lines = table([["key", "some words that are long"]], columns=22, indent=" ")
    assert lines == [" key  some words that", "      are long"]


def test_an_empty_table_has_no_lines() -> None:
    assert table([]) == []
