"""Which keys are set, and which endpoint is used."""

from __future__ import annotations

from datetime import date

from tests.config.machine import Machine


def test_a_provider_without_a_key_says_what_to_set(machine: Machine) -> None:
    state = machine.settings({}).key_state("hunyuan")
    assert (state.complete, state.is_set, state.endpoint, state.sources) == (False, False, "tokenhub", ())
    assert state.variables[0] == "TENCENT_TOKENHUB_API_KEY"
    assert "HUNYUAN_API_KEY" in state.variables
    assert state.home == "https://console.cloud.tencent.com/tokenhub"


def test_a_key_is_told_with_its_place(machine: Machine) -> None:
    machine.environ["HUNYUAN_API_KEY"] = "fake"
    state = machine.settings({}).key_state("hunyuan")
    assert (state.complete, state.is_set, state.endpoint) == (True, True, "compatible")
    assert state.sources == ("HUNYUAN_API_KEY",)
    state = machine.settings({}, {"kimi": "fake"}).key_state("kimi")
    assert (state.provider, state.sources) == (
        "moonshot",
        ("providers.moonshot.api_key in the argument keys",),
    )


def test_a_provider_that_needs_no_key_is_complete_without(machine: Machine) -> None:
    state = machine.settings({}).key_state("local")
    assert (state.complete, state.is_set, state.home) == (True, False, None)


def test_the_first_complete_endpoint_is_used_and_the_others_say_why_not(machine: Machine) -> None:
    machine.environ["HUNYUAN_API_KEY"] = "fake"
    tokenhub, compatible, native = machine.settings({}).endpoint_states("hunyuan")
    assert native.sentence == (
        "not usable: no secret_id (TENCENTCLOUD_SECRET_ID), secret_key (TENCENTCLOUD_SECRET_KEY)"
    )
    assert (native.scheme, native.until) == ("tc3", date(2026, 9, 30))
    assert (tokenhub.used, tokenhub.why) == (False, "no_credentials")
    assert tokenhub.sentence == ("not usable: no api_key (TENCENT_TOKENHUB_API_KEY or TENCENT_API_KEY)")
    assert (compatible.used, compatible.why) == (True, "first_complete")
    assert compatible.sources == ("HUNYUAN_API_KEY",)
    assert compatible.address == "https://api.hunyuan.cloud.tencent.com/v1"
    assert compatible.address_source == "the catalogue"
    machine.environ["TENCENT_API_KEY"] = "fake"
    tokenhub, compatible, _ = machine.settings({}).endpoint_states("hunyuan")
    assert (tokenhub.why, compatible.why) == ("first_complete", "not_first")
    assert tokenhub.sentence == "used: the first whose credentials are complete"
    assert compatible.sentence == "not used: an earlier endpoint is complete"


def test_keys_of_another_endpoint_are_no_reason_to_use_one(machine: Machine) -> None:
    machine.environ |= {"HUAWEICLOUD_SDK_AK": "fake-ak", "HUAWEICLOUD_SDK_SK": "fake-sk"}
    v1, v2 = machine.settings({}, {"pangu": {"api_key": "fake"}}).endpoint_states("pangu")
    assert (v1.why, v1.sentence) == (
        "other_keys",
        "not used: the keys that were given are of another endpoint",
    )
    assert v2.why == "first_complete"


def test_the_configurations_choice_is_told(machine: Machine) -> None:
    machine.environ["HUNYUAN_API_KEY"] = "fake"
    machine.user('[providers.hunyuan]\nendpoint = "compatible"\nbase_url = "https://own.example/v1"')
    (state,) = machine.settings().endpoint_states("hunyuan")
    assert (state.why, state.sentence) == ("chosen", "used: the configuration chose it")
    assert state.address_source == f"providers.hunyuan.base_url in {machine.user_file}"


def test_the_place_of_an_address_is_that_of_its_pattern_else_of_its_part(machine: Machine) -> None:
    machine.environ["AZURE_OPENAI_ENDPOINT"] = "https://me.openai.azure.com"
    _, state, *_ = machine.settings({}, {"azure": "fake"}).endpoint_states("azure")
    assert state.address_source == "AZURE_OPENAI_ENDPOINT"
    config = {"providers": {"azure": {"base_url": "{resource}/own/v1"}}}
    _, state, *_ = machine.settings(config, {"azure": "fake"}).endpoint_states("azure")
    assert state.address == "https://me.openai.azure.com/own/v1"
    assert state.address_source == "providers.azure.base_url in the argument config"


def test_an_only_endpoint_and_one_without_an_address_are_told(machine: Machine) -> None:
    (state,) = machine.settings({}, {"cerebras": "fake"}).endpoint_states("cerebras")
    assert (state.why, state.sentence) == ("only", "used: the provider's only endpoint")
    state, _ = machine.settings({}, {"qwen-workspace": "fake"}).endpoint_states("qwen-workspace")
    assert (state.used, state.why, state.address) == (False, "no_address", None)
    assert "needs 'workspace'" in state.sentence
