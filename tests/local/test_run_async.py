from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from baimo.errors import InputError, TimedOutError, TransportError
from baimo.local.engine import Engines
from baimo.local.pull import Progress
from baimo.local.run import AsyncLocalTransport
from baimo.transports.protocol import AsyncReply
from baimo.wire.http import HttpRequest
from tests.local.asking import ANSWER, ENDLESS, QUESTION, async_whole, chat, events, request, text_of
from tests.loops import BOTH_LOOPS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def local(home: Path, shared: Engines, said: list[str]) -> AsyncIterator[AsyncLocalTransport]:
    transport = AsyncLocalTransport(home=home, say=said.append, shared=shared)
    yield transport
    await transport.close()


async def opened(local: AsyncLocalTransport, wire: HttpRequest) -> AsyncReply:
    return await local.open(wire, connect_s=5, head_s=50)


@BOTH_LOOPS
async def test_a_question_gets_a_real_answer(local: AsyncLocalTransport) -> None:
    answer = await async_whole(await opened(local, chat(QUESTION, max_tokens=30)))
    assert ANSWER in answer["choices"][0]["message"]["content"]


@BOTH_LOOPS
async def test_a_stream_comes_to_its_end(local: AsyncLocalTransport) -> None:
    reply = await opened(local, chat("Hi", stream=True, max_tokens=9, ignore_eos=True))
    body = b""
    while piece := await reply.read(50):
        body += piece
    reply.close()
    assert text_of(events(body))


async def test_many_calls_at_once_are_all_answered(local: AsyncLocalTransport) -> None:
    replies = await asyncio.gather(
        *(opened(local, chat(f"Say {n}", max_tokens=3, ignore_eos=True)) for n in range(12))
    )
    answers = await asyncio.gather(*(async_whole(reply) for reply in replies))
    assert [answer["usage"]["completion_tokens"] for answer in answers] == [3] * 12


@BOTH_LOOPS
async def test_cancelled_calls_stop_working_whole_or_streamed(local: AsyncLocalTransport) -> None:
    await async_whole(await opened(local, chat("Hi", max_tokens=1)))
    tasks = [asyncio.create_task(opened(local, chat(f"Story {n}", **ENDLESS))) for n in range(4)]
    with pytest.raises(TimedOutError):
        while True:  # until all places are taken
            reply = await local.open(chat("Hi", stream=True, max_tokens=1), connect_s=5, head_s=0.4)
            reply.abort()
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in done] == [asyncio.CancelledError] * 4
    answer = await async_whole(await opened(local, chat("Hi", max_tokens=2, ignore_eos=True)))
    assert answer["usage"]["completion_tokens"] == 2


async def test_the_loop_goes_on_while_a_model_loads(home: Path) -> None:
    engines = Engines()
    local = AsyncLocalTransport(home=home, shared=engines)
    task = asyncio.create_task(opened(local, chat("Hi", max_tokens=1)))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    await async_whole(task.result())
    assert turns > 100
    await local.close()
    engines.close()


async def test_a_cancelled_pull_leaves_nothing(tmp_path: Path, said: list[str]) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def report(_: Progress) -> None:
        loop.call_soon_threadsafe(begun.set)

    local = AsyncLocalTransport(home=tmp_path, say=said.append, on_progress=report, shared=Engines())
    task = asyncio.create_task(opened(local, chat("Hi")))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await loop.shutdown_default_executor()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".smollm2.lock"]
    assert len(said) == 1


async def test_a_small_model_pulls_itself(tmp_path: Path, said: list[str]) -> None:
    engines = Engines()
    local = AsyncLocalTransport(home=tmp_path, say=said.append, shared=engines)
    assert (await async_whole(await opened(local, chat("Hi", max_tokens=1))))["model"] == "smollm2"
    assert len(said) == 1
    await local.close()
    engines.close()


async def test_the_list_is_read_without_loading_anything(tmp_path: Path) -> None:
    local = AsyncLocalTransport(home=tmp_path, shared=Engines())
    listing = await async_whole(await opened(local, request("/models")))
    assert listing["data"][0] == {"id": "smollm2", "object": "model", "owned_by": "local"}
    reply = await opened(local, request("/models"))
    reply.abort()
    with pytest.raises(TransportError):
        await reply.read(1)
    await local.close()


async def test_an_unknown_model_gets_near_names(local: AsyncLocalTransport) -> None:
    with pytest.raises(InputError, match="Did you mean smollm2"):
        await opened(local, chat("Hi", model="smolm2"))
