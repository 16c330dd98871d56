"""Every model has its path, domain and host; what is not in the table can be given."""

from __future__ import annotations

import pytest

from baimo.dialects.spark_ws import DIALECT
from baimo.dialects.spark_ws.pairs import OFFICIAL, PAIRS, place_of, served_at
from baimo.errors import ConfigError, InputError
from tests.dialects.spark_ws.asking import frame, request, site

NORTH = "cn-huabei-1.xf-yun.com"
PLACES = {
    "patch": ("wss://spark-api.xf-yun.com/v1.1/chat", "patch"),
    "lite": ("wss://spark-api.xf-yun.com/v1.1/chat", "lite"),
    "general": ("wss://spark-api.xf-yun.com/v1.1/chat", "general"),
    "v2": ("wss://spark-api.xf-yun.com/v2.1/chat", "generalv2"),
    "Pro": ("wss://spark-api.xf-yun.com/v3.1/chat", "generalv3"),
    "generalv3": ("wss://spark-api.xf-yun.com/v3.1/chat", "generalv3"),
    "pro-128k": ("wss://spark-api.xf-yun.com/chat/pro-128k", "pro-128k"),
    "max": ("wss://spark-api.xf-yun.com/v3.5/chat", "generalv3.5"),
    "max-32k": ("wss://spark-api.xf-yun.com/chat/max-32k", "max-32k"),
    "4.0Ultra": ("wss://spark-api.xf-yun.com/v4.0/chat", "4.0Ultra"),
    "ultra": ("wss://spark-api.xf-yun.com/v4.0/chat", "4.0Ultra"),
    "spark-x": ("wss://spark-api.xf-yun.com/v1/x1", "spark-x"),
    "x1": ("wss://spark-api.xf-yun.com/v1/x1", "spark-x"),
    "x1-preview": ("wss://spark-api.xf-yun.com/v1/reasoner-x1-preview", "x1"),
    "x2": ("wss://spark-api.xf-yun.com/x2", "spark-x"),
    "kjwx": (f"wss://spark-openapi-n.{NORTH}/v1.1/chat_kjwx", "kjwx"),
    "image": (f"wss://spark-api.{NORTH}/v2.1/image", "image"),
    "maas/xop123": (f"wss://maas-api.{NORTH}/v1.1/chat", "xop123"),
    "maas-lite/xs9": ("wss://spark-api-n.xf-yun.com/v1.1/chat", "xs9"),
    "assistant/a b": (f"wss://spark-openapi.{NORTH}/v1/assistants/a%20b", "general"),
}


@pytest.mark.parametrize(("model", "place"), PLACES.items())
def test_a_model_has_its_address_and_domain(model: str, place: tuple[str, str]) -> None:
    found = place_of(model, site())
    assert (found.origin + found.path, found.pair.domain) == place


@pytest.mark.parametrize("model", PLACES)
@pytest.mark.parametrize(
    ("base", "before"),
    [("http://127.0.0.1:99", ""), ("ws://127.0.0.1:99", ""), ("ws://127.0.0.1:99/relay/", "/relay")],
)
def test_another_address_is_where_everything_goes(model: str, base: str, before: str) -> None:
    official, own = place_of(model, site()), place_of(model, site(base))
    assert (own.origin, own.path) == ("ws://127.0.0.1:99", before + official.path)
    assert own.pair == official.pair


def test_https_is_spoken_to_as_wss() -> None:
    assert place_of("max", site("https://spark-api.xf-yun.com")).origin == OFFICIAL


def test_every_pair_is_found_again_by_path_and_domain() -> None:
    for pair in PAIRS:
        found = served_at(pair.path, pair.domain)
        assert found is not None
        assert found.path == pair.path
        assert place_of(found.model, site()).path == pair.path
    assert served_at("/v1/x1", "x1") == served_at("/v1/x1", "spark-x")
    ours = served_at("/v1.1/chat", "xop123")
    assert ours is not None
    assert ours.model == "maas/xop123"
    helper = served_at("/v1/assistants/a%20b", "general")
    assert helper is not None
    assert helper.model == "assistant/a b"


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("/v3.5/chat", "lite"),
        ("/v1.1/chat", "4.0Ultra"),
        ("/v1/chat", "general"),
        ("/v1/assistants/a", "lite"),
    ],
)
def test_a_domain_does_not_go_with_every_path(path: str, domain: str) -> None:
    assert served_at(path, domain) is None


def test_an_address_that_is_whole_is_taken_as_it_stands() -> None:
    assert place_of("max", site("wss://spark-api.xf-yun.com/v3.5/chat")).path == "/v3.5/chat"
    own = place_of("xop9", site(f"wss://maas-api.{NORTH}/v1.1/chat"))
    assert (own.origin, own.path, own.pair.domain) == (f"wss://maas-api.{NORTH}", "/v1.1/chat", "xop9")
    helper = place_of("assistant/7", site("wss://h.example/v1/assistants/7"))
    assert helper.path == "/v1/assistants/7"


@pytest.mark.parametrize("model", ["4.0Ultra", "generalv9"])
def test_an_address_of_another_version_is_an_error_that_says_which(model: str) -> None:
    with pytest.raises(InputError, match=r"/v3\.5/chat, which belongs to generalv3\.5, not to"):
        place_of(model, site("wss://spark-api.xf-yun.com/v3.5/chat"))


def test_the_address_of_an_assistant_is_no_versions() -> None:
    with pytest.raises(InputError, match="belongs to an assistant, not to 'max'"):
        place_of("max", site("wss://h.example/v1/assistants/7"))


def test_an_unknown_model_is_told_near_ones_and_how_to_give_a_pair() -> None:
    with pytest.raises(InputError) as caught:
        place_of("generlv3.5", site())
    assert "did you mean" in caught.value.message
    assert "generalv3.5" in caught.value.message
    assert "quirks.pairs" in str(caught.value)
    with pytest.raises(InputError, match="there is lite, general"):
        place_of("zzzzzz", site())


@pytest.mark.parametrize("model", ["maas/", "assistant/", "maas-lite/"])
def test_an_id_must_follow_a_prefix(model: str) -> None:
    with pytest.raises(InputError):
        place_of(model, site())


def test_a_given_pair_wins() -> None:
    at = site(
        pairs={
            "mine": {"domain": "d1", "path": "v9/chat"},
            "there": {"url": "https://h.example/x/chat", "image": True},
            "max": {"domain": "d2", "path": "/v8/chat", "url": "ws://h.example:1"},
        }
    )
    assert place_of("mine", at).path == "/v9/chat"
    there = place_of("there", at)
    assert (there.origin, there.path, there.pair.domain, there.pair.image) == (
        "wss://h.example",
        "/x/chat",
        "there",
        True,
    )
    own = place_of("max", at)
    assert (own.origin, own.path, own.pair.domain) == ("ws://h.example:1", "/v8/chat", "d2")


def test_a_mark_behind_a_models_name_goes_with_the_domain() -> None:
    """A simulator takes faults there."""
    wire = DIALECT.encode_request(request(model="max!cut@40"), site())
    assert wire.target == b"/v3.5/chat"
    assert frame(request(model="max!cut@40"))["parameter"]["chat"]["domain"] == "generalv3.5!cut@40"
    assert DIALECT.decode_request(wire).model == "generalv3.5!cut@40"


@pytest.mark.parametrize(
    "fields", [{"pair": {}}, {"pairs": {"m": {"route": "/x"}}}, {"pairs": {"m": {"path": 1}}}]
)
def test_a_quirk_that_is_wrong_is_named(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="a quirk of spark_ws is wrong"):
        DIALECT.quirks(fields)
