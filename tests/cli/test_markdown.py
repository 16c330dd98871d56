"""Markdown while it is being written."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from baimo.cli.markdown import Blocks, MarkdownWriter, document

TEXT = """# Title

First *paragraph*
of two lines.

- one

  still one
- two

```py
a = 1

b = 2
```

~~~
```
~~~
Last.
"""
BLOCKS = [
    "# Title",
    "First *paragraph*\nof two lines.",
    "- one\n\n  still one\n- two",
    "```py\na = 1\n\nb = 2\n```",
    "~~~\n```\n~~~",
    "Last.",
]


def split(pieces: list[str]) -> list[str]:
    blocks = Blocks()
    whole = [block for piece in pieces for block in blocks.feed(piece)]
    return [*whole, blocks.end().strip("\n")]


def test_blocks_are_what_blank_lines_part_outside_of_code_and_lists() -> None:
    assert split([TEXT]) == BLOCKS


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_blocks_are_the_same_however_the_text_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    assert split([TEXT[a:b] for a, b in pairwise(edges)]) == BLOCKS


@given(st.text(alphabet="a \n`~#-", max_size=80), st.integers(1, 7))
def test_no_word_is_lost(text: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(split(pieces)).replace("\n", "").replace(" ", "") == text.replace("\n", "").replace(
        " ", ""
    )


def rendered(text: str, size: int, *, height: int = 24) -> str:
    out = io.StringIO()
    writer = MarkdownWriter(Console(file=out, width=60, height=height, force_terminal=False))
    writer.waiting("wait")
    for at in range(0, len(text), size):
        writer.feed(text[at : at + size])
    writer.end()
    return out.getvalue()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_looks_the_same_however_it_came(size: int) -> None:
    out = io.StringIO()
    Console(file=out, width=60).print(document(TEXT))
    assert rendered(TEXT, size) == out.getvalue()
    assert "First paragraph of two lines." in out.getvalue()


def test_lines_carry_no_spaces_at_their_ends_and_blocks_one_blank_line() -> None:
    lines = rendered(TEXT.replace("  still one\n", ""), 5).splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert all(one or other for one, other in pairwise(lines))
    assert lines[0] == "Title"


def test_a_block_larger_than_the_screen_is_shown_whole_in_the_end() -> None:
    code = "```\n" + "\n".join(f"line {number}" for number in range(100)) + "\n```\n"
    shown = rendered(code, 50, height=10)
    assert [f"line {number}" in shown for number in range(100)] == [True] * 100
    assert shown.count("line 42") == 1


def test_an_empty_answer_shows_nothing() -> None:
    assert rendered("", 1) == ""
    assert rendered("\n \n", 1) == ""
