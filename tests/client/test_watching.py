"""What observers are told of a call: once, whatever came of it, with right attempts, times and choices."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import baimo
from baimo.client.watching import CallWatch, Watching, blank
from baimo.errors import (
    AnswerFormatError,
    OverloadedError,
    StreamInterrupted,
    TimedOutError,
    UnsupportedError,
)
from baimo.routing.choose import again
from baimo.testing import Simulator, VirtualClock
from baimo.wire.http import WireHead
from tests.client.observing import FLASH, GPT, Ask, Raises, Remembers, ask_async, ask_sync
from tests.scripted import Script

BOTH = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
ROUTE = [GPT, FLASH]
JSON = ((b"content-type", b"application/json"),)


@pytest.fixture
def told() -> Remembers:
    return Remembers()


def sims(*names: str) -> Simulator:
    return Simulator(*(names or ("openai", "deepseek")))


@BOTH
@pytest.mark.parametrize("method", ["chat", "stream"])
def test_an_answer_is_told_with_what_it_used_and_cost(ask: Ask, method: str, told: Remembers) -> None:
    with sims() as sim:
        sim.timing(ttft=0.5)
        answer = ask(
            sim,
            method,
            FLASH,
            "Hello there",
            temperature=0.5,
            max_tokens=50,
            stop="X",
            conversation="c1",
            client={"observers": [told]},
        )
    call = told.one
    assert (call.operation, call.streamed, call.outcome) == ("chat", method == "stream", "answered")
    assert (call.asked, call.provider, call.model) == ((FLASH,), "deepseek", "deepseek-flash")
    assert call.usage == replace(answer.usage, raw=None)
    assert call.cost is not None and call.cost == answer.cost
    assert call.cost.amount > 0
    assert call.finish_reasons == ("stop",) and call.response_id == answer.id
    assert call.response_model == answer.model
    assert call.parameters == {"temperature": 0.5, "max_tokens": 50, "stop": ["X"]}
    assert call.conversation == "c1"
    (attempt,) = call.attempts
    assert (attempt.provider, attempt.endpoint, attempt.dialect) == ("deepseek", "chat", "openai_chat")
    assert (attempt.outcome, attempt.error, attempt.began_s, attempt.key) == ("answered", None, 0.0, "")
    assert attempt.address.startswith("http") and attempt.address.count("/") == 2
    assert attempt.first_s == pytest.approx(0.5) == call.first_s
    assert attempt.took_s == pytest.approx(call.took_s)
    assert len(call.id) == 32 and call.at == pytest.approx(1_767_225_600.0)
    assert call.decisions == () and call.recording is None and not call.cached
    assert told.closed == 1 and told.contents == [None]


@BOTH
@pytest.mark.parametrize("method", ["chat", "stream"])
def test_a_fallback_is_told_attempt_by_attempt(ask: Ask, method: str, told: Remembers) -> None:
    with sims() as sim:
        sim.fault("503", provider="openai")
        answer = ask(sim, method, ROUTE, "Hi", client={"observers": [told], "max_retries": 1})
    call = told.one
    assert (call.outcome, call.provider, call.asked) == ("answered", "deepseek", (GPT, FLASH))
    assert [(one.provider, one.outcome, one.error, one.status) for one in call.attempts] == [
        ("openai", "failed", "overloaded", 503),
        ("openai", "failed", "overloaded", 503),
        ("deepseek", "answered", None, None),
    ]
    first, second, last = call.attempts
    assert second.waited_s > 0 and second.began_s == pytest.approx(first.took_s + second.waited_s)
    assert last.waited_s == 0.0 and last.began_s == pytest.approx(second.began_s + second.took_s)
    assert first.error_type == "OverloadedError" and first.message and not first.maybe_billed
    assert [note.code for note in call.notes] == ["fell_back"] == [note.code for note in answer.notes]
    assert len(call.decisions) >= 2
    for decision in call.decisions:
        assert again(decision) == decision.order
        assert 0 <= decision.at_s <= call.took_s
        assert decision.strategy == "ordered" and len(decision.standings) >= 1


@BOTH
def test_weighted_choices_can_be_made_again(ask: Ask, told: Remembers) -> None:
    with sims() as sim:
        sim.fault("503", times=2)
        ask(sim, "chat", ROUTE, "Hi", strategy="weighted", client={"observers": [told]})
    assert told.one.outcome == "answered" and len(told.one.decisions) >= 2
    for decision in told.one.decisions:
        assert (decision.strategy, again(decision)) == ("weighted", decision.order)


@BOTH
@pytest.mark.parametrize("method", ["chat", "stream"])
def test_a_failure_is_told_with_its_code(ask: Ask, method: str, told: Remembers) -> None:
    with sims() as sim:
        sim.refuse("wrong_secret")
        error = ask(sim, method, FLASH, "Hi", client={"observers": [told]})
    call = told.one
    assert (call.outcome, call.error, call.error_type) == ("failed", error.code, type(error).__name__)
    assert (call.provider, call.model, call.message) == ("deepseek", "deepseek-flash", error.message)
    assert call.cost is None and call.usage.input is None
    (attempt,) = call.attempts
    assert (attempt.outcome, attempt.status) == ("failed", 401)


@BOTH
def test_what_cannot_be_said_is_a_call_without_attempts(ask: Ask, told: Remembers) -> None:
    with sims("ollama") as sim:
        error = ask(sim, "chat", "ollama/qwen3", "Hi", logit_bias={"1": 1.0}, client={"observers": [told]})
        assert isinstance(error, UnsupportedError) and sim.requests == ()
    assert (told.one.outcome, told.one.error, told.one.attempts) == ("failed", error.code, ())


@BOTH
@pytest.mark.parametrize("client", [{}, {"record": True}], ids=["watched", "recorded too"])
def test_a_cut_stream_is_interrupted_and_may_be_billed(
    ask: Ask, client: dict[str, Any], told: Remembers, tmp_path: Path
) -> None:
    client = {"record": tmp_path} if client else {}
    with sims() as sim:
        sim.reply("one two three four five six")
        sim.fault("cut_after@3")
        error = ask(sim, "stream", FLASH, "Hi", client={"observers": [told], **client})
    assert isinstance(error, StreamInterrupted) and error.partial is not None
    call = told.one
    assert (call.outcome, call.error, call.attempts[0].outcome) == (
        "interrupted",
        "stream_interrupted",
        "interrupted",
    )
    assert call.first_s is not None and call.attempts[0].maybe_billed
    if client:
        assert call.recording is not None and Path(call.recording).is_file()


@BOTH
def test_silence_is_told_with_the_time_it_took(ask: Ask, told: Remembers) -> None:
    with sims() as sim:
        sim.fault("slow_head")
        error = ask(sim, "chat", FLASH, "Hi", timeout=8.0, client={"observers": [told], "max_retries": 0})
    assert isinstance(error, TimedOutError)
    call = told.one
    assert (call.error, call.outcome) == ("timeout", "failed")
    assert call.took_s == pytest.approx(8.0) == call.attempts[0].took_s
    assert call.attempts[0].maybe_billed


def test_a_call_that_was_worded_anew_shows_both_attempts(told: Remembers) -> None:
    whole = {"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]}
    script = Script(
        (WireHead(400, JSON), [b'{"error": {"message": "temperature is not supported"}}', b""]),
        (WireHead(200, JSON), [json.dumps(whole).encode(), b""]),
    )
    config = {"providers": {"openai": {"api_key": "sk-fake"}}, "unsupported": "drop"}
    with baimo.Client(config=config, transport=script, observers=[told]) as client:
        answer = client.chat("openai/gpt-4.1", "Hi", temperature=0.3)
    assert answer.text == "ok" and [note.code for note in told.one.notes] == ["dropped", "mended"]
    refused, answered = told.one.attempts
    assert (refused.outcome, answered.outcome) == ("failed", "answered")
    assert refused.message is not None and "worded anew" in refused.message and refused.error is None


@BOTH
def test_what_was_answered_in_another_form_is_told_with_its_cost(ask: Ask, told: Remembers) -> None:
    with sims() as sim:
        sim.reply("no JSON at all")
        error = ask(
            sim, "chat", FLASH, "Answer in JSON", response_format="json_object", client={"observers": [told]}
        )
    assert isinstance(error, AnswerFormatError)
    call = told.one
    assert (call.outcome, call.error) == ("failed", "answer_format")
    assert call.attempts[0].outcome == "answered"
    assert call.cost is not None and call.cost == error.response.cost and call.usage.input


@BOTH
def test_every_other_kind_of_call_is_told_too(ask: Ask, told: Remembers) -> None:
    with sims("openai", "ollama", "deepseek") as sim:
        client = {"observers": [told]}
        vectors = ask(sim, "embed", "openai/text-embedding-3-small", ["a", "b"], client=client)
        ask(sim, "models", "openai", client=client)
        ask(sim, "balance", "deepseek", client=client)
        ask(sim, "pull", "ollama/qwen3", client=client)
        ask(sim, "describe", "ollama/qwen3", client=client)
    assert [(call.operation, call.outcome) for call in told.calls] == [
        ("embeddings", "answered"),
        ("models", "answered"),
        ("balance", "answered"),
        ("pull", "answered"),
        ("describe", "answered"),
    ]
    assert told.calls[0].cost == vectors.cost and told.calls[0].usage == vectors.usage
    assert (told.calls[0].provider, told.calls[0].model) == ("openai", "text-embedding-3-small")
    assert told.calls[1].provider == "openai" and told.calls[3].model == "qwen3"


@BOTH
def test_an_answer_from_the_cache_cost_nothing_and_is_nobodys_attempt(
    ask: Ask, told: Remembers, tmp_path: Path
) -> None:
    client = {"observers": [told], "cache": str(tmp_path / "answers.db")}
    with sims() as sim:
        for _ in range(2):
            ask(sim, "chat", FLASH, "Hi", client=client)
        assert len(sim.requests) == 1
    paid, kept = told.calls
    assert not paid.cached and paid.cost is not None and paid.cost.amount > 0
    assert kept.cached and kept.attempts == () and kept.outcome == "answered"
    assert kept.cost is not None and kept.cost.amount == Decimal(0)
    assert (kept.provider, kept.model) == ("deepseek", "deepseek-flash")
    assert [note.code for note in kept.notes] == ["cached"]


@BOTH
def test_only_who_wants_content_is_given_it(ask: Ask) -> None:
    curious, discreet = Remembers(wants_content=True), Remembers()
    with sims() as sim:
        sim.reply("the answer")
        ask(sim, "chat", FLASH, "the question", client={"observers": [curious, discreet]})
        sim.reply("one two three four five")
        sim.fault("cut_after@3")
        ask(sim, "stream", FLASH, "the question", client={"observers": [curious]})
        sim.reset()
        sim.refuse("wrong_secret")
        ask(sim, "chat", FLASH, "the question", client={"observers": [curious]})
    said, cut, refused = curious.contents
    assert said is not None and said.request is not None and said.response is not None
    assert said.request.messages[0].text == "the question" and said.response.text == "the answer"
    assert cut is not None and cut.response is not None and cut.response.ended == "cut"
    assert refused is not None and refused.request is not None and refused.response is None
    assert discreet.contents == [None]
    assert "the question" not in repr(discreet.calls) and "the answer" not in repr(discreet.calls)


@BOTH
def test_an_observer_that_raises_is_told_to_the_log_and_to_nobody_else(
    ask: Ask, told: Remembers, caplog: pytest.LogCaptureFixture
) -> None:
    with sims() as sim, caplog.at_level(logging.ERROR, "baimo"):
        answer = ask(sim, "chat", FLASH, "Hi", client={"observers": [Raises(), told]})
        stream = ask(sim, "stream", FLASH, "Hi", client={"observers": [Raises(), told]})
    assert answer.text and stream.text and len(told.calls) == 2 and told.closed == 2
    kinds = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert kinds == [ValueError, ZeroDivisionError, OSError] * 2
    assert {record.name for record in caplog.records} == {"baimo"}


def test_leaving_a_stream_is_told_as_cancelled(told: Remembers) -> None:
    with sims() as sim, sim.client(observers=[told]) as client:
        with client.stream(FLASH, "Hi") as stream:
            next(stream)
        stream.close()
    call = told.one
    assert (call.outcome, [one.outcome for one in call.attempts]) == ("cancelled", ["cancelled"])
    assert call.attempts[0].maybe_billed and call.error is None and call.first_s is not None


def test_a_stream_that_nobody_reads_is_no_call(told: Remembers) -> None:
    with sims() as sim, sim.client(observers=[told]) as client:
        client.stream(FLASH, "Hi").close()
        assert sim.requests == () and told.calls == []


def test_a_pull_that_is_left_is_told_as_cancelled(told: Remembers) -> None:
    with sims("ollama") as sim, sim.client(observers=[told]) as client:
        progress = client.pull("ollama/qwen3")
        next(progress)
        progress.close()  # type: ignore[attr-defined]
    assert (told.one.operation, told.one.outcome) == ("pull", "cancelled")


@pytest.mark.parametrize("method", ["chat", "stream", "embed", "count_tokens", "models"])
def test_ctrl_c_is_told_as_cancelled(method: str, told: Remembers) -> None:
    class Interrupted:
        def open(self, *_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

        def close(self) -> None:
            pass

    config = {
        "providers": {
            "qwen": {"api_key": "sk-fake"},
            "moonshot": {"api_key": "sk-fake"},
            "hunyuan": {"endpoint": "native", "secret_id": "AKIDfake", "secret_key": "fake"},
        }
    }
    asks: dict[str, Any] = {
        "chat": lambda client: client.chat("moonshot/kimi-k2", "Hi"),
        "stream": lambda client: list(client.stream("moonshot/kimi-k2", "Hi")),
        "embed": lambda client: client.embed("qwen/text-embedding-v4", "Hi"),
        "count_tokens": lambda client: client.count_tokens("hunyuan/hunyuan-lite", "Hi"),
        "models": lambda client: client.models("moonshot"),
    }
    client = baimo.Client(config=config, transport=Interrupted(), observers=[told])
    with client, pytest.raises(KeyboardInterrupt):
        asks[method](client)
    assert (told.one.outcome, told.one.attempts[0].outcome) == ("cancelled", "cancelled")


@pytest.mark.parametrize("method", ["chat", "stream", "embed"])
def test_a_cancelled_task_is_told_as_cancelled(method: str, told: Remembers) -> None:
    async def run() -> None:
        hangs = asyncio.Event()

        class Silent:
            async def open(self, *_: Any, **__: Any) -> Any:
                hangs.set()
                await asyncio.Event().wait()

            async def close(self) -> None:
                pass

        config = {"providers": {"qwen": {"api_key": "sk-fake"}}}
        async with baimo.AsyncClient(config=config, transport=Silent(), observers=[told]) as client:

            async def asked() -> None:
                if method == "embed":
                    await client.embed("qwen/text-embedding-v4", "Hi")
                elif method == "chat":
                    await client.chat("qwen/qwen-max", "Hi")
                else:
                    async for _ in client.stream("qwen/qwen-max", "Hi"):
                        pass

            task = asyncio.ensure_future(asked())
            await hangs.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert (told.one.outcome, told.one.attempts[0].outcome) == ("cancelled", "cancelled")


def test_many_threads_are_told_apart(told: Remembers) -> None:
    with sims() as sim, sim.client(observers=[told]) as client:
        threads = [threading.Thread(target=client.chat, args=(FLASH, f"Hi {one}")) for one in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(told.calls) == 16 == len({call.id for call in told.calls})
    assert all(len(call.attempts) == 1 for call in told.calls)


def test_a_watch_tells_once(told: Remembers) -> None:
    watch = CallWatch(Watching([told], VirtualClock()), blank("chat", (FLASH,)))
    watch.broke(OverloadedError("busy", status=503))
    watch.left()
    watch.done(None)
    assert told.one.outcome == "failed"
