"""SOCKS5: the bytes of every step, however they are cut, and each refusal in words."""

from __future__ import annotations

import pytest

from baimo.errors import ConnectError, InputError
from baimo.wire.socks import SocksHandshake

ASK_PLAIN = b"\x05\x01\x00"
ASK_LOGIN = b"\x05\x02\x00\x02"
TO_NAME = b"\x05\x01\x00\x03\x09host.test\x01\xbb"
DONE = {
    "ipv4": b"\x05\x00\x00\x01\x0a\x00\x00\x01\x00\x50",
    "ipv6": b"\x05\x00\x00\x04" + bytes(16) + b"\x00\x50",
    "name": b"\x05\x00\x00\x03\x02ab\x00\x50",
}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("host.test", b"\x03\x09host.test"),
        ("10.1.2.3", b"\x01\x0a\x01\x02\x03"),
        ("::1", b"\x04" + bytes(15) + b"\x01"),
        ("例子.test", b"\x03\x10xn--fsqu00a.test"),
    ],
)
def test_the_destination_goes_out_as_what_it_is(host: str, address: bytes) -> None:
    handshake = SocksHandshake(host, 443)
    assert handshake.start() == ASK_PLAIN
    assert handshake.feed(b"\x05\x00") == b"\x05\x01\x00" + address + b"\x01\xbb"


@pytest.mark.parametrize("done", DONE.values(), ids=DONE)
def test_a_whole_conversation_however_it_is_cut(done: bytes) -> None:
    answers = b"\x05\x02" + b"\x01\x00" + done
    for at in range(len(answers) + 1):
        handshake = SocksHandshake("host.test", 443, username="me", password="secret")
        sent = handshake.start() + handshake.feed(answers[:at])
        sent += handshake.feed(answers[at:])
        assert sent == ASK_LOGIN + b"\x01\x02me\x06secret" + TO_NAME
        assert handshake.done


def test_a_proxy_may_waive_the_login() -> None:
    handshake = SocksHandshake("host.test", 443, username="me", password="secret")
    handshake.start()
    assert handshake.feed(b"\x05\x00") == TO_NAME
    assert not handshake.done


@pytest.mark.parametrize(
    ("login", "answers", "words"),
    [
        (False, b"HT", "does not speak SOCKS5"),
        (False, b"\x05\xff", "asks for a user name"),
        (False, b"\x05\x02", "asks for a user name"),
        (True, b"\x05\xff", "refuses our ways"),
        (True, b"\x05\x02\x01\x01", "refuses the user name and password"),
        (False, b"\x05\x00\x04\x00\x00\x01\x00", "not SOCKS5"),
        (False, b"\x05\x00\x05\x05\x00\x01\x00", "connection refused"),
        (False, b"\x05\x00\x05\x04\x00\x01\x00", "host unreachable"),
        (False, b"\x05\x00\x05\x63\x00\x01\x00", "code 99"),
        (False, b"\x05\x00\x05\x00\x00\x09\x00", "unknown kind 9"),
        (False, b"\x05\x00" + DONE["ipv4"] + b"x", "bytes of its own"),
    ],
)
def test_every_refusal_is_told_in_words_and_without_the_password(
    login: bool, answers: bytes, words: str
) -> None:
    names = {"username": "me", "password": "hidden-pass"} if login else {}
    handshake = SocksHandshake("host.test", 443, **names)
    handshake.start()
    with pytest.raises(ConnectError, match=words) as caught:
        handshake.feed(answers)
    assert "hidden-pass" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "username", "password"),
    [("a" * 256 + ".test", "", ""), ("host.test", "u" * 256, "p"), ("host.test", "u", ""), ("", "", "")],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    host: str, username: str, password: str
) -> None:
    with pytest.raises(InputError):
        SocksHandshake(host, 443, username=username, password=password)
