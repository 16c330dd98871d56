"""aiohttp and msgspec, with nothing between."""

from __future__ import annotations

from typing import Any

import aiohttp

from .openai_form import HEADERS, Events, answer_length, length, request


class Async:
    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/chat/completions"

    async def __aenter__(self) -> Async:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, headers=HEADERS)
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._session.close()

    async def call(self) -> int:
        async with self._session.post(self._url, data=request(stream=False)) as reply:
            reply.raise_for_status()
            return answer_length(await reply.read())

    async def stream(self) -> int:
        events, characters = Events(), 0
        async with self._session.post(self._url, data=request(stream=True)) as reply:
            reply.raise_for_status()
            async for piece in reply.content.iter_any():
                for chunk in events.feed(piece):
                    characters += length(chunk)
        return characters
