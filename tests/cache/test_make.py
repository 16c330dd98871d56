"""From the table `[cache]` to a cache."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from baimo.cache.answers import StoredAnswers
from baimo.cache.async_answers import AsyncStoredAnswers
from baimo.cache.async_redis import AsyncRedisStore
from baimo.cache.make import make_async_cache, make_cache, make_store
from baimo.cache.redis import RedisStore
from baimo.cache.sqlite import SqliteStore
from baimo.config.services import CacheSettings
from baimo.errors import MissingExtraError
from baimo.steps import Keep, Look


def test_the_default_is_a_file_in_the_users_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAIMO_HOME", str(tmp_path))
    store = make_store(CacheSettings())
    assert isinstance(store, SqliteStore)
    assert store.path == tmp_path / "cache" / "answers.db"
    assert not store.path.parent.exists()


def test_a_folder_or_a_file_may_be_named(tmp_path: Path) -> None:
    assert getattr(make_store(CacheSettings(), tmp_path), "path", None) == tmp_path / "answers.db"
    named = CacheSettings(store=str(tmp_path / "mine.db"))
    assert getattr(make_store(named), "path", None) == tmp_path / "mine.db"


def test_both_kinds_of_clients_find_what_the_other_kept(tmp_path: Path) -> None:
    blocking = make_cache(CacheSettings(), tmp_path)
    assert blocking.look(Look("k")) is None
    blocking.keep(Keep("k", b"v"))
    blocking.close()

    async def look() -> bytes | None:
        cache = make_async_cache(CacheSettings(), tmp_path)
        found = await cache.look(Look("k"))
        await cache.close()
        return found

    assert asyncio.run(look()) == b"v"


def test_an_address_leads_to_redis(redis_url: str) -> None:
    settings = CacheSettings(store=redis_url)
    blocking, awaited = make_cache(settings), make_async_cache(settings)
    assert isinstance(blocking, StoredAnswers) and isinstance(blocking.store, RedisStore)
    assert isinstance(awaited, AsyncStoredAnswers) and isinstance(awaited.store, AsyncRedisStore)
    blocking.close()


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'baimo\[redis\]'"):
        make_cache(CacheSettings(store="redis://127.0.0.1/0"))
