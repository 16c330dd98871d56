"""What `base_url` and `api_key` of the SDK's client mean, and its names of models."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.config.settings import load_settings
from baimo.errors import ConfigError, InputError, UnknownProviderError
from baimo.integrations.openai_places import CHAT, RESPONSES, Places, find_places, known_at


def places(environ: dict[str, str] | None = None, **given: Any) -> Places:
    told: dict[str, Any] = {"api_key": None, "base_url": None, "keys": None, "config": {}, **given}
    return find_places(environ=environ or {}, **told)


def at(found: Places, model: str, wire: str = CHAT) -> Any:
    return found.settings.resolve(found.name(model, wire), wire)[0][0]


def key_of(deployment: Any) -> str:
    shown: str = deployment.secrets["api_key"].reveal()
    return shown


def test_a_bare_name_is_a_model_of_openai_and_its_key_is_the_one_that_is_given() -> None:
    found = places(api_key="fake-key", keys={"deepseek": "fake-deep"})
    bare, deep = at(found, "gpt-4o"), at(found, "deepseek/deepseek-flash")
    assert (bare.provider, bare.model, key_of(bare)) == ("openai", "gpt-4o", "fake-key")
    assert (deep.provider, key_of(deep)) == ("deepseek", "fake-deep")
    assert at(found, "ft:gpt-4o:acme::id").model == "ft:gpt-4o:acme::id"
    with pytest.raises(UnknownProviderError, match="deepseek"):
        found.name("deepseak/deepseek-flash", CHAT)


def test_an_alias_is_what_the_configuration_says() -> None:
    found = places(config={"models": {"quick": {"model": "deepseek/deepseek-flash"}}})
    assert found.name("quick", CHAT) == "quick"


def test_an_address_that_is_a_provider_s_makes_it_that_provider() -> None:
    for address in ("https://api.deepseek.com", "https://api.deepseek.com/v1", "https://api.deepseek.com/"):
        found = places(base_url=address, api_key="fake-key")
        deployment = at(found, "deepseek-chat")
        assert (deployment.provider, deployment.model) == ("deepseek", "deepseek-chat")
        assert key_of(deployment) == "fake-key"
        assert deployment.site.base_url.rstrip("/") == address.rstrip("/")


def test_an_endpoint_beside_others_of_its_wire_is_chosen_by_its_address() -> None:
    found = places(base_url="https://api.hunyuan.cloud.tencent.com/v1", api_key="fake-key")
    assert (at(found, "hunyuan-lite").provider, at(found, "hunyuan-lite").endpoint) == (
        "hunyuan",
        "compatible",
    )
    assert known_at("https://api.acme.example/v1") is None


def test_every_name_is_one_of_an_address_that_is_given() -> None:
    found = places(base_url="http://127.0.0.1:8000/v1")
    chat, responses = at(found, "openai/any"), at(found, "openai/any", RESPONSES)
    assert (chat.provider, chat.model, chat.dialect.name) == ("at-127.0.0.1-8000", "openai/any", CHAT)
    assert (responses.model, responses.dialect.name) == ("openai/any", RESPONSES)
    assert chat.site.base_url == "http://127.0.0.1:8000/v1"


def test_an_address_of_the_environment_is_for_bare_names_and_goes_with_its_key() -> None:
    environ = {"OPENAI_BASE_URL": "https://api.deepseek.com", "OPENAI_API_KEY": "fake-env"}
    found = places(environ, keys={"anthropic": "fake-claude"})
    assert (at(found, "any").provider, key_of(at(found, "any"))) == ("deepseek", "fake-env")
    assert at(found, "anthropic/claude-sonnet-4-5").provider == "anthropic"


def test_an_address_is_laid_over_the_configuration() -> None:
    config = {"unsupported": "raise", "providers": {"deepseek": {"base_url": "https://other.example"}}}
    found = places(base_url="https://api.deepseek.com/v1", api_key="fake-key", config=config)
    assert found.settings.unsupported == "raise"
    assert at(found, "any").site.base_url == "https://api.deepseek.com/v1"


def test_a_client_s_own_settings_stand_alone() -> None:
    settings = load_settings({})
    assert places(config=settings) == Places(settings)
    with pytest.raises(InputError, match="belong to a client"):
        places(config=settings, api_key="fake-key")


def test_responses_go_to_the_provider_s_own_responses_endpoint_unless_a_row_says_otherwise() -> None:
    found = places(api_key="fake-key")
    assert at(found, "gpt-4o").dialect.name == CHAT
    assert at(found, "gpt-4o", RESPONSES).dialect.name == RESPONSES
    assert at(found, "gpt-5-pro").dialect.name == RESPONSES  # which chat does not serve
    chosen = places(api_key="fake-key", config={"providers": {"openai": {"endpoint": "chat"}}})
    assert at(chosen, "gpt-4o", RESPONSES).dialect.name == CHAT


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises((InputError, ConfigError), match="no absolute address"):
        places(base_url="api.deepseek.com")
