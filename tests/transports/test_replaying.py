"""Playing a recording: in its order and its time, to the end and no further, for the same requests only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from baimo.errors import ConnectError
from baimo.testing import VirtualClock
from baimo.transports.async_replaying import AsyncReplayTransport
from baimo.transports.recorded import (
    Began,
    Came,
    Closed,
    Dice,
    End,
    Left,
    Line,
    Piece,
    Recording,
    Sent,
    fault_of,
)
from baimo.transports.replaying import Played, RecordingOverError, ReplayTransport, RequestDiffersError
from baimo.wire.http import HttpRequest, SocketRequest
from tests.recordings import ID, call_record

ASKED = HttpRequest(method="POST", origin="http://a.test", target=b"/v1?key=abc", body=b'{"a":1}')
SENT = Sent(at=0.5, method="POST", origin="http://a.test", target="/v1?key=****", body='{"a":1}')


def played(*lines: Line, clock: VirtualClock | None = None) -> Played:
    recording = Recording(
        path=Path("x.baimo"),
        began=Began(baimo="1", id=ID, wall=0.0, operation="chat"),
        lines=lines,
        closed=Closed(took_s=1.0, record=call_record(ID, "answered")),
    )
    return Played(recording, clock or VirtualClock(mono=0.0))


class Chunked:
    """A body in pieces."""

    length = None

    def chunks(self) -> Iterator[bytes]:
        yield b'{"a"'
        yield b":1}"


def test_everything_comes_when_it_came() -> None:
    now = played(
        SENT,
        Came(at=1.0, status=200, headers=(("x-a", "1"),)),
        Dice(value=0.5),
        Piece(at=3.0, text="one"),
        Piece(at=3.0, data=b"\xff"),
        End(at=4.0),
    )
    reply = ReplayTransport(now).open(ASKED, connect_s=1, head_s=1)
    assert (now.clock.mono(), reply.head.get(b"x-a")) == (1.0, "1")
    assert (reply.read(1), now.clock.mono()) == (b"one", 3.0)
    assert reply.read(1) == b"\xff"
    assert (reply.read(1), now.clock.mono()) == (b"", 4.0)
    assert now.left == 0


async def test_and_so_on_asyncio() -> None:
    now = played(SENT, Came(at=1.0, status=200), Piece(at=3.0, text="one"), End(at=4.0))
    transport = AsyncReplayTransport(now)
    reply = await transport.open(ASKED, connect_s=1, head_s=1)
    assert [await reply.read(1), await reply.read(1)] == [b"one", b""]
    assert now.clock.mono() == 4.0
    reply.close()
    reply.abort()
    await transport.close()


def test_a_wait_that_took_longer_now_is_not_made_up_for() -> None:
    clock = VirtualClock(mono=0.0)
    now = played(SENT, Came(at=1.0, status=200), End(at=2.0), clock=clock)
    clock.advance(5.0)
    ReplayTransport(now).open(ASKED, connect_s=1, head_s=1)
    assert now.clock.mono() == 5.0


def test_failures_are_raised_where_they_were() -> None:
    error = ConnectError("nobody there")
    transport = ReplayTransport(
        played(SENT, fault_of(error, 2.0), SENT, Came(at=3.0, status=200), fault_of(error, 4.0))
    )
    with pytest.raises(ConnectError, match="nobody there"):
        transport.open(ASKED, connect_s=1, head_s=1)
    reply = transport.open(ASKED, connect_s=1, head_s=1)
    with pytest.raises(ConnectError):
        reply.read(1)
    reply.close()
    reply.abort()
    transport.close()


def test_where_the_caller_left_it_goes_no_further() -> None:
    transport = ReplayTransport(played(SENT, Left(at=1.0)))
    with pytest.raises(RecordingOverError):
        transport.open(ASKED, connect_s=1, head_s=1)
    with pytest.raises(RecordingOverError):
        transport.open(ASKED, connect_s=1, head_s=1)
    reply = ReplayTransport(played(SENT, Came(at=0.0, status=200), Left(at=1.0))).open(
        ASKED, connect_s=1, head_s=1
    )
    with pytest.raises(RecordingOverError):
        reply.read(1)


def test_a_reply_that_was_left_is_passed_over() -> None:
    now = played(SENT, Came(at=0.0, status=500), Left(at=1.0), SENT, Came(at=2.0, status=200))
    transport = ReplayTransport(now)
    assert transport.open(ASKED, connect_s=1, head_s=1).head.status == 500
    assert now.left == 1
    assert transport.open(ASKED, connect_s=1, head_s=1).head.status == 200


def test_a_request_that_comes_before_a_reply_was_read_is_told() -> None:
    transport = ReplayTransport(played(SENT, Came(at=0.0, status=200), Piece(at=1.0, text="x")))
    transport.open(ASKED, connect_s=1, head_s=1)
    with pytest.raises(RequestDiffersError, match="comes too early"):
        transport.open(ASKED, connect_s=1, head_s=1)


def test_a_body_in_pieces_is_compared_as_a_whole() -> None:
    asked = HttpRequest(method="POST", origin="http://a.test", target=b"/v1?key=abc", body=Chunked())
    assert ReplayTransport(played(SENT, Came(at=0.0, status=200))).open(asked, connect_s=1, head_s=1)


FRAMES = Sent(at=0.0, method="GET", origin="ws://a.test", target="/chat", frames=("one", "two"))


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        (("one", b"two"), None),
        (("one", "too"), "frame 2 differs from the recorded one at character 1: …two… was sent, now …too…"),
        (("one",), "number of frames differs"),
    ],
)
def test_frames_are_compared_one_by_one(frames: tuple[str | bytes, ...], told: str | None) -> None:
    transport = ReplayTransport(played(FRAMES, Came(at=0.0, status=101)))
    asked = SocketRequest(origin="ws://a.test", target=b"/chat?authorization=x&date=y&host=z", frames=frames)
    if told is None:
        assert transport.open(asked, connect_s=1, head_s=1).head.status == 101
    else:
        with pytest.raises(RequestDiffersError, match=told):
            transport.open(asked, connect_s=1, head_s=1)


def test_a_longer_text_differs_at_its_end() -> None:
    asked = HttpRequest(method="POST", origin="http://a.test", target=b"/v1?key=abc", body=b'{"a":1} ')
    with pytest.raises(RequestDiffersError, match="at character 7"):
        ReplayTransport(played(SENT)).open(asked, connect_s=1, head_s=1)
