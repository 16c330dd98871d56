"""The `litellm` package."""

from __future__ import annotations

from typing import Any

import litellm


def _length(chunk: Any) -> int:
    return len(chunk.choices[0].delta.content or "") if chunk.choices else 0


class _Client:
    def __init__(self, base_url: str) -> None:
        self._call = {
            "model": "openai/model",
            "api_base": base_url,
            "api_key": "fake-key",
            "num_retries": 0,
            "messages": [{"role": "user", "content": "Hi"}],
        }


class Sync(_Client):
    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        """The package keeps its own clients."""

    def call(self) -> int:
        return len(litellm.completion(**self._call).choices[0].message.content)

    def stream(self) -> int:
        return sum([_length(chunk) for chunk in litellm.completion(**self._call, stream=True)])


class Async(_Client):
    async def __aenter__(self) -> Async:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        """The package keeps its own clients."""

    async def call(self) -> int:
        return len((await litellm.acompletion(**self._call)).choices[0].message.content)

    async def stream(self) -> int:
        characters = 0
        async for chunk in await litellm.acompletion(**self._call, stream=True):
            characters += _length(chunk)
        return characters
