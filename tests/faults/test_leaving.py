"""The caller leaves: however he does it, the provider sees it at once, and nothing stays behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.ledger.reading import last_calls
from baimo.testing import replay
from baimo.types.record import CallRecord
from tests.faults import remains
from tests.faults.lingering import Lingering, lingering, now
from tests.transports.contract import wait_until
from tests.unwatched import unwatched


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


class Order:
    """An observer that remembers in which order it is told what."""

    wants_content = False

    def __init__(self) -> None:
        self.told: list[str] = []

    def began(self) -> None:
        """Nothing is needed of it."""

    def ended(self, call: CallRecord, began: Any, content: Any) -> None:
        self.told.append(call.outcome)

    def close(self) -> None:
        self.told.append("closed")


def test_who_closes_a_client_in_a_map_is_told_of_its_calls_before_that(provider: Lingering) -> None:
    order = Order()
    with remains.nothing_left():
        client = baimo.Client(config=provider.config("silent"), observers=[order], max_retries=0)
        answers = client.map("slow/m", ["Hi"] * 3, concurrency=3)
        with ThreadPoolExecutor(1) as others:
            reading = others.submit(list, answers)
            wait_until(lambda: provider.requests == 3)
            client.close()
            told = list(order.told)
            assert [type(one) for one in reading.result(5)] == [baimo.TransportError] * 3
    assert told == ["failed"] * 3 + ["closed"]


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


def minute(provider: Lingering) -> dict[str, Any]:
    """One call a minute: the next one waits."""
    return {**provider.config("silent"), "limits": {"requests_per_minute": 1}}


def in_line(client: Any) -> bool:
    return bool(client._limiter._keeping.line.waiting)


CLOSED = "closed"


@pytest.mark.parametrize("closes", ["client", "stream"])
@pytest.mark.parametrize("waits_for", ["retry", "place"])
def test_closing_ends_also_a_call_that_waits(provider: Lingering, waits_for: str, closes: str) -> None:
    """For its next attempt, which is a minute away, or for a place within limits."""
    told: list[Any] = []
    config = provider.config("busy") if waits_for == "retry" else minute(provider)
    with remains.nothing_left(), ThreadPoolExecutor(1) as others:
        client = baimo.Client(config=config, on_retry=told.append)
        if waits_for == "place":
            well(client)
        stream = client.stream("slow/m" if waits_for == "retry" else "well/m", "Hi")
        calling: Future[Any] = others.submit(list, stream)
        wait_until(lambda: bool(told) if waits_for == "retry" else in_line(client))
        (client if closes == "client" else stream).close()
        with pytest.raises(baimo.TransportError, match=CLOSED):
            calling.result(5)
        client.close()
    assert provider.requests == (waits_for == "retry")


@pytest.mark.parametrize("waits_for", ["retry", "place"])
def test_closing_the_client_ends_also_a_task_that_waits(provider: Lingering, waits_for: str) -> None:
    async def drive() -> None:
        config = provider.config("busy") if waits_for == "retry" else minute(provider)
        client = baimo.AsyncClient(config=config, on_retry=told.append)
        if waits_for == "place":
            await client.chat("well/m", "Hi")
        task = asyncio.ensure_future(client.chat("slow/m" if waits_for == "retry" else "well/m", "Hi"))
        while not (told if waits_for == "retry" else in_line(client)):
            await asyncio.sleep(0)
        await client.close()
        with pytest.raises(baimo.TransportError, match=CLOSED):
            await asyncio.wait_for(task, 5)
        assert remains.tasks() == set()

    told: list[Any] = []
    with remains.nothing_left():
        asyncio.run(drive())
    assert provider.requests == (waits_for == "retry")


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
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=unwatched()) as program:
        assert program.stdin and program.stdout
        assert provider.asked.wait(30)
        since = now()
        program.send_signal(signal.SIGINT)
        assert program.stdout.readline() == "sockets 0\n"
        assert program.stdout.readline() == "threads MainThread\n"
        provider.seen_to_leave(since)
        program.stdin.close()
        assert program.wait(10) == 0


TOLD = """
import asyncio, signal, sys
import baimo

signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
provider = {"dialect": "openai_chat", "api_key": "fake-key", "base_url": sys.argv[1] + "/stream"}
options = {"config": {"providers": {"slow": provider}}, "ledger": {"path": sys.argv[2] + "/ledger.db"},
           "record": sys.argv[2] + "/calls"}

def blocking():
    with baimo.Client(**options) as client, client.stream("slow/m", "Hi") as stream:
        for piece in stream.text:
            print(piece, flush=True)

async def awaiting():
    async with baimo.AsyncClient(**options) as client, client.stream("slow/m", "Hi") as stream:
        async for piece in stream.text:
            print(piece, flush=True)

blocking() if sys.argv[3] == "sync" else asyncio.run(awaiting())
"""


@pytest.mark.parametrize(
    ("sign", "how"), [(signal.SIGTERM, "sync"), (signal.SIGTERM, "async"), (signal.SIGINT, "async")]
)
def test_who_is_ended_by_a_signal_leaves_a_row_and_a_recording(
    provider: Lingering, sign: signal.Signals, how: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TOLD, provider.origin, str(tmp_path), how]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdout=pipe, stderr=nowhere, text=True, env=unwatched()) as program:
        assert program.stdout
        assert [program.stdout.readline(), program.stdout.readline()] == ["one\n", " two\n"]
        since = now()
        program.send_signal(sign)
        provider.seen_to_leave(since)
        assert program.wait(30) == (3 if sign == signal.SIGTERM else -signal.SIGINT)
    (call,) = last_calls(tmp_path / "ledger.db", 10)
    (attempt,) = call.attempts
    assert (call.outcome, attempt.outcome, attempt.maybe_billed) == ("cancelled", "cancelled", True)
    assert call.first_s is not None
    assert call.recording is not None
    assert replay(call.recording).text == "one two"


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
