"""Pools of keys through the public face: what one key is refused for, another one answers, and it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import baimo
from baimo.errors import AuthError, LimitReachedError, QuotaError, RateLimitedError
from baimo.testing import Simulator
from tests.client.observing import FLASH, Fates, Remembers, bearer, pool, refusal

BROKE = refusal(402, "Insufficient Balance", "invalid_request_error")
REVOKED = refusal(401, "Authentication Fails, Your api key: ****fake is invalid", "invalid_request_error")
BUSY = refusal(429, "Rate limit reached", "rate_limit_reached_error", 30)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("deepseek", "openai") as made:
        yield made


def client_of(sim: Simulator, fates: dict[str, Any], *keys: dict[str, Any], **options: Any) -> baimo.Client:
    config = pool(
        sim, "deepseek", *(keys or ({"name": "sk-a"}, {"name": "sk-b"})), **options.pop("above", {})
    )
    return baimo.Client(
        config=config, transport=Fates(sim, "deepseek", fates), clock=sim.clock, strategy="ordered", **options
    )


def asked_of(client: baimo.Client) -> list[str]:
    return client._transport.asked  # type: ignore[attr-defined,no-any-return]


def test_a_key_in_429_cools_down_and_the_other_answers_at_once(sim: Simulator) -> None:
    told = Remembers()
    keys = {"name": "sk-a", "weight": 1000}, {"name": "sk-b", "weight": 0.001}
    with client_of(sim, {"sk-a": [BUSY]}, *keys, observers=[told]) as client:
        reply = client.chat(FLASH, "Hi")
        assert asked_of(client) == ["sk-a", "sk-b"] and sim.clock.elapsed == 0
        (note,) = reply.notes
        assert note.code == "other_key" and "rate_limited" in note.message
        for _ in range(5):
            client.chat(FLASH, "Hi")
        assert asked_of(client)[2:] == ["sk-b"] * 5
        sim.clock.advance(31)
        client.chat(FLASH, "Hi")
        assert asked_of(client)[-1] == "sk-a"
    assert [one.key for one in told.calls[0].attempts] == ["sk-a", "sk-b"]


@pytest.mark.parametrize(
    ("fate", "word"), [(BROKE, "quota"), (REVOKED, "auth")], ids=["in arrears", "revoked"]
)
def test_a_key_that_is_no_good_is_taken_out_with_a_clear_word(sim: Simulator, fate: Any, word: str) -> None:
    keys = {"name": "sk-a", "weight": 1000}, {"name": "sk-b", "weight": 0.001}
    with client_of(sim, {"sk-a": fate}, *keys) as client:
        (note,) = client.chat(FLASH, "Hi").notes
        assert note.code == "other_key" and word in note.message
        for _ in range(5):
            assert client.chat(FLASH, "Hi").notes == ()
        assert Counter(asked_of(client)) == {"sk-a": 1, "sk-b": 6}
        sim.clock.advance(301)
        client.chat(FLASH, "Hi")
        assert Counter(asked_of(client))["sk-a"] == 2


def test_where_every_key_fails_the_error_tells_of_each(sim: Simulator) -> None:
    with client_of(sim, {"sk-a": BROKE, "sk-b": REVOKED}) as client:
        with pytest.raises((QuotaError, AuthError)) as caught:
            client.chat(FLASH, "Hi")
        kinds = {type(error) for error in (caught.value, *caught.value.earlier)}
        assert kinds == {QuotaError, AuthError} and caught.value.attempts == 2
        assert sim.requests == () and sim.clock.elapsed == 0


def test_all_keys_in_429_wait_for_the_first_that_is_free(sim: Simulator) -> None:
    short = refusal(429, "Rate limit reached", "rate_limit_reached_error", 3)
    with client_of(sim, {"sk-a": [short], "sk-b": [BUSY]}) as client:
        assert client.chat(FLASH, "Hi").text
        assert asked_of(client)[-1] == "sk-a" and 3 <= sim.clock.elapsed < 4
        sim.reset()
    with client_of(sim, {"sk-a": BUSY, "sk-b": BUSY}) as client, pytest.raises(RateLimitedError) as caught:
        client.chat(FLASH, "Hi", timeout=5.0)
    assert caught.value.retry_after is not None and sim.clock.elapsed < 9


def test_keys_are_drawn_by_weight(sim: Simulator) -> None:
    keys = {"name": "sk-a", "weight": 3}, {"name": "sk-b", "weight": 1}
    with client_of(sim, {}, *keys) as client:
        for number in range(400):
            client.chat(FLASH, f"Hi {number}")
        drawn = Counter(asked_of(client))
    assert 240 < drawn["sk-a"] < 360


def test_a_conversation_stays_with_its_key(sim: Simulator) -> None:
    names = [{"name": f"sk-{letter}"} for letter in "abcdefgh"]
    with client_of(sim, {}, *names) as client:
        said: list[Any] = [baimo.Message(role=baimo.Role.USER, content=(baimo.Text(text="A long talk"),))]
        first = client.chat(FLASH, said)
        said += [first.message, {"role": "user", "content": "Go on"}]
        second = client.chat(FLASH, said)
        said += [second.message, {"role": "user", "content": "And on"}]
        client.chat(FLASH, said)
        assert len(set(asked_of(client)[1:])) == 1
        named = asked_of(client)[:]
        for number in range(3):
            client.chat(FLASH, f"Turn {number}", conversation="c-7")
        assert len(set(asked_of(client)[len(named) :])) == 1


def test_a_key_that_has_used_up_its_day_rests_until_tomorrow(sim: Simulator) -> None:
    keys = [{"name": name, "limits": {"requests_per_day": 2}} for name in ("sk-a", "sk-b")]
    with client_of(sim, {}, *keys) as client:
        for _ in range(4):
            client.chat(FLASH, "Hi")
        assert Counter(asked_of(client)) == {"sk-a": 2, "sk-b": 2}
        with pytest.raises(LimitReachedError) as caught:
            client.chat(FLASH, "Hi", timeout=5.0)
        assert caught.value.retry_after is not None and 80_000 < caught.value.retry_after < 90_000
        assert len(sim.requests) == 4
        sim.clock.advance(caught.value.retry_after)
        assert client.chat(FLASH, "Hi").text


def test_a_fallback_to_another_provider_comes_after_all_keys(sim: Simulator) -> None:
    told: list[Any] = []
    with client_of(sim, {"sk-a": BUSY, "sk-b": BUSY}, on_retry=told.append) as client:
        client._transport = Both(client._transport, sim)  # type: ignore[assignment]
        client._services.transport = client._transport
        reply = client.chat([FLASH, "openai/gpt-5"], "Hi")
    assert reply.provider == "openai" and sim.clock.elapsed == 0
    assert [note.code for note in reply.notes] == ["fell_back"]
    assert len(told) == 2, "told of the other key and of the fallback"
    assert [one.provider for one in told] == ["deepseek", "deepseek"]


class Both:
    """Keys of the pool go one way, everything else the other."""

    def __init__(self, pooled: Any, sim: Simulator) -> None:
        self._pooled = pooled
        self._plain = sim.transport

    def open(self, request: Any, **times: Any) -> Any:
        is_pooled = bearer(request) in ("sk-a", "sk-b")
        return (self._pooled if is_pooled else self._plain).open(request, **times)

    def close(self) -> None:
        self._plain.close()
