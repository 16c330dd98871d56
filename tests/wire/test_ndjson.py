"""Lines of JSON out of pieces of a body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import WireError
from baimo.wire.ndjson import LineDecoder


def play(pieces: list[bytes]) -> list[bytes]:
    decoder = LineDecoder()
    found = [line for piece in pieces for line in decoder.feed(piece)]
    return found + decoder.end()


def test_blank_lines_and_line_ends_are_left_out() -> None:
    assert play([b'{"a":1}\r\n\n  \n{"b":2}\n']) == [b'{"a":1}', b'{"b":2}']


def test_the_last_line_needs_no_end() -> None:
    assert play([b"1\n2"]) == [b"1", b"2"]


def test_a_line_is_out_as_soon_as_its_bytes_are_in() -> None:
    decoder = LineDecoder()
    assert decoder.feed(b"{") == []
    assert decoder.feed(b"}\n{") == [b"{}"]
    assert decoder.feed(b"}\n") == [b"{}"]


@given(body=st.binary(max_size=60).map(lambda raw: raw.replace(b"\x00", b"\n")), at=st.integers(0, 60))
def test_a_body_may_be_cut_anywhere(body: bytes, at: int) -> None:
    assert play([body[:at], body[at:]]) == play([body])
    assert play([body[i : i + 1] for i in range(len(body))]) == play([body])


def test_a_line_without_an_end_is_bounded() -> None:
    decoder = LineDecoder(max_line=1000)
    with pytest.raises(WireError, match="longer than 1000 bytes"):
        for _ in range(20):
            decoder.feed(b"x" * 100)


def test_the_limit_counts_one_line_and_not_the_body() -> None:
    decoder = LineDecoder(max_line=1000)
    for _ in range(20):
        assert decoder.feed(b"x" * 900 + b"\n") == [b"x" * 900]
