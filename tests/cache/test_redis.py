"""Answers in a real Redis, from both kinds of callers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from baimo.cache.async_redis import AsyncRedisStore
from baimo.cache.protocol import AsyncStore
from baimo.cache.redis import QUIET_S, Names, RedisStore, without_credentials
from baimo.errors import CacheError, ConfigError
from baimo.testing.clock import VirtualClock
from tests.transports.programs import free_port


@pytest.fixture
def prefix() -> str:
    """Names that no other test uses; with marks that are special in patterns."""
    return f"te*st[{uuid4().hex}]"


@pytest.fixture
def store(redis_url: str, prefix: str) -> Iterator[RedisStore]:
    store = RedisStore(redis_url, ttl_s=100.0, prefix=prefix)
    yield store
    store.close()


def test_what_was_put_is_there_for_both_kinds_of_callers(
    store: RedisStore, redis_url: str, prefix: str
) -> None:
    other = AsyncRedisStore(redis_url, ttl_s=100.0, prefix=prefix)

    async def use(store: AsyncStore) -> bytes | None:
        assert await store.get("none") is None
        await store.put("b", b"two")
        found = await store.get("a")
        await store.close()
        await store.close()
        return found

    assert store.get("a") is None
    store.put("a", b"one")
    assert asyncio.run(use(other)) == b"one"
    assert asyncio.run(use(other)) == b"one"  # on another loop, with connections of its own
    assert store.get("b") == b"two"


def test_an_answer_expires_by_itself(store: RedisStore, redis_url: str, prefix: str) -> None:
    store.put("a", b"one")
    with redis.Redis.from_url(redis_url) as plain:
        assert 99_000 < plain.pttl(Names(prefix).of("a")) <= 100_000
        plain.pexpire(Names(prefix).of("a"), 0)
    assert store.get("a") is None


def test_clearing_deletes_what_is_ours_and_nothing_else(
    store: RedisStore, redis_url: str, prefix: str
) -> None:
    with redis.Redis.from_url(redis_url) as plain:
        others = f"teXst{prefix[5:]}:answer:a"
        plain.set(others, b"theirs")
        for turn in range(30):
            store.put(f"k{turn}", b"12345")
        facts = store.facts()
        assert (facts.entries, facts.size, facts.hits) == (30, 150, None)
        assert store.clear() == 30
        assert store.facts().entries == 0
        assert plain.get(others) == b"theirs"


def test_a_server_that_is_gone_is_told_of_and_then_left_alone_for_a_while() -> None:
    clock = VirtualClock()
    url = f"redis://:hidden@127.0.0.1:{free_port()}/0"
    store = RedisStore(url, ttl_s=100.0, prefix="p", mono=clock.mono)
    with pytest.raises(CacheError, match="cannot be used: ConnectionError") as caught:
        store.get("a")
    assert "hidden" not in str(caught.value)
    with pytest.raises(CacheError, match=r"left alone for another 5\.0 s"):
        store.put("a", b"v")
    clock.advance(QUIET_S)
    with pytest.raises(CacheError, match="cannot be used"):
        store.get("a")
    store.close()


def test_a_server_that_is_gone_is_told_of_to_asyncio_too() -> None:
    async def use() -> None:
        store = AsyncRedisStore(f"redis://127.0.0.1:{free_port()}/0", ttl_s=100.0, prefix="p")
        with pytest.raises(CacheError, match="cannot be used"):
            await store.get("a")
        with pytest.raises(CacheError, match="left alone"):
            await store.put("a", b"v")
        await store.close()

    asyncio.run(use())


def test_a_server_that_says_nothing_does_not_hold_the_call_up() -> None:
    clock = VirtualClock()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = RedisStore(
            f"redis://127.0.0.1:{silent.getsockname()[1]}/0", ttl_s=100.0, prefix="p", mono=clock.mono
        )
        with pytest.raises(CacheError, match="TimeoutError"):
            store.get("a")
        store.close()


@pytest.mark.parametrize("kind", [RedisStore, AsyncRedisStore])
def test_an_address_that_cannot_be_read_is_refused_without_showing_it(
    kind: type[RedisStore] | type[AsyncRedisStore],
) -> None:
    with pytest.raises(ConfigError, match="no address of a Redis") as caught:
        kind("redis://:sec/ret@host:6379x/0", ttl_s=1.0, prefix="p")
    assert "sec" not in str(caught.value)


def test_credentials_are_not_shown() -> None:
    assert without_credentials("rediss://me:pw@host:1/0?password=pw") == "rediss://host:1/0"
