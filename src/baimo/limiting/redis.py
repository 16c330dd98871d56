"""Limits shared with other processes through Redis, for blocking callers from any thread."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from baimo.errors import ConfigError, TransportError
from baimo.steps import Reserve
from baimo.types.limits import Receipt, Settlement

from . import store
from .heartbeat import Heartbeat
from .keeping import Bell, Bells
from .owner import Owner
from .protocol import Clock
from .script import SCRIPT, digest
from .sharing import SharedKeeping, SharedWaiter, asking


class RedisLimiter:
    """Meets `Limiter`. Connects when it is first asked."""

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
        bells = Bells(clock)
        self._bell, self.turn_away, self.abort_opening = bells.bell, bells.turn_away, bells.abort_opening
        self._store = Store(address, prefix, lease_s)
        self._heart = Heartbeat(
            lambda renew: beat(self._keeping, self._store, renew),
            lambda: self._keeping.holds_leases,
            every_s=lease_s / 3,
        )
        self._keeping.told = self._heart.nudge
        self.release = self._keeping.release

    def reserve(self, step: Reserve) -> Receipt:
        """Wait for a place.

        Raises LimitReachedError where that would take longer than the step may wait, TransportError where
        Redis does not answer.
        """
        with self._bell() as bell:
            return self._reserved(step, bell)

    def _reserved(self, step: Reserve, bell: Bell) -> Receipt:
        waiter = self._keeping.join(step, bell.ring)
        assert isinstance(waiter, SharedWaiter)
        try:
            while True:
                seconds = self._keeping.look(waiter)
                if waiter.asks:
                    job = {"settle": self._keeping.untold(), "ask": asking(waiter)}
                    left = self._keeping.left(waiter)
                    self._keeping.answered(waiter, self._store.send(job, within_s=left))
                elif seconds is not None:
                    bell.wait(seconds)
                if waiter.receipt is not None:
                    if self._keeping.holds_leases:
                        self._heart.start()
                    return waiter.receipt
        except BaseException:
            self._keeping.leave(waiter)
            raise

    def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        """Give the place back and take in what is known now.

        Where Redis does not answer, what it counts stands and leases run out; an answer is not lost for that.
        A call that had little time is not kept waiting: Redis is told beside it.
        """
        self._keeping.settle(receipt, settlement)
        if self._keeping.is_urgent(receipt):
            self._heart.tell()
        else:
            beat(self._keeping, self._store, renew=False)

    def close(self) -> None:
        """Tell what is still untold, and let go of the connections."""
        self._heart.close()
        beat(self._keeping, self._store, renew=False)
        self._store.close()


class Store:
    """The connection of blocking callers."""

    def __init__(self, address: str, prefix: str, lease_s: float) -> None:
        store.checked(address)
        self._package = store.package()
        self._address = address
        self._tag = store.tag(prefix)
        self._lease_s = lease_s
        self._clients: dict[float, Any] = {}
        self._client(store.TIMEOUT_S)

    def send(self, job: dict[str, Any], *, within_s: float = store.TIMEOUT_S) -> list[Any]:
        """Have the script do the job. Raises TransportError where that takes longer than the caller has."""
        from redis.exceptions import NoScriptError

        data = store.payload(job, self._lease_s)
        client = self._client(store.patience(within_s))
        with store.in_words(self._address):
            try:
                answer: list[Any] = client.evalsha(digest(), 1, self._tag, data)
            except NoScriptError:
                answer = client.eval(SCRIPT, 1, self._tag, data)
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        for client in list(self._clients.values()):
            client.close()

    def _client(self, timeout_s: float) -> Any:
        """The connections with that time limit."""
        client = self._clients.get(timeout_s)
        if client is None:
            try:
                made = self._package.Redis.from_url(self._address, **store.options(timeout_s))
            except ValueError:
                raise ConfigError(
                    f"{store.without_secrets(self._address)} is no address of a Redis"
                ) from None
            client = self._clients.setdefault(timeout_s, made)
        return client


def beat(keeping: SharedKeeping, to: Store, renew: bool) -> None:
    """Tell Redis what it has not been told, and renew leases. What fails is not told again."""
    settle = keeping.untold()
    renewals = keeping.renewals() if renew else []
    if not settle and not renewals:
        return
    try:
        to.send({"settle": settle, "renew": renewals})
    except (TransportError, ConfigError):
        return  # leases run out by themselves, and what was reserved counts: never too few
