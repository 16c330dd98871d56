"""What a model name stands for."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.auth.keys import HeaderKey, NoKey
from baimo.config.resolve import split
from baimo.config.settings import Settings, load_settings
from baimo.errors import ConfigError, MissingKeyError, NotFoundError, RateLimitedError, UnknownProviderError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest
from tests.config.machine import Machine, key_of

KEYS = {"deepseek": "fake-d", "openai": "fake-o", "moonshot": "fake-m"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai/gpt", ("openai", "gpt")),
        ("ollama:qwen3:8b", ("ollama", "qwen3:8b")),
        ("openrouter/meta/llama:free", ("openrouter", "meta/llama:free")),
        ("bare", ("bare", None)),
        ("openai/", ("openai", "")),
        ("/x", ("", "x")),
    ],
)
def test_a_name_is_split_at_its_first_separator(name: str, expected: tuple[str, str | None]) -> None:
    assert split(name) == expected


def test_a_name_nobody_knows_goes_to_its_provider_as_it_is(machine: Machine) -> None:
    at = machine.at("deepseek/brand-New_model:2030", keys=KEYS)
    assert (at.provider, at.endpoint, at.model) == ("deepseek", "chat", "brand-New_model:2030")
    assert at.site.base_url == "https://api.deepseek.com"
    assert at.dialect.name == "openai_chat"
    assert at.transport == "network"
    assert at.facts is not None
    assert at.facts() is None


def test_other_names_of_a_provider_mean_its_row(machine: Machine) -> None:
    assert machine.at("kimi/x", keys=KEYS).provider == "moonshot"
    assert machine.at("深度求索/x", keys=KEYS).provider == "deepseek"


def test_the_embedded_model_needs_no_key_and_goes_to_the_local_transport(machine: Machine) -> None:
    at = machine.at("local/smollm2")
    assert at.transport == "local"
    assert at.secrets == {}


def test_the_same_name_gives_the_very_same_route(machine: Machine) -> None:
    settings = machine.settings({}, KEYS)
    assert settings.resolve("deepseek/x") is settings.resolve("deepseek/x")


def test_models_of_one_endpoint_share_signer_and_site(machine: Machine) -> None:
    settings = machine.settings({}, KEYS)
    one, two = settings.resolve("deepseek/x")[0][0], settings.resolve("deepseek/y")[0][0]
    assert one.signer is two.signer
    assert one.secrets is two.secrets


def test_an_alias_without_a_separator_is_looked_up_first(machine: Machine) -> None:
    config = {"models": {"deepseek": {"model": "openai/gpt"}}}
    assert machine.at("deepseek", config, KEYS).name == "openai/gpt"
    assert machine.at("deepseek/x", config, KEYS).name == "deepseek/x"


def test_a_route_is_its_models_in_order_through_aliases_of_aliases(machine: Machine) -> None:
    config = {
        "models": {
            "smart": {"route": ["cheap", "openai/a"]},
            "cheap": {"route": ["deepseek/b", "kimi/c"]},
        }
    }
    settings = machine.settings(config, KEYS)
    names = [pool[0].name for pool in settings.resolve("smart")]
    assert names == ["deepseek/b", "moonshot/c", "openai/a"]
    assert [pool[0].name for pool in settings.resolve(["openai/z", "cheap"])] == ["openai/z", *names[:2]]


def test_what_an_alias_lays_over_a_call_wins_over_the_provider_and_over_inner_aliases(
    machine: Machine,
) -> None:
    config = {
        "timeouts": {"idle": 1, "head": 1},
        "providers": {
            "openai": {
                "headers": {"X-A": "p", "X-B": "p"},
                "extra": {"a": 1, "b": 1},
                "timeouts": {"head": 2},
            }
        },
        "models": {
            "inner": {"model": "openai/x", "headers": {"x-a": "i", "X-C": "i"}, "extra": {"a": 2, "c": 2}},
            "outer": {"model": "inner", "headers": {"x-c": "o"}, "extra": {"c": 3}, "timeouts": {"total": 9}},
        },
    }
    at = machine.at("outer", config, KEYS)
    assert dict(at.headers) == {b"X-B": b"p", b"x-a": b"i", b"x-c": b"o"}
    assert at.extra == {"a": 2, "b": 1, "c": 3}
    assert at.limits is not None
    assert (at.limits.idle, at.limits.head, at.limits.total, at.limits.connect) == (1, 2, 9, 10.0)


def test_a_rows_queue_extends_the_first_event_unless_the_configuration_says_otherwise(
    machine: Machine,
) -> None:
    assert machine.settings({}).row("deepseek").max_queue_s == 600
    limits = machine.at("deepseek/x", {}, KEYS).limits
    assert limits is not None
    assert limits.queue == 600
    limits = machine.at("deepseek/x", {"timeouts": {"queue": 5}}, KEYS).limits
    assert limits is not None
    assert limits.queue == 5


def test_aliases_that_run_in_a_circle_are_named(machine: Machine) -> None:
    config = {"models": {"a": {"route": ["deepseek/x", "b"]}, "b": {"model": "c"}, "c": {"model": "b"}}}
    with pytest.raises(ConfigError, match="run in a circle: b → c → b"):
        machine.at("a", config, KEYS)


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ({}, "must have either model or route"),
        ({"model": "a/b", "route": ["c/d"]}, "must have either model or route"),
        ({"route": []}, r"models\.m\.route names no model"),
    ],
)
def test_an_alias_that_means_nothing_is_an_error(
    machine: Machine, alias: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        machine.at("m", {"models": {"m": alias}})


def test_without_a_name_the_default_model_is_meant(machine: Machine) -> None:
    assert machine.at(None, {"default_model": "deepseek/x"}, KEYS).name == "deepseek/x"
    with pytest.raises(ConfigError, match="no default_model is set") as raised:
        machine.at(None, {})
    assert str(machine.user_file) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("depseek/x", UnknownProviderError, "no provider is called 'depseek'. Did you mean deepseek"),
        ("smrt/x", UnknownProviderError, "Did you mean smart"),
        ("acmee/x", UnknownProviderError, "Did you mean acme"),
        ("zzzzzz/x", UnknownProviderError, "`baimo providers` lists"),
        ("deepseek", ConfigError, "'deepseek' is a provider; name a model of it as provider/model"),
        ("deepseek", ConfigError, "For example deepseek/deepseek-flash"),
        ("deepseek/", ConfigError, "'deepseek' is a provider; name a model"),
        ("/x", UnknownProviderError, "'/x' names no provider"),
        ("smrt", UnknownProviderError, "Did you mean smart"),
        ("deepseek-flash", UnknownProviderError, "Did you mean deepseek/deepseek-flash"),
        ("zzzzzz", UnknownProviderError, "For example deepseek/deepseek-flash"),
        ("", ConfigError, "the model's name is empty"),
        ("  ", ConfigError, "the model's name is empty"),
        ([], ConfigError, "the list of models is empty"),
        (["deepseek/x", 3], ConfigError, "a model is named by text, not by int"),
        (3, ConfigError, "by text or a list of texts, not by int"),
    ],
)
def test_a_name_that_means_nothing_is_told_what_is_near(
    machine: Machine, name: str, kind: type[ConfigError], words: str
) -> None:
    config = {
        "models": {"smart": {"model": "deepseek/x"}},
        "providers": {"acme": {"dialect": "openai_chat", "base_url": "http://127.0.0.1/v1"}},
    }
    with pytest.raises(ConfigError) as raised:
        machine.at(name, config, KEYS)
    assert type(raised.value) is kind
    assert words in str(raised.value)


def test_a_missing_key_says_which_variable_and_where_to_get_one(machine: Machine) -> None:
    with pytest.raises(MissingKeyError) as raised:
        machine.at("deepseek/x")
    assert raised.value.variables == ("DEEPSEEK_API_KEY",)
    assert raised.value.home == "https://platform.deepseek.com/api_keys"
    assert raised.value.provider == "deepseek"
    assert "set DEEPSEEK_API_KEY" in str(raised.value)
    assert "baimo config set-key deepseek" in str(raised.value)


@pytest.mark.parametrize(
    ("auth", "signer", "headers"),
    [
        ({"scheme": "bearer"}, HeaderKey, ((b"Authorization", b"Bearer fake"),)),
        ({"scheme": "header", "field": "api-key"}, HeaderKey, ((b"api-key", b"fake"),)),
        ({"scheme": "header", "field": "X-K", "prefix": "Key "}, HeaderKey, ((b"X-K", b"Key fake"),)),
        ({"scheme": "none"}, NoKey, ((b"Authorization", b"Bearer fake"),)),
        ({"scheme": "bearer", "secret": "token"}, HeaderKey, ((b"Authorization", b"Bearer fake"),)),
    ],
)
def test_a_scheme_signs_with_the_secret_that_it_names(
    machine: Machine, auth: dict[str, str], signer: type, headers: object
) -> None:
    table = {"dialect": "openai_chat", "base_url": "https://a.example/v1", "auth": auth}
    at = machine.at("acme/x", {"providers": {"acme": table}}, {"acme": "fake"})
    assert type(at.signer) is signer
    wire = at.signer.sign(
        HttpRequest(method="POST", origin="https://a.example", target=b"/"), at.secrets, 0.0
    )
    assert wire.headers == headers


def test_an_unknown_scheme_is_named(machine: Machine) -> None:
    table = {"dialect": "openai_chat", "base_url": "https://a.example/v1", "auth": {"scheme": "beare"}}
    with pytest.raises(ConfigError, match=r"unknown auth scheme 'beare'. Did you mean bearer"):
        machine.at("acme/x", {"providers": {"acme": table}}, {"acme": "fake"})


def test_each_key_of_a_pool_is_a_deployment_with_its_weight(machine: Machine) -> None:
    machine.environ["SECOND"] = "fake-2"
    pool = [{"api_key": "fake-1", "weight": 2}, {"api_key": {"env": "SECOND"}}]
    found = machine.settings({"providers": {"deepseek": {"keys": pool}}}).resolve("deepseek/x")
    assert [(key_of(at), at.weight) for at in found[0]] == [("fake-1", 2.0), ("fake-2", 1.0)]
    assert found[0][0].signer is not found[0][1].signer


def test_quirks_are_the_models_own_under_the_users(machine: Machine) -> None:
    row = machine.settings({}).row("hunyuan")
    assert row.endpoints[0].variants[0].models == ("minimax*",)
    settings = machine.settings({}, {"hunyuan": "fake"})
    assert settings.resolve("hunyuan/hy3")[0][0].site.quirks.thinking_switch == "thinking_type"
    assert settings.resolve("hunyuan/minimax-m3")[0][0].site.quirks.thinking_switch == "thinking_adaptive"
    table = {"quirks": {"thinking_switch": "effort"}}
    settings = machine.settings({"providers": {"hunyuan": table}}, {"hunyuan": "fake"})
    for name in ("hy3", "minimax-m3"):
        assert settings.resolve(f"hunyuan/{name}")[0][0].site.quirks.thinking_switch == "effort"


def test_a_wrong_quirk_names_the_key(machine: Machine) -> None:
    with pytest.raises(ConfigError, match="thinkng"):
        machine.at("openai/x", {"providers": {"openai": {"quirks": {"thinkng": 1}}}}, KEYS)


def test_facts_and_advice_are_looked_up_only_when_asked_for(machine: Machine) -> None:
    at = machine.at("deepseek/deepseek-flash", {}, KEYS)
    assert at.facts is not None
    facts = at.facts()
    assert facts is not None
    assert facts.prices[0].currency == "CNY"
    gone = machine.at("openai/gpt-3.5-turbo", {}, KEYS)
    assert gone.advice is not None
    assert "gpt-3.5-turbo" in (gone.advice(NotFoundError("no such model")) or "")
    assert gone.advice(RateLimitedError("slow down")) is None


def test_nothing_that_is_made_shows_a_key(machine: Machine) -> None:
    settings = machine.settings({}, {"deepseek": "sk-fake-visible-123456"})
    at = settings.resolve("deepseek/x")[0][0]
    assert at.secrets["api_key"] == Secret("sk-fake-visible-123456")
    assert "visible" not in repr(at) + repr(settings.show()) + repr(settings.key_state("deepseek"))


def test_of_endpoints_that_would_do_alike_the_one_of_the_wanted_wire_is_taken(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    settings = machine.settings()

    def wire(model: str, wanted: str | None, source: Settings = settings) -> str:
        return source.resolve(model, wanted)[0][0].dialect.name

    assert wire("openai/gpt-4o", None) == wire("openai/gpt-4o", "openai_chat") == "openai_chat"
    assert wire("openai/gpt-4o", "openai_responses") == "openai_responses"
    assert wire("openai/gpt-4o", "gemini") == "openai_chat"
    assert wire("openai/gpt-5-pro", "openai_chat") == "openai_responses"  # its endpoint claims it by name
    chosen = machine.settings({"providers": {"openai": {"endpoint": "chat", "api_key": "fake"}}})
    assert wire("openai/gpt-4o", "openai_responses", chosen) == "openai_chat"
    assert [pool[0].dialect.name for pool in settings.resolve(["openai/gpt-4o"] * 2, "openai_responses")] == [
        "openai_responses"
    ] * 2


@pytest.mark.parametrize(
    ("model", "endpoint", "most"),
    [
        ("mistral/mistral-embed", None, 256),
        ("qianfan/embedding-v1", "v2", 16),
        ("qianfan/tao-8k", "v2", 1),
        ("gemini/gemini-embedding-001", "compatible", 100),
        ("cohere/embed-v4.0", "compatible", 96),
        ("zhipu/embedding-3", None, 64),
        ("qwen/text-embedding-v4", None, 10),
        ("openai/text-embedding-3-small", None, 2048),
    ],
)
def test_texts_go_in_batches_that_the_provider_takes(model: str, endpoint: str | None, most: int) -> None:
    name = model.partition("/")[0]
    table = {"endpoint": endpoint} if endpoint else {}
    settings = load_settings({"providers": {name: table}}, keys={name: "fake-0000000000000000"})
    at = settings.resolve(model)[0][0]
    dialect: Any = at.dialect
    assert dialect.most_inputs(at.model, at.site) == most
