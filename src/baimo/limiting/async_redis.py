"""Limits shared with other processes through Redis, for asyncio on any number of loops."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from baimo.errors import ConfigError, TransportError
from baimo.steps import Reserve
from baimo.types.limits import Receipt, Settlement

from . import store
from .async_local import AsyncBell, AsyncBells
from .heartbeat import Heartbeat
from .owner import Owner
from .protocol import Clock
from .redis import Store, beat
from .script import SCRIPT, digest
from .sharing import SharedKeeping, SharedWaiter, asking


class AsyncRedisLimiter:
    """Meets `AsyncLimiter`. Connects when it is first asked, once for each loop."""

    def __init__(
        self,
        address: str,
        clock: Clock,
        *,
        prefix: str = "baimo",
        learns: bool = True,
        adaptive: bool = True,
        lease_s: float = store.LEASE_S,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._keeping = SharedKeeping(
            learns=learns, adaptive=adaptive, mono=clock.mono, dice=dice, owner=Owner()
        )
        bells = AsyncBells(clock)
        self._bell, self.turn_away = bells.bell, bells.turn_away
        self._store = AsyncStore(address, prefix, lease_s)
        self._beside = Store(address, prefix, lease_s)
        """The connection of the thread that renews leases, whatever the loops are doing."""
        self._heart = Heartbeat(
            lambda renew: beat(self._keeping, self._beside, renew),
            lambda: self._keeping.holds_leases,
            every_s=lease_s / 3,
        )
        self._keeping.told = self._heart.nudge
        self.release = self._keeping.release

    async def reserve(self, step: Reserve) -> Receipt:
        """As `RedisLimiter.reserve`. A cancelled one holds no place and has left the line."""
        with self._bell() as bell:
            return await self._reserved(step, bell)

    async def _reserved(self, step: Reserve, bell: AsyncBell) -> Receipt:
        waiter = self._keeping.join(step, bell.ring)
        assert isinstance(waiter, SharedWaiter)
        try:
            while True:
                seconds = self._keeping.look(waiter)
                if waiter.asks:
                    job = {"settle": self._keeping.untold(), "ask": asking(waiter)}
                    left = self._keeping.left(waiter)
                    self._keeping.answered(waiter, await self._store.send(job, within_s=left))
                elif seconds is not None:
                    await bell.wait(seconds)
                if waiter.receipt is not None:
                    if self._keeping.holds_leases:
                        self._heart.start()
                    return waiter.receipt
        except BaseException:
            self._keeping.leave(waiter)
            raise

    async def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        """As `RedisLimiter.settle`."""
        self._keeping.settle(receipt, settlement)
        if self._keeping.is_urgent(receipt):
            self._heart.tell()
        else:
            await self._tell()

    async def close(self) -> None:
        """Tell what is still untold, and let go of the connections."""
        await asyncio.to_thread(self._heart.close)
        await self._tell()
        self._beside.close()
        await self._store.close()

    async def _tell(self) -> None:
        settle = self._keeping.untold()
        if settle:
            try:
                await self._store.send({"settle": settle})
            except (TransportError, ConfigError):
                return  # as in `beat`


class AsyncStore:
    """The connections of loops."""

    def __init__(self, address: str, prefix: str, lease_s: float) -> None:
        self._address = address
        self._tag = store.tag(prefix)
        self._lease_s = lease_s
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[float, Any]] = WeakKeyDictionary()

    async def send(self, job: dict[str, Any], *, within_s: float = store.TIMEOUT_S) -> list[Any]:
        """As `Store.send`."""
        from redis.exceptions import NoScriptError

        client = self._client(store.patience(within_s))
        data = store.payload(job, self._lease_s)
        with store.in_words(self._address):
            try:
                answer: list[Any] = await client.evalsha(digest(), 1, self._tag, data)
            except NoScriptError:
                answer = await client.eval(SCRIPT, 1, self._tag, data)
        return answer

    async def close(self) -> None:
        """Let go of the connections of all loops that still run."""
        here = asyncio.get_running_loop()
        for loop, clients in list(self._clients.items()):
            for client in clients.values():
                if loop is here:
                    await client.aclose()
                elif loop.is_running():
                    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.aclose(), loop))
        self._clients.clear()

    def _client(self, timeout_s: float) -> Any:
        loop = asyncio.get_running_loop()
        clients = self._clients.setdefault(loop, {})
        client = clients.get(timeout_s)
        if client is None:
            from redis.asyncio import Redis

            client = clients[timeout_s] = Redis.from_url(self._address, **store.options(timeout_s))
        return client
