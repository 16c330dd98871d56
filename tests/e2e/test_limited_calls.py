"""Limits through the public face: what goes out keeps them, whoever waits, and replies teach."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from baimo.errors import LimitReachedError
from baimo.testing import Simulator
from tests.client.observing import FLASH, Remembers


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("deepseek", "openai") as made:
        yield made


class Counted:
    """A transport that counts how many requests are under way at once."""

    def __init__(self, inner: Any, all_in: int) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0
        self._full = threading.Semaphore(0)
        self._all_in = all_in

    def open(self, request: Any, **times: Any) -> Any:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now == self._all_in:
                for _ in range(self._all_in):
                    self._full.release()
        self._full.acquire(timeout=0.05)  # so that those who may be under way together are
        try:
            return self._inner.open(request, **times)
        finally:
            with self._lock:
                self._now -= 1

    def close(self) -> None:
        self._inner.close()


def test_twenty_threads_keep_three_at_once(sim: Simulator) -> None:
    failures: list[BaseException] = []
    with sim.client(limits={"concurrency": 3, "adaptive": False}) as client:
        counted = client._services.transport = Counted(sim.transport, 3)

        def ask() -> None:
            try:
                client.chat(FLASH, "Hi")
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == [] and len(sim.requests) == 20
    assert counted.most == 3


def test_so_many_a_second_whoever_asks(sim: Simulator) -> None:
    told = Remembers()

    async def run() -> None:
        async with sim.async_client(limits={"requests_per_second": 5}, observers=[told]) as client:
            await asyncio.gather(*[client.chat(FLASH, f"Hi {one}") for one in range(20)])

    asyncio.run(run())
    times = sorted(one.at for one in sim.requests)
    assert len(times) == 20
    for first, sixth in zip(times, times[5:], strict=False):
        assert sixth - first >= 1.0 - 1e-6
    assert times[-1] - times[0] < 4.0
    assert sum(call.attempts[0].queued_s > 0 for call in told.calls) == 15


def test_no_room_in_time_is_known_beforehand(sim: Simulator) -> None:
    with sim.client(limits={"requests_per_minute": 1}) as client:
        client.chat(FLASH, "Hi")
        before = sim.clock.elapsed
        with pytest.raises(LimitReachedError) as caught:
            client.chat(FLASH, "Hi", timeout=10.0)
        assert sim.clock.elapsed == before, "it did not wait for what cannot be"
        assert caught.value.retry_after is not None and 55 < caught.value.retry_after <= 61
        assert not caught.value.sent and len(sim.requests) == 1
        client.chat(FLASH, "Hi", timeout=62.0)
    assert sim.clock.elapsed >= 59


def test_a_request_that_never_fits_is_refused_at_once(sim: Simulator) -> None:
    with sim.client(limits={"tokens_per_minute": 50}) as client, pytest.raises(LimitReachedError):
        client.chat(FLASH, "Hi", max_tokens=1000)
    assert sim.requests == ()


def test_limits_of_a_provider_and_of_all_are_kept_apart(sim: Simulator) -> None:
    config: dict[str, Any] = sim.config
    config["providers"]["deepseek"]["limits"] = {"requests_per_minute": 1}
    with sim.client(config=config) as client:
        client.chat(FLASH, "Hi")
        for _ in range(3):
            client.chat("openai/gpt-5", "Hi", timeout=5.0)
        reply = client.chat([FLASH, "openai/gpt-5"], "Hi", timeout=5.0)
    assert reply.provider == "openai" and [note.code for note in reply.notes] == ["fell_back"]
    assert "limit_reached" in reply.notes[0].message


def test_what_a_reply_says_is_left_lowers_what_goes_out(sim: Simulator) -> None:
    class Tells:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def open(self, request: Any, **times: Any) -> Any:
            from msgspec.structs import replace

            reply = self._inner.open(request, **times)
            more = (
                (b"x-ratelimit-limit-requests", b"2"),
                (b"x-ratelimit-remaining-requests", b"0"),
                (b"x-ratelimit-reset-requests", b"20s"),
            )
            reply.head = replace(reply.head, headers=(*reply.head.headers, *more))
            return reply

        def close(self) -> None:
            self._inner.close()

    for learn, waits in ((True, True), (False, False)):
        before = sim.clock.elapsed
        with sim.client(limits={"learn": learn}) as client:
            client._services.transport = Tells(sim.transport)
            for _ in range(3):
                client.chat("openai/gpt-5", "Hi")
        assert (sim.clock.elapsed - before > 9) is waits


def test_the_urgent_go_first(sim: Simulator) -> None:
    async def run() -> list[str]:
        done: list[str] = []

        async def ask(client: Any, name: str, priority: int) -> None:
            await client.chat(FLASH, name, priority=priority)
            done.append(name)

        async with sim.async_client(limits={"requests_per_second": 1}) as client:
            await client.chat(FLASH, "first")
            names = [("late", 0), ("later", 0), ("urgent", 5)]
            await asyncio.gather(*[ask(client, name, priority) for name, priority in names])
        return done

    assert asyncio.run(run()) == ["urgent", "late", "later"]


def test_a_stream_that_is_left_or_forgotten_gives_its_place_back(sim: Simulator) -> None:
    with sim.client(limits={"concurrency": 1}) as client:
        stream = client.stream(FLASH, "Hi")
        next(iter(stream))
        with pytest.raises(LimitReachedError):
            client.chat(FLASH, "Hi", timeout=1.0)
        stream.close()
        client.chat(FLASH, "Hi", timeout=1.0)
        stream = client.stream(FLASH, "Hi")
        next(iter(stream))
        with pytest.warns(ResourceWarning):
            del stream
            gc.collect()
        client.chat(FLASH, "Hi", timeout=1.0)


def test_a_cancelled_call_gives_its_place_back(sim: Simulator) -> None:
    class Stuck:
        def __init__(self, inner: Any) -> None:
            self._inner = inner
            self.reached = asyncio.Event()

        async def open(self, request: Any, **times: Any) -> Any:
            self.reached.set()
            await asyncio.Event().wait()

        async def close(self) -> None:
            await self._inner.close()

    async def run() -> None:
        async with sim.async_client(limits={"concurrency": 1}) as client:
            usual = client._services.transport
            stuck = client._services.transport = Stuck(usual)
            task = asyncio.ensure_future(client.chat(FLASH, "Hi"))
            await stuck.reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            client._services.transport = usual
            await client.chat(FLASH, "Hi", timeout=1.0)

    asyncio.run(run())


def test_places_within_limits_stand_in_a_recording(sim: Simulator, tmp_path: Path) -> None:
    with sim.client(limits={"concurrency": 1}, record=tmp_path) as client:
        client.chat(FLASH, "Hi")
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert '"reserve"' in file.read_text()
