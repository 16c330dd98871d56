"""Whatever a client is asked for can be recorded and made again offline, with the same end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from baimo.testing import Simulator, areplay, replay
from baimo.types.record import CallRecord
from tests.client.observing import FLASH, GPT, Ask, Remembers, ask_async, ask_sync

BOTH = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
ASKED: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "chat": (("chat", FLASH, "Hi"), {"max_tokens": 20, "temperature": 0.5}),
    "stream": (("stream", FLASH, "Hi"), {}),
    "fallback": (("chat", [GPT, FLASH], "Hi"), {}),
    "conversation": (("chat", [GPT, FLASH], "Hi"), {"conversation": "c-7", "strategy": "weighted"}),
    "at most": (("chat", [GPT, FLASH], "Hi"), {"at_most": "0.05 CNY", "max_tokens": 20}),
    "form": (("chat", FLASH, "Answer in JSON"), {"response_format": "json_object", "validate": False}),
    "embeddings": (("embed", "openai/text-embedding-3-small", ["one", "two"]), {}),
    "rerank": (("rerank", "cohere/rerank-v3.5", "a city", ["Ruby", "Paris, a city"]), {"top_n": 1}),
    "images": (("images", "openai/gpt-image-2", "a fox"), {"n": 2}),
    "speech": (("speech", "openai/tts-1", "Hello"), {"voice": "alloy"}),
    "transcribe": (("transcribe", "openai/whisper-1", b"sound"), {"timestamps": "word"}),
    "moderate": (("moderate", "openai/omni-moderation-latest", ["a", "b"]), {}),
    "models": (("models", "openai"), {}),
    "describe": (("describe", "ollama/qwen3"), {}),
    "pull": (("pull", "ollama/qwen3"), {}),
    "count": (("count_tokens", "hunyuan/hunyuan-lite", "Hello there"), {}),
}


def recorded(ask: Ask, folder: Path, sim: Simulator, args: Any, options: Any, **client: Any) -> CallRecord:
    told = Remembers()
    ask(sim, *args, client={"record": folder, "observers": [told], **client}, **options)
    return told.one


@BOTH
@pytest.mark.parametrize("what", ASKED)
def test_it_is_the_same_again(ask: Ask, what: str, tmp_path: Path) -> None:
    args, options = ASKED[what]
    with Simulator("openai", "deepseek", "ollama", "hunyuan", "cohere") as sim:
        if what == "fallback":
            sim.fault("503", provider="openai")
        config = sim.config_for({"hunyuan": "native"})
        call = recorded(ask, tmp_path, sim, args, options, config=config)
    assert call.recording is not None and call.outcome == "answered"
    result = replay(call.recording)
    assert result.differences == ()
    assert result.requests == len(call.attempts)


@pytest.mark.parametrize("fault", ["429@1", "500", "reset", "cut_after@3", "page", "slow_first"])
@pytest.mark.anyio
async def test_failures_are_the_same_again(fault: str, tmp_path: Path) -> None:
    with Simulator("openai", "deepseek") as sim:
        sim.reply("one two three four five")
        sim.fault(fault)
        call = recorded(ask_sync, tmp_path, sim, ("stream", [GPT, FLASH], "Hi"), {})
    assert call.outcome in ("failed", "interrupted") and call.recording is not None
    result = await areplay(call.recording)
    assert result.differences == () and result.outcome == call.outcome
    assert result.error is not None and result.error.code == call.error


def test_a_balance_is_not_recorded(tmp_path: Path) -> None:
    with Simulator("deepseek") as sim:
        call = recorded(ask_sync, tmp_path, sim, ("balance", "deepseek"), {})
    assert call.recording is None and list(tmp_path.iterdir()) == []
