"""A recorded call, made again: the same events at the same times, the same failures, and no secret needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baimo.errors import ConfigError
from baimo.testing import Simulator, areplay, replay
from baimo.transports.recorded import Events, read_recording
from tests.recordings import ID, Recorded, arecorded, call_record, recorded

GPT = "openai/gpt-5"


def _nothing(sim: Simulator) -> None:
    sim.timing(ttft=2.0, tokens_per_second=4.0)


def _fault(*faults: str, times: int | None = None) -> Callable[[Simulator], None]:
    def prepare(sim: Simulator) -> None:
        sim.timing(ttft=1.0, tokens_per_second=10.0)
        for fault in faults:
            sim.fault(fault, times=times)

    return prepare


CASES: dict[str, tuple[Callable[[Simulator], None], dict[str, Any]]] = {
    "a good stream": (_nothing, {}),
    "a whole answer": (_nothing, {"stream": False}),
    "a cut stream": (_fault("cut@900"), {}),
    "a stalled stream": (_fault("stall@900"), {}),
    "a 429 and then good": (_fault("429@7", times=1), {}),
    "no 429 told how long": (_fault("429", times=2), {}),
    "nobody there": (_fault("reset"), {}),
    "a refusal": (_fault("500"), {}),
    "a fallback": (_fault("503", times=3), {"models": (GPT, "deepseek/deepseek-flash")}),
    "a caller who leaves": (_nothing, {"leave_after": 3}),
    "a socket": (_nothing, {"models": ("spark/lite",)}),
    "a socket that is cut": (_fault("cut@400"), {"models": ("spark/lite",)}),
    "a signed call": (_nothing, {"models": ("hunyuan/hunyuan-lite",), "endpoints": {"hunyuan": "native"}}),
    "a project that is looked up": (_nothing, {"models": ("pangu/pangu-n1",)}),
}


def prepared(name: str) -> tuple[Simulator, tuple[str, ...], dict[str, Any]]:
    prepare, options = CASES[name]
    options = dict(options)
    sim = Simulator()
    sim.reply("Hello to the world, and to everybody in it.")
    prepare(sim)
    return sim, options.pop("models", (GPT,)), options


def check(was: Recorded, now: Any) -> None:
    assert now.differences == ()
    assert now.same
    assert now.outcome == was.outcome
    assert list(now.events) == was.events
    assert now.times == pytest.approx(was.times)
    assert type(now.error) is type(was.error)
    if was.error is not None:
        assert now.error.message == was.error.message


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_call_is_the_same_again(name: str, tmp_path: Path) -> None:
    sim, models, options = prepared(name)
    was = recorded(sim, tmp_path, *models, **options)
    check(was, replay(was.path))


@pytest.mark.parametrize("name", CASES)
async def test_and_on_asyncio(name: str, tmp_path: Path) -> None:
    sim, models, options = prepared(name)
    was = await arecorded(sim, tmp_path, *models, **options)
    check(was, await areplay(was.path))


async def test_either_driver_replays_what_the_other_one_recorded(tmp_path: Path) -> None:
    sim, models, options = prepared("a cut stream")
    was = recorded(sim, tmp_path, *models, **options)
    check(was, await areplay(was.path))
    assert replay(was.path).text.startswith("Hello")
