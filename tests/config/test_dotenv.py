"""Reading a `.env` file."""

from __future__ import annotations

import pytest

from baimo.config.dotenv import parse
from baimo.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("  A = 1  ", "1"),
        ("export A=1", "1"),
        ("A=", ""),
        ("A=  # nothing", ""),
        ("A=# nothing", ""),
        ("A=x#y", "x#y"),
        ("A=x # why", "x"),
        ("A=x\t# why", "x"),
        ("A='x # y'", "x # y"),
        ("A='x'  # why", "x"),
        (r"A='a\nb'", r"a\nb"),
        (r'A="a\nb\t\"c\"\\"', 'a\nb\t"c"\\'),
        (r'A="\d"', r"\d"),
        ('A=""', ""),
        ("A=${B}$C", "${B}$C"),
        ('A="${B}"', "${B}"),
        ("A=a=b==", "a=b=="),
        ("A=密钥", "密钥"),
    ],
)
def test_a_line_gives_its_value(line: str, value: str) -> None:
    assert parse(line) == {"A": value}


def test_comments_blank_lines_marks_and_windows_endings_do_not_matter() -> None:
    text = "\ufeff# first\r\n\r\nA=1\r\n   # second\r\nB='2'\r\n"
    assert parse(text) == {"A": "1", "B": "2"}


def test_the_last_of_two_equal_names_counts() -> None:
    assert parse("A=1\nA=2") == {"A": "2"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=1\nnonsense", "line 2: this is no KEY=VALUE line"),
        ("1A=1", "line 1: this is no KEY=VALUE line"),
        ("\n\nA='fake-key", "line 3: the closing ' is missing"),
        ('A="fake-key', 'line 1: the closing " is missing'),
        ("A='x' y", "line 1: there is something behind the closing '"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_but_not_shown(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, where="/p/.env")
    assert str(raised.value).startswith("/p/.env, line ")
    assert words in str(raised.value)
    assert "fake-key" not in str(raised.value)
