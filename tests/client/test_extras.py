"""Arguments for what a client keeps: each wins over the configuration; what cannot be meant is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.client.extras import read_extras
from baimo.errors import ConfigError, Error, InputError
from baimo.testing import Simulator
from tests.client.observing import FLASH, GPT, Ask, Remembers, ask_async, ask_sync

BOTH = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])


@pytest.mark.parametrize("kind", [baimo.Client, baimo.AsyncClient])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"strategy": "fastest"}, "strategy must be one of ordered, weighted"),
        ({"strategy": 3}, "strategy must be one of"),
        ({"mend": "no"}, "mend must be true or false, got 'no'"),
        ({"observers": 5}, "observers must be a list, got int"),
        ({"observers": [object()]}, r"observers\[0\] is no Observer: it lacks wants_content, began"),
        ({"budget": 5}, "a budget is an amount or a Budget, not int"),
        ({"budget": ["5 CNY", 3]}, "a budget is an amount or a Budget, not int"),
        ({"budget": "5"}, "'5' is no amount"),
        ({"limits": "fast"}, "the argument limits must be a table, true or false, not 'fast'"),
        ({"limits": {"concurency": 3}}, "the argument limits: limits: .*concurency"),
        ({"limits": {"concurrency": 0}}, "concurrency must be more than 0"),
        ({"cache": {"ttl": 5}}, "the argument cache: cache: .*ttl"),
        ({"cache": 5}, "the argument cache: cache: Expected `object`"),
        ({"ledger": {"keep": 5}}, "the argument ledger: ledger: .*keep"),
        ({"telemetry": "all"}, "the argument telemetry must be a table"),
        ({"telemetry": {"log": "loud"}}, "the argument telemetry: telemetry: Invalid enum value 'loud'"),
        ({"record": ""}, "the argument record must be the path of a folder, not ''"),
        ({"record": True}, "the argument record must be the path of a folder, not True"),
        ({"limit": {}}, "a client takes no argument 'limit'; did you mean limits"),
        ({"banana": 1}, "a client takes no argument 'banana' \\["),
    ],
)
def test_what_cannot_be_meant_is_said_at_once(kind: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises((InputError, ConfigError), match=words):
        kind(config={}, **arguments)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"strategy": "fastest"}, 'strategy must be one of "ordered", "weighted"'),
        ({"mend": 1}, "mend must be true or false"),
        ({"limits": {"concurency": 3}}, "limits: .*concurency"),
        ({"cache": {"ttl_s": 0}}, "ttl_s must be more than 0"),
        ({"ledger": {"keep_days": -1}}, "keep_days must be more than 0"),
        ({"telemetry": {"log": "loud"}}, "Invalid enum value 'loud'"),
        ({"budgets": {"daily": {}}}, "amount"),
        ({"budgets": {"daily": {"amount": "5 CNY", "per": "week"}}}, "per"),
        ({"budgets": {"daily": {"amount": "5"}}}, "'5' is no amount"),
        ({"record": 5}, "record must be text"),
        ({"models": {"a": {"model": "x/y", "on_cut": "go"}}}, 'on_cut must be one of "raise" and "continue"'),
    ],
)
def test_the_same_in_a_configuration(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        baimo.Client(config=table).close()


def test_none_is_as_good_as_nothing() -> None:
    assert read_extras({"observers": None, "strategy": None, "cache": None}) == {}  # type: ignore[typeddict-item]
    with baimo.Client(config={}, observers=None, limits=None, budget=None) as client:  # type: ignore[arg-type]
        assert client._attached is None


CONFIG = {
    "limits": {"concurrency": 3},
    "cache": {},
    "ledger": {},
    "telemetry": {"log": "debug"},
    "budgets": {"run": {"amount": "5 CNY", "per": "run"}},
}


def test_false_switches_off_what_the_configuration_switched_on() -> None:
    with baimo.Client(config=CONFIG, limits=False, cache=False, ledger=False, telemetry=False) as client:  # type: ignore[arg-type]
        attached = client._attached
        assert attached is not None
        assert (attached.has_limits, attached.observers, client._cache, client._limiter) == (
            False,
            (),
            None,
            None,
        )
        assert [budget.name for budget in attached.budgets] == ["run"]


def test_an_argument_wins_over_the_table_of_its_name(tmp_path: Path) -> None:
    with baimo.Client(
        config={**CONFIG, "record": str(tmp_path / "a")},
        limits={"concurrency": 7},
        cache=tmp_path / "answers.db",  # type: ignore[arg-type]
        ledger=str(tmp_path / "calls.db"),
        record=tmp_path / "b",
        budget=["1 USD", baimo.Budget("2 EUR")],
    ) as client:
        assert client._attached is not None
        services = client._attached.services
        assert services.limits is not None and services.limits.concurrency == 7
        assert services.cache is not None and services.cache.store == str(tmp_path / "answers.db")
        assert services.ledger is not None and services.ledger.path == str(tmp_path / "calls.db")
        assert services.recordings is not None and services.recordings.folder == str(tmp_path / "b")
        assert [str(budget.amount) for budget in client._attached.budgets] == ["1 USD", "2 EUR", "5 CNY"]


@BOTH
def test_the_strategy_of_a_client_holds_where_nothing_nearer_says(ask: Ask) -> None:
    def strategy(config: dict[str, Any], client: dict[str, Any], **options: Any) -> str:
        told = Remembers()
        with Simulator("openai", "deepseek") as sim:
            merged = {**sim.config, **config}
            model = "both" if "models" in config else [GPT, FLASH]
            ask(sim, "chat", model, "Hi", client={"config": merged, "observers": [told], **client}, **options)
        return told.one.decisions[0].strategy

    alias = {"models": {"both": {"route": [GPT, FLASH], "strategy": "cheapest"}}}
    assert strategy({}, {}) == "ordered"
    assert strategy({"strategy": "weighted"}, {}) == "weighted"
    assert strategy({"strategy": "weighted"}, {"strategy": "least-busy"}) == "least-busy"
    assert strategy({"strategy": "weighted", **alias}, {"strategy": "least-busy"}) == "cheapest"
    assert strategy(alias, {}, strategy="least-latency") == "least-latency"


def test_options_of_a_call_of_the_wrong_type_are_said() -> None:
    with Simulator("deepseek") as sim, sim.client() as client:
        for options, words in WRONG:
            with pytest.raises(Error, match=words):
                client.chat(FLASH, "Hi", **options)
        assert sim.requests == ()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"strategy": "fastest"}, "strategy must be one of"),
    ({"on_cut": "go on"}, "on_cut must be one of raise, continue"),
    ({"at_most": 5}, "an amount is text or Money, not int"),
    ({"at_most": "5"}, "'5' is no amount"),
    ({"budget": 5}, "budget must be a string"),
    ({"budget": "much"}, "'much' is no amount"),
    ({"cache": "yes"}, "cache must be true or false"),
    ({"cache": True}, "cache=True, and the client has no cache"),
    ({"priority": 1.5}, "priority must be a whole number"),
    ({"priority": True}, "priority must be a whole number"),
    ({"conversation": 7}, "conversation must be a string"),
    ({"validate": "twice"}, 'validate must be true, false or "repair"'),
    ({"mend": "no"}, "mend must be true or false"),
]


@BOTH
def test_rows_of_a_map_have_such_options_of_their_own(ask: Ask, tmp_path: Path) -> None:
    told = Remembers()
    with Simulator("openai", "deepseek") as sim:
        rows = [
            {"prompt": "one", "conversation": "c"},
            {"prompt": "two", "at_most": "0.0000001 CNY", "max_tokens": 10},
            {"prompt": "three", "strategy": "fastest"},
            {"prompt": "one", "cache": True},
            {"prompt": "one", "cache": True, "model": FLASH},
            "four",
        ]
        found = ask(
            sim,
            "map",
            FLASH,
            rows,
            concurrency=1,
            cache=False,
            client={"observers": [told], "cache": str(tmp_path / "a.db")},
        )
    kinds = [type(one).__name__ for one in found]
    assert kinds == ["ChatResponse", "BudgetError", "InputError", *["ChatResponse"] * 3]
    assert [[note.code for note in one.notes] for one in found[3:]] == [[], ["cached"], []]
    assert [call.conversation for call in told.calls] == ["c", None, None, None, None]
    assert len(sim.requests) == 3
