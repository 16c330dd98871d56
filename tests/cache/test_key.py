"""Keys: equal for calls that may have the same answer, different for all others, the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from baimo.auth.keys import HeaderKey
from baimo.cache import key
from baimo.cache.key import key_of
from baimo.catalogue import load
from baimo.config.settings import load_settings
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import ConfigError, InputError
from baimo.exchange import Deployment
from baimo.types.chat import AudioOutput, ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Replay
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool, Search, ToolChoice
from tests.scripted import chat_request, deployment
from tests.strategies import chat_requests

REQUEST = chat_request()
AT = deployment()
ROUTE = ((AT,),)

OTHERS: dict[str, Any] = {
    "messages": (Message(role=Role.USER, content="Ho"),),  # type: ignore[arg-type]
    "tools": (FunctionTool(name="find"),),
    "tool_choice": ToolChoice(mode="none"),
    "stop": ("x",),
    "logit_bias": {"1": 0.5},
    "response_format": ResponseFormat(type="json_object"),
    "reasoning": Reasoning(effort="low"),
    "verbosity": "low",
    "audio": AudioOutput(voice="v", format="mp3"),
    "modalities": ("text", "audio"),
    "prediction": "Hello",
    "unsupported": "drop",
    "extra": {"top_a": 1},
    "headers": {"X-Mode": "a"},
    "foreign": Replay(dialect="lines", json=Raw(b"{}")),
    "parallel_tool_calls": True,
    "search": Search(max_uses=2),
    "logprobs": True,
    "model": "other",
    "stream": True,
    "include_usage": True,
    "service_tier": "flex",
    "store": True,
    "metadata": {"a": "b"},
    "user": "u1",
    "prompt_cache_key": "p1",
}


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("kind", "counts", "does_not_count"),
    [
        (ChatRequest, key.COUNTS, key.DOES_NOT_COUNT),
        (Deployment, key.DEPLOYMENT_COUNTS, key.DEPLOYMENT_DOES_NOT_COUNT),
        (Site, key.SITE_COUNTS, key.SITE_DOES_NOT_COUNT),
    ],
)
def test_of_every_field_it_was_decided_whether_it_counts(
    kind: type[msgspec.Struct], counts: tuple[str, ...], does_not_count: dict[str, str]
) -> None:
    assert set(counts) | set(does_not_count) == fields(kind)
    assert not set(counts) & set(does_not_count)


@pytest.mark.parametrize("name", sorted(fields(ChatRequest)))
def test_a_field_changes_the_key_if_and_only_if_it_counts(name: str) -> None:
    other = replace(REQUEST, **{name: OTHERS.get(name, 1)})
    assert other != REQUEST
    assert (key_of(other, ROUTE) != key_of(REQUEST, ROUTE)) is (name in key.COUNTS)


@pytest.mark.parametrize(
    "changes",
    [
        {"provider": "umbrella"},
        {"endpoint": "second"},
        {"model": "n"},
        {"headers": ((b"x-mode", b"a"),)},
        {"extra": {"a": 1}},
        *[{"site": replace(AT.site, **{name: "other"})} for name in key.SITE_COUNTS],
    ],
    ids=str,
)
def test_what_counts_of_a_deployment_changes_the_key(changes: dict[str, Any]) -> None:
    assert key_of(REQUEST, ((replace(AT, **changes),),)) != key_of(REQUEST, ROUTE)


@pytest.mark.parametrize(
    "changes",
    [
        {"secrets": {"api_key": Secret("sk-fake")}},
        {"signer": HeaderKey()},
        {"weight": 2.0},
        {"transport": "local"},
        {"site": replace(AT.site, codes="acme")},
    ],
    ids=["secrets", "signer", "weight", "transport", "codes"],
)
def test_credentials_and_ways_do_not_change_the_key(changes: dict[str, Any]) -> None:
    other = replace(AT, **changes)
    assert key_of(REQUEST, ((other,),)) == key_of(REQUEST, ROUTE)
    assert key_of(REQUEST, ((AT, other),)) == key_of(REQUEST, ROUTE)


def test_the_order_of_models_counts() -> None:
    other = deployment(model="n")
    keys = {
        key_of(REQUEST, route) for route in (((AT,), (other,)), ((other,), (AT,)), ((AT,),), ((AT, other),))
    }
    assert len(keys) == 4


def test_scopes_share_nothing() -> None:
    assert len({key_of(REQUEST, ROUTE, scope=scope) for scope in ("", "a", "b")}) == 3


def test_header_fields_that_no_model_sees_do_not_count() -> None:
    traced = replace(REQUEST, headers={"Traceparent": "00-1"})
    assert key_of(traced, ROUTE) == key_of(REQUEST, ROUTE)
    asked = [{"X-Mode": "a", "B": "1"}, {"b": "1", "x-mode": "a", "X-Request-Id": "7"}]
    assert len({key_of(replace(REQUEST, headers=one), ROUTE) for one in asked}) == 1


def test_the_order_of_names_and_whole_numbers_make_no_difference() -> None:
    one = replace(REQUEST, extra={"a": 1, "b": {"c": 2, "d": 3}}, temperature=1)
    other = replace(REQUEST, extra={"b": {"d": 3, "c": 2}, "a": 1}, temperature=1.0)
    assert key_of(one, ROUTE) == key_of(other, ROUTE)


def test_what_cannot_be_sent_has_no_key() -> None:
    with pytest.raises(InputError, match="object"):
        key_of(replace(REQUEST, extra={"a": object()}), ROUTE)


@given(st.lists(chat_requests(), min_size=2, max_size=2))
def test_calls_have_one_key_if_and_only_if_what_counts_is_equal(requests: list[ChatRequest]) -> None:
    same = len({repr([getattr(one, name) for name in key.COUNTS]) for one in requests}) == 1
    assert (len({key_of(one, ROUTE) for one in requests}) == 1) is same


KNOWN = "d7a4e18136b6765015dde353adbd49d19feef7259c1c64418b1503d6f585e8ba"
_SCRIPT = """
from baimo.cache.key import key_of
from tests.cache.test_key import REQUEST, ROUTE
from msgspec.structs import replace
print(key_of(replace(REQUEST, extra={"b": {"y": 1, "x": 2}, "a": 0.1}, temperature=0.7), ROUTE))
"""


def test_another_process_finds_the_same_key() -> None:
    done = [
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert done == [KNOWN, KNOWN]


def test_a_call_of_every_provider_has_a_key() -> None:
    """Quirks hold ranges and other things of their own: what a row may say must not stop its calls."""
    keyed = 0
    for name in load.provider_names():
        try:
            route = load_settings({"providers": {name: {"api_key": "fake-0123456789"}}}).resolve(f"{name}/m")
        except ConfigError:  # it needs more than a key
            continue
        assert len(key_of(REQUEST, route)) == 64
        keyed += 1
    assert keyed > 60


def test_ranges_in_quirks_count() -> None:
    def ranged(text: str) -> Deployment:
        return deployment(site=Site(base_url="http://a.test", provider="a", quirks={"top_p": Interval(text)}))

    assert key_of(REQUEST, ((ranged("[0, 1]"),),)) != key_of(REQUEST, ((ranged("(0, 1]"),),))
