"""The `openai` package."""

from __future__ import annotations

from typing import Any

import openai


def _length(chunk: Any) -> int:
    return len(chunk.choices[0].delta.content or "") if chunk.choices else 0


class Sync:
    def __init__(self, base_url: str) -> None:
        self._client = openai.OpenAI(base_url=base_url, api_key="fake-key", max_retries=0)

    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._client.close()

    def call(self) -> int:
        messages: Any = [{"role": "user", "content": "Hi"}]
        answer = self._client.chat.completions.create(model="model", messages=messages)
        return len(answer.choices[0].message.content or "")

    def stream(self) -> int:
        messages: Any = [{"role": "user", "content": "Hi"}]
        with self._client.chat.completions.create(model="model", messages=messages, stream=True) as chunks:
            return sum([_length(chunk) for chunk in chunks])


class Async:
    def __init__(self, base_url: str) -> None:
        self._client = openai.AsyncOpenAI(base_url=base_url, api_key="fake-key", max_retries=0)

    async def __aenter__(self) -> Async:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._client.close()

    async def call(self) -> int:
        messages: Any = [{"role": "user", "content": "Hi"}]
        answer = await self._client.chat.completions.create(model="model", messages=messages)
        return len(answer.choices[0].message.content or "")

    async def stream(self) -> int:
        messages: Any = [{"role": "user", "content": "Hi"}]
        characters = 0
        chunks = await self._client.chat.completions.create(model="model", messages=messages, stream=True)
        async with chunks:
            async for chunk in chunks:
                characters += _length(chunk)
        return characters
