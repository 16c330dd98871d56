"""One WebSocket without a network: bytes in, messages and answers out."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import TransportError
from baimo.transports.socket_talk import SocketTalk
from baimo.wire.http1_request import render_head
from tests.transports.websocket_peer import BINARY, PING, TEXT, accepted, ask, close, frame, text


def begun(*frames: bytes | str) -> tuple[SocketTalk, bytes]:
    """A talk and the good answer to its handshake."""
    talk = SocketTalk(ask("ws://a.example", *frames))
    return talk, accepted(render_head(talk.handshake, host=b"a.example"))


STREAM = (
    text("ab")
    + frame(PING, b"!")
    + frame(BINARY, b"\x00" * 130, fin=False)
    + frame(PING)
    + frame(0, b"\xff")
    + frame(TEXT)
    + text("é")
    + close(1000)
    + text("after the end")
)


@given(st.lists(st.integers(0, len(STREAM) + 150), max_size=6))
def test_any_cut_gives_the_same_messages(cuts: list[int]) -> None:
    talk, answer = begun("x")
    data = answer + STREAM
    points = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found, out = [], 0
    for start, end in pairwise(points):
        talk.feed(memoryview(data)[start:end])
        out += len(talk.take_outgoing())
        while message := talk.take():
            found.append(message)
    assert found == [b"ab", b"\x00" * 130 + b"\xff", "é".encode()]
    assert talk.take() == b""
    assert talk.buffered == 0
    assert out == len("x") + 6 + (1 + 6) + 6 + (2 + 6)  # the frame, two pongs, a close: each with its mask


def test_only_whole_messages_count_as_waiting() -> None:
    talk, answer = begun()
    talk.feed(answer + frame(TEXT, b"x" * 1000, fin=False) + b"\x80\x7e\x10")
    assert talk.buffered == 0
    assert talk.take() is None
    talk.feed(b"\x00" + b"y" * 4096)
    assert talk.buffered == 5096


def test_fragments_without_end_take_no_more_than_their_bytes() -> None:
    talk, answer = begun()
    talk.feed(answer + frame(TEXT, b"a", fin=False))
    flood = frame(0, b"", fin=False) * 10_000 + frame(0, b"b", fin=False)
    talk.feed(flood)  # what is made once is made before the count
    tracemalloc.start()
    try:
        for _ in range(5):
            talk.feed(flood)
        assert tracemalloc.get_traced_memory()[0] < 4 * len(flood)
    finally:
        tracemalloc.stop()
    talk.feed(frame(0, b"c"))
    assert talk.take() == b"abbbbbbc"


def test_nothing_of_a_refusals_end_can_be_mistaken_for_an_end_in_good_order() -> None:
    talk, _ = begun()
    talk.feed(b"HTTP/1.1 401 No\r\nContent-Length: 4\r\n\r\nab")
    assert (talk.take(), talk.take()) == (b"ab", None)
    assert "body" in str(talk.cut_off())
    with pytest.raises(TransportError):
        talk.eof()
    assert talk.farewell() == b""


def test_an_end_after_the_close_changes_nothing() -> None:
    talk, answer = begun()
    talk.feed(answer + close(1000))
    talk.eof()
    assert talk.take() == b""
    assert talk.farewell() == b""
    assert not talk.reusable


def test_what_was_forgotten_takes_no_more_bytes_and_is_no_rubbish() -> None:
    talk, answer = begun()
    talk.feed(answer + text("a"))
    protocol = talk._protocol
    talk.forget()
    talk.feed(text("b"))
    talk._protocol = protocol  # as another thread has it that was in the middle of `feed`
    talk.feed(text("b"))
    assert talk.take() == b"a"
    assert talk.take() is None
    gone = weakref.ref(protocol)
    gc.disable()
    try:
        del protocol
        talk.forget()
        assert gone() is None
    finally:
        gc.enable()
