"""Reasoning inside tags is told from the answer, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.dialect.think import ThinkSplitter, in_tags


def split(*pieces: str) -> tuple[str, str]:
    """All reasoning and all of the answer."""
    splitter = ThinkSplitter()
    found = [pair for piece in pieces for pair in splitter.feed(piece)] + splitter.end()
    return "".join(text for inside, text in found if inside), "".join(
        text for inside, text in found if not inside
    )


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("plain", "", "plain"),
        ("<think>a</think>b", "a", "b"),
        ("<think>\na \n</think>\n\nb ", "a", "b "),
        ("x<think>a", "a", "x"),
        ("a < b <thin", "", "a < b <thin"),
        ("<think>a</thi", "a</thi", ""),
    ],
)
def test_tags_divide_a_text(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)
    assert split(*text) == (thinking, answer)


@given(st.text("a <>/think\n", max_size=20), st.integers(0, 20))
def test_where_the_pieces_are_cut_changes_nothing(text: str, at: int) -> None:
    assert split(text[:at], text[at:]) == split(text)


def test_what_is_put_into_tags_comes_out_of_them() -> None:
    assert split(in_tags("why") + "so") == ("why", "so")
