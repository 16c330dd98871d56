"""Conversations of three turns, streamed, with every simulated provider: blocking, on asyncio, over loopback,
from the command line; with a script and with a real model that answers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baimo import AsyncClient, Client, Message
from baimo.simulator.faces import names
from baimo.simulator.scripts import backed
from baimo.testing import Simulator
from tests.local.weights import baimo_home, data_home
from tests.spoken import MODELS, conversations, model_of, one_a_dialect

__all__ = ["baimo_home", "data_home"]

SOURCE = Path(__file__).parents[2] / "src"
TURNS = ("My name is 小明.", "What is my name?", "Say it once more, please.")
PLACE = ("provider", "endpoint")
EACH = pytest.mark.parametrize(PLACE, conversations())
ONE_A_DIALECT = pytest.mark.parametrize(PLACE, one_a_dialect())
REACHED = pytest.mark.parametrize("on", ["in_process", "loopback"])


def remembering(sim: Simulator) -> None:
    """A script that shows how much of the conversation it was told."""
    sim.script(
        lambda request: (
            f"Turn {sum(message.role == 'user' for message in request.messages)}, and before it "
            f"{sum(message.role == 'assistant' for message in request.messages)} answers. 好的。"
        )
    )


EXPECTED = [f"Turn {turn}, and before it {turn - 1} answers. 好的。" for turn in (1, 2, 3)]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def blocking(sim: Simulator, provider: str, endpoint: str, on: str) -> Client:
    if on == "loopback":
        return Client(config=sim.config_for({provider: endpoint}, loopback=True), max_retries=0)
    return sim.client(endpoints={provider: endpoint}, max_retries=0)


def concurrent(sim: Simulator, provider: str, endpoint: str, on: str) -> AsyncClient:
    if on == "loopback":
        return AsyncClient(config=sim.config_for({provider: endpoint}, loopback=True), max_retries=0)
    return sim.async_client(endpoints={provider: endpoint}, max_retries=0)


def talk(client: Client, model: str, limit: int | None = None) -> list[list[str]]:
    """The pieces of three answers of so many tokens."""
    messages: list[Message] = []
    answers = []
    for words in TURNS:
        messages.append(Message(role="user", content=words))  # type: ignore[arg-type]
        with client.stream(model, messages, max_tokens=limit) as stream:
            answers.append(list(stream.text))
        assert stream.response.ended == "complete"
        messages.append(stream.response.message)
    return answers


async def talk_async(client: AsyncClient, model: str) -> list[list[str]]:
    messages: list[Message] = []
    answers = []
    for words in TURNS:
        messages.append(Message(role="user", content=words))  # type: ignore[arg-type]
        async with client.stream(model, messages) as stream:
            answers.append([piece async for piece in stream.text])
        messages.append(stream.response.message)
    return answers


def test_every_face_is_talked_to() -> None:
    assert {name.partition(" ")[0] for name in MODELS} == set(names())
    assert {provider for provider, _ in conversations()} == set(names())


def converse(sim: Simulator, provider: str, endpoint: str, on: str) -> None:
    remembering(sim)
    with blocking(sim, provider, endpoint, on) as client:
        answers = talk(client, model_of(provider, endpoint))
    assert ["".join(pieces) for pieces in answers] == EXPECTED
    assert all(len(pieces) > 5 for pieces in answers)
    assert [one.outcome for one in sim.requests if one.operation == "chat"] == ["answered"] * 3


@EACH
def test_a_conversation_with_the_blocking_client(sim: Simulator, provider: str, endpoint: str) -> None:
    converse(sim, provider, endpoint, "in_process")


@ONE_A_DIALECT
def test_a_conversation_with_the_blocking_client_over_loopback(
    sim: Simulator, provider: str, endpoint: str
) -> None:
    converse(sim, provider, endpoint, "loopback")


@REACHED
@ONE_A_DIALECT
async def test_a_conversation_on_asyncio(sim: Simulator, provider: str, endpoint: str, on: str) -> None:
    remembering(sim)
    async with concurrent(sim, provider, endpoint, on) as client:
        answers = await talk_async(client, model_of(provider, endpoint))
    assert ["".join(pieces) for pieces in answers] == EXPECTED
    assert all(len(pieces) > 5 for pieces in answers)


Home = Callable[[Simulator, str, str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Home:
    """A folder whose configuration leads to the simulator."""

    def make(sim: Simulator, provider: str, endpoint: str) -> Path:
        table = sim.config_for({provider: endpoint}, loopback=True)["providers"][provider]
        lines = [f"[providers.{provider}]", *(f'{name} = "{value}"' for name, value in table.items())]
        (tmp_path / "baimo.toml").write_text("\n".join(lines), "utf-8")
        return tmp_path

    return make


@ONE_A_DIALECT
def test_a_conversation_from_the_command_line(
    sim: Simulator, folder: Home, provider: str, endpoint: str
) -> None:
    remembering(sim)
    here = folder(sim, provider, endpoint)
    done = subprocess.run(
        [sys.executable, "-m", "baimo", "chat", "-m", model_of(provider, endpoint)],
        input="\n".join(TURNS) + "\n",
        capture_output=True,
        encoding="utf-8",
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "BAIMO_HOME": str(here), "BAIMO_LANG": "en"},
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.strip()]
    assert said == EXPECTED


@pytest.fixture
def real(
    baimo_home: Path, data_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[backed]:
    """A script behind which a real model answers."""
    monkeypatch.setenv("BAIMO_HOME", str(baimo_home))
    monkeypatch.chdir(tmp_path)
    with Client() as client:
        yield backed(client, "local/smollm2", max_tokens=6)


@ONE_A_DIALECT
def test_a_conversation_with_a_real_model_behind_the_provider(
    sim: Simulator, real: backed, provider: str, endpoint: str
) -> None:
    """The limit is said with each call, for a wire may require one: the script's own would not count."""
    sim.script(real)
    with blocking(sim, provider, endpoint, "in_process") as client:
        answers = talk(client, model_of(provider, endpoint), limit=6)
    assert all("".join(pieces).strip() and len(pieces) > 1 for pieces in answers)


@REACHED
@pytest.mark.parametrize(("provider", "endpoint"), [("deepseek", "chat"), ("spark", "socket")])
async def test_a_real_model_behind_the_provider_on_asyncio(
    sim: Simulator, real: backed, provider: str, endpoint: str, on: str
) -> None:
    sim.script(real)
    async with concurrent(sim, provider, endpoint, on) as client:
        answers = await talk_async(client, model_of(provider, endpoint))
    assert all("".join(pieces).strip() and len(pieces) > 1 for pieces in answers)
