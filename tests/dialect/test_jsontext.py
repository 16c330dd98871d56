"""JSON as providers write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.dialect.jsontext import decode, encode, excerpt, join_halves
from baimo.errors import WireError


def test_half_an_escape_is_read_though_it_is_no_valid_text() -> None:
    assert decode(b'{"a":"\\ud83d"}') == {"a": "\ud83d"}
    assert decode(b'{"a":"\\ude00b"}') == {"a": "\ude00b"}
    assert decode(b'{"a":"\\ud83d\\ude00"}') == {"a": "😀"}


def test_half_a_character_is_marked_as_lost() -> None:
    assert decode(b'{"a":"\xe4\xbd"}') == {"a": "\ufffd"}


@pytest.mark.parametrize("text", [b"", b"{", b"hello", b'{"a":', b"[" * 100_000])
def test_what_is_no_json_is_a_wire_error_that_shows_its_start(text: bytes) -> None:
    with pytest.raises(WireError, match="no JSON where some was due"):
        decode(text)


def test_a_value_with_halves_can_be_written_again() -> None:
    assert encode({"a": "你"}) == '{"a":"你"}'
    assert decode(encode({"a": "\ud83d"}).encode()) == {"a": "\ud83d"}


def test_an_excerpt_is_short_and_on_one_line() -> None:
    assert excerpt(b"  <html>\n") == "'<html>'"
    assert len(excerpt(b"x" * 5000)) < 210


@given(text=st.text(), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_halves_that_were_cut_apart_find_each_other(text: str, cuts: list[int]) -> None:
    text = text.encode("utf-8", "replace").decode()
    raw = text.encode("utf-16-le")
    places = sorted({min(2 * cut, len(raw)) for cut in cuts})
    held, out = "", ""
    for start, end in zip([0, *places], [*places, len(raw)], strict=True):
        piece, held = join_halves(held, raw[start:end].decode("utf-16-le", "surrogatepass"))
        out += piece
    assert out == text
    assert held == ""


def test_a_half_that_finds_no_other_is_marked_as_lost() -> None:
    assert join_halves("\ud83d", "a") == ("\ufffda", "")
    assert join_halves("", "\ude00a") == ("\ufffda", "")
    assert join_halves("", "a\ud83d") == ("a", "\ud83d")
    assert join_halves("\ud83d", "") == ("", "\ud83d")
