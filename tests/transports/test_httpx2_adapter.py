"""What the httpx2 adapter does beside the contract: whose client it is, which clients it takes."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys

import httpx2
import pytest

from baimo.errors import ConfigError, InputError, MissingExtraError, TimedOutError, TransportError
from baimo.transports.httpx2_adapter import AsyncHttpx2Transport, Httpx2Transport
from baimo.wire.http import HttpRequest
from tests.transports.contract import CHUNKED_HEAD, get, post
from tests.transports.peer import Connection, chunk, peer, reply, serving


def test_hooks_and_default_fields_of_the_users_client_hold() -> None:
    seen: list[bytes] = []
    hooked: list[str] = []

    def script(connection: Connection) -> None:
        seen.append(connection.answer(reply()))

    hooks = {"request": [lambda request: hooked.append(str(request.url))]}
    with peer(script) as server, httpx2.Client(headers={"X-Corp": "yes"}, event_hooks=hooks) as client:
        transport = Httpx2Transport(client)
        got = transport.open(get(server.origin, b"/a%2Fb?c=d"), connect_s=5, head_s=5)
        assert got.read(5) == b"hello"
        got.close()
        transport.close()
        assert not client.is_closed
    assert b"X-Corp: yes" in seen[0]
    assert seen[0].startswith(b"GET /a%2Fb?c=d HTTP/1.1\r\n")
    assert hooked == [f"{server.origin}/a%2Fb?c=d"]


def test_a_client_that_plays_answers_without_a_network_is_taken() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        packed = gzip.compress(request.url.path.encode())
        return httpx2.Response(200, content=packed, headers={"Content-Encoding": "gzip"})

    async def use() -> None:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
            transport = AsyncHttpx2Transport(client)
            reply = await transport.open(get("http://nowhere.test", b"/y"), connect_s=1, head_s=1)
            assert [await reply.read(1), await reply.read(1)] == [b"/y", b""]

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        got = Httpx2Transport(client).open(get("http://nowhere.test", b"/x"), connect_s=1, head_s=1)
        assert [got.read(1), got.read(1)] == [b"/x", b""]
        got.close()
        got.close()
    asyncio.run(use())


def test_a_client_of_our_own_making_is_closed_with_the_transport() -> None:
    with peer(serving(reply())) as server:
        transport = Httpx2Transport()
        got = transport.open(get(server.origin), connect_s=5, head_s=5)
        assert got.read(5) == b"hello"
        transport.close()
        with pytest.raises(TransportError):
            got.read(5)
        assert transport._client.is_closed


def test_an_asynchronous_client_of_our_own_making_is_closed_with_the_transport() -> None:
    async def use(origin: str) -> None:
        transport = AsyncHttpx2Transport()
        got = await transport.open(get(origin), connect_s=5, head_s=5)
        assert await got.read(5) == b"hello"
        await transport.close()
        with pytest.raises(TransportError):
            await got.read(5)
        assert transport._client.is_closed

    with peer(serving(reply())) as server:
        asyncio.run(use(server.origin))


def test_a_full_pool_of_the_client_is_told_as_a_limit_of_the_connection() -> None:
    limits = httpx2.Limits(max_connections=1)
    with peer(serving(reply())) as server, httpx2.Client(limits=limits) as client:
        transport = Httpx2Transport(client)
        held = transport.open(get(server.origin), connect_s=5, head_s=5)
        with pytest.raises(TimedOutError, match="no free connection") as caught:
            transport.open(get(server.origin), connect_s=0.05, head_s=5)
        assert caught.value.limit == "connect"
        held.abort()


def test_a_request_that_the_client_cannot_say_is_our_callers_fault() -> None:
    bad = HttpRequest(method="GET", origin="http://127.0.0.1:1", target=b"/", headers=((b"X-A", b"a\nb"),))
    with httpx2.Client() as client, pytest.raises((InputError, TransportError)):
        Httpx2Transport(client).open(bad, connect_s=1, head_s=1)


def test_a_read_that_is_aborted_from_another_place_says_so() -> None:
    async def use(origin: str) -> None:
        async with httpx2.AsyncClient() as client:
            transport = AsyncHttpx2Transport(client)
            got = await transport.open(post(origin), connect_s=5, head_s=5)
            assert await got.read(5) == b"part"
            reading = asyncio.ensure_future(got.read(5))
            await asyncio.sleep(0)
            got.abort()
            with pytest.raises(TransportError):
                await reading
            await transport.close()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        connection.ended_at()

    with peer(script) as server:
        asyncio.run(use(server.origin))


def test_what_is_no_such_client_is_refused() -> None:
    with pytest.raises(ConfigError, match="no httpx2 or httpx client"):
        Httpx2Transport(object())  # type: ignore[arg-type]


WITHOUT = """
import sys
sys.modules["httpx2"] = sys.modules["aiohttp"] = None
from baimo.errors import MissingExtraError
from baimo.transports.aiohttp_adapter import AiohttpTransport
from baimo.transports.httpx2_adapter import AsyncHttpx2Transport, Httpx2Transport
for kind in (Httpx2Transport, AsyncHttpx2Transport, AiohttpTransport):
    try:
        kind()
    except MissingExtraError as error:
        print(error)
"""


def test_a_missing_package_is_told_with_the_line_that_installs_it() -> None:
    assert issubclass(MissingExtraError, ConfigError)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True, env={"PYTHONPATH": "src"}
    )
    assert done.stdout.count("pip install 'baimo[httpx2]'") == 2
    assert done.stdout.count("pip install 'baimo[aiohttp]'") == 1
