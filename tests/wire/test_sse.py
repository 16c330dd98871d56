"""Server-sent events out of pieces of a body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import WireError
from baimo.wire.sse import EventDecoder, Named


def play(pieces: list[bytes]) -> list[bytes]:
    decoder = EventDecoder()
    found = [data for piece in pieces for data in decoder.feed(piece)]
    return found + decoder.end()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_in_any_of_three_ways(end: bytes) -> None:
    body = end.join([b"data: one", b"", b"data: two", b"data: more", b"", b""])
    assert play([body]) == [b"one", b"two\nmore"]


def test_the_space_after_the_colon_may_be_missing_and_only_one_is_dropped() -> None:
    assert play([b"data:a\n\ndata: b\n\ndata:  c\n\n"]) == [b"a", b"b", b" c"]


def test_comments_ids_and_unknown_fields_are_left_out() -> None:
    assert play([b": keep-alive\n\nid: 7\nretry: 10\nother\ndata: a\n: in between\n\n"]) == [b"a"]


def test_an_event_without_data_is_left_out() -> None:
    assert play([b"event: ping\n\ndata: a\n\ndata:\n\ndata: \n\n"]) == [b"a"]


def test_a_named_event_carries_its_name_and_the_next_one_does_not() -> None:
    error, after = play([b"event: error\ndata: {}\n\ndata: x\n\n"])
    assert isinstance(error, Named)
    assert error.event == "error"
    assert not isinstance(after, Named)


def test_a_byte_order_mark_is_skipped() -> None:
    assert play([b"\xef\xbb\xbfdata: a\n\n"]) == [b"a"]


def test_an_event_is_out_as_soon_as_its_bytes_are_in() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\n") == [b"a"]
    assert decoder.feed(b"data: b\r\r") == [b"b"]
    assert decoder.feed(b"\ndata: c\n\n") == [b"c"]


def test_the_last_event_is_given_at_the_end_though_no_blank_line_closed_it() -> None:
    assert play([b"data: a\n\ndata: [DONE]"]) == [b"a", b"[DONE]"]


BODIES = [
    b": hi\r\n\r\ndata: \xe4\xbd\xa0\r\n\r\nevent: error\r\ndata: x\r\ndata:y\r\n\r\ndata: [DONE]\r\n\r\n",
    b"data: a\n\ndata: b\n\n: c\n\ndata: d\n\n\n\ndata: e\ndata: f\n\ndata: g",
    b"data: a\r\rdata: b\r\r\ndata: c\n\r\n",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_may_be_cut_at_every_byte(body: bytes) -> None:
    whole = play([body])
    for at in range(1, len(body)):
        assert play([body[:at], body[at:]]) == whole
    assert play([body[i : i + 1] for i in range(len(body))]) == whole


LINES = st.sampled_from([b"data: x", b"data:y", b"data:", b": c", b"event: e", b"", b"", b"id: 1", b"junk"])


@given(
    lines=st.lists(LINES, max_size=20),
    ends=st.lists(st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
def test_any_cut_of_any_lines_gives_the_same(lines: list[bytes], ends: list[bytes], cuts: list[int]) -> None:
    body = b"".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    places = sorted({min(cut, len(body)) for cut in cuts})
    pieces = [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]
    assert play(pieces) == play([body])


def test_a_line_without_an_end_is_bounded() -> None:
    decoder = EventDecoder(max_event=1000)
    with pytest.raises(WireError, match="larger than 1000 bytes"):
        for _ in range(20):
            decoder.feed(b"x" * 100)


def test_data_lines_without_a_blank_line_are_bounded() -> None:
    decoder = EventDecoder(max_event=1000)
    with pytest.raises(WireError, match="larger than 1000 bytes"):
        for _ in range(20):
            decoder.feed(b"data: " + b"x" * 100 + b"\n")


def test_an_event_of_five_megabytes_comes_through_in_small_pieces() -> None:
    text = b"y" * 5_000_000
    body = b"data: " + text + b"\n\n"
    decoder = EventDecoder()
    found = [data for at in range(0, len(body), 16384) for data in decoder.feed(body[at : at + 16384])]
    assert found == [text]


def test_a_limit_counts_one_event_and_not_the_stream() -> None:
    decoder = EventDecoder(max_event=1000)
    for _ in range(100):
        assert decoder.feed(b"data: " + b"x" * 500 + b"\n\nda") == [b"x" * 500]
        assert decoder.feed(b"ta: y\n\n") == [b"y"]


NAMED = b"event: a\ndata: 1\n\n"


@pytest.mark.parametrize(
    "body",
    [
        NAMED,
        NAMED * 3,
        NAMED + b"event: b\nda",
        b"event: error\ndata: 1\n\n",
        NAMED + b"event: error\ndata: 1\n\n",
        b"event: \ndata: 1\n\n",
        b"event: \ndata: 1\n\n" + NAMED,
        b"event: a\ndata: \n\n",
        b"event: a\ndata: \n\n" + NAMED,
        b"event: a\ndata: 1\ndata: 2\n\n",
        b"event: a\ndata: 1\ndata: 2\n\n" + NAMED,
        b"event: a\nid: 1\ndata: 2\n\n" + NAMED,
        b"event: a\nid: 1\n\n",
        b"event: a\nid: 1\n\n" + NAMED,
        b"event: a\ndata: 1\r\n\n",
        b"event: a\ndata: 1\r\n\r\n" + NAMED,
        b"event: a",
        b"event: a\ndata:1\n\nevent: a\ndata:2\n\n",
        b"event: a\ndata:1\n\nevent: a\ndata: 2\n\nevent: a\ndata:  3\n\n",
        b"event: data: 1\ndata: 2\n\n",
        b"event: data:1\n\n" + NAMED,
        b"event: a\nevent: error\ndata: 1\n\n",
        b"event: a\nmydata: 1\n\n" + NAMED,
        NAMED + b"id: 1\n\n" + NAMED,
        b"event: error\ndata:1\n\nevent: error\ndata:2\n\n",
        b"data: 0\n\n" + NAMED,
        b"data: 0\n" + NAMED,
    ],
)
@pytest.mark.parametrize("names", [True, False])
def test_named_events_are_the_same_however_they_are_cut(body: bytes, names: bool) -> None:
    def read(pieces: list[bytes]) -> list[tuple[bytes, str]]:
        decoder = EventDecoder(names=names)
        found = [one for piece in pieces for one in decoder.feed(piece)] + decoder.end()
        return [(bytes(one), getattr(one, "event", "")) for one in found]

    whole = read([body])
    assert read([body[at : at + 1] for at in range(len(body))]) == whole
    for at in range(len(body)):
        assert read([body[:at], body[at:]]) == whole
    assert all(name in ("", "error") for _, name in whole) or names


def test_a_name_is_told_where_it_is_wanted() -> None:
    (plain,) = EventDecoder(names=False).feed(NAMED)
    (named,) = EventDecoder().feed(NAMED)
    assert (plain, named) == (b"1", b"1")
    assert not hasattr(plain, "event")
    assert isinstance(named, Named)
    assert named.event == "a"
