"""What reaches the wire: heads byte for byte, bodies in pieces, refusals in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from baimo.wire.http import HttpRequest
from tests.transports.carriers import fetch, open_reply, read_all
from tests.transports.contract import AnyCarrier, Pieces, post
from tests.transports.peer import Connection, chunk, peer, reply


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


class BrokenBody:
    """A body whose source fails in the middle."""

    length = 300_000

    def chunks(self) -> Iterator[bytes]:
        yield b"a" * 1000
        raise OSError("the file went away")


def test_a_body_that_cannot_be_read_ends_the_call_with_its_own_error(make: Callable[..., AnyCarrier]) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        ended.set()

    with peer(script) as server:
        with pytest.raises(OSError, match="the file went away"):
            fetch(make(), post(server.origin, BrokenBody()))
        assert ended.wait(5)


def test_a_large_body_arrives_whole(carrier: AnyCarrier) -> None:
    body = bytes(range(256)) * 20_000  # 5 MB
    seen: list[bytes] = []

    def script(connection: Connection) -> None:
        seen.append(connection.answer(reply()))

    with peer(script) as server:
        assert fetch(carrier, post(server.origin, body)) == (200, b"hello")
    assert seen[0].endswith(b"\r\n\r\n" + body)


def test_a_refusal_in_the_middle_of_an_upload_is_read(carrier: AnyCarrier) -> None:
    was_read = threading.Event()

    def script(connection: Connection) -> None:
        connection.head()
        connection.say(reply(b"too large", b"Connection: close", status=b"413 Payload Too Large"))
        was_read.wait(5)  # and takes nothing more

    endless = Pieces([b"x" * 65536] * 4000, is_length_known=True)  # 250 MB
    with peer(script) as server:
        got = open_reply(carrier, post(server.origin, endless))
        assert got.head.status == 413
        assert read_all(carrier, got) == b"too large"
        was_read.set()
        assert endless.given < 4000
