"""A recorded call, made again: the same events at the same times, the same failures, and no secret needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baimo.client.clock import REAL_CLOCK
from baimo.client.driving import Driver, Services
from baimo.errors import BudgetError, ConfigError, LimitReachedError, RateLimitedError, TimedOutError
from baimo.exchange import Deployment
from baimo.resilience.budget import RetryBudget
from baimo.routing.health import HealthBook
from baimo.rules import Rules
from baimo.steps import Reserve
from baimo.testing import Simulator, areplay, replay
from baimo.transports.aio import AioTransport
from baimo.transports.recorded import Granted, read_recording
from baimo.transports.sync import SyncTransport
from baimo.types.limits import Claim, Receipt, Settlement
from tests.recordings import Caller, Recorded, arecorded, recorded

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
    assert now.took_s == pytest.approx(was.took_s)
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


@pytest.mark.parametrize("model", [GPT, "spark/lite"])
@pytest.mark.parametrize("fault", [None, "cut@700"])
async def test_over_real_sockets_too(model: str, fault: str | None, tmp_path: Path) -> None:
    with Simulator() as sim:
        sim.reply("Hello to the world, and to everybody in it.")
        if fault is not None:
            sim.fault(fault)
        options: dict[str, Any] = {"clock": REAL_CLOCK, "client": {"config": sim.config_for(loopback=True)}}
        sync, aio = SyncTransport(), AioTransport()
        was = recorded(sim, tmp_path / "sync", model, inner=sync, **options)
        awaited = await arecorded(sim, tmp_path / "aio", model, inner=aio, **options)
        sync.close()
        await aio.close()
    for one in (was, awaited):
        assert one.outcome == ("answered" if fault is None else "interrupted")
        now = replay(one.path)
        assert now.differences == ()
        assert list(now.events) == one.events
        assert now.times == pytest.approx(one.times, abs=0.05)


async def test_either_driver_replays_what_the_other_one_recorded(tmp_path: Path) -> None:
    sim, models, options = prepared("a cut stream")
    was = recorded(sim, tmp_path, *models, **options)
    check(was, await areplay(was.path))
    assert replay(was.path).text.startswith("Hello")


TWO = (GPT, "deepseek/deepseek-flash")


def test_what_was_known_of_deployments_then_is_known_again(tmp_path: Path) -> None:
    """The first deployment was cooling down when the call was made; a fresh book would have asked it."""
    sim, _, _ = prepared("a good stream")
    health = HealthBook()
    name = ("openai", "chat", "", "gpt-5")
    health.began(name, sim.clock.mono(), 1)
    health.failed(name, RateLimitedError("slow down", retry_after=60.0), sim.clock.mono())
    was = recorded(sim, tmp_path, *TWO, rules=Rules(health=health))
    assert read_recording(was.path).record.attempts[0].provider == "deepseek"
    now = replay(was.path)
    check(was, now)
    assert now.attempts == (("deepseek/deepseek-flash at chat", None),)


def test_a_retry_that_others_left_no_room_for_is_not_made_again(tmp_path: Path) -> None:
    sim, _, _ = prepared("a refusal")
    budget = RetryBudget()
    for other in "abc":
        budget.begin(other)
        assert budget.may_retry(other)
    was = recorded(sim, tmp_path, GPT, rules=Rules(together=budget))
    assert len(sim.requests) == 1
    now = replay(was.path)
    check(was, now)
    assert now.requests == 1


class Poor:
    """A purse that one provider is too dear for."""

    def cost(self, at: Deployment, wall: float) -> float | None:
        return {"openai": 1.0, "deepseek": 2.0}[at.provider]

    def check(self, at: Deployment, wall: float) -> None:
        if at.provider == "openai":
            raise BudgetError("too dear")

    def take(self, at: Deployment, wall: float) -> None:
        """Nothing is needed of it."""

    def failed(self, *, billed: bool) -> None:
        """Nothing is needed of it."""


def test_what_could_not_be_paid_is_not_paid_again(tmp_path: Path) -> None:
    sim, _, _ = prepared("a good stream")
    was = recorded(sim, tmp_path, *TWO, rules=Rules(purse=Poor(), strategy="cheapest"))
    assert [one.provider for one in read_recording(was.path).record.attempts] == ["deepseek"]
    check(was, replay(was.path))


class Second:
    """A limiter that has a place for the second deployment only, and later for none."""

    def __init__(self) -> None:
        self.settled = 0

    def reserve(self, step: Reserve) -> Receipt:
        if len(step.claims) < 2:
            raise LimitReachedError("no room")
        return Receipt(1, 0.5)

    def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        self.settled += 1

    def release(self, receipt: Receipt) -> None:
        """Nothing is needed of it."""

    def close(self) -> None:
        """Nothing is needed of it."""


@pytest.mark.parametrize("models", [TWO, (GPT,)], ids=["a place", "none"])
def test_a_place_within_limits_is_the_same_one(models: tuple[str, ...], tmp_path: Path) -> None:
    sim, _, _ = prepared("a good stream")
    rules = Rules(claims=lambda operation, at: Claim(holds=()), strategy="least-busy")
    was = recorded(sim, tmp_path, *models, limiter=Second(), rules=rules)
    assert len(sim.requests) == len(models) - 1
    check(was, replay(was.path))


def edited(path: Path, edit: Callable[[list[dict[str, Any]]], None]) -> Path:
    """The recording with its lines changed."""
    read = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    edit(read)
    path.write_bytes(b"\n".join(msgspec.json.encode(line) for line in read) + b"\n")
    return path


def kind(read: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [line for line in read if line["is"] == name]


def good(tmp_path: Path) -> Path:
    sim, models, options = prepared("a good stream")
    return recorded(sim, tmp_path, *models, **options).path


def test_another_request_is_told_with_its_first_difference(tmp_path: Path) -> None:
    def edit(read: list[dict[str, Any]]) -> None:
        sent = kind(read, "sent")[0]
        sent["body"] = sent["body"].replace("hello", "hallo")

    (told,) = replay(edited(good(tmp_path), edit)).differences
    assert "the body differs from the recorded one at character" in told
    assert "Say hallo to" in told and "Say hello to" in told


@pytest.mark.parametrize(
    ("what", "field", "value"),
    [("method", "method", "GET"), ("address", "origin", "http://other.test"), ("path", "target", "/v2")],
)
def test_so_is_another_address(what: str, field: str, value: str, tmp_path: Path) -> None:
    path = edited(good(tmp_path), lambda read: kind(read, "sent")[0].update({field: value}))
    result = replay(path)
    assert not result.same
    assert result.differences[0].startswith(f"the {what}")


def test_another_event_is_told_with_its_number(tmp_path: Path) -> None:
    def edit(read: list[dict[str, Any]]) -> None:
        for line in kind(read, "piece"):
            line["text"] = line.get("text", "").replace("world", "earth")

    (told,) = replay(edited(good(tmp_path), edit)).differences
    assert told.startswith("event ") and "world" in told and "earth" in told


def test_what_came_of_it_is_compared(tmp_path: Path) -> None:
    def edit(read: list[dict[str, Any]]) -> None:
        kind(read, "closed")[0]["record"]["outcome"] = "failed"
        kind(read, "closed")[0]["record"]["attempts"][0]["error"] = "server"
        kind(read, "events").clear()

    told = replay(edited(good(tmp_path), edit)).differences
    assert told[0] == "the outcome was failed, now it is answered"
    assert told[1].startswith("the attempts were openai/gpt-5 at chat (server), now they are")


def test_events_that_are_missing_are_counted(tmp_path: Path) -> None:
    def edit(read: list[dict[str, Any]]) -> None:
        read[:] = [line for line in read if line["is"] != "events"]

    (told,) = replay(edited(good(tmp_path), edit)).differences
    assert told.startswith("0 events were given, now ")


def test_another_error_and_fewer_requests_are_told(tmp_path: Path) -> None:
    sim, models, options = prepared("a refusal")
    path = recorded(sim, tmp_path, *models, **options).path

    def edit(read: list[dict[str, Any]]) -> None:
        kind(read, "came")[0]["status"] = 404

    told = replay(edited(path, edit)).differences
    assert "the error was server, now it is not_found" in told
    assert "3 requests were sent, now 1" in told


def test_an_unknown_operation_is_refused(tmp_path: Path) -> None:
    path = edited(good(tmp_path), lambda read: read[0].update({"operation": "sing"}))
    with pytest.raises(ConfigError, match="sing cannot be replayed"):
        replay(path)


def test_with_real_time_it_takes_as_long_as_it_took(tmp_path: Path) -> None:
    sim = Simulator()
    sim.reply("Hi")
    sim.timing(ttft=0.05)
    was = recorded(sim, tmp_path, GPT)
    assert replay(was.path).took_s == pytest.approx(was.took_s)
    begun = time.monotonic()
    assert replay(was.path, real_time=True).same
    assert time.monotonic() - begun >= was.took_s > 0.02


async def test_and_so_on_asyncio(tmp_path: Path) -> None:
    sim = Simulator()
    sim.reply("Hi")
    sim.timing(ttft=0.05)
    was = recorded(sim, tmp_path, GPT)
    result = await areplay(str(was.path), real_time=True)
    assert result.same and result.took_s >= was.took_s > 0.02


def test_a_token_that_another_call_fetched_need_not_be_there(tmp_path: Path) -> None:
    """The second call of a client takes what the first one fetched, and is replayed alone."""
    sim = Simulator()
    sim.reply("Hi")
    first = Caller(sim, tmp_path, "pangu/pangu-n1", id="1" * 32)
    second = Caller(sim, tmp_path, "pangu/pangu-n1", id="2" * 32)
    services = Services(sim.transport, clock=sim.clock)
    for caller in (first, second):
        services.transport = caller.call.transport(sim.transport)
        Driver(caller.steps, services).finish(caller.take)
        caller.done(None)
    fetched = [
        [one.fetched for one in read_recording(caller.call.path).lines if isinstance(one, Granted)]
        for caller in (first, second)
    ]
    assert fetched == [[True], [False]]
    assert replay(first.call.path).same and replay(first.call.path).requests == 2
    assert replay(second.call.path).same and replay(second.call.path).requests == 1


@pytest.mark.parametrize("has_fault", [True, False])
def test_a_token_that_never_came_does_not_come_again(has_fault: bool, tmp_path: Path) -> None:
    sim = Simulator()
    sim.reply("Hi")
    path = recorded(sim, tmp_path, "pangu/pangu-n1").path

    def edit(read: list[dict[str, Any]]) -> None:
        granted = kind(read, "granted")[0]
        fault = {
            "is": "fault",
            "at": 1.0,
            "kind": "TimedOutError",
            "message": "late",
            "facts": {"retryable": False},
        }
        granted.update({"fetched": False, "fault": fault})
        read[:] = [read[0], *([granted] if has_fault else []), read[-1]]
        read[-1]["record"].update({"outcome": "failed", "error": "timeout", "attempts": []})

    result = replay(edited(path, edit))
    assert result.outcome == ("failed" if has_fault else "cancelled")
    assert isinstance(result.error, TimedOutError) == has_fault
