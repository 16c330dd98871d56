"""WebSockets over the transports: handshake, messages, ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from baimo.errors import InputError, TransportError
from baimo.transports.socket_talk import MAX_MESSAGE_BYTES
from baimo.wire.http import HttpRequest, SocketRequest
from tests.transports.carriers import AnyReply, open_reply, read, read_all
from tests.transports.contract import AnyCarrier, get, wait_until
from tests.transports.peer import Connection, peer, reply
from tests.transports.websocket_peer import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Reader,
    accepted,
    ask,
    close,
    frame,
    key_of,
    sending,
    socket_pool,
    text,
)

Make = Callable[..., AnyCarrier]


def messages(carrier: AnyCarrier, got: AnyReply) -> list[bytes]:
    found = []
    while piece := read(carrier, got):
        found.append(piece)
    carrier.do(got.close)
    return found


def test_target_and_fields_reach_the_wire_byte_for_byte(make: Make) -> None:
    heads = []

    def script(connection: Connection) -> None:
        heads.append(connection.head())
        connection.say(accepted(heads[-1]) + close(1000))
        connection.ended_at()

    carrier = make()
    target = b"/v3.5/chat?authorization=YXBp%2Ba%3D%3D&date=Tue%2C+23+Jun&host=a.example~"
    fields = ((b"X-odd-CASE", b"a  b"), (b"Host", b"spark.example"), (b"connection", b"close"))
    with peer(script) as server:
        request = SocketRequest(origin=server.origin.replace("http", "ws"), target=target, headers=fields)
        assert messages(carrier, open_reply(carrier, request)) == []
        open_reply(carrier, request)
    lines = heads[0].split(b"\r\n")
    assert lines[0] == b"GET " + target + b" HTTP/1.1"
    assert {b"X-odd-CASE: a  b", b"Host: spark.example", b"Upgrade: websocket"} < set(lines)
    assert {b"Connection: Upgrade", b"Sec-WebSocket-Version: 13"} < set(lines)
    assert b"extensions" not in heads[0].lower()
    assert heads[0].lower().count(b"\r\nconnection:") == 1
    assert key_of(heads[0]) != key_of(heads[1])


def test_frames_of_the_request_leave_in_order_after_the_handshake(make: Make) -> None:
    frames = ("ask é", b"\x00\xff", "x" * 70_000)
    seen: list[tuple[int, bytes]] = []

    def script(connection: Connection) -> None:
        head = connection.head()
        connection.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.sock.recv(1)
        connection.sock.settimeout(5)
        connection.say(accepted(head))
        reader = Reader(connection)
        seen.extend(reader.next() for _ in frames)
        connection.say(close(1000))
        connection.ended_at()

    carrier = make()
    with peer(script) as server:
        assert messages(carrier, open_reply(carrier, ask(server.origin, *frames))) == []
    assert seen == [(TEXT, "ask é".encode()), (BINARY, b"\x00\xff"), (TEXT, b"x" * 70_000)]


def test_the_head_is_that_of_the_change_of_protocol(make: Make) -> None:
    carrier = make()

    def script(connection: Connection) -> None:
        head = connection.head()
        connection.say(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        connection.say(accepted(head, b"X-Trace: a1"))
        connection.ended_at()

    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert got.head.status == 101
        assert got.head.get(b"x-trace") == "a1"
        assert got.head.get(b"link") is None
        carrier.do(got.abort)


def test_each_read_is_one_whole_message(make: Make) -> None:
    long = "汉" * 30_000
    sent = [
        text("one"),
        frame(BINARY, b"\x00\xfe"),
        frame(TEXT, "前半".encode()[:4], fin=False),
        frame(PING, b"in between"),
        frame(0, b"", fin=False),
        frame(0, "前半".encode()[4:]),
        text(long),
        frame(TEXT, b""),
        text("last"),
        close(1000, "done"),
    ]
    carrier = make()
    with peer(sending(*sent)) as server:
        got = open_reply(carrier, ask(server.origin))
        assert messages(carrier, got) == [b"one", b"\x00\xfe", "前半".encode(), long.encode(), b"last"]


def test_messages_may_be_cut_anywhere_on_the_way(make: Make) -> None:
    data = text("é" * 70) + frame(TEXT, b"a", fin=False) + frame(PING) + frame(0, b"b") + close(1001)

    def script(connection: Connection) -> None:
        pause = threading.Event()
        for byte in accepted(connection.head()) + data:
            connection.say(bytes([byte]))
            pause.wait(0.0002)
        connection.ended_at()

    carrier = make()
    with peer(script) as server:
        assert messages(carrier, open_reply(carrier, ask(server.origin))) == [("é" * 70).encode(), b"ab"]


def test_pings_are_answered_while_the_caller_reads(make: Make) -> None:
    answers = []

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + frame(PING, b"p1") + text("a") + frame(PING, b"p2"))
        reader = Reader(connection)
        answers.extend([reader.next(), reader.next()])
        connection.say(text("b") + frame(PONG, b"nobody asked") + close(1000, "bye"))
        answers.append(reader.next())

    carrier = make()
    with peer(script) as server:
        assert messages(carrier, open_reply(carrier, ask(server.origin))) == [b"a", b"b"]
    assert answers == [(PONG, b"p1"), (PONG, b"p2"), (CLOSE, b"\x03\xe8bye")]


@pytest.mark.parametrize("end", [close(1000), close(1001, "going"), frame(CLOSE)])
def test_a_good_close_is_the_end(make: Make, end: bytes) -> None:
    carrier = make()
    with peer(sending(text("a"), end)) as server:
        got = open_reply(carrier, ask(server.origin))
        assert [read(carrier, got) for _ in range(3)] == [b"a", b"", b""]
        carrier.do(got.close)


@pytest.mark.parametrize(
    ("end", "words", "retryable"),
    [
        (close(1008, "凭证无效"), "1008 .*凭证无效", False),
        (close(1011, "boom"), "1011 .*boom", True),
        (close(1012), "1012", True),
        (close(4003, "forbidden"), "4003 .*forbidden", True),
        (frame(TEXT, b"half", fin=False) + close(1011, "mid"), "1011 .*mid", True),
        (frame(TEXT, b"half", fin=False) + close(1000), "broke the rules", True),
        (frame(CLOSE, b"\x03"), "broke the rules", True),
        (close(1006), "broke the rules", True),
        (frame(3, b"?"), "broke the rules", True),
        (frame(0, b"?"), "broke the rules", True),
        (b"\xc1\x01a", "broke the rules", True),
        (b"\x81\x81abcde", "broke the rules", True),
        (frame(TEXT, b"\xff\xfe"), "not UTF-8", True),
        (b"\x82\x7f" + (MAX_MESSAGE_BYTES + 1).to_bytes(8, "big"), f"over {MAX_MESSAGE_BYTES} bytes", False),
    ],
)
def test_what_came_before_a_bad_end_is_handed_out_and_then_the_end_is_told(
    make: Make, end: bytes, words: str, retryable: bool
) -> None:
    carrier = make()
    with peer(sending(text("a"), text("b"), end, text("too late"))) as server:
        got = open_reply(carrier, ask(server.origin))
        assert [read(carrier, got), read(carrier, got)] == [b"a", b"b"]
        with pytest.raises(TransportError, match=words) as caught:
            read(carrier, got)
        assert caught.value.retryable is retryable
        assert socket_pool(carrier, server.origin).in_use == 0


def test_a_message_in_pieces_is_bounded_as_a_whole(make: Make) -> None:
    piece = frame(0, bytes(MAX_MESSAGE_BYTES // 4), fin=False)
    carrier = make()
    with peer(
        sending(frame(BINARY, b"x", fin=False), piece * 3, frame(0, bytes(MAX_MESSAGE_BYTES // 4)))
    ) as server:
        got = open_reply(carrier, ask(server.origin))
        with pytest.raises(TransportError, match="over"):
            read(carrier, got)


def test_the_largest_message_comes_whole(make: Make) -> None:
    carrier = make()
    with peer(sending(frame(BINARY, bytes(MAX_MESSAGE_BYTES)), text("b"), close(1000))) as server:
        got = open_reply(carrier, ask(server.origin))
        assert [len(message) for message in messages(carrier, got)] == [MAX_MESSAGE_BYTES, 1]


@pytest.mark.parametrize("how", ["fin", "reset", "in a frame"])
def test_a_connection_that_goes_without_a_close_is_an_error(make: Make, how: str) -> None:
    may_go = threading.Event()

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        may_go.wait(5)
        if how == "in a frame":
            connection.say(text("never whole")[:-3])
        if how == "reset":
            connection.reset()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"a"
        may_go.set()
        with pytest.raises(TransportError, match=r"without a close.*1006") as caught:
            read(carrier, got)
        assert caught.value.retryable
        with pytest.raises(TransportError):
            read(carrier, got)
        assert socket_pool(carrier, server.origin).in_use == 0


def test_what_was_said_before_the_peer_broke_our_sending_off_is_read(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a") + close(1009, "too long"))
        connection.sock.recv(1)
        connection.reset()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin, bytes(16 * 1024 * 1024)))
        assert read(carrier, got) == b"a"
        with pytest.raises(TransportError, match=r"1009 .*too long"):
            read(carrier, got)


@pytest.mark.parametrize(
    "status", [b"401 Unauthorized", b"403 Forbidden", b"426 Upgrade Required", b"302 Found", b"200 OK"]
)
def test_a_refused_handshake_is_a_reply_like_any_other(make: Make, status: bytes) -> None:
    body = b'{"message":"HMAC signature does not match"}'
    fields = (b"Content-Type: application/json", b"Location: /elsewhere")
    carrier = make()
    heads = []

    def script(connection: Connection) -> None:
        heads.append(connection.head())
        connection.say(reply(body, *fields, status=status))
        connection.ended_at()

    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin, "never sent"))
        assert got.head.status == int(status[:3])
        assert got.head.media_type == "application/json"
        assert read_all(carrier, got) == body
        assert socket_pool(carrier, server.origin).in_use == 0
    assert len(heads) == 1


def test_a_refusal_in_pieces_is_read_to_its_end(make: Make) -> None:
    head = b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nUpgrade: websocket\r\n\r\n"

    def script(connection: Connection) -> None:
        connection.head()
        pause = threading.Event()
        for piece in (head, b"3\r\nabc\r\n", b"2\r\nde", b"\r\n0\r\n\r\n"):
            connection.say(piece)
            pause.wait(0.01)
        connection.ended_at()

    carrier = make()
    with peer(script) as server:
        assert read_all(carrier, open_reply(carrier, ask(server.origin))) == b"abcde"


def test_a_refusal_that_is_cut_off_is_an_error(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 401 No\r\nContent-Length: 10\r\n\r\nhalf")

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"half"
        with pytest.raises(TransportError, match="before the end of the body"):
            read(carrier, got)


def test_a_refusal_that_ends_with_its_connection_is_whole(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        connection.say(b"HTTP/1.1 401 No\r\n\r\nwhole")

    carrier = make()
    with peer(script) as server:
        assert read_all(carrier, open_reply(carrier, ask(server.origin))) == b"whole"


GOOD = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 101 X\r\n%b\r\n" % GOOD, "does not fit our key"),
        (
            b"HTTP/1.1 101 X\r\n%bSec-WebSocket-Accept: bm90IHlvdXJzIGF0IGFsbCE=\r\n\r\n" % GOOD,
            "does not fit our key",
        ),
        (b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", "Connection field"),
        (b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "does not change to WebSocket"),
        (b"HTTP/1.1 101 X\r\n\r\n", "does not change to WebSocket"),
        (b"HTTP/1.1 101 X\r\n%bX: %b\r\n\r\n" % (GOOD, b"a" * 70_000), "over 65536 bytes"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not valid HTTP/1.1"),
        (b"", "before the head"),
    ],
)
def test_an_answer_that_is_no_handshake_is_told_in_words(make: Make, answer: bytes, words: str) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        connection.say(answer)

    carrier = make()
    with peer(script) as server:
        with pytest.raises(TransportError, match=words):
            open_reply(carrier, ask(server.origin))
        assert socket_pool(carrier, server.origin).in_use == 0


def test_closing_says_goodbye_and_ends_the_connection(make: Make) -> None:
    seen: list[tuple[int, bytes]] = []
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        reader = Reader(connection)
        seen.append(reader.next())
        connection.ended_at()
        ended.set()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"a"
        carrier.do(got.close)
        assert ended.wait(5)
        wait_until(lambda: socket_pool(carrier, server.origin).in_use == 0)
        carrier.do(got.close)
        with pytest.raises(TransportError):
            read(carrier, got)
    assert seen == [(CLOSE, b"\x03\xe8")]


def test_every_call_has_a_connection_of_its_own(make: Make) -> None:
    carrier = make()
    with peer(sending(close(1000))) as server:
        for _ in range(3):
            assert messages(carrier, open_reply(carrier, ask(server.origin))) == []
        assert server.accepted == 3


def test_schemes_are_not_mixed_up(make: Make) -> None:
    carrier = make()
    with peer(sending(close(1000))) as server:
        assert messages(carrier, open_reply(carrier, ask(server.origin))) == []
        with pytest.raises(InputError, match="an HTTP request cannot go to 'ws:"):
            open_reply(carrier, get(server.origin.replace("http", "ws")))
        with pytest.raises(InputError, match="a WebSocket request cannot go to 'http:"):
            open_reply(carrier, SocketRequest(origin=server.origin, target=b"/"))
        assert server.accepted == 1


def test_a_field_that_would_break_the_head_is_refused(make: Make) -> None:
    carrier = make()
    with peer(sending()) as server:
        origin = server.origin.replace("http", "ws")
        with pytest.raises(InputError):
            open_reply(carrier, SocketRequest(origin=origin, target=b"/", headers=((b"X", b"a\r\nY: b"),)))
        with pytest.raises(InputError):
            open_reply(carrier, SocketRequest(origin=origin, target=b"/a b"))
        assert server.accepted == 0


def test_http_goes_on_beside_sockets(make: Make) -> None:
    def script(connection: Connection) -> None:
        while head := connection.head():
            if b"Upgrade" in head:
                connection.say(accepted(head) + text("a") + close(1000))
                connection.ended_at()
                return
            connection.say(reply())

    carrier = make()
    with peer(script) as server:
        request = HttpRequest(method="GET", origin=server.origin, target=b"/")
        for _ in range(2):
            assert read_all(carrier, open_reply(carrier, request)) == b"hello"
            assert messages(carrier, open_reply(carrier, ask(server.origin))) == [b"a"]
        assert server.accepted == 3
