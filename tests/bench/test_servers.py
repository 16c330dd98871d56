"""The servers that clients are measured against: both answer alike, and they can count."""

from __future__ import annotations

import http.client
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench import environments
from bench.runs import serving
from bench.server import BLOCK, WHOLE, stream_pieces

KINDS = ["python", *(["c"] if sys.platform == "linux" and shutil.which("cc") else [])]


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest) -> Iterator[str]:
    """Host and port of a running server."""
    with serving(environments.server_command(request.param, Path(sys.executable))) as origin:
        yield urlsplit(origin).netloc


def received(at: str, path: str, body: bytes, length: int) -> bytes:
    """The first so many bytes of the answer, on a connection of its own."""
    host, _, port = at.partition(":")
    head = b"POST %s HTTP/1.1\r\nHost: %s\r\ncontent-length: %d\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as sock, sock.makefile("rb") as file:
        sock.sendall(head % (path.encode(), at.encode(), len(body)) + body)
        return file.read(length)


def test_a_whole_answer_is_the_same_from_both(at: str) -> None:
    assert received(at, "/v1/chat/completions", b"{}", len(WHOLE)) == WHOLE


@pytest.mark.parametrize(
    ("path", "chunks", "gap"),
    [("", BLOCK, False), ("/chunks-1203", 1203, False), ("/delay-20/gap-2/chunks-7", 7, True)],
)
@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_is_the_same_from_both(at: str, path: str, chunks: int, gap: bool, usage: bool) -> None:
    body = b'{"stream":true,"include_usage":true}' if usage else b'{"stream": true}'
    expected = b"".join(stream_pieces(chunks, gap=gap, usage=usage))
    assert received(at, f"{path}/v1/chat/completions", body, len(expected)) == expected
    assert expected.count(b"data: ") == chunks + (4 if usage else 3)


def test_one_connection_takes_several_requests_and_is_counted(at: str) -> None:
    client = http.client.HTTPConnection(at, timeout=20)
    for _ in range(3):
        client.request("POST", "/v1/chat/completions", b"{}")
        assert client.getresponse().read() == WHOLE.partition(b"\r\n\r\n")[2]
    other = http.client.HTTPConnection(at, timeout=20)
    other.request("GET", "/open")
    assert other.getresponse().read() == b"1"
    client.request("GET", "/elsewhere")
    assert client.getresponse().status == 404
    client.close()
    other.close()
