"""AWS event streams: messages out of pieces of a body, and into bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from struct import pack
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import WireError
from baimo.wire.eventstream import Frame, FrameDecoder, Uuid, decode_headers, encode_frame, encode_headers

EVENT = {":event-type": "messageStart", ":content-type": "application/json", ":message-type": "event"}


def play(pieces: list[bytes]) -> list[Frame]:
    decoder = FrameDecoder()
    found = [frame for piece in pieces for frame in decoder.feed(piece)]
    decoder.end()
    return found


def message(block: bytes, payload: bytes = b"") -> bytes:
    """A message put together by hand, as the documentation lays it out."""
    start = pack(">II", 16 + len(block) + len(payload), len(block))
    whole = start + pack(">I", crc32(start)) + block + payload
    return whole + pack(">I", crc32(whole))


def test_a_message_is_laid_out_as_documented() -> None:
    block = b"\x0b:event-type\x07\x00\x0cmessageStart"
    body = message(block, b'{"role":"assistant"}')
    assert encode_frame({":event-type": "messageStart"}, b'{"role":"assistant"}') == body
    assert play([body]) == [({":event-type": "messageStart"}, b'{"role":"assistant"}')]


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (b"\x00", True),
        (b"\x01", False),
        (b"\x02\xff", -1),
        (b"\x03\x01\x00", 256),
        (b"\x04\xff\xff\xff\xfe", -2),
        (b"\x05\x00\x00\x00\x01\x00\x00\x00\x00", 2**32),
        (b"\x06\x00\x02\x00\xff", b"\x00\xff"),
        (b"\x07\x00\x03\xe4\xbd\xa0", "你"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x05\xdc", datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)),
        (b"\x09" + bytes(range(16)), Uuid(range(16))),
    ],
)
def test_every_type_of_header_is_read(wire: bytes, value: Any) -> None:
    found = decode_headers(b"\x01h" + wire)["h"]
    assert found == value
    assert type(found) is type(value)
    assert decode_headers(encode_headers({"h": value}))["h"] == value


def test_an_empty_message_has_neither_headers_nor_payload() -> None:
    assert play([encode_frame({})]) == [({}, b"")]


VALUES = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=9)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    | st.datetimes(timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    )
    | st.binary(min_size=16, max_size=16).map(Uuid)
)
FRAMES = st.lists(
    st.tuples(
        st.dictionaries(st.from_regex(r"[a-z:-]{1,9}", fullmatch=True), VALUES, max_size=3),
        st.binary(max_size=30),
    ),
    max_size=4,
)


@given(frames=FRAMES, cuts=st.lists(st.integers(0, 300), max_size=4))
def test_what_was_written_is_read_wherever_it_is_cut(frames: list[Any], cuts: list[int]) -> None:
    body = b"".join(encode_frame(*frame) for frame in frames)
    places = sorted(min(cut, len(body)) for cut in cuts)
    pieces = [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]
    assert play(pieces) == play([body[at : at + 1] for at in range(len(body))]) == frames


def test_a_message_is_out_as_soon_as_its_bytes_are_in() -> None:
    body = encode_frame(EVENT, b"{}")
    decoder = FrameDecoder()
    assert decoder.feed(body[:-1]) == []
    assert decoder.feed(body[-1:] + body[:40]) == [(EVENT, b"{}")]
    assert decoder.feed(body[40:]) == [(EVENT, b"{}")]


@pytest.mark.parametrize("at", range(len(encode_frame(EVENT, b"{}"))))
def test_no_bit_of_a_message_can_be_damaged_unseen(at: int) -> None:
    body = bytearray(encode_frame(EVENT, b"{}"))
    body[at] ^= 0x10
    with pytest.raises(WireError, match="damaged"):
        FrameDecoder().feed(bytes(body))


@pytest.mark.parametrize("at", range(len(encode_frame(EVENT, b"{}"))))
@pytest.mark.parametrize("behind", [b"", encode_frame(EVENT)])
def test_nor_can_it_behind_one_with_the_same_headers(at: int, behind: bytes) -> None:
    body = bytearray(encode_frame(EVENT, b"{}"))
    decoder = FrameDecoder()
    decoder.feed(bytes(body))
    assert decoder.again(bytes(body)) == b"{}"
    body[at] ^= 0x10
    assert decoder.again(bytes(body)) is None
    with pytest.raises(WireError, match="damaged"):
        decoder.feed(bytes(body) + behind)


@given(frames=FRAMES)
def test_a_message_that_is_like_the_one_before_is_given_at_once(frames: list[Any]) -> None:
    decoder, last, found = FrameDecoder(), None, []
    for headers, payload in frames * 2:
        piece = encode_frame(headers, payload)
        known = decoder.again(piece)
        assert known in (None, payload)
        assert last is None or (known is None) == (encode_headers(headers) != encode_headers(last))
        last = headers
        found += decoder.feed(piece) if known is None else [(headers, known)]
    assert found == frames * 2


def test_only_a_whole_message_in_its_place_is_given_at_once() -> None:
    body = encode_frame(EVENT, b"{}")
    decoder = FrameDecoder(max_frame=len(body))
    decoder.feed(body)
    larger = encode_frame(EVENT, b"{  }")
    for piece in (b"", body[:-1], body + b"\0", body + body, larger):
        assert decoder.again(piece) is None
    with pytest.raises(WireError, match="impossible lengths"):
        decoder.feed(larger)
    decoder = FrameDecoder()
    decoder.feed(body + body[:9])
    assert decoder.again(body) is None
    assert decoder.feed(body[9:]) == [(EVENT, b"{}")]


def test_how_messages_with_very_long_headers_begin_is_not_kept() -> None:
    body = encode_frame({":event-type": "x" * 600}, b"{}")
    decoder = FrameDecoder()
    assert decoder.feed(body) == [({":event-type": "x" * 600}, b"{}")]
    assert decoder.again(body) is None
    assert decoder.feed(body + body) == [({":event-type": "x" * 600}, b"{}")] * 2


def test_a_stream_that_stops_inside_a_message_did_not_end_well() -> None:
    decoder = FrameDecoder()
    decoder.feed(encode_frame(EVENT) + b"\x00")
    with pytest.raises(WireError, match="stopped inside a message"):
        decoder.end()


def prelude(total: int, heads: int) -> bytes:
    start = pack(">II", total, heads)
    return start + pack(">I", crc32(start))


@pytest.mark.parametrize(
    ("total", "heads"), [(2**31, 0), (15, 0), (20, 5), (1000, 990), (300_000, 200_000), (1001, 0)]
)
def test_impossible_lengths_are_refused_before_anything_is_waited_for(total: int, heads: int) -> None:
    with pytest.raises(WireError, match="impossible lengths"):
        FrameDecoder(max_frame=1000 if total < 2000 else 2**30).feed(prelude(total, heads))


@pytest.mark.parametrize(
    "block",
    [
        b"\x05ab",
        b"\x01h",
        b"\x01h\x07\x00\x05ab",
        b"\x01h\x07\x00",
        b"\x01h\x07\x00\x01\xff",
        b"\x01\xff\x00",
        b"\x01h\x04\x00",
        b"\x01h\x09\x00",
        b"\x01h\x08\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x01h\x0a",
        b"\x01h\x00\x01h\x00",
    ],
)
def test_broken_headers_are_told(block: bytes) -> None:
    with pytest.raises(WireError, match="header"):
        FrameDecoder().feed(message(block))


def test_headers_that_come_again_are_not_decoded_again() -> None:
    body = encode_frame(EVENT, b"1") + encode_frame(EVENT, b"2")
    (first, _), (second, _) = FrameDecoder().feed(body)
    assert first is second


def test_ever_new_headers_are_not_kept() -> None:
    decoder = FrameDecoder()
    seen = [decoder.feed(encode_frame({"n": number}))[0][0] for number in range(200)]
    again = [decoder.feed(encode_frame({"n": number}))[0][0] for number in range(200)]
    assert seen == again
    assert 0 < sum(a is b for a, b in zip(seen, again, strict=True)) < 100
