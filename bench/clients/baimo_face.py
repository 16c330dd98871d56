"""Baimo through its public face. Its names are loaded when they are used, as in a program of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import baimo
from baimo.types.events import PartDelta


def _config(base_url: str) -> dict[str, Any]:
    if base_url.startswith("ws"):
        return {"providers": {"spark": {"endpoint": "socket", "base_url": base_url, **_SPARK}}}
    provider = {"dialect": "openai_chat", "base_url": base_url, "api_key": "fake-key"}
    return {"providers": {"bench": provider}}


_SPARK = {"app_id": "fake", "api_key": "fake-key", "api_secret": "fake-secret"}


def _model(base_url: str) -> str:
    return "spark/4.0Ultra" if base_url.startswith("ws") else "bench/model"


class Sync:
    def __init__(self, base_url: str, **extras: Any) -> None:
        self._client = baimo.Client(config=_config(base_url), **extras)
        self._model: Any = _model(base_url)

    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._client.close()

    def call(self) -> int:
        return len(self._client.chat(self._model, "Hi").text)

    def stream(self) -> int:
        characters = 0
        with self._client.stream(self._model, "Hi") as events:
            for event in events:
                if isinstance(event, PartDelta):
                    characters += len(event.text)
        return characters

    def map(self, inputs: Sequence[str]) -> int:
        """The number of characters of all answers, of which none is kept."""
        characters = 0
        for answer in self._client.map(self._model, inputs):
            if isinstance(answer, baimo.Error):
                raise answer
            characters += len(answer.text)
        return characters


class Async:
    def __init__(self, base_url: str, **extras: Any) -> None:
        self._config = _config(base_url)
        self._extras = extras
        self._model: Any = _model(base_url)

    async def __aenter__(self) -> Async:
        self._client = baimo.AsyncClient(config=self._config, **self._extras)
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._client.close()

    async def call(self) -> int:
        return len((await self._client.chat(self._model, "Hi")).text)

    async def stream(self) -> int:
        return await self._characters(self._client.stream(self._model, "Hi"))

    async def stream_unkept(self) -> int:
        return await self._characters(self._client.stream(self._model, "Hi", keep=False))

    async def _characters(self, stream: Any) -> int:
        characters = 0
        async with stream as events:
            async for event in events:
                if isinstance(event, PartDelta):
                    characters += len(event.text)
        return characters
