"""What the aiohttp adapter does beside the contract: whose session it is, how failures are told."""

from __future__ import annotations

import aiohttp
import pytest

from baimo.errors import ConnectError, InputError, TimedOutError, TransportError
from baimo.transports.aiohttp_adapter import AiohttpTransport
from baimo.wire.http import HttpRequest
from tests.transports.contract import CHUNKED_HEAD, get
from tests.transports.peer import Connection, chunk, once, peer, reply, serving


async def test_default_fields_of_the_users_session_hold_and_it_stays_open() -> None:
    seen: list[bytes] = []

    def script(connection: Connection) -> None:
        seen.append(connection.answer(reply()))

    async with aiohttp.ClientSession(headers={"X-Corp": "yes"}) as session:
        with peer(script) as server:
            transport = AiohttpTransport(session)
            got = await transport.open(get(server.origin, b"/a%2Fb?c=d"), connect_s=5, head_s=5)
            assert await got.read(5) == b"hello"
            got.close()
            await transport.close()
        assert not session.closed
    assert b"X-Corp: yes" in seen[0]
    assert seen[0].startswith(b"GET /a%2Fb?c=d HTTP/1.1\r\n")


async def test_a_session_of_our_own_making_is_closed_with_the_transport() -> None:
    with peer(serving(reply())) as server:
        transport = AiohttpTransport()
        got = await transport.open(get(server.origin), connect_s=5, head_s=5)
        assert await got.read(5) == b"hello"
        await transport.close()
        with pytest.raises(TransportError):
            await got.read(5)
        assert transport._session.closed


async def test_a_full_pool_of_the_session_is_told_as_a_limit_of_the_connection() -> None:
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        with peer(once(CHUNKED_HEAD + chunk(b"part"), stays=True)) as server:
            transport = AiohttpTransport(session)
            held = await transport.open(get(server.origin), connect_s=5, head_s=5)
            with pytest.raises(TimedOutError) as caught:
                await transport.open(get(server.origin), connect_s=0.05, head_s=5)
            assert caught.value.limit == "connect"
            held.abort()


async def test_an_address_that_is_none_is_our_callers_fault() -> None:
    bad = HttpRequest(method="GET", origin="http://", target=b"")
    async with aiohttp.ClientSession() as session:
        with pytest.raises((InputError, ConnectError)):
            await AiohttpTransport(session).open(bad, connect_s=1, head_s=1)
