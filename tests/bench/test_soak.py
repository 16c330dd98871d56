"""The soak in its short form, and what it calls broken."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys

import pytest

import baimo
from baimo.simulator.faults import parse_fault
from bench.soak import FAULTS, Reading, Soak, complaints
from tests.house import sources

MB = 1_000_000


def soak(*readings: Reading, lies: tuple[str, ...] = (), answered: int = 10) -> Soak:
    made = Soak(baimo.AsyncClient(config={}), 10, 2, random.Random(0))
    made.readings.extend(readings)
    made.lies.extend(lies)
    made.ended["answered"] = answered
    return made


WARM = Reading(calls=2, resident=100 * MB, descriptors=20, tasks=1, threads=1)


def test_what_stays_as_it_was_is_good() -> None:
    last = Reading(calls=10, resident=104 * MB, descriptors=25, tasks=1, threads=1)
    assert complaints(soak(WARM, last)) == []


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (Reading(calls=10, resident=106 * MB, descriptors=20, tasks=1, threads=1), "memory grew by 6.0%"),
        (Reading(calls=10, resident=100 * MB, descriptors=40, tasks=1, threads=1), "descriptors grew"),
        (Reading(calls=10, resident=100 * MB, descriptors=20, tasks=2, threads=1), "1 tasks are left"),
        (Reading(calls=10, resident=100 * MB, descriptors=20, tasks=1, threads=3), "threads grew"),
    ],
)
def test_what_grows_is_named(last: Reading, says: str) -> None:
    (line,) = complaints(soak(WARM, last))
    assert says in line


def test_a_call_that_never_ended_and_an_answer_that_is_none_are_named() -> None:
    lines = complaints(soak(WARM, WARM, lies=("cut@200: 40 characters given as an answer",), answered=9))
    assert len(lines) == 2


def test_every_fault_of_the_soak_is_one() -> None:
    assert all(str(parse_fault(text)) == text for text in FAULTS)


def test_a_reading_counts_this_process() -> None:
    async def drive() -> Reading:
        return Reading.take(7)

    reading = asyncio.run(drive())
    assert (reading.calls, reading.tasks) == (7, 1)
    assert reading.resident > MB
    assert "7 calls" in str(reading)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_thousand_calls_leave_nothing_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.soak", "--calls", "4000"],
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answered" in done.stdout
