"""The caller leaves: however he does it, the provider sees it at once, and nothing stays behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import baimo
from tests.faults import remains
from tests.faults.lingering import Lingering, lingering, now
from tests.transports.contract import wait_until


@pytest.fixture
def provider() -> Iterator[Lingering]:
    with lingering() as found:
        yield found


def well(client: baimo.Client) -> None:
    """The same client goes on."""
    assert client.chat("well/m", "Hi").text == "well"


def test_leaving_a_loop_inside_with(provider: Lingering) -> None:
    with remains.nothing_left(), baimo.Client(config=provider.config("stream")) as client:
        with client.stream("slow/m", "Hi") as stream:
            for _ in stream.text:
                break
            since = now()
        provider.seen_to_leave(since)
        assert stream.response.ended == "cut"
        well(client)


def test_an_error_of_the_callers_own_inside_with(provider: Lingering) -> None:
    with remains.nothing_left(), baimo.Client(config=provider.config("stream")) as client:
        with pytest.raises(ZeroDivisionError), client.stream("slow/m", "Hi") as stream:
            next(iter(stream))
            since = now()
            raise ZeroDivisionError
        provider.seen_to_leave(since)
        well(client)


def test_a_stream_that_is_forgotten_is_closed_with_a_warning(provider: Lingering) -> None:
    with remains.nothing_left(), baimo.Client(config=provider.config("stream")) as client:
        pieces = client.stream("slow/m", "Hi").text
        assert next(pieces) == "one"
        since = now()
        with pytest.warns(ResourceWarning, match="forgotten"):
            del pieces
        provider.seen_to_leave(since)
        well(client)


def test_a_stream_that_is_forgotten_on_a_loop_is_closed_with_a_warning(provider: Lingering) -> None:
    async def drive() -> None:
        async with baimo.AsyncClient(config=provider.config("stream")) as client:
            stream = client.stream("slow/m", "Hi")
            await anext(stream)
            since = now()
            with pytest.warns(ResourceWarning, match="forgotten"):
                del stream
            await asyncio.to_thread(provider.seen_to_leave, since)
            assert (await client.chat("well/m", "Hi")).text == "well"
        assert remains.tasks() == set()

    with remains.nothing_left():
        asyncio.run(drive())


Reading = Callable[[baimo.Client], Any]


def whole(client: baimo.Client) -> Any:
    return client.chat("slow/m", "Hi")


def streamed(client: baimo.Client) -> Any:
    with client.stream("slow/m", "Hi") as stream:
        return list(stream.text)


@pytest.mark.parametrize(("path", "call"), [("silent", whole), ("silent", streamed), ("stream", streamed)])
def test_closing_the_client_in_another_thread(provider: Lingering, path: str, call: Reading) -> None:
    with remains.nothing_left(), ThreadPoolExecutor(1) as others:
        client = baimo.Client(config=provider.config(path))
        calling: Future[Any] = others.submit(call, client)
        assert provider.asked.wait(5)
        since = now()
        client.close()
        with pytest.raises((baimo.TransportError, baimo.StreamInterrupted)):
            calling.result(5)
        provider.seen_to_leave(since)


@pytest.mark.parametrize("path", ["silent", "stream"])
def test_closing_a_stream_in_another_thread(provider: Lingering, path: str) -> None:
    with (
        remains.nothing_left(),
        baimo.Client(config=provider.config(path)) as client,
        ThreadPoolExecutor(1) as others,
    ):
        stream = client.stream("slow/m", "Hi")
        calling: Future[Any] = others.submit(lambda: list(stream))
        assert provider.asked.wait(5)
        since = now()
        stream.close()
        with pytest.raises((baimo.TransportError, baimo.StreamInterrupted)):
            calling.result(5)
        provider.seen_to_leave(since)
        well(client)


async def awaited(client: baimo.AsyncClient) -> Any:
    return await client.chat("slow/m", "Hi")


async def awaited_stream(client: baimo.AsyncClient) -> Any:
    async with client.stream("slow/m", "Hi") as stream:
        return [piece async for piece in stream.text]


async def awaited_map(client: baimo.AsyncClient) -> Any:
    return [answer async for answer in client.map("slow/m", ["Hi"])]


Awaited = Callable[[baimo.AsyncClient], Any]
AWAITED: list[tuple[str, Awaited]] = [
    ("silent", awaited),
    ("silent", awaited_stream),
    ("stream", awaited_stream),
    ("silent", awaited_map),
]


@pytest.mark.parametrize(("path", "call"), AWAITED)
def test_cancelling_a_task(provider: Lingering, path: str, call: Awaited) -> None:
    async def drive() -> None:
        async with baimo.AsyncClient(config=provider.config(path)) as client:
            task = asyncio.ensure_future(call(client))
            assert await asyncio.to_thread(provider.asked.wait, 5)
            since = now()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(provider.seen_to_leave, since)
            assert (await client.chat("well/m", "Hi")).text == "well"
        assert remains.tasks() == set()

    with remains.nothing_left():
        asyncio.run(drive())


@pytest.mark.parametrize(("path", "call"), AWAITED)
def test_closing_the_client_under_a_task(provider: Lingering, path: str, call: Awaited) -> None:
    async def drive() -> None:
        client = baimo.AsyncClient(config=provider.config(path))
        task = asyncio.ensure_future(call(client))
        assert await asyncio.to_thread(provider.asked.wait, 5)
        since = now()
        await client.close()
        if call is awaited_map:
            assert isinstance((await task)[0], baimo.TransportError)
        else:
            with pytest.raises((baimo.TransportError, baimo.StreamInterrupted)):
                await task
        await asyncio.to_thread(provider.seen_to_leave, since)
        assert remains.tasks() == set()

    with remains.nothing_left():
        asyncio.run(drive())


def test_a_loop_that_ends_takes_its_calls_with_it(provider: Lingering) -> None:
    """Nobody closes the client: the end of `asyncio.run` does."""

    async def drive() -> None:
        client = baimo.AsyncClient(config=provider.config("stream"))
        calling.append(asyncio.ensure_future(awaited_stream(client)))
        assert await asyncio.to_thread(provider.asked.wait, 5)
        ended.append(now())

    calling: list[Any] = []
    ended: list[float] = []
    with remains.nothing_left():
        asyncio.run(drive())
        provider.seen_to_leave(ended[0])
        calling.clear()


def test_no_attempt_follows_who_left_while_a_retry_was_waited_for(provider: Lingering) -> None:
    async def drive() -> None:
        async with baimo.AsyncClient(config=provider.config("busy"), on_retry=waiting.append) as client:
            task = asyncio.ensure_future(awaited(client))
            while not waiting:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.chat("well/m", "Hi")).text == "well"
        assert remains.tasks() == set()

    waiting: list[Any] = []
    with remains.nothing_left():
        asyncio.run(drive())
    assert provider.requests == 1


PROGRAM = """
import sys
import baimo

provider = {"dialect": "openai_chat", "api_key": "fake-key", "base_url": sys.argv[1]}
with baimo.Client(config={"providers": {"slow": provider}}) as client:
    try:
        if sys.argv[2] == "chat":
            client.chat("slow/m", "Hi")
        else:
            with client.stream("slow/m", "Hi") as stream:
                for piece in stream.text:
                    pass
    except KeyboardInterrupt:
        import os, threading
        names = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")
                 if os.path.exists(f"/proc/self/fd/{one}")]
        print("sockets", sum(name.startswith("socket:") for name in names), flush=True)
        print("threads", *(one.name for one in threading.enumerate()), flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize(("path", "what"), [("silent", "chat"), ("silent", "stream"), ("stream", "stream")])
def test_ctrl_c_closes_the_connection_and_the_program_goes_on(
    provider: Lingering, path: str, what: str
) -> None:
    command = [sys.executable, "-c", PROGRAM, f"{provider.origin}/{path}", what]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin and program.stdout
        assert provider.asked.wait(30)
        since = now()
        program.send_signal(signal.SIGINT)
        assert program.stdout.readline() == "sockets 0\n"
        assert program.stdout.readline() == "threads MainThread\n"
        provider.seen_to_leave(since)
        program.stdin.close()
        assert program.wait(10) == 0


def test_many_who_leave_at_once_leave_nothing(provider: Lingering) -> None:
    async def drive() -> None:
        async with baimo.AsyncClient(config=provider.config("silent")) as client:
            tasks = [asyncio.ensure_future(awaited(client)) for _ in range(50)]
            await asyncio.to_thread(wait_until, lambda: provider.requests == 50)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await asyncio.to_thread(wait_until, lambda: len(provider.ended_at) == 50)
            assert (await client.chat("well/m", "Hi")).text == "well"
        assert remains.tasks() == set()

    with remains.nothing_left():
        asyncio.run(drive())
