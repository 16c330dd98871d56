"""What docstrings of three styles say of a function and its parameters."""

from __future__ import annotations

import pytest

from baimo.tools.docstrings import parse_docstring

GOOGLE = """Search the shop.

    Slow at noon.

    Args:
        query (str): What to look for,
            in any language.
        limit: How many.
          not an entry

        **rest: More.

    Returns:
        list: What was found.

    Raises:
        ValueError: Never.

    Prices are in yuan.
    """
NUMPY = """Search the shop.

    Parameters
    ----------
    query : str
        What to look for,
        in any language.
    low, high : int
        Bounds.
    plain

    Returns
    -------
    list
        What was found.
    """
REST = """Search the shop.

    :param query: What to look for,
        in any language.
    :param int limit: How many.
    :type limit: int
    :returns: What was found,
        in order.
    """


def test_google() -> None:
    said, meant = parse_docstring(GOOGLE)
    assert said == "Search the shop.\n\nSlow at noon.\n\nPrices are in yuan."
    assert meant == {
        "query": "What to look for, in any language.",
        "limit": "How many. not an entry",
        "rest": "More.",
    }


def test_numpy() -> None:
    said, meant = parse_docstring(NUMPY)
    assert said == "Search the shop."
    assert meant == {"query": "What to look for, in any language.", "low": "Bounds.", "high": "Bounds."}


def test_rest() -> None:
    said, meant = parse_docstring(REST)
    assert said == "Search the shop."
    assert meant == {"query": "What to look for, in any language.", "limit": "How many."}


@pytest.mark.parametrize("text", [None, "", "  \n "])
def test_nothing_said(text: str | None) -> None:
    assert parse_docstring(text) == (None, {})


def test_chinese_words_and_colons() -> None:
    assert parse_docstring("查天气。\n\n参数：\n    city：城市名") == ("查天气。", {"city": "城市名"})


def test_words_that_look_like_a_heading_are_words() -> None:
    assert parse_docstring("Weather\nNote\nBeijing:\nsunny\n")[0] == "Weather\nNote\nBeijing:\nsunny"


def test_lines_that_are_no_entries_are_passed_over() -> None:
    said, meant = parse_docstring(
        "Do.\n\nArgs:\n    just words\n    a: The first.\n\nExample:\n    :x: 1\n:param b: B."
    )
    assert (said, meant) == ("Do.", {"a": "The first.", "b": "B."})
    assert parse_docstring("Do.\n\nParameters\n----------\n(odd)\n    words\na\n    A.")[1] == {"a": "A."}
