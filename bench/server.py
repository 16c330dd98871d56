"""The provider that clients are measured against where there is no C compiler: as server.c, byte for byte.

The path of a request says how to answer: `/delay-MS/gap-MS/chunks-N/v1/chat/completions`; `/open` tells how
many other connections are open. Runs on uvloop where it is installed. Prints its port and serves on
127.0.0.1 until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import sys
from collections.abc import Iterable
from typing import ClassVar, cast

WORDS = (
    *("river", "stone", "cloud", "field", "light", "night", "apple", "bread"),
    *("chair", "dance", "eagle", "flame", "grass", "house", "ivory", "jolly"),
)
BLOCK = 500
USAGE = {
    "prompt_tokens": 8,
    "completion_tokens": 120,
    "total_tokens": 128,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
COMMON = b"Server: bench\r\nX-Request-Id: req_bench0000000000\r\nOpenai-Processing-Ms: 5\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def _words(first: int, step: int, count: int) -> str:
    return "".join([" " + WORDS[(first + i * step) % 16] for i in range(count)])


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _event(choices: list[object], usage: object = None) -> bytes:
    value = {
        "id": "chatcmpl-Bench0000000000000000000000000",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": "bench-model",
        "service_tier": "default",
        "system_fingerprint": "fp_bench00000",
        "choices": choices,
        "usage": usage,
        "obfuscation": "Kq3v9TzLw",
    }
    event = f"data: {_json(value)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


def _chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
    return _event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}])


def _whole() -> bytes:
    message: dict[str, object] = {
        "role": "assistant",
        "content": _words(0, 7, 100),
        "refusal": None,
        "annotations": [],
    }
    value = {
        "id": "chatcmpl-Bench0000000000000000000000000",
        "object": "chat.completion",
        "created": 1760000000,
        "model": "bench-model",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": USAGE,
        "service_tier": "default",
        "system_fingerprint": "fp_bench00000",
    }
    body = _json(value).encode()
    kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 200 OK\r\n" + kind + COMMON + body


WHOLE = _whole()
STREAM_KIND = b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
HEAD = b"HTTP/1.1 200 OK\r\n" + STREAM_KIND + COMMON + _chunk({"role": "assistant", "content": ""})
CHUNKS = [_chunk({"content": _words(i * 7, 3, 5)}) for i in range(BLOCK)]
END = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
LAST = _chunk({}, "stop")


def stream_pieces(chunks: int, *, gap: bool, usage: bool) -> Iterable[bytes]:
    """What is written at a time: one chunk with a gap, else as many as there are, 500 at most."""
    tail = LAST + (_event([], USAGE) if usage else b"") + END
    position, piece = 0, HEAD
    while True:
        take = min(1 if gap else BLOCK - position, chunks)
        piece += b"".join(CHUNKS[position : position + take])
        position = (position + take) % BLOCK
        chunks -= take
        if not chunks:
            yield piece + tail
            return
        yield piece
        piece = b""


class Connection(asyncio.Protocol):
    """One client's connection."""

    everyone: ClassVar[set[Connection]] = set()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.received = b""
        self.reply: asyncio.Task[None] | None = None
        self.may_write = asyncio.Event()
        self.may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are of no asyncio class
        self.everyone.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.everyone.discard(self)
        if self.reply:
            self.reply.cancel()

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.next_request()

    def next_request(self) -> None:
        while self.reply is None:
            head, mark, rest = self.received.partition(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            size = int(length[1]) if length else 0
            if not mark or len(rest) < size:
                return
            self.received = rest[size:]
            self.answer(head.split(b" ", 2)[1].decode(), rest[:size])

    def answer(self, path: str, body: bytes) -> None:
        if path == "/open":
            count = b"%d" % (len(self.everyone) - 1)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(count), count))
            return
        if not path.endswith("/chat/completions"):
            self.transport.write(NOT_FOUND)
            return
        asked = {key: int(value) for key, value in re.findall(r"/(delay|gap|chunks)-(\d+)", path)}
        streaming = re.search(rb'"stream": ?true', body)
        if not streaming and not asked.get("delay"):
            self.transport.write(WHOLE)
            return
        gap_s, usage = asked.get("gap", 0) / 1000, bool(re.search(rb'"include_usage": ?true', body))
        pieces = (
            stream_pieces(asked.get("chunks", BLOCK), gap=gap_s > 0, usage=usage) if streaming else [WHOLE]
        )
        self.reply = self.loop.create_task(self.write_all(pieces, asked.get("delay", 0) / 1000, gap_s))

    async def write_all(self, pieces: Iterable[bytes], delay_s: float, gap_s: float) -> None:
        due = self.loop.time() + delay_s
        if gap_s:
            due = math.ceil(due * 1000) / 1000  # as in server.c
        for piece in pieces:
            wait = due - self.loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            await self.may_write.wait()
            self.transport.write(piece)
            due += gap_s
        self.reply = None
        self.next_request()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(loop), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


def main() -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())


if __name__ == "__main__":
    main()
