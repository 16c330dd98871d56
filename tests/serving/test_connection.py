"""HTTP/1.1 as the server speaks it: framing, order, limits, and clients that leave."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from baimo.serving.asgi import Receive, Scope, Send
from tests.serving.apps import Waiting, chunks, echo, saying, whole
from tests.serving.conftest import PATIENCE_S, Serve

GET = b"GET /a?b=%20c HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_reply_is_framed_by_its_length_and_the_connection_is_kept(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        for _ in range(3):
            visitor.say(GET)
            head, body = visitor.reply()
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert body == b"GET /a?b=%20c "


def test_the_target_reaches_the_application_byte_for_byte(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(b"GET /%7E//a?x=%2f&y=+? HTTP/1.1\r\nHost: x\r\n\r\n")
        assert visitor.reply()[1] == b"GET /%7E//a?x=%2f&y=+? "


def test_a_body_without_a_length_is_sent_in_chunks(serve: Serve) -> None:
    with serve(chunks).visit() as visitor:
        visitor.say(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"transfer-encoding: chunked" in visitor.head()
        assert visitor.rest() == b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"


def test_an_old_client_gets_the_body_up_to_the_end_of_the_connection(serve: Serve) -> None:
    with serve(chunks).visit() as visitor:
        visitor.say(b"GET / HTTP/1.0\r\n\r\n")
        assert b"chunked" not in visitor.head()
        assert visitor.rest() == b"one two"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
    ],
    ids=["counted", "chunked"],
)
def test_a_request_is_the_same_however_its_bytes_are_cut(serve: Serve, request_bytes: bytes) -> None:
    served = serve(echo)
    for at in range(1, len(request_bytes), 7):
        with served.visit() as visitor:
            visitor.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            visitor.say(request_bytes[:at])
            visitor.say(request_bytes[at:])
            assert visitor.reply()[1] == b"POST / hello"


def test_requests_that_come_at_once_are_answered_in_their_order(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(40)))
        assert [visitor.reply()[1] for _ in range(40)] == [b"GET /%d " % number for number in range(40)]


def test_a_reply_to_head_has_no_body_and_leaves_the_connection_good(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        assert b"content-length: 8" in visitor.head()
        head, body = visitor.reply()
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body == b"GET /a?b=%20c "


def test_a_client_that_asks_whether_it_may_send_is_told_when_the_body_is_read(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert visitor.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        visitor.say(b"hi")
        assert visitor.reply()[1] == b"POST / hi"


def test_a_refusal_without_reading_the_body_closes_the_connection(serve: Serve) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await whole(send, 403, b"no")

    with serve(refuse).visit() as visitor:
        visitor.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert visitor.reply()[1] == b"no"
        assert visitor.rest() == b""


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"no request\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 2000, b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n" + b"b" * 5000, b"413"),
    ],
)
def test_what_is_too_large_or_no_request_is_refused(
    serve: Serve, request_bytes: bytes, status: bytes
) -> None:
    served = serve(echo, max_head=1000, max_body=4000)
    with served.visit() as visitor:
        visitor.say(request_bytes)
        assert visitor.rest().split(b" ")[1] == status
    with served.visit() as visitor:
        visitor.say(GET)
        assert visitor.reply()[0].startswith(b"HTTP/1.1 200")


def test_a_head_that_does_not_come_in_time_is_refused(serve: Serve) -> None:
    with serve(echo, head_s=0.05).visit() as visitor:
        visitor.say(b"GET / HT")
        assert visitor.rest().startswith(b"HTTP/1.1 408 ")


def test_a_connection_without_requests_is_closed_after_a_while(serve: Serve) -> None:
    with serve(echo, idle_s=0.05).visit() as visitor:
        assert visitor.rest() == b""


def test_an_upgrade_to_another_protocol_is_passed_over(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(
            b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
            b"Content-Length: 2\r\n\r\nhi"
        )
        assert visitor.reply()[1] == b"POST /x hi"


def test_an_application_is_stopped_when_its_client_leaves(serve: Serve) -> None:
    app = Waiting()
    served = serve(app)
    with served.visit() as visitor:
        visitor.say(GET)
        assert app.begun.wait(PATIENCE_S)
        assert not app.stopped.is_set()
    assert app.stopped.wait(PATIENCE_S)
    assert served.faults == []


def test_a_client_that_ends_its_side_is_taken_to_be_gone(serve: Serve) -> None:
    """Nothing else would tell, while nothing is written."""
    app = Waiting()
    with serve(app).visit() as visitor:
        visitor.say(GET)
        assert app.begun.wait(PATIENCE_S)
        visitor.sock.shutdown(socket.SHUT_WR)
        assert app.stopped.wait(PATIENCE_S)


def test_stopping_the_server_ends_what_it_is_at_and_is_not_waited_for_long(serve: Serve) -> None:
    app = Waiting()
    served = serve(app)
    with served.visit() as visitor:
        visitor.say(GET)
        assert app.begun.wait(PATIENCE_S)
        served.background.stop(grace_s=0.01)
        assert app.stopped.is_set()
        assert visitor.rest().endswith(b"first\r\n")


def test_what_an_application_raises_is_told_and_becomes_500(serve: Serve) -> None:
    async def bad(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("mine")

    served = serve(bad)
    with served.visit() as visitor:
        visitor.say(GET)
        assert visitor.reply()[0].startswith(b"HTTP/1.1 500 ")
    assert [str(fault) for fault in served.faults] == ["mine"]


def test_what_an_application_raises_in_the_middle_breaks_the_reply(serve: Serve) -> None:
    async def bad(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError("mine")

    served = serve(bad)
    with served.visit() as visitor:
        visitor.say(GET)
        visitor.head()
        assert visitor.rest() == b"4\r\nhalf\r\n"
    assert len(served.faults) == 1


@pytest.mark.parametrize(
    ("messages", "rest"),
    [
        ((), b"HTTP/1.1 500 "),
        (({"type": "http.response.body", "body": b"x"},), b"HTTP/1.1 500 "),
        (({"type": "nonsense"},), b"HTTP/1.1 500 "),
        (({"type": "http.response.start", "status": 200, "headers": []},), b"HTTP/1.1 200 OK"),
    ],
)
def test_an_application_that_does_not_end_its_reply_never_leaves_a_client_waiting(
    serve: Serve, messages: tuple[dict[str, object], ...], rest: bytes
) -> None:
    with serve(saying(*messages)).visit() as visitor:
        visitor.say(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        said = visitor.rest()
        assert said.startswith(rest)
        assert not said.endswith(b"0\r\n\r\n")


def test_a_length_that_is_not_kept_ends_the_connection(serve: Serve) -> None:
    fields = [(b"content-length", b"10")]
    start = {"type": "http.response.start", "status": 200, "headers": fields}
    with serve(saying(start, {"type": "http.response.body", "body": b"short"})).visit() as visitor:
        visitor.say(GET)
        assert visitor.rest().endswith(b"\r\n\r\nshort")


def test_bytes_past_the_framing_are_written_as_they_are(serve: Serve) -> None:
    with serve(saying({"type": "baimo.raw.send", "body": b"what?"})).visit() as visitor:
        visitor.say(GET)
        assert visitor.rest() == b"what?"


def test_an_abort_before_the_head_resets_the_connection(serve: Serve) -> None:
    with serve(saying({"type": "baimo.raw.abort"})).visit() as visitor:
        visitor.say(GET)
        with pytest.raises(ConnectionResetError):
            visitor.rest()


def test_an_abort_in_the_body_lets_the_client_have_what_was_sent(serve: Serve) -> None:
    app = saying(
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": b"some", "more_body": True},
        {"type": "baimo.raw.abort"},
    )
    with serve(app).visit() as visitor:
        visitor.say(GET)
        visitor.head()
        assert visitor.rest() == b"4\r\nsome\r\n"


def test_a_client_that_does_not_read_holds_the_application_up(serve: Serve) -> None:
    done = threading.Event()

    async def much(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            await send({"type": "http.response.body", "body": b"z" * 100_000, "more_body": True})
        done.set()
        await send({"type": "http.response.body", "body": b""})

    with serve(much).visit() as visitor:
        visitor.say(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        visitor.head()
        assert not done.wait(0.3)
        assert len(visitor.rest()) > 20_000_000
    assert done.wait(PATIENCE_S)


def test_a_body_that_nobody_reads_stays_with_the_client(serve: Serve) -> None:
    async def idle(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    with serve(idle).visit() as visitor:
        visitor.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n")
        visitor.sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            visitor.say(b"b" * 60_000_000)


def test_a_large_body_comes_in_pieces_of_a_bounded_size(serve: Serve) -> None:

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        first = await receive()
        assert first["more_body"]
        size = len(first["body"])
        while True:
            message = await receive()
            assert len(message["body"]) < 2_000_000
            size += len(message["body"])
            if not message["more_body"]:
                break
        await whole(send, 200, str(size).encode())

    with serve(slow).visit() as visitor:
        visitor.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" + b"b" * 8_000_000)
        assert visitor.reply()[1] == b"8000000"


def test_what_came_before_a_bad_request_is_answered_first(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(GET + GET + b"nonsense\r\n\r\n")
        assert [visitor.reply()[1] for _ in range(2)] == [b"GET /a?b=%20c "] * 2
        assert visitor.rest().startswith(b"HTTP/1.1 400 ")


def test_a_body_that_turns_bad_breaks_off_the_reply_that_was_begun(serve: Serve) -> None:
    begun = threading.Event()

    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            continue

    with serve(early).visit() as visitor:
        visitor.say(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert begun.wait(PATIENCE_S)
        visitor.say(b"no length\r\n")
        assert not visitor.rest().endswith(b"0\r\n\r\n")


def test_a_body_in_chunks_that_grows_too_large_is_refused(serve: Serve) -> None:
    with serve(echo, max_body=100).visit() as visitor:
        visitor.say(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + b"b" * 128)
        assert visitor.rest().startswith(b"HTTP/1.1 413 ")


def test_a_length_of_its_own_coding_is_left_to_the_application(serve: Serve) -> None:
    start = {"type": "http.response.start", "status": 799, "headers": [(b"transfer-encoding", b"chunked")]}
    raw = {"type": "http.response.body", "body": b"1\r\nx\r\n0\r\n\r\n"}
    with serve(saying(start, raw)).visit() as visitor:
        visitor.say(GET)
        assert visitor.head().startswith(b"HTTP/1.1 799 -\r\n")
        assert visitor.exactly(11) == b"1\r\nx\r\n0\r\n\r\n"
