"""Facts of models that the user tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from baimo import Client, ConfigError
from baimo.types.models import ModelInfo
from tests.scripted import OK, Script

ACME = {"acme": {"dialect": "openai_chat", "base_url": "http://127.0.0.1:1/v1"}}
ANSWER = (
    b'{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":1000,"completion_tokens":500}}'
)


def facts(table: dict[str, Any], model: str) -> ModelInfo | None:
    with Client(config={"providers": ACME, "facts": table}, keys={"deepseek": "sk-fake"}) as client:
        known = client.settings.resolve(model)[0][0].facts
        return known() if known is not None else None


def test_a_call_to_a_model_with_prices_of_ones_own_has_a_cost() -> None:
    prices = [{"currency": "CNY", "input": 2, "output": 0.8}]
    config = {"providers": ACME, "facts": {"acme/big": {"prices": prices}}}
    with Client(config=config, transport=Script((OK, [ANSWER, b""]))) as client:
        cost = client.chat("acme/big", "Hi").cost
    assert cost is not None
    assert (cost.amount, cost.currency) == (Decimal("0.0024"), "CNY")


def test_numbers_are_what_was_written() -> None:
    info = facts({"acme:big": {"context": 4096, "prices": [{"currency": "USD", "input": 0.1}]}}, "acme/big")
    assert info is not None
    assert (info.context, info.prices[0].input) == (4096, Decimal("0.1"))


def test_what_is_not_told_is_as_the_catalogue_has_it() -> None:
    info = facts({"deepseek/deepseek-flash": {"max_output": 77}}, "deepseek/deepseek-flash")
    assert info is not None
    assert info.max_output == 77
    assert info.context == 1_000_000
    assert info.prices


def test_a_model_that_nobody_tells_of_has_no_facts() -> None:
    assert facts({"acme/big": {"context": 1}}, "acme/small") is None


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"big": {"context": 1}}, "provider/model"),
        ({"acme/big": {"contexts": 1}}, "contexts"),
        ({"acme/big": {"context": 0}}, "at least 1"),
        ({"acme/big": {"prices": [{"currency": "yuan?", "input": 1}]}}, "no code of a currency"),
        ({"acme/big": {"prices": [{"input": 1}]}}, "currency"),
        ({"acme/big": 7}, "must be a table"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Client(config={"facts": table})
    assert "facts" in str(caught.value)


def test_facts_of_a_provider_that_nobody_knows_are_an_error() -> None:
    with pytest.raises(ConfigError, match="nobody"):
        facts({"nobody/m": {"context": 1}}, "acme/big")
