"""Whatever a client is asked for can be recorded and made again offline, with the same end."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import msgspec
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
    "task": (("images", "qwen/wan2.5-t2i-preview", "a fox"), {"n": 2}),
    "kept": (("speech", "qwen/qwen3-tts-flash", "Hello"), {"voice": "Cherry"}),
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

MORE = {"task": 2, "kept": 1}
"""Requests besides the first: how a task goes, and the file where it is kept."""


def recorded(ask: Ask, folder: Path, sim: Simulator, args: Any, options: Any, **client: Any) -> CallRecord:
    told = Remembers()
    ask(sim, *args, client={"record": folder, "observers": [told], **client}, **options)
    return told.one


@BOTH
@pytest.mark.parametrize("what", ASKED)
def test_it_is_the_same_again(ask: Ask, what: str, tmp_path: Path) -> None:
    args, options = ASKED[what]
    with Simulator("openai", "deepseek", "ollama", "hunyuan", "cohere", "qwen") as sim:
        if what == "fallback":
            sim.fault("503", provider="openai")
        config = sim.config_for({"hunyuan": "native", "qwen": "native"})
        call = recorded(ask, tmp_path, sim, args, options, config=config)
    assert call.recording is not None and call.outcome == "answered"
    result = replay(call.recording)
    assert result.differences == ()
    assert result.requests == len(call.attempts) + MORE.get(what, 0)


@BOTH
def test_a_whole_answer_that_came_as_a_stream_and_broke_off_breaks_off_again(
    ask: Ask, tmp_path: Path
) -> None:
    with Simulator("openai") as sim:
        sim.fault("cut_after@3")
        config = sim.config_for({})
        config["providers"]["openai"]["quirks"] = {"stream_only": True}
        asked = ("chat", GPT, "Say these few words again")
        call = recorded(ask, tmp_path, sim, asked, {}, config=config, max_retries=0)
    assert call.recording is not None and call.outcome == "interrupted"
    assert replay(call.recording).differences == ()


@BOTH
def test_what_was_heard_by_a_task_is_heard_again(ask: Ask, tmp_path: Path) -> None:
    with Simulator("qwen") as sim:
        config = sim.config_for({"qwen": "native"})
        ask(
            sim,
            "speech",
            "qwen/qwen3-tts-flash",
            "Hello wide world",
            client={"config": config},
            voice="Cherry",
        )
        sound = f"http://127.0.0.1:1{sim.last.target}"
        call = recorded(ask, tmp_path, sim, ("transcribe", "qwen/fun-asr", sound), {}, config=config)
    assert call.recording is not None and call.outcome == "answered"
    result = replay(call.recording)
    assert result.differences == ()
    assert (len(call.attempts), result.requests) == (1, 4), "asked, two looks how it goes, and the file"


class Pet(msgspec.Struct):
    """An animal."""

    name: str


JSON: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "pet", "schema": {"type": "object", "required": ["name"]}},
}
WRONG, RIGHT = '{"called": "Ann"}', '{"name": "Ann"}'
LOOKED_AT: dict[str, tuple[str, tuple[str, ...], dict[str, Any], tuple[str, int]]] = {
    "good at once": ("chat", (RIGHT,), {"response_format": JSON}, ("answered", 1)),
    "asked for once more": (
        "chat",
        (WRONG, RIGHT),
        {"response_format": JSON, "validate": "repair"},
        ("answered", 2),
    ),
    "twice in another form": (
        "chat",
        (WRONG, WRONG),
        {"response_format": JSON, "validate": "repair"},
        ("failed", 2),
    ),
    "a stream in another form": ("stream", (WRONG,), {"response_format": JSON}, ("failed", 1)),
    "not looked at": ("chat", (WRONG,), {"response_format": JSON, "validate": False}, ("answered", 1)),
    "a value": ("parse", (RIGHT,), {"into": Pet}, ("answered", 1)),
    "a value asked for once more": ("parse", (WRONG, RIGHT), {"into": Pet, "repair": True}, ("answered", 2)),
    "a value asked for by a tool": ("parse", (RIGHT,), {"into": Pet, "how": "tool"}, ("answered", 1)),
    "no value": ("parse", (WRONG,), {"into": Pet}, ("failed", 1)),
}


@BOTH
@pytest.mark.parametrize("what", LOOKED_AT)
def test_so_is_one_whose_answer_is_looked_at(ask: Ask, what: str, tmp_path: Path) -> None:
    method, replies, options, (outcome, requests) = LOOKED_AT[what]
    with Simulator("openai") as sim:
        sim.reply(*replies)
        config = sim.config_for({"openai": "chat"})
        call = recorded(ask, tmp_path, sim, (method, GPT, "Answer in JSON"), options, config=config)
    assert call.recording is not None and call.outcome == outcome
    result = replay(call.recording)
    assert result.differences == ()
    assert (result.requests, result.outcome) == (requests, outcome)


def test_a_repair_that_would_now_be_asked_for_otherwise_is_told(tmp_path: Path) -> None:
    with Simulator("openai") as sim:
        sim.reply(WRONG, RIGHT)
        options = {"response_format": JSON, "validate": "repair"}
        config = sim.config_for({"openai": "chat"})
        call = recorded(ask_sync, tmp_path, sim, ("chat", GPT, "Answer in JSON"), options, config=config)
    assert call.recording is not None
    path = Path(call.recording)
    path.write_text(path.read_text().replace("Your answer is not the JSON", "Your answer is no JSON"))
    (difference,) = replay(path).differences
    assert difference.startswith("the body differs from the recorded one")


@BOTH
@pytest.mark.parametrize("words", ["short", "long " * 400])
def test_so_is_one_that_the_cache_answered(ask: Ask, words: str, tmp_path: Path) -> None:
    kept = {"cache": str(tmp_path / "answers.db"), "record": tmp_path / "calls"}
    first, second = Remembers(), Remembers()
    with Simulator("deepseek") as sim:
        sim.reply(words)
        for told in (first, second):
            ask(sim, "stream", FLASH, "Hi", client={**kept, "observers": [told]})
    assert (first.one.cached, second.one.cached) == (False, True)
    for told, requests in ((first, 1), (second, 0)):
        assert told.one.recording is not None
        result = replay(told.one.recording)
        assert (result.differences, result.requests, result.text) == ((), requests, words)


def test_so_is_one_that_went_past_a_broken_cache(tmp_path: Path) -> None:
    (tmp_path / "answers.db").write_bytes(b"no database" * 100)
    told = Remembers()
    kept = {"cache": str(tmp_path / "answers.db"), "record": tmp_path / "calls", "observers": [told]}
    with Simulator("deepseek") as sim:
        ask_sync(sim, "chat", FLASH, "Hi", client=kept)
    assert told.one.recording is not None
    assert replay(told.one.recording).differences == ()
    assert "cache_unavailable" in [note.code for note in told.one.notes]


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


def test_a_loop_writes_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    writers = []
    for ask in (ask_sync, ask_async):
        caplog.clear()
        with Simulator("deepseek") as sim, caplog.at_level("WARNING"):
            ask(sim, "chat", FLASH, "Hi", client={"record": tmp_path / "file" / "calls"})
        writers += [one.threadName for one in caplog.records if one.name == "baimo.recordings"]
    assert writers == ["MainThread", "baimo-recordings"]


def test_what_a_loop_had_written_is_all_there_when_the_client_is_closed(tmp_path: Path) -> None:
    told = Remembers()

    async def run(sim: Simulator) -> None:
        async with sim.async_client(record=tmp_path, observers=[told]) as client:
            await asyncio.gather(*[client.chat(FLASH, f"Hi {number}") for number in range(80)])

    with Simulator("deepseek") as sim:
        asyncio.run(run(sim))
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(call.id for call in told.calls)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert not [one for one in threading.enumerate() if one.name == "baimo-recordings"]
    assert replay(next(tmp_path.iterdir())).same


def test_a_balance_is_not_recorded(tmp_path: Path) -> None:
    with Simulator("deepseek") as sim:
        call = recorded(ask_sync, tmp_path, sim, ("balance", "deepseek"), {})
    assert call.recording is None and list(tmp_path.iterdir()) == []
