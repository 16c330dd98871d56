"""The simulator as tests use it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo import testing
from baimo.errors import ConfigError, InputError
from baimo.testing import Fault, Reply, Simulator, VirtualClock, Why, scripts
from baimo.testing.plugin import baimo_simulator
from tests.house import sources

__all__ = ["baimo_simulator"]

MODEL = "openai/gpt-4o"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("openai", "hunyuan") as simulator:
        yield simulator


def text(sim: Simulator, model: str = MODEL, **more: Any) -> str:
    with sim.client(max_retries=0) as client:
        return client.chat(model, "Hi", **more).text


def test_the_public_names_are_these() -> None:
    names = {
        "FAULTS",
        "Fault",
        "Rate",
        "Received",
        "RefusedError",
        "ReplayResult",
        "Reply",
        "Simulator",
        "VirtualClock",
        "Why",
        "areplay",
        "replay",
    }
    assert set(testing.__all__) == {*names, "scripts"}
    assert dir(testing) == sorted(testing.__all__)
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Mock'"):
        testing.Mock  # noqa: B018 - reading it is the test


def test_a_minute_of_outage_takes_no_time(sim: Simulator) -> None:
    sim.reply("at last")
    sim.fault("429@60", times=1)
    with sim.client() as client:
        assert client.chat(MODEL, "Hi").text == "at last"
    assert sim.clock.elapsed == 60.0
    assert [one.outcome for one in sim.requests] == ["broken", "answered"]


def test_the_fixture_simulates_every_provider(baimo_simulator: Simulator) -> None:
    assert set(baimo_simulator.providers) >= {"openai", "deepseek", "hunyuan", "pangu", "spark", "ollama"}
    assert text(baimo_simulator, "deepseek/deepseek-flash") == "Hi"


def test_answers_are_fixed_in_turn_or_made(sim: Simulator) -> None:
    sim.reply("one")
    assert [text(sim), text(sim)] == ["one", "one"]
    sim.reply("two", Reply(text="three"))
    assert [text(sim), text(sim), text(sim)] == ["two", "three", "three"]
    sim.reply(Reply(text="four"))
    assert text(sim) == "four"
    sim.script(lambda request: f"{request.model}!")
    assert text(sim) == "gpt-4o!"
    sim.script("echo")
    assert text(sim) == "Hi"
    sim.script(scripts.fixed("five"))
    assert text(sim) == "five"
    with pytest.raises(InputError, match="reasoning"):
        sim.script("raisoning")


def test_refusals_are_asked_for_by_their_name(sim: Simulator) -> None:
    sim.refuse("over_quota", times=1)
    sim.refuse(Why.OVER_RATE, provider="hunyuan")
    with pytest.raises(baimo.QuotaError):
        text(sim)
    assert text(sim) == "Hi"
    with pytest.raises(baimo.RateLimitedError):
        text(sim, "hunyuan/hy3-preview")
    with pytest.raises(ValueError, match="over_there"):
        sim.refuse("over_there")


def test_faults_and_limits_that_cannot_be_are_refused_at_once(sim: Simulator) -> None:
    sim.fault(Fault("500"), skip=1, provider="openai", operation="chat")
    assert text(sim) == "Hi"
    with pytest.raises(baimo.ServerError):
        text(sim)
    with pytest.raises(InputError, match="no fault"):
        sim.fault("cats")
    with pytest.raises(InputError, match="probability"):
        sim.fault("500", probability=2)
    with pytest.raises(InputError, match="per_hour"):
        sim.rate(per_hour=1)
    for wrong in (
        lambda: sim.fault("500", provider="spark"),
        lambda: sim.refuse("over_quota", provider="spark"),
        lambda: sim.rate(provider="spark"),
        lambda: sim.config_for({"spark": "socket"}),
        lambda: sim.origin_of("spark"),
        lambda: sim.credentials_of("spark"),
        lambda: sim.endpoints("spark"),
    ):
        with pytest.raises(ConfigError, match="not simulated"):
            wrong()


def test_credentials_may_be_ones_own() -> None:
    with Simulator("openai", credentials={"openai": {"api_key": "fake-mine"}}) as sim:
        assert sim.credentials_of("openai") == {"api_key": "fake-mine"}
        assert text(sim) == "Hi"
        with (
            sim.client(keys={"openai": "fake-other"}, max_retries=0) as client,
            pytest.raises(baimo.AuthError),
        ):
            client.chat(MODEL, "Hi")
    with pytest.raises(InputError, match="no credential"):
        Simulator("spark", credentials={"spark": {"password": "x"}})


def test_the_configuration_leads_to_the_endpoint_that_is_named(sim: Simulator) -> None:
    assert sim.endpoints("hunyuan") == ("tokenhub", "compatible", "native")
    assert sim.config["providers"]["hunyuan"]["endpoint"] == "tokenhub"
    assert "secret_id" in sim.config_for({"hunyuan": "native"})["providers"]["hunyuan"]
    there = sim.config_for({"hunyuan": "native"}, loopback=True)["providers"]["hunyuan"]
    assert there["base_url"] == sim.origin_of("hunyuan")
    with pytest.raises(ConfigError, match="no endpoint"):
        sim.config_for({"hunyuan": "foreign"})


def test_a_clock_that_is_wrong_is_told_by_the_provider(sim: Simulator) -> None:
    late = VirtualClock(wall=sim.clock.wall() - 900)
    with (
        sim.client(clock=late, endpoints={"hunyuan": "native"}, max_retries=0) as client,
        pytest.raises(baimo.AuthError),
    ):
        client.chat("hunyuan/hunyuan-lite", "Hi")
    assert sim.last.why is Why.SKEWED_CLOCK


def test_what_came_last_is_told_or_that_nothing_came(sim: Simulator) -> None:
    with pytest.raises(LookupError, match="nothing"):
        _ = sim.last
    text(sim, temperature=0.3)
    assert sim.last.chat.temperature == 0.3
    assert sim.last.json["temperature"] == 0.3  # type: ignore[index]
    assert (sim.last.number, sim.last.caller, sim.last.output) == (1, "…1234", "Hi")


def test_nothing_listens_until_an_address_is_asked_for(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    plain = socket.socket.bind
    monkeypatch.setattr(socket.socket, "bind", lambda *args: made.append(args) or plain(*args))
    text(sim)
    sim.stop()
    assert made == []
    assert sim.start() is sim
    assert len(made) == 1
    port = sim.port_of("openai")
    sim.stop()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
    assert text(sim) == "Hi"


async def test_both_clients_are_there(sim: Simulator) -> None:
    async with sim.async_client() as client:
        assert (await client.chat(MODEL, "Hi")).text == "Hi"
    async with sim.async_client(endpoints={"hunyuan": "native"}) as client:
        assert (await client.chat("hunyuan/hunyuan-lite", "Hi")).text == "Hi"


@pytest.mark.parametrize("page", ["docs/testing.md", "docs/zh/testing.md"])
def test_every_fault_and_every_script_stands_in_the_manual(page: str) -> None:
    manual = sources.texts()[page]
    for kind in testing.FAULTS.values():
        written = f"{kind.name}@{kind.argument}" if kind.argument else kind.name
        means = kind.means_zh if "zh" in page else kind.means
        assert any(line.startswith(f"| `{written}` |") and means in line for line in manual.splitlines())
    for name in scripts.BY_NAME:
        assert f'"{name}"' in manual


def test_the_examples_of_the_manual_run(tmp_path: Path) -> None:
    from tests.docs.pages import blocks

    for page in ("docs/testing.md", "docs/zh/testing.md"):
        for code in blocks(page, "python"):
            names: dict[str, Any] = {}
            exec(compile(code, page, "exec"), names)
            test = names.get("test_my_bot_waits_and_tries_again")
            if test is not None:
                with Simulator() as sim:
                    test(sim)
