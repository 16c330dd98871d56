"""Calls for a long time, a tenth of which go wrong: does memory grow, does anything stay open?

python -m bench.soak                    200,000 calls, 200 at a time: some minutes
python -m bench.soak --calls 4000       the short form that the tests run
python -m bench.soak --kept             the same with limits, a ledger, a cache and a budget

A fifth is streamed, a few are cancelled. What is open and resident after the first fifth of the calls is laid
beside what is at the end. Exits with 1 where a bound is broken, or an answer was not what it claimed to be.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import baimo
from baimo.errors import Error

from .faulty_server import WORDS
from .memory import resident
from .runs import serving

FAULTY, STREAMED, CANCELLED = 0.1, 0.2, 0.02
"""Shares of the calls."""
FAULTS = (
    *("500", "503", "429", "429@0.01", "reset", "cut@200", "cut_after@9", "stall_after@9,0.01", "fail@300"),
    *("malformed@300", "no_end", "no_mark", "no_finish", "no_usage", "twice@99", "page", "gzip"),
    *("slow_first@0.05", "content_type", "refuse@context_too_long", "refuse@input_moderated"),
)
WARM = 0.2
GROWTH = 0.05
"""By how much memory may grow after the first fifth."""
SPARE = 8
"""Descriptors by which the two counts may differ: connections that are being made or closed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process holds at one moment."""

    calls: int
    resident: int
    descriptors: int
    tasks: int
    threads: int

    @classmethod
    def take(cls, calls: int) -> Reading:
        gc.collect()
        opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their number
        return cls(calls, resident(), opened, len(asyncio.all_tasks()), threading.active_count())

    def __str__(self) -> str:
        return (
            f"{self.calls:>8} calls  {self.resident / 1e6:7.1f} MB  {self.descriptors:>4} descriptors  "
            f"{self.tasks:>4} tasks  {self.threads} threads"
        )


@dataclass(slots=True)
class Soak:
    """The calls of one run."""

    client: baimo.AsyncClient
    calls: int
    concurrency: int
    dice: random.Random
    begun: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)
    """Answers that were not what they claimed to be."""
    readings: list[Reading] = field(default_factory=list)

    async def run(self) -> None:
        """All calls; readings in between, with every call at rest."""
        for upto in (WARM, *(WARM + (1 - WARM) * step / 4 for step in range(1, 5))):
            limit = round(self.calls * upto)
            await asyncio.gather(*(self._call_until(limit) for _ in range(self.concurrency)))
            self.readings.append(Reading.take(self.begun))

    async def _call_until(self, limit: int) -> None:
        while self.begun < limit:
            self.begun += 1
            fault = self.dice.choice(FAULTS) if self.dice.random() < FAULTY else ""
            streamed = self.dice.random() < STREAMED
            if self.dice.random() < CANCELLED:
                await self._cancelled(fault, streamed=streamed)
            else:
                await self._call(fault, streamed=streamed)

    async def _cancelled(self, fault: str, *, streamed: bool) -> None:
        task = asyncio.ensure_future(self._call(fault, streamed=streamed))
        asyncio.get_running_loop().call_later(self.dice.random() * 0.05, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            self.ended["cancelled"] += 1

    async def _call(self, fault: str, *, streamed: bool) -> None:
        headers = {"x-baimo-fault": fault} if fault else {}
        try:
            if streamed:
                async with self.client.stream("openai/gpt-4o-mini", "Hi", headers=headers) as stream:
                    async for _ in stream:
                        pass
                response = stream.response
            else:
                response = await self.client.chat("openai/gpt-4o-mini", "Hi", headers=headers)
        except Error as error:
            self.ended[error.code] += 1
            if not fault:
                self.lies.append(f"without a fault: {error}")
        else:
            self.ended["answered"] += 1
            if response.text != WORDS:
                self.lies.append(f"{fault}: {len(response.text)} characters given as an answer")


def complaints(soak: Soak) -> list[str]:
    """A line for every bound that is broken."""
    warm, last = soak.readings[0], soak.readings[-1]
    lines = soak.lies[:5]
    growth = last.resident / warm.resident - 1
    if growth >= GROWTH:
        lines.append(f"memory grew by {growth:.1%}, {GROWTH:.0%} is the bound")
    if last.descriptors > warm.descriptors + SPARE:
        lines.append(f"descriptors grew from {warm.descriptors} to {last.descriptors}")
    if last.tasks > 1:
        lines.append(f"{last.tasks - 1} tasks are left")
    if last.threads > warm.threads:
        lines.append(f"threads grew from {warm.threads} to {last.threads}")
    if sum(soak.ended.values()) != soak.calls:
        lines.append(f"of {soak.calls} calls {sum(soak.ended.values())} ended")
    return lines


async def soaked(origin: str, calls: int, concurrency: int, seed: int, kept: Path | None = None) -> Soak:
    """A run against a server that is there; with a folder, by a client that keeps what it can in it."""
    provider = {"base_url": f"{origin}/v1", "api_key": "sk-fake-0000000000000000000000001234"}
    config: dict[str, Any] = {"providers": {"openai": provider}}
    if kept is not None:
        config |= {
            "limits": {"requests_per_minute": 10_000_000, "concurrency": 1000},
            "ledger": {"path": str(kept / "ledger.db")},
            "cache": {"store": str(kept / "answers.db"), "on": False},
            "budgets": {"all": {"amount": "1000000000 USD", "per": "run"}},
            "facts": {"openai/gpt-4o-mini": {"max_output": 100}},
        }
    async with baimo.AsyncClient(config=config, max_retries=1) as client:
        soak = Soak(client, calls, concurrency, random.Random(seed))
        await soak.run()
    await asyncio.sleep(0)
    soak.readings.append(Reading.take(soak.begun))
    return soak


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--concurrency", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", action="store_true")
    chosen = parser.parse_args(arguments)
    began, cpu = time.monotonic(), time.process_time()
    with serving([sys.executable, "-m", "bench.faulty_server"]) as origin, TemporaryDirectory() as folder:
        kept = Path(folder) if chosen.kept else None
        soak = asyncio.run(soaked(origin, chosen.calls, chosen.concurrency, chosen.seed, kept))
    seconds, cpu_s = time.monotonic() - began, time.process_time() - cpu
    print(f"{chosen.calls} calls, {chosen.concurrency} at a time: {seconds:.0f} s, {cpu_s:.0f} s of CPU")
    for reading in soak.readings:
        print(reading)
    print(", ".join(f"{count} {word}" for word, count in soak.ended.most_common()))
    broken = complaints(soak)
    for line in broken:
        print(f"broken: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
