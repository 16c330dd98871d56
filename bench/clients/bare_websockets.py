"""websockets and msgspec, with nothing between: what a person writes who reads Spark's form alone."""

from __future__ import annotations

from typing import Any

import msgspec
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_sync


class Said(msgspec.Struct):
    content: str = ""


class Choices(msgspec.Struct):
    status: int
    text: list[Said]


class Payload(msgspec.Struct):
    choices: Choices


class Header(msgspec.Struct):
    code: int
    status: int


class Frame(msgspec.Struct):
    header: Header
    payload: Payload


_decode = msgspec.json.Decoder(Frame).decode
_LAST = 2


def question() -> str:
    said = [{"role": "user", "content": "Hi"}]
    body = {
        "header": {"app_id": "fake"},
        "parameter": {"chat": {"domain": "4.0Ultra"}},
        "payload": {"message": {"text": said}},
    }
    return msgspec.json.encode(body).decode()


def _length(frame: Frame) -> int:
    if frame.header.code:
        raise ConnectionError(f"refused with {frame.header.code}")
    return len(frame.payload.choices.text[0].content)


class Sync:
    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/v4.0/chat"

    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        """Each stream has closed its own."""

    def stream(self) -> int:
        characters = 0
        with connect_sync(self._url, compression=None) as socket:
            socket.send(question())
            while True:
                frame = _decode(socket.recv(decode=False))
                characters += _length(frame)
                if frame.header.status == _LAST:
                    break
        return characters


class Async:
    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/v4.0/chat"

    async def __aenter__(self) -> Async:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        """Each stream has closed its own."""

    async def stream(self) -> int:
        characters = 0
        async with connect(self._url, compression=None) as socket:
            await socket.send(question())
            while True:
                frame = _decode(await socket.recv(decode=False))
                characters += _length(frame)
                if frame.header.status == _LAST:
                    break
        return characters
