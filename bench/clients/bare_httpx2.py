"""httpx2 and msgspec, with nothing between."""

from __future__ import annotations

from typing import Any

import httpx2

from .openai_form import HEADERS, Events, answer_length, length, request

_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=None)


class Sync:
    def __init__(self, base_url: str) -> None:
        self._client = httpx2.Client(headers=HEADERS, timeout=None, limits=_LIMITS)
        self._url = f"{base_url}/chat/completions"

    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._client.close()

    def call(self) -> int:
        reply = self._client.post(self._url, content=request(stream=False))
        reply.raise_for_status()
        return answer_length(reply.content)

    def stream(self) -> int:
        events, characters = Events(), 0
        with self._client.stream("POST", self._url, content=request(stream=True)) as reply:
            reply.raise_for_status()
            for piece in reply.iter_bytes():
                for chunk in events.feed(piece):
                    characters += length(chunk)
        return characters


class Async:
    def __init__(self, base_url: str) -> None:
        self._client = httpx2.AsyncClient(headers=HEADERS, timeout=None, limits=_LIMITS)
        self._url = f"{base_url}/chat/completions"

    async def __aenter__(self) -> Async:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._client.aclose()

    async def call(self) -> int:
        reply = await self._client.post(self._url, content=request(stream=False))
        reply.raise_for_status()
        return answer_length(reply.content)

    async def stream(self) -> int:
        events, characters = Events(), 0
        async with self._client.stream("POST", self._url, content=request(stream=True)) as reply:
            reply.raise_for_status()
            async for piece in reply.aiter_bytes():
                for chunk in events.feed(piece):
                    characters += length(chunk)
        return characters
