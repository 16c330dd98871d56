"""What calls to a model go by is read from the rows as calls read them, and each of it says who tells it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from baimo import dialects
from baimo.catalogue import load
from baimo.catalogue.behaviours import OF_WIRES, OwnWords, behaviour_of, meanings
from baimo.catalogue.rows import Endpoint, Limits, ProviderRow, Variant
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import FeaturesDialect
from baimo.types.behaviours import ModelBehaviour
from baimo.types.models import ModelInfo, Price

DAY, LATER = date(2026, 1, 1), date(2026, 2, 2)
ENDPOINT = Endpoint(
    name="chat",
    dialect="openai_chat",
    base_url="https://acme.example",
    quirks={"efforts": ["low"], "search": "plugin", "temperature": "[0, 1]"},
    told={"search": "https://acme.example/search"},
    variants=(
        Variant(models=("big*",), quirks={"temperature": "[1, 1]", "n_max": 1}),
        Variant(models=("bigger*", "x"), quirks={"n_max": 2}, source="a page", checked=LATER),
    ),
    served_as={"bigger": "b-2"},
    limits=Limits(concurrency=5),
    until=DAY,
)
ROW = ProviderRow(
    name="acme",
    title="Acme",
    title_zh="极致",
    home="https://acme.example",
    source="acme's pages",
    checked=DAY,
    endpoints=(ENDPOINT,),
    codes="deepseek",
    currency="CNY",
    max_queue_s=60,
)


def told(model: str = "any", **fields: Any) -> ModelBehaviour:
    quirks = dialects.get("openai_chat").quirks(ENDPOINT.quirks_for(model))
    return behaviour_of(ROW, ENDPOINT, model, quirks=quirks, **fields)


def who(found: ModelBehaviour, name: str) -> tuple[Any, ...]:
    one = found[name]
    return one.value, one.origin, one.where, one.source, one.checked


def test_what_nobody_says_is_a_default() -> None:
    assert who(told(), "stream_only") == (False, "default", "", None, None)


def test_what_the_endpoint_says_has_its_source_and_day() -> None:
    assert who(told(), "efforts") == (("low",), "endpoint", "chat", "acme's pages", DAY)
    assert who(told(), "search") == ("plugin", "endpoint", "chat", "https://acme.example/search", DAY)


def test_of_several_patterns_the_last_decides() -> None:
    assert who(told("big"), "n_max") == (1, "variant", "big*", "acme's pages", DAY)
    assert who(told("bigger"), "n_max") == (2, "variant", "bigger*, x", "a page", LATER)
    assert who(told("Bigger"), "temperature") == ("[1, 1]", "variant", "big*", "acme's pages", DAY)


def test_the_user_stands_above_the_rows_and_a_refusal_above_the_user() -> None:
    own = OwnWords(quirks={"n_max": "/home/u/config.toml", "search": "x"}, learned={"search": "what helped"})
    found = told("big", own=own)
    assert who(found, "n_max") == (1, "configuration", "/home/u/config.toml", None, None)
    assert who(found, "search") == ("plugin", "learned", "what helped", None, None)


def test_what_the_wire_says_stands_where_no_quirk_says_more() -> None:
    dialect = dialects.get("openai_chat")
    assert isinstance(dialect, FeaturesDialect)
    found = told(features=dialect.features())
    assert who(found, "wire.thinking") == ("carried", "wire", "openai_chat", None, None)
    names = {one.name for one in found.behaviours}
    assert "wire.thinking_replay" not in names, "the quirk reasoning_replay says it"
    hunyuan = dialects.get("hunyuan")
    assert isinstance(hunyuan, FeaturesDialect)
    silent = behaviour_of(ROW, ENDPOINT, "any", features=hunyuan.features(), language="zh-CN")
    assert silent["wire.thinking_replay"].means.endswith("：不送回：服务商会拒绝")
    assert {f"wire.{name}" for name in OF_WIRES} <= {one.name for one in silent.behaviours}


def test_what_is_asked_is_told_with_the_wire_s_own_fields() -> None:
    found = told(asked={"reasoning_off": {"reasoning_effort": "none"}})
    assert who(found, "asked.reasoning_off")[:3] == ({"reasoning_effort": "none"}, "wire", "openai_chat")
    assert found["asked.reasoning_off"].area == "thinking"


def test_the_rows_themselves_say_more() -> None:
    found = told("bigger")
    assert who(found, "served_as") == ("b-2", "endpoint", "chat", "acme's pages", DAY)
    assert who(found, "limits")[0] == {"concurrency": 5}
    assert who(found, "until")[0] == "2026-01-01"
    value, origin, _, source, _ = who(found, "codes")
    assert (value, origin) == ("deepseek", "provider")
    assert "https://api-docs.deepseek.com" in source
    assert who(found, "provider.max_queue_s") == (60.0, "provider", "", "acme's pages", DAY)
    assert "served_as" not in {one.name for one in told("big").behaviours}


def test_a_model_s_facts_and_prices_have_the_model_s_source() -> None:
    price = Price(currency="CNY", input=Decimal("0.5"), source="prices", checked=LATER)
    info = ModelInfo(id="big", provider="acme", context=4096, prices=(price,), source="list", checked=DAY)
    found = told("new", info=info)
    assert found.is_known
    assert who(found, "context") == (4096, "model", "", "list", DAY)
    assert who(found, "price") == ({"currency": "CNY", "input": "0.5"}, "model", "", "prices", LATER)
    own = told("new", info=info, own=OwnWords(facts=frozenset(("context", "prices"))))
    assert who(own, "context") == (4096, "configuration", "", None, None)
    assert own["price"].origin == "configuration"


def test_a_name_is_known_by_a_block_or_a_pattern() -> None:
    assert told("big").is_known
    assert not told("small").is_known


def test_a_wire_of_somebody_else_s_is_told_without_words() -> None:
    class Own(msgspec.Struct, frozen=True):
        way: complex = 1j
        span: Interval = Interval("(0, 1]")

    endpoint = msgspec.structs.replace(ENDPOINT, quirks={}, variants=(), told={}, dialect="own")
    bare = msgspec.structs.replace(ROW, codes=None, endpoints=(endpoint,))
    found = behaviour_of(bare, endpoint, "any", quirks=Own())
    assert (found["way"].value, found["way"].area, found["way"].means) == ("1j", "call", "")
    assert found["span"].value == "(0, 1]"
    assert "codes" not in {one.name for one in found.behaviours}


EVERY = [(row, endpoint) for row in load.providers() for endpoint in row.endpoints]


def examples(endpoint: Endpoint) -> list[str]:
    patterns = [pattern for variant in endpoint.variants for pattern in variant.models]
    return [
        "any",
        *(re.sub(r"\[(.).*?\]", r"\1", one).replace("*", "x").replace("?", "1") for one in patterns),
    ]


def test_everything_that_a_row_says_has_a_source_and_a_day() -> None:
    for row, endpoint in EVERY:
        for model in examples(endpoint):
            quirks = dialects.get(endpoint.dialect).quirks(endpoint.quirks_for(model))
            found = behaviour_of(row, endpoint, model, quirks=quirks, info=load.model(row.name, model))
            for one in found.behaviours:
                said = one.origin not in ("default", "wire")
                assert not said or (one.source and one.checked), f"{row.name} {model} {one.name}"
                assert one.means, one.name


def test_a_source_stands_beside_a_quirk_that_is_said_there() -> None:
    for row, endpoint in EVERY:
        assert set(endpoint.told) <= set(endpoint.quirks), row.name


def test_every_quirk_of_every_wire_is_explained_in_both_languages() -> None:
    quirks = {
        name
        for dialect in dialects.names()
        for name in getattr(dialects.get(dialect).quirks({}), "__struct_fields__", ())
    }
    assert quirks <= set(meanings())
    for name, meaning in meanings().items():
        assert meaning.en and not re.search("[\u4e00-\u9fff]", meaning.en), name
        assert re.search("[\u4e00-\u9fff]", meaning.zh), name
