"""Processes that share limits through a real Redis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from baimo.errors import LimitReachedError
from tests.limiting.keepers import shared, step

PROGRAM = Path(__file__).with_name("consumer.py")


@contextmanager
def consumers(count: int, *arguments: str) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes that say they are ready."""
    started = [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate(timeout=10)


def granted_together(store: str, prefix: str, limit: int, seconds: float) -> list[list[float]]:
    """When four processes that want all they can get were granted what."""
    with consumers(4, "rate", store, prefix, str(limit), str(seconds)) as processes:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        times = []
        for process in processes:
            assert process.stdout is not None
            times.append([float(at) for at in process.stdout.readline().split()])
        return times


def most_within(times: list[float], length_s: float) -> int:
    """The most that came within any span of that length."""
    times = sorted(times)
    first = most = 0
    for last, at in enumerate(times):
        while times[first] <= at - length_s:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.parametrize(
    ("limit", "seconds"), [(50, 3), pytest.param(100, 10, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_four_processes_keep_one_limit_together(store: str, prefix: str, limit: int, seconds: int) -> None:
    by_process = granted_together(store, prefix, limit, seconds)
    together = [at for times in by_process for at in times]
    most = most_within(together, seconds)
    print(f"granted {[len(times) for times in by_process]}, most in {seconds} s: {most}")
    assert most <= limit * seconds * 1.02
    assert len(together) >= limit * seconds * 0.9
    assert all(times for times in by_process)


def test_a_killed_process_gives_its_places_back_and_a_living_one_keeps_them(store: str, prefix: str) -> None:
    limiter = shared(store, prefix, lease_s=1.0)
    with consumers(1, "hold", store, prefix, "2") as (process,):
        with pytest.raises(LimitReachedError):
            limiter.reserve(step("k", concurrency=2, within_s=2.5))
        process.kill()
        receipt = limiter.reserve(step("k", concurrency=2, within_s=5.0))
        assert receipt.waited_s < 2.0
    limiter.close()
