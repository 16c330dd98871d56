"""The `langchain-openai` package."""

from __future__ import annotations

from typing import Any

from langchain_openai import ChatOpenAI
from pydantic import SecretStr


class _Client:
    def __init__(self, base_url: str) -> None:
        self._model = ChatOpenAI(
            model="model", base_url=base_url, api_key=SecretStr("fake-key"), max_retries=0
        )


class Sync(_Client):
    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        """The package keeps its own clients."""

    def call(self) -> int:
        return len(str(self._model.invoke("Hi").content))

    def stream(self) -> int:
        return sum([len(str(chunk.content)) for chunk in self._model.stream("Hi")])


class Async(_Client):
    async def __aenter__(self) -> Async:
        return self

    async def __aexit__(self, *failure: Any) -> None:
        """The package keeps its own clients."""

    async def call(self) -> int:
        return len(str((await self._model.ainvoke("Hi")).content))

    async def stream(self) -> int:
        characters = 0
        async for chunk in self._model.astream("Hi"):
            characters += len(str(chunk.content))
        return characters
