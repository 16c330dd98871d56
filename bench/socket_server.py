"""A WebSocket server in Spark's form, for the clients under measure. Prints its port, ends when stdin does.

    ws://host:port[/chunks-N]/v4.0/chat

Written to the bytes and not with a library, so that it is nobody's home and needs no other packages.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import struct
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WORDS = ("lorem", "ipsum", "dolor", "amet", "magna", "velit", "nulla", "culpa", "mollit", "minim", "irure")
BLOCK = 100
"""Frames that are written at a time."""
FRAMES = 2000


def _text(first: int) -> str:
    """30 characters."""
    return " ".join(["", *(WORDS[(first + i) % len(WORDS)] for i in range(8))])[:30]


def _frame(status: int, at: int) -> bytes:
    choices = {
        "status": status,
        "seq": at,
        "text": [{"content": _text(at), "role": "assistant", "index": 0}],
    }
    payload: dict[str, object] = {"choices": choices}
    if status == 2:
        counts = {"question_tokens": 4, "prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}
        payload["usage"] = {"text": counts}
    header = {"code": 0, "message": "Success", "sid": "cht00000000@dx00000000000000000", "status": status}
    data = json.dumps({"header": header, "payload": payload}).encode()
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
    return b"\x81" + size + data


CLOSE = b"\x88\x02\x03\xe8"


def answer_of(frames: int) -> list[bytes]:
    """All of an answer in the pieces that are written."""
    made = [_frame(2 if at == frames - 1 else 1 if at else 0, at) for at in range(frames)]
    pieces = [b"".join(made[at : at + BLOCK]) for at in range(0, frames, BLOCK)]
    return [*pieces, CLOSE]


ANSWERS: dict[int, list[bytes]] = {}


def accepted(key: bytes) -> bytes:
    digest = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    return b"\r\n".join([*lines, b"Sec-WebSocket-Accept: " + digest]) + b"\r\n\r\n"


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A handshake, one frame of a question, the answer and a close."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        key = re.search(rb"sec-websocket-key: *(\S+)", head, re.IGNORECASE)
        asked = re.search(rb"/chunks-(\d+)", head)
        if key is None:
            return
        frames = int(asked[1]) if asked else FRAMES
        writer.write(accepted(key[1]))
        length = (await reader.readexactly(2))[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
        await reader.readexactly(4 + length)
        for piece in ANSWERS.setdefault(frames, answer_of(frames)):
            writer.write(piece)
            await writer.drain()
        await reader.read(100)  # the other side of the close; the server hangs up first
    except (ConnectionError, asyncio.IncompleteReadError):
        return
    finally:
        writer.close()


async def serve() -> None:
    server = await asyncio.start_server(serve_one, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(serve())
