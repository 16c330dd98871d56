"""The simulator as a transport: time, addresses, and what is the same as on a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import baimo
from baimo.errors import ConnectError, TimedOutError, TransportError
from baimo.simulator.inprocess import SimulatedTransport
from baimo.simulator.inprocess_async import AsyncSimulatedTransport
from baimo.testing import Simulator, VirtualClock
from baimo.wire.http import HttpRequest, SocketRequest

MODEL, SPARK = "openai/gpt-4o", "spark/4.0Ultra"
LIMITS = {"connect_s": 1.0, "head_s": 1.0}


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("openai", "spark") as simulator:
        yield simulator


class Pieces:
    """A body without a length, in two pieces."""

    length = None

    def chunks(self) -> Iterator[bytes]:
        yield b'{"model": "gpt-4o", "messages": '
        yield b'[{"role": "user", "content": "Hi"}]}'


def chat(sim: Simulator, **more: Any) -> HttpRequest:
    key = sim.credentials_of("openai")["api_key"].encode()
    facts: dict[str, Any] = {
        "method": "POST",
        "origin": "http://127.0.0.1:1",
        "target": b"/v1/chat/completions",
        "headers": ((b"Authorization", b"Bearer " + key),),
        "body": b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}',
    }
    return HttpRequest(**{**facts, **more})


def test_a_reply_is_read_like_any_other(sim: Simulator) -> None:
    reply = sim.transport.open(chat(sim), **LIMITS)
    assert reply.head.status == 200
    assert b'"Hi"' in reply.read(1.0)
    assert reply.read(1.0) == b""
    reply.close()
    reply.abort()
    with pytest.raises(TransportError, match="our side"):
        reply.read(1.0)


def test_header_names_and_host_are_as_a_server_sees_them(sim: Simulator) -> None:
    body: Any = Pieces()
    sim.transport.open(chat(sim, body=body), **LIMITS).abort()
    assert sim.last.headers["host"] == "127.0.0.1:1"
    assert int(sim.last.headers["content-length"]) == len(sim.last.body)
    assert set(sim.last.headers) == {"host", "content-length", "authorization"}
    with_host = chat(sim, headers=(*chat(sim).headers, (b"Host", b"api.openai.com")))
    sim.transport.open(with_host, **LIMITS).abort()
    assert sim.last.headers["host"] == "api.openai.com"


def test_the_real_addresses_lead_here_too_and_no_others(sim: Simulator) -> None:
    with baimo.Client(
        config={}, keys={"openai": sim.credentials_of("openai")["api_key"]}, transport=sim.transport
    ) as client:
        assert client.chat(MODEL, "Hi").text == "Hi"
    assert sim.last.headers["host"] == "api.openai.com"
    for origin in ("https://elsewhere.test", "http://127.0.0.1:99"):
        with pytest.raises(ConnectError, match="no simulated provider"):
            sim.transport.open(chat(sim, origin=origin), **LIMITS)


async def test_a_closed_transport_takes_no_calls(sim: Simulator) -> None:
    transport = sim.transport
    transport.close()
    with pytest.raises(ConnectError, match="closed"):
        transport.open(chat(sim), **LIMITS)
    other = sim.async_transport
    await other.close()
    with pytest.raises(ConnectError, match="closed"):
        await other.open(chat(sim), **LIMITS)


@pytest.mark.parametrize("fault", ["slow_head@5", "stall@10"])
async def test_time_limits_strike_on_the_clock_of_the_transport(sim: Simulator, fault: str) -> None:
    request = chat(sim, headers=(*chat(sim).headers, (b"x-baimo-fault", fault.encode())))
    limit = "head" if fault.startswith("slow") else "idle"
    for clock in (VirtualClock(), VirtualClock()):
        transport = SimulatedTransport(sim._simulation, clock)
        with pytest.raises(TimedOutError) as caught:
            reply = transport.open(request, connect_s=1.0, head_s=4.0)
            while reply.read(4.0):
                continue
        assert (caught.value.limit, clock.elapsed) == (limit, 4.0)
    clock = VirtualClock()
    with pytest.raises(TimedOutError) as caught:
        answer = await AsyncSimulatedTransport(sim._simulation, clock).open(
            request, connect_s=1.0, head_s=4.0
        )
        while await answer.read(4.0):
            continue
    assert (caught.value.limit, clock.elapsed) == (limit, 4.0)


def test_the_limit_of_a_whole_call_strikes_too(sim: Simulator) -> None:
    sim.timing(tokens_per_second=1)
    sim.reply("a b c")
    with sim.client(max_retries=0, timeout=1.5) as client, pytest.raises(baimo.TimedOutError) as caught:
        client.chat(MODEL, "Hi")
    assert caught.value.limit == "total"
    assert sim.clock.elapsed == 1.5


async def test_calls_at_once_share_the_time_that_goes_by(sim: Simulator) -> None:
    sim.timing(ttft=1.0, tokens_per_second=1)
    sim.reply("a b c")
    async with sim.async_client() as client:
        answers = await asyncio.gather(*(client.chat(MODEL, "Hi") for _ in range(50)))
    assert {answer.text for answer in answers} == {"a b c"}
    assert sim.clock.elapsed == 3.0


async def test_a_cancelled_call_is_a_client_that_left(sim: Simulator) -> None:
    class Forever(VirtualClock):
        async def asleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    sim.timing(ttft=1.0)
    async with sim.async_client() as client:
        client._services.transport = AsyncSimulatedTransport(sim._simulation, Forever())
        task = asyncio.ensure_future(client.chat(MODEL, "Hi"))
        while not sim.requests:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert sim.last.outcome == "left"


async def test_a_script_that_waits_is_taken_on_a_thread(sim: Simulator) -> None:
    loop = asyncio.get_running_loop()
    on_loop: list[bool] = []

    class Slow:
        blocks = True

        def __call__(self, request: Any) -> Iterator[str]:
            try:
                on_loop.append(asyncio.get_running_loop() is loop)
            except RuntimeError:
                on_loop.append(False)
            yield "done"

    sim.script(Slow())
    async with sim.async_client() as client:
        assert (await client.chat(MODEL, "Hi")).text == "done"
    assert on_loop == [False]


def socket_request(sim: Simulator, *frames: str) -> SocketRequest:
    from baimo.auth.spark_address import SparkUrl
    from baimo.types.secret import Secret

    secrets = {name: Secret(text) for name, text in sim.credentials_of("spark").items()}
    request = SocketRequest(origin="ws://127.0.0.1:2", target=b"/v4.0/chat", frames=frames)
    signed = SparkUrl().sign(request, secrets, sim.clock.wall())
    assert isinstance(signed, SocketRequest)
    return signed


async def test_a_socket_is_accepted_and_a_bad_one_is_refused_with_a_body(sim: Simulator) -> None:
    reply = sim.transport.open(socket_request(sim, "{}"), **LIMITS)
    assert reply.head.status == 101
    assert b'"code"' in reply.read(1.0)
    assert reply.read(1.0) == b""
    reply.close()
    unsigned = SocketRequest(origin="ws://127.0.0.1:2", target=b"/v4.0/chat", frames=("{}",))
    refused = sim.transport.open(unsigned, **LIMITS)
    assert refused.head.status == 401
    assert b"message" in refused.read(1.0)
    other = await sim.async_transport.open(unsigned, **LIMITS)
    assert other.head.status == 401
    other.close()
    other.abort()


def test_what_is_left_in_the_middle_is_written_down(sim: Simulator) -> None:
    with sim.client(endpoints={"spark": "socket"}) as client:
        for model in (MODEL, SPARK):
            with client.stream(model, "one two three four") as stream:
                next(iter(stream))
            assert sim.last.outcome == "left"
