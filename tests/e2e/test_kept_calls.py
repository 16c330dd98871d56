"""Answers that are kept, streams that go on, and what a closed client, a fork and two loops leave behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.errors import AnswerFormatError, StreamInterrupted
from baimo.ledger.reading import last_calls
from baimo.testing import Simulator
from tests.client.observing import FLASH, Ask, Remembers, ask_async, ask_sync
from tests.faults.remains import nothing_left
from tests.transports.programs import redis

BOTH = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("deepseek", "ollama") as made:
        yield made


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, Any]:
    return {"cache": str(tmp_path / "answers.db")}


@BOTH
def test_the_second_time_it_costs_nothing_and_streams_are_played_again(
    ask: Ask, sim: Simulator, kept: dict[str, Any]
) -> None:
    sim.reply("one two three four five")
    first = ask(sim, "stream", FLASH, "Hi", client=kept)
    for method in ("chat", "stream"):
        again = ask(sim, method, FLASH, "Hi", client=kept)
        assert again.text == first.text == "one two three four five"
        assert again.cost.amount == Decimal(0) and again.cost.currency == "CNY"
        assert [note.code for note in again.notes] == ["cached"] and again.sent is None
        assert again.usage.total == first.usage.total and again.provider == "deepseek"
    assert len(sim.requests) == 1
    with sim.client(**kept) as client, client.stream(FLASH, "Hi") as stream:
        assert list(stream.text) == ["one", " two", " three", " four", " five"]


def test_thirty_equal_tasks_are_one_request(sim: Simulator, kept: dict[str, Any]) -> None:
    sim.timing(ttft=1.0)

    async def run() -> list[str]:
        async with sim.async_client(**kept) as client:
            answers = await asyncio.gather(*[client.chat(FLASH, "Hi") for _ in range(30)])
            return [one.text for one in answers]

    assert len(set(asyncio.run(run()))) == 1 == len(sim.requests)


def test_thirty_equal_threads_are_one_request(sim: Simulator, kept: dict[str, Any]) -> None:
    texts: list[str] = []
    with sim.client(**kept) as client:
        threads = [
            threading.Thread(target=lambda: texts.append(client.chat(FLASH, "Hi").text)) for _ in range(30)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(texts) == 30 and len(set(texts)) == 1 == len(sim.requests)


@BOTH
def test_what_was_not_looked_at_is_no_answer_for_a_call_that_looks(
    ask: Ask, sim: Simulator, kept: dict[str, Any]
) -> None:
    sim.reply("no JSON")
    form = {"response_format": "json_object"}
    assert ask(sim, "chat", FLASH, "Answer in JSON", validate=False, client=kept, **form).text == "no JSON"
    assert ask(sim, "chat", FLASH, "Answer in JSON", validate=False, client=kept, **form).notes
    error = ask(sim, "chat", FLASH, "Answer in JSON", client=kept, **form)
    assert isinstance(error, AnswerFormatError) and len(sim.requests) == 2
    error = ask(sim, "chat", FLASH, "Answer in JSON", client=kept, **form)
    assert isinstance(error, AnswerFormatError) and len(sim.requests) == 3, "a failure is never kept"


@BOTH
def test_a_call_may_go_past_the_cache_or_ask_for_it(ask: Ask, sim: Simulator, kept: dict[str, Any]) -> None:
    ask(sim, "chat", FLASH, "Hi", client=kept)
    assert ask(sim, "chat", FLASH, "Hi", cache=False, client=kept).notes == ()
    assert ask(sim, "chat", FLASH, "Hi", keep_raw=True, client=kept).raw is not None
    off = {"cache": {"store": kept["cache"], "on": False}}
    assert ask(sim, "chat", FLASH, "Hi", client=off).notes == ()
    assert len(sim.requests) == 4
    assert ask(sim, "chat", FLASH, "Hi", cache=True, client=off).notes[0].code == "cached"


@BOTH
def test_an_answer_is_asked_for_once_more_and_both_are_paid(ask: Ask, sim: Simulator) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    told = Remembers()
    sim.reply('{"n": "four"}', '{"n": 4}')
    answer = ask(
        sim,
        "chat",
        "ollama/qwen3",
        "Count",
        response_format=form,
        validate="repair",
        client={"observers": [told]},
    )
    assert answer.text == '{"n": 4}' and [note.code for note in answer.notes] == ["repaired"]
    assert [one.outcome for one in told.one.attempts] == ["answered", "answered"]
    assert told.one.usage.total == answer.usage.total


@BOTH
def test_a_cut_stream_goes_on_elsewhere_when_asked(ask: Ask, sim: Simulator) -> None:
    sim.reply("one two three four", " and the rest")
    route = [FLASH, "ollama/qwen3", "deepseek/deepseek-v4-pro"]
    told = Remembers()
    sim.fault("cut_after@3", times=1)
    answer = ask(
        sim,
        "stream",
        route,
        "Count",
        on_cut="continue",
        client={"observers": [told], "max_retries": 0},
    )
    assert [note.code for note in answer.notes] == ["continued"]
    assert answer.text == "one two and the rest" and answer.ended == "complete"
    assert (told.one.outcome, [one.outcome for one in told.one.attempts]) == (
        "answered",
        ["interrupted", "answered"],
    )
    sent = sim.requests[-1].chat.messages[-1]
    assert sent.role.value == "assistant" and sent.text == "one two"
    assert [one.provider for one in sim.requests] == ["deepseek"] * 2, (
        "Ollama cannot go on, so it is not asked"
    )
    assert told.one.model == "deepseek-v4-pro" and "deepseek-v4-pro went on" in answer.notes[0].message
    sim.fault("cut_after@3", times=1)
    error = ask(sim, "stream", [FLASH, "ollama/qwen3"], "Count", on_cut="raise", client={"max_retries": 0})
    assert isinstance(error, StreamInterrupted) and len(sim.requests) == 3


@BOTH
def test_an_alias_of_one_model_may_say_that_a_cut_stream_goes_on(ask: Ask, sim: Simulator) -> None:
    sim.reply("one two three four five six seven eight")
    sim.fault("cut_after@3", times=1)
    config = {**sim.config, "models": {"steady": {"model": FLASH, "on_cut": "continue"}}}
    answer = ask(sim, "stream", "steady", "Count", client={"config": config})
    assert [note.code for note in answer.notes] == ["continued"] and len(sim.requests) == 2


def test_a_closed_client_has_written_everything_and_left_nothing(sim: Simulator, tmp_path: Path) -> None:
    everything = {
        "cache": str(tmp_path / "answers.db"),
        "ledger": str(tmp_path / "calls.db"),
        "record": tmp_path / "recordings",
        "limits": {"concurrency": 3},
        "telemetry": {"log": "debug"},
        "budget": "1 CNY",
    }
    with nothing_left(), sim.client(**everything) as client:
        client.chat(FLASH, "Hi", max_tokens=20)
    (call,) = last_calls(tmp_path / "calls.db", 5)
    assert call.recording is not None and Path(call.recording).exists()

    async def run() -> None:
        async with sim.async_client(**everything) as client:
            await client.chat(FLASH, "Ho", max_tokens=20)

    with nothing_left():
        asyncio.run(run())
    assert len(last_calls(tmp_path / "calls.db", 5)) == 2


def test_shared_services_are_let_go_of(sim: Simulator, tmp_path: Path) -> None:
    with redis(tmp_path) as address:
        shared = {"cache": address, "limits": {"shared": address, "concurrency": 3}}
        with sim.client(**shared) as client:
            first = client.chat(FLASH, "Hi")

        async def run() -> Any:
            async with sim.async_client(**shared) as client:
                return await client.chat(FLASH, "Hi")

        with nothing_left():
            again = asyncio.run(run())
        assert again.text == first.text and [note.code for note in again.notes] == ["cached"]
        with nothing_left(), sim.client(**shared) as client:
            client.chat(FLASH, "Ho")
    assert len(sim.requests) == 2


def test_one_asyncio_client_on_three_loops_one_after_the_other(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    client = baimo.AsyncClient(
        config=sim.config_for(loopback=True),
        cache=str(tmp_path / "answers.db"),
        ledger=str(path),
        limits={"concurrency": 2, "requests_per_minute": 90},
    )

    async def run(words: str) -> None:
        await asyncio.gather(*[client.chat(FLASH, f"{words} {one % 3}") for one in range(6)])
        if words == "last":
            await client.close()

    with nothing_left():
        for words in ("first", "second", "last"):
            asyncio.run(run(words))
    assert len(sim.requests) == 9
    assert len(last_calls(path, 50)) == 18


def test_two_clients_write_one_ledger(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with sim.client(ledger=str(path)) as one, sim.client(ledger=str(path)) as other:
        for client in (one, other, one, other):
            client.chat(FLASH, "Hi")
    assert len(last_calls(path, 50)) == 4


FORKED = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside the ledger's thread
from baimo.testing import Simulator
folder = sys.argv[1]
with Simulator("deepseek") as sim:
    client = sim.client(
        cache=folder + "/answers.db", ledger=folder + "/calls.db", limits={"concurrency": 2}, budget="1 CNY"
    )
    client.chat("deepseek/deepseek-flash", "Hi", max_tokens=20)
    child = os.fork()
    if child == 0:
        client.chat("deepseek/deepseek-flash", "Hi", max_tokens=20)
        client.chat("deepseek/deepseek-flash", "of the child", max_tokens=20)
        client.close()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    client.chat("deepseek/deepseek-flash", "of the parent", max_tokens=20)
    client.close()
    sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_client_is_used_on_after_a_fork(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    calls = last_calls(tmp_path / "calls.db", 50)
    assert len(calls) == 4 and sum(call.cached for call in calls) == 1


def test_what_a_program_forgets_to_close_is_written_at_its_end(tmp_path: Path) -> None:
    program = FORKED.partition("    child = os.fork()")[0]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(last_calls(tmp_path / "calls.db", 50)) == 1


def test_the_parts_of_a_client_may_be_used_by_threads_while_it_closes(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    client = sim.client(ledger=str(path), limits={"concurrency": 4})
    ended = 0
    lock = threading.Lock()
    closing = threading.Event()

    def ask() -> None:
        nonlocal ended
        while not closing.is_set():
            with suppress(baimo.Error):
                client.chat(FLASH, "Hi")
            with lock:
                ended += 1

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while ended < 50:
        threading.Event().wait(0.001)
    closing.set()
    client.close()
    for thread in threads:
        thread.join()
    client.close()
    for thread in threading.enumerate():
        if thread.name == "baimo-ledger":
            thread.join(10)
    assert len(last_calls(path, 100_000)) == ended
