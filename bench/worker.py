"""The process under measure: does one job with one client and prints its figures as JSON.

    python -m bench.worker CLIENT JOB ORIGIN SIZE [uvloop] [turns]

CLIENT is a module of `bench.clients`. CPU is user and system time of this process alone.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any

from bench import memory

ANSWER = 600
CHUNK = 30
BLOCK = 500
_SOCKET_FRAMES = 20_000
WARM = 200
"""Calls before the measured ones: connections, caches and the interpreter's own adaptation."""
TURNS = 10
"""The parts of a job that is done in turns."""

Found = dict[str, float]


class WrongAnswer(Exception):  # noqa: N818 - it says what it is
    """A client gave other text than the server sent."""


def _check(found: int, expected: int) -> None:
    if found != expected:
        raise WrongAnswer(f"{found} characters in place of {expected}")


def _run(main: Coroutine[Any, Any, Found]) -> Found:
    if "uvloop" in sys.argv:
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)


async def _at_once(count: int, limit: int, one: Callable[[], Awaitable[None]]) -> None:
    """Do `one` `count` times, `limit` at a time."""
    todo = iter(range(count))

    async def work() -> None:
        for _ in todo:
            await one()

    await asyncio.gather(*[work() for _ in range(limit)])


def _spent(it: Any) -> float:
    """CPU of this process so far, once a client has done all that it does in the background."""
    finish = getattr(it, "finish", None)
    if finish is not None:
        finish()
    return time.process_time()


def _cpu(it: Any, began: float, count: int) -> Found:
    """CPU since then, for each of so many."""
    return {"cpu_us": (_spent(it) - began) / count * 1e6}


def _parts(count: int) -> Iterator[int]:
    """So many at once; or, where others are measured beside us, in parts: each is done when we are told to
    go on, and all together are measured.
    """
    if "turns" not in sys.argv:
        yield count
        return
    for done in range(TURNS):
        print("turn", flush=True)
        if not sys.stdin.readline():
            sys.exit("nobody tells us to go on")
        yield count * (done + 1) // TURNS - count * done // TURNS


def sync(client: Any, origin: str, calls: int) -> Found:
    """Calls one after another."""
    with client.Sync(f"{origin}/v1") as it:
        for _ in range(WARM):
            _check(it.call(), ANSWER)
        began = _spent(it)
        for part in _parts(calls):
            for _ in range(part):
                _check(it.call(), ANSWER)
        return _cpu(it, began, calls)


def async_(client: Any, origin: str, calls: int) -> Found:
    """Calls one after another."""

    async def main() -> Found:
        async with client.Async(f"{origin}/v1") as it:
            for _ in range(WARM):
                _check(await it.call(), ANSWER)
            began = _spent(it)
            for _ in range(calls):
                _check(await it.call(), ANSWER)
            return _cpu(it, began, calls)

    return _run(main())


def many(client: Any, origin: str, calls: int) -> Found:
    """Calls, 200 in flight."""

    async def main() -> Found:
        async with client.Async(f"{origin}/v1") as it:

            async def one() -> None:
                _check(await it.call(), ANSWER)

            await _at_once(3 * WARM, 200, one)
            began = _spent(it)
            for part in _parts(calls):
                await _at_once(part, 200, one)
            return _cpu(it, began, calls)

    return _run(main())


def burst(client: Any, origin: str, streams: int) -> Found:
    """Streams of 500 chunks that come at once, one after another."""

    async def main() -> Found:
        async with client.Async(f"{origin}/v1") as it:
            for _ in range(2):
                _check(await it.stream(), BLOCK * CHUNK)
            began = _spent(it)
            for part in _parts(streams):
                for _ in range(part):
                    _check(await it.stream(), BLOCK * CHUNK)
            return _cpu(it, began, streams * BLOCK)

    return _run(main())


def burst_sync(client: Any, origin: str, streams: int) -> Found:
    """As `burst`, blocking."""
    with client.Sync(f"{origin}/v1") as it:
        for _ in range(2):
            _check(it.stream(), BLOCK * CHUNK)
        began = _spent(it)
        for part in _parts(streams):
            for _ in range(part):
                _check(it.stream(), BLOCK * CHUNK)
        return _cpu(it, began, streams * BLOCK)


def live(client: Any, origin: str, chunks: int) -> Found:
    """100 streams at once: the first chunk after 200 ms, then one every 20 ms."""

    async def main() -> Found:
        async with client.Async(f"{origin}/delay-200/gap-20/chunks-{chunks}/v1") as it:

            async def warm() -> None:
                _check(await it.call(), ANSWER)

            async def one() -> None:
                _check(await it.stream(), chunks * CHUNK)

            await _at_once(100, 100, warm)
            began = time.process_time()
            await _at_once(100, 100, one)
            return {"cpu_us": (time.process_time() - began) / (100 * chunks) * 1e6}

    return _run(main())


def socket(client: Any, origin: str, frames: int) -> Found:
    """WebSocket streams of so many frames, which come 100 at once, one stream after another."""

    async def main() -> Found:
        async with client.Async(f"{origin}/chunks-{frames}") as it:
            for _ in range(5):
                _check(await it.stream(), frames * CHUNK)
            streams = _SOCKET_FRAMES // frames
            began = time.process_time()
            for _ in range(streams):
                _check(await it.stream(), frames * CHUNK)
            return {"cpu_us": (time.process_time() - began) / (streams * frames) * 1e6}

    return _run(main())


def socket_sync(client: Any, origin: str, frames: int) -> Found:
    """As `socket`, blocking."""
    with client.Sync(f"{origin}/chunks-{frames}") as it:
        for _ in range(5):
            _check(it.stream(), frames * CHUNK)
        streams = _SOCKET_FRAMES // frames
        began = time.process_time()
        for _ in range(streams):
            _check(it.stream(), frames * CHUNK)
        return {"cpu_us": (time.process_time() - began) / (streams * frames) * 1e6}


def signing(client: Any, origin: str, requests: int) -> Found:
    """What signing adds to one request, by scheme: with it less without it, both to the bytes of the head."""
    found = Found()
    for scheme in client.MODELS:
        it = client.Signing(scheme, requests)
        took = {it.signed: 0.0, it.unsigned: 0.0}
        for round_ in range(6):
            for run in took:
                began = time.process_time()
                size = run()
                took[run] += time.process_time() - began if round_ else 0.0
                if size < 100 * requests:
                    raise WrongAnswer(f"heads of {size} bytes")
        found[scheme] = (took[it.signed] - took[it.unsigned]) / (5 * requests) * 1e6
    return found


def long_stream(client: Any, origin: str, chunks: int) -> Found:
    """What one stream of so many chunks adds to memory at its peak, after streams of 500."""

    async def main() -> Found:
        async with client.Async(f"{origin}/v1") as it:
            for _ in range(20):
                _check(await it.stream(), BLOCK * CHUNK)
        async with client.Async(f"{origin}/chunks-{chunks}/v1") as it:
            # Where a client can let go of what it gave, that is what a caller who keeps nothing asks for.
            return await _growth(getattr(it, "stream_unkept", it.stream), chunks * CHUNK)

    return _run(main())


async def _growth(do: Callable[[], Awaitable[int]], expected: int) -> Found:
    gc.collect()
    before = memory.resident()
    memory.forget_peak()
    _check(await do(), expected)
    return {"growth_mb": max(0, memory.peak() - before) / 1e6}


def map_(client: Any, origin: str, inputs: int) -> Found:
    """What so many inputs add to memory at the peak beside results, after 200 inputs."""
    with client.Sync(f"{origin}/v1") as it:
        _check(it.map(["Hi"] * 200), 200 * ANSWER)
        gc.collect()
        before = memory.resident()
        memory.forget_peak()
        _check(it.map(["Hi"] * inputs), inputs * ANSWER)
        return {"growth_mb": max(0, memory.peak() - before) / 1e6}


def throughput(client: Any, origin: str, calls: int) -> Found:
    """Calls of 200 ms, 200 at a time: the share of the ideal in %, and the latency of 99 in 100."""

    async def main() -> Found:
        taken: list[float] = []
        async with client.Async(f"{origin}/delay-200/v1") as it:

            async def one() -> None:
                began = time.perf_counter()
                _check(await it.call(), ANSWER)
                taken.append(time.perf_counter() - began)

            await _at_once(200, 200, one)
            taken.clear()
            began = time.perf_counter()
            await _at_once(calls, 200, one)
            wall = time.perf_counter() - began
        taken.sort()
        return {"of_ideal": calls / 200 * 0.2 / wall * 100, "p99_ms": taken[int(calls * 0.99)] * 1000}

    return _run(main())


def cancel_calls(client: Any, origin: str, calls: int) -> Found:
    """Sockets open at the server 40 ms after calls were cancelled, and how many of the next 100 are right."""
    return _run(_cancel(client, origin, calls, lambda it: it.call(), "/delay-1000"))


def cancel_streams(client: Any, origin: str, streams: int) -> Found:
    """As `cancel_calls`, for streams that have begun."""
    return _run(_cancel(client, origin, streams, lambda it: it.stream(), "/delay-100/gap-20/chunks-200"))


async def _cancel(
    client: Any, origin: str, count: int, begin: Callable[[Any], Awaitable[int]], path: str
) -> Found:
    async with client.Async(f"{origin}{path}/v1") as it:
        _check(await it.call(), ANSWER)
        tasks = [asyncio.ensure_future(begin(it)) for _ in range(count)]
        for _ in range(70):
            await asyncio.sleep(0.01)
            if (held := _open_connections(origin)) == count:
                break
        else:
            raise WrongAnswer(f"{held} connections for {count} at once")
        await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.04)
        still_open = _open_connections(origin)
        await asyncio.gather(*tasks, return_exceptions=True)
        answers = await asyncio.gather(*[it.call() for _ in range(100)], return_exceptions=True)
    return {"open": still_open, "right": sum([answer == ANSWER for answer in answers])}


def _open_connections(origin: str) -> int:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{origin}/open") as reply:
        return int(reply.read())


def chunks(client: Any, origin: str, count: int) -> Found:
    """What a streamed chunk of each dialect costs beside typed `msgspec` decoding of its JSON.

    Under a dialect's name the ratio of its costliest kind of chunk. `framed` is what the one whose frames are
    binary adds, in µs; `read` the worst ratio to the smallest reader of a wire with that decoding.
    """
    from bench.chunks import costs

    found = Found()
    worst = 0.0
    for dialect, kinds in costs(count, rounds=3).items():
        worst = max(worst, *[cost.to_read for cost in kinds])
        found[dialect] = max([cost.to_bare for cost in kinds])
        if dialect == "bedrock_converse":
            found["framed"] = max([cost.more for cost in kinds])
    found["read"] = worst
    return found


JOBS: dict[str, Callable[[Any, str, int], Found]] = {
    "sync": sync,
    "async": async_,
    "many": many,
    "burst": burst,
    "burst_sync": burst_sync,
    "live": live,
    "socket": socket,
    "socket_sync": socket_sync,
    "signing": signing,
    "chunks": chunks,
    "on_sync": sync,
    "on_many": many,
    "on_burst": burst,
    "on_burst_sync": burst_sync,
    "routed_sync": sync,
    "routed_many": many,
    "metered_sync": sync,
    "metered_many": many,
    "read_sync": sync,
    "long_stream": long_stream,
    "map": map_,
    "throughput": throughput,
    "cancel_calls": cancel_calls,
    "cancel_streams": cancel_streams,
}


def main(arguments: Iterable[str]) -> None:
    client, job, origin, size, *_ = arguments
    found = JOBS[job](importlib.import_module(f"bench.clients.{client}"), origin, int(size))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
