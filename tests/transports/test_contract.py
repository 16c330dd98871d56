"""What every transport must do, played against a server that sends exactly these bytes.

Where an adapted client differs, `DIFFERS` says so with the reason; nothing else is left out.
"""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from baimo.errors import ConnectError, StaleConnectionError, TimedOutError, TransportError
from baimo.transports.options import TransportOptions
from baimo.wire.http import HttpRequest
from tests.transports.carriers import (
    OURS,
    AsyncCarrier,
    Carrier,
    SyncCarrier,
    fetch,
    open_reply,
    read,
    read_all,
)
from tests.transports.peer import Connection, chunk, chunked, once, peer, reply, serving

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"

AnyCarrier = SyncCarrier | AsyncCarrier


@pytest.fixture(params=sorted(OURS))
def carrier(request: pytest.FixtureRequest) -> Iterator[AnyCarrier]:
    made = OURS[request.param](TransportOptions())
    yield made
    made.close()


@pytest.fixture(params=sorted(OURS))
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., AnyCarrier]]:
    """Makes transports with options."""
    made: list[AnyCarrier] = []

    def making(**options: object) -> AnyCarrier:
        made.append(OURS[request.param](TransportOptions(**options)))  # type: ignore[arg-type]
        return made[-1]

    yield making
    for each in made:
        each.close()


def get(origin: str, target: bytes = b"/", **more: object) -> HttpRequest:
    return HttpRequest(method="GET", origin=origin, target=target, **more)  # type: ignore[arg-type]


def post(origin: str, body: object = b'{"a":1}', **more: object) -> HttpRequest:
    return HttpRequest(method="POST", origin=origin, target=b"/v1/x", body=body, **more)  # type: ignore[arg-type]


# Whole replies


@pytest.mark.parametrize(
    "raw",
    [
        reply(b"hello"),
        chunked(b"he", b"llo"),
        chunked(b"hello", end=b"0\r\nX-Trailer: t\r\n\r\n"),
        UNTIL_CLOSE_HEAD + b"hello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"hello"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + reply(b"hello"),
        reply(gzip.compress(b"hello"), b"Content-Encoding: gzip"),
        reply(zlib.compress(b"hello"), b"Content-Encoding: deflate"),
        reply(gzip.compress(b"hel") + gzip.compress(b"lo"), b"Content-Encoding: x-gzip"),
    ],
    ids=[
        "length",
        "chunked",
        "trailer",
        "until close",
        "1.0",
        "100",
        "103",
        "gzip",
        "deflate",
        "two members",
    ],
)
def test_a_whole_reply_comes_through_however_it_is_framed(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server:
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


@pytest.mark.parametrize("raw", [reply(b"hello"), chunked(b"he", b"llo"), UNTIL_CLOSE_HEAD + b"hello"])
def test_bytes_may_come_one_by_one(carrier: AnyCarrier, raw: bytes) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        for at in range(len(raw)):
            connection.say(raw[at : at + 1])

    with peer(script) as server:
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


def test_a_deflate_body_without_its_wrapping_is_understood(carrier: AnyCarrier) -> None:
    bare = zlib.compressobj(wbits=-15)
    body = bare.compress(b"hello " * 50) + bare.flush()
    with peer(once(reply(body, b"Content-Encoding: deflate"))) as server:
        assert fetch(carrier, get(server.origin)) == (200, b"hello " * 50)


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", b"200 OK"), ("GET", b"204 No Content"), ("GET", b"304 Not Modified")]
)
def test_a_reply_that_has_no_body_by_its_kind_ends_at_its_head(
    carrier: AnyCarrier, method: str, status: bytes
) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        length = b"" if status.startswith(b"204") else b"Content-Length: 5\r\n"
        connection.say(b"HTTP/1.1 " + status + b"\r\n" + length + b"\r\n")
        connection.ended_at()

    with peer(script) as server:
        request = HttpRequest(method=method, origin=server.origin, target=b"/")
        assert fetch(carrier, request) == (int(status[:3]), b"")


def test_status_and_fields_are_handed_on_with_lower_case_names(carrier: AnyCarrier) -> None:
    raw = reply(
        b"no", b"X-Request-ID: 7", b"Set-Cookie: a", b"Set-Cookie: b", status=b"429 Too Many Requests"
    )
    with peer(once(raw)) as server:
        got = open_reply(carrier, get(server.origin))
        assert got.head.status == 429
        assert got.head.get(b"x-request-id") == "7"
        assert [value for name, value in got.head.headers if name == b"set-cookie"] == [b"a", b"b"]
        assert read_all(carrier, got) == b"no"


def test_a_redirect_is_not_followed(carrier: AnyCarrier) -> None:
    with peer(serving(reply(b"", b"Location: /elsewhere", status=b"302 Found"))) as server:
        assert fetch(carrier, get(server.origin)) == (302, b"")
        assert server.accepted == 1


def test_a_large_piece_comes_whole(carrier: AnyCarrier) -> None:
    body = b"0123456789abcdef" * 320 * 1024  # 5 MB
    with peer(serving(chunked(body), reply(body))) as server:
        assert fetch(carrier, get(server.origin)) == (200, body)
        assert fetch(carrier, get(server.origin)) == (200, body)


def test_a_piece_is_handed_out_before_the_next_one_is_sent(carrier: AnyCarrier) -> None:
    was_read = threading.Semaphore(0)

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD)
        for piece in (b"one", b"two", b"three"):
            connection.say(chunk(piece))
            assert was_read.acquire(timeout=5)
        connection.say(chunk(b""))

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        for piece in (b"one", b"two", b"three"):
            assert read(carrier, got) == piece
            was_read.release()
        assert read_all(carrier, got) == b""


def test_a_compressed_stream_is_not_held_back(carrier: AnyCarrier) -> None:
    was_read = threading.Semaphore(0)
    packer = zlib.compressobj(wbits=31)

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD[:-2] + b"Content-Encoding: gzip\r\n\r\n")
        for piece in (b"one", b"two"):
            connection.say(chunk(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)))
            assert was_read.acquire(timeout=5)
        connection.say(chunk(packer.flush()) + chunk(b""))

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        for piece in (b"one", b"two"):
            assert read(carrier, got) == piece
            was_read.release()
        assert read_all(carrier, got) == b""


# What is sent


def test_the_request_reaches_the_wire_byte_for_byte(carrier: AnyCarrier) -> None:
    seen: list[bytes] = []

    def script(connection: Connection) -> None:
        seen.append(connection.answer(reply()))

    with peer(script) as server:
        request = HttpRequest(
            method="POST",
            origin=server.origin,
            target=b"/v1/a%2Fb/c?x=%E4%BD%A0&y=a+b&z=%7e",
            headers=((b"X-Sig-A", b"A b;c=d"), (b"content-type", b"application/json; charset=utf-8")),
            body=b'{"q":"\xe4\xbd\xa0"}',
        )
        fetch(carrier, request)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/a%2Fb/c?x=%E4%BD%A0&y=a+b&z=%7e HTTP/1.1"
    fields = {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines[1:])}
    assert fields[b"x-sig-a"] == b"A b;c=d"
    assert fields[b"content-type"] == b"application/json; charset=utf-8"
    assert fields[b"host"] == server.origin.removeprefix("http://").encode()
    assert fields[b"content-length"] == b"11"
    assert len(fields) == len(lines) - 1
    assert body == request.body


class Pieces:
    """A body in pieces."""

    def __init__(self, pieces: list[bytes], *, is_length_known: bool) -> None:
        self._pieces = pieces
        self.length = sum(map(len, pieces)) if is_length_known else None
        self.given = 0

    def chunks(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.given += 1
            yield piece


@pytest.mark.parametrize("is_length_known", [True, False])
def test_a_body_in_pieces_is_sent_with_its_length_or_in_chunks(
    carrier: AnyCarrier, is_length_known: bool
) -> None:
    pieces = [b"a" * 1000, b"", b"b" * 300_000, b"c"]
    seen: list[bytes] = []

    def script(connection: Connection) -> None:
        seen.append(connection.answer(reply()))

    with peer(script) as server:
        assert fetch(carrier, post(server.origin, Pieces(pieces, is_length_known=is_length_known))) == (
            200,
            b"hello",
        )
    head, _, body = seen[0].partition(b"\r\n\r\n")
    if is_length_known:
        assert b"content-length: 301001" in head.lower()
        assert body == b"".join(pieces)
    else:
        assert b"transfer-encoding: chunked" in head.lower()
        assert body == b"".join(chunk(piece) for piece in pieces if piece) + b"0\r\n\r\n"


def test_a_large_body_arrives_whole(carrier: AnyCarrier) -> None:
    body = bytes(range(256)) * 20_000  # 5 MB
    seen: list[bytes] = []

    def script(connection: Connection) -> None:
        seen.append(connection.answer(reply()))

    with peer(script) as server:
        assert fetch(carrier, post(server.origin, body)) == (200, b"hello")
    assert seen[0].endswith(b"\r\n\r\n" + body)


def test_a_refusal_in_the_middle_of_an_upload_is_read(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        connection.say(reply(b"too large", b"Connection: close", status=b"413 Payload Too Large"))
        connection.ended_at()

    endless = Pieces([b"x" * 65536] * 4000, is_length_known=True)  # 250 MB
    with peer(script) as server:
        got = open_reply(carrier, post(server.origin, endless))
        assert got.head.status == 413
        assert read_all(carrier, got) == b"too large"
        assert endless.given < 4000


# Broken replies


@pytest.mark.parametrize("is_reset", [True, False])
def test_a_connection_that_ends_before_the_head_is_an_error(carrier: AnyCarrier, is_reset: bool) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        if is_reset:
            connection.reset()

    with peer(script) as server, pytest.raises(TransportError) as caught:
        fetch(carrier, post(server.origin))
    assert caught.value.sent
    assert caught.value.retryable


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\npart",
        CHUNKED_HEAD + chunk(b"part"),
        CHUNKED_HEAD + chunk(b"part") + b"8\r\nhal",
        reply(gzip.compress(b"part" + bytes(300))[:-4], b"Content-Encoding: gzip"),
    ],
    ids=["length", "chunked", "inside a chunk", "gzip"],
)
def test_a_body_that_is_cut_off_is_never_a_whole_one(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server:
        got = open_reply(carrier, get(server.origin))
        came = b""
        with pytest.raises(TransportError):
            while piece := read(carrier, got):
                came += piece
        assert came.startswith(b"part")


def test_a_reset_in_the_body_is_an_error_after_what_came(carrier: AnyCarrier) -> None:
    was_read = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        assert was_read.wait(5)
        connection.reset()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        was_read.set()
        with pytest.raises(TransportError):
            read(carrier, got)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"<html>no</html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        CHUNKED_HEAD + b"zz\r\nhello",
    ],
    ids=["ssh", "html", "length and chunked", "two lengths", "101", "bad chunk"],
)
def test_what_is_no_http_reply_is_an_error(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


def test_a_coding_that_nobody_asked_for_is_named(carrier: AnyCarrier) -> None:
    with peer(once(reply(b"xyz", b"Content-Encoding: br"))) as server:
        got = open_reply(carrier, get(server.origin))
        with pytest.raises(TransportError, match="br"):
            read(carrier, got)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 66_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Endless: " + b"a" * 400_000,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 201 + b"\r\n",
        CHUNKED_HEAD + b"5;" + b"x" * 400_000,
        CHUNKED_HEAD + b"0\r\nX-Trailer: " + b"x" * 400_000,
    ],
    ids=["long field", "endless field", "many fields", "endless chunk extension", "endless trailer"],
)
def test_a_head_or_framing_without_bounds_is_an_error(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


def test_a_few_bytes_that_unpack_to_very_many_come_in_bounded_pieces(carrier: AnyCarrier) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    with peer(once(reply(bomb, b"Content-Encoding: gzip"))) as server:
        got = open_reply(carrier, get(server.origin))
        total = 0
        while piece := read(carrier, got):
            assert len(piece) <= 1024 * 1024
            total += len(piece)
        carrier.do(got.close)
    assert total == 64 * 1024 * 1024


# Connections kept and not kept


def test_a_connection_is_used_again(carrier: AnyCarrier) -> None:
    with peer(
        serving(reply(), chunked(b"hello"), reply(gzip.compress(b"hello"), b"Content-Encoding: gzip"))
    ) as server:
        for _ in range(5):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
        assert server.accepted == 1


@pytest.mark.parametrize(
    "raw",
    [
        reply(b"hello", b"Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        reply(b"hello") + b"MORE",
        reply(b"hello") + reply(b"another"),
    ],
    ids=["connection: close", "1.0", "junk after it", "a reply nobody asked for"],
)
def test_a_connection_that_is_not_clean_is_not_used_again(carrier: AnyCarrier, raw: bytes) -> None:
    def script(connection: Connection) -> None:
        connection.answer(raw)
        connection.ended_at()

    with peer(script) as server:
        for count in (1, 2):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
            assert server.accepted == count


def test_a_reply_given_up_before_its_end_closes_its_connection(carrier: AnyCarrier) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\npart")
        connection.ended_at()
        ended.set()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        carrier.do(got.close)
        assert ended.wait(5)
        with pytest.raises(TransportError):
            read(carrier, got)


def test_a_half_closed_connection_gives_its_reply_and_is_not_used_again(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(reply())
        connection.end_writing()
        connection.ended_at()

    with peer(script) as server:
        for count in (1, 2):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
            assert server.accepted == count


def test_a_connection_that_ended_while_idle_is_replaced_unseen(carrier: AnyCarrier) -> None:
    closed = threading.Event()

    def script(connection: Connection) -> None:
        if connection.number > 1:
            serving(reply())(connection)
            return
        connection.answer(reply())
        connection.sock.close()
        closed.set()

    with peer(script) as server:
        assert fetch(carrier, post(server.origin)) == (200, b"hello")
        assert closed.wait(5)
        for _ in range(3):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
        assert server.accepted == 2


@pytest.mark.parametrize("is_reset", [True, False])
def test_a_kept_connection_that_ends_before_any_byte_is_called_stale(
    carrier: AnyCarrier, is_reset: bool
) -> None:
    def script(connection: Connection) -> None:
        connection.answer(reply())
        connection.request()
        if is_reset:
            connection.reset()

    with peer(script) as server:
        fetch(carrier, post(server.origin))
        with pytest.raises(StaleConnectionError) as caught:
            fetch(carrier, post(server.origin))
        assert caught.value.sent
        assert server.accepted == 1


def test_a_full_pool_makes_calls_wait_in_line(make: Callable[..., AnyCarrier]) -> None:
    carrier = make(max_connections=1)
    order: list[bytes] = []

    def script(connection: Connection) -> None:
        while request := connection.answer(reply()):
            order.append(request.split()[1])

    with peer(script) as server:
        first = open_reply(carrier, get(server.origin, b"/0"))
        waiting = []
        for number in range(1, 4):
            call = carrier.start(get(server.origin, b"/%d" % number))
            waiting.append(call)
            wait_until(lambda: len(pool_of(carrier, server.origin).waiting) == number)  # noqa: B023
        read_all(carrier, first)
        for call in waiting:
            assert read_all(carrier, call.result(10)) == b"hello"
        assert order == [b"/0", b"/1", b"/2", b"/3"]
        assert server.accepted == 1


def test_who_gives_up_waiting_leaves_no_place_behind(make: Callable[..., AnyCarrier]) -> None:
    carrier = make(max_connections=1)
    with peer(serving(reply())) as server:
        first = open_reply(carrier, get(server.origin))
        with pytest.raises(TimedOutError) as caught:
            open_reply(carrier, get(server.origin), connect_s=0.05)
        assert caught.value.limit == "connect"
        assert not caught.value.sent
        pool = pool_of(carrier, server.origin)
        assert not pool.waiting
        read_all(carrier, first)
        assert pool.in_use == 0
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


def pool_of(carrier: AnyCarrier, origin: str) -> object:
    transport = carrier.transport
    if isinstance(carrier, AsyncCarrier):
        return transport._pools[carrier.loop].places[origin].pool  # type: ignore[attr-defined]
    return transport._places[origin].pool  # type: ignore[attr-defined]


def wait_until(condition: Callable[[], bool]) -> None:
    """Turns until other threads have come so far."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.001)


# Time


def test_a_head_that_does_not_come_in_time_is_told_as_such(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.ended_at()

    with peer(script) as server, pytest.raises(TimedOutError) as caught:
        open_reply(carrier, post(server.origin), head_s=0.05)
    assert caught.value.limit == "head"
    assert caught.value.sent


def test_a_head_that_drips_does_not_move_its_limit(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        pause = threading.Event()
        for _ in range(500):
            connection.say(b"a")
            pause.wait(0.01)

    with peer(script) as server, pytest.raises(TimedOutError) as caught:
        open_reply(carrier, post(server.origin), head_s=0.1)
    assert caught.value.limit == "head"


def test_a_body_that_stops_is_told_as_such(carrier: AnyCarrier) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        connection.ended_at()
        ended.set()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        with pytest.raises(TimedOutError) as caught:
            read(carrier, got, 0.05)
        assert caught.value.limit == "idle"
        assert ended.wait(5)


def test_each_piece_has_its_own_time(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD)
        pause = threading.Event()
        for _ in range(6):
            pause.wait(0.05)
            connection.say(chunk(b"x"))
        connection.say(chunk(b""))

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert b"".join(iter(lambda: read(carrier, got, 0.2), b"")) == b"xxxxxx"


def test_a_connection_that_is_not_made_in_time_is_told_as_such(carrier: AnyCarrier, full_port: int) -> None:
    with pytest.raises(TimedOutError) as caught:
        open_reply(carrier, get(f"http://127.0.0.1:{full_port}"), connect_s=0.05)
    assert caught.value.limit == "connect"
    assert not caught.value.sent


def test_an_address_where_nobody_listens_is_told_in_words(carrier: AnyCarrier, closed_port: int) -> None:
    with pytest.raises(ConnectError, match=f"127.0.0.1:{closed_port}") as caught:
        open_reply(carrier, get(f"http://127.0.0.1:{closed_port}"))
    assert not caught.value.sent


# Giving up


def test_giving_up_before_the_head_is_seen_at_the_server_at_once(carrier: AnyCarrier) -> None:
    asked, ended = threading.Event(), []

    def script(connection: Connection) -> None:
        connection.request()
        asked.set()
        ended.append(connection.ended_at())

    with peer(script) as server:
        call = carrier.start(post(server.origin))
        assert asked.wait(5)
        given_up_at = time.monotonic()
        give_up(carrier, call)
        wait_until(lambda: bool(ended))
    assert ended[0] - given_up_at < 0.04


def test_giving_up_in_the_body_is_seen_at_the_server_at_once(carrier: AnyCarrier) -> None:
    ended = []

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        ended.append(connection.ended_at())

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        call = carrier.start_read(got)
        wait_until(call.running) if isinstance(carrier, SyncCarrier) else carrier.do(lambda: None)
        given_up_at = time.monotonic()
        if isinstance(carrier, SyncCarrier):
            got.abort()
            with pytest.raises(TransportError):
                call.result(5)
        else:
            call.cancel()
        wait_until(lambda: bool(ended))
        carrier.do(got.abort)
    assert ended[0] - given_up_at < 0.04


def give_up(carrier: AnyCarrier, call: object) -> None:
    """Cancels an asynchronous call; a blocking one ends only with its transport."""
    if isinstance(carrier, SyncCarrier):
        carrier.close_transport()
        with pytest.raises(TransportError):
            call.result(5)  # type: ignore[attr-defined]
    else:
        call.cancel()  # type: ignore[attr-defined]
        with pytest.raises(CancelledError):
            call.result(5)  # type: ignore[attr-defined]


def test_calls_after_cancelled_ones_are_all_right(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        while request := connection.request():
            if b"/hang" not in request.split(b"\r\n")[0]:
                connection.say(reply())

    with peer(script) as server:
        for _ in range(10):
            with pytest.raises(TimedOutError):
                open_reply(carrier, get(server.origin, b"/hang"), head_s=0.01)
        for _ in range(10):
            assert fetch(carrier, get(server.origin)) == (200, b"hello")
        assert pool_of(carrier, server.origin).in_use == 0  # type: ignore[attr-defined]


def test_closing_the_transport_ends_reads_that_wait(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        connection.ended_at()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        call = carrier.start_read(got)
        carrier.close_transport()
        with pytest.raises(TransportError):
            call.result(5)
        with pytest.raises(TransportError):
            fetch(carrier, get(server.origin))
