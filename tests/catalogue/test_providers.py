"""Every row of the catalogue can be used as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baimo import dialects
from baimo.auth import schemes
from baimo.catalogue import load
from baimo.catalogue.rows import Bilingual, Endpoint, ProviderRow
from baimo.config.candidates import needs, takes
from baimo.dialect import codes
from baimo.wire.http import split_url

ROWS = load.providers()
ENDPOINTS = [(row, endpoint) for row in ROWS for endpoint in row.endpoints]
FOLDER = Path(load.__file__).parent / "providers"
DOCS = Path(__file__).resolve().parents[2] / "docs"
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


def row_name(row: ProviderRow) -> str:
    return row.name


def endpoint_name(pair: object) -> str:
    return pair.name if isinstance(pair, ProviderRow | Endpoint) else str(pair)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_row_says_where_it_was_read_and_when(row: ProviderRow) -> None:
    assert row.source
    assert row.checked is not None
    assert row.endpoints
    assert all(endpoint.checked is not None for endpoint in row.endpoints if endpoint.source is not None)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_row_says_where_a_key_is_made(row: ProviderRow) -> None:
    assert row.home.startswith("https://") or row.name == "local"


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_row_is_small_enough_to_read_in_a_call(row: ProviderRow) -> None:
    """Some 3 ms at the most, once: a row of that size tells of three wires with their families of models."""
    assert (FOLDER / f"{row.name}.toml").stat().st_size < 7168


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_text_stands_in_both_languages(row: ProviderRow) -> None:
    remarks = [row.remark, row.site_hint, row.free_tier]
    remarks += [row.balance.remark] if row.balance else []
    for endpoint in row.endpoints:
        remarks += [endpoint.remark, *(parameter.remark for parameter in endpoint.parameters.values())]
    for remark in filter(None, remarks):
        assert_both(remark)


def assert_both(remark: Bilingual) -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    assert remark.en and not chinese.search(remark.en)
    assert chinese.search(remark.zh) or "、" in remark.zh


@pytest.mark.parametrize(("row", "endpoint"), ENDPOINTS, ids=endpoint_name)
def test_every_endpoint_has_a_dialect_that_takes_its_quirks(row: ProviderRow, endpoint: Endpoint) -> None:
    dialect = dialects.get(endpoint.dialect)
    assert dialect.name == endpoint.dialect
    named = [pattern.replace("*", "x") for variant in endpoint.variants for pattern in variant.models]
    for model in ("any", *named):
        dialect.quirks(endpoint.quirks_for(model))


@pytest.mark.parametrize(("row", "endpoint"), ENDPOINTS, ids=endpoint_name)
def test_every_address_is_encrypted_or_this_machine(row: ProviderRow, endpoint: Endpoint) -> None:
    given = {"resource": "https://name.openai.azure.com"}
    address = endpoint.address({name: given.get(name, "here") for name in endpoint.parameters})
    assert "{" not in address
    assert not address.endswith("/")
    origin, _ = split_url(address)
    if endpoint.transport == "local":
        assert origin.endswith(".invalid")
    elif endpoint.auth.scheme != "none":
        assert origin.startswith(("https://", "wss://"))
    else:
        own, _ = split_url(endpoint.address())
        assert own.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(("row", "endpoint"), ENDPOINTS, ids=endpoint_name)
def test_every_variable_is_named_like_one(row: ProviderRow, endpoint: Endpoint) -> None:
    groups = [
        *endpoint.env.values(),
        endpoint.base_url_env,
        *(one.env for one in endpoint.parameters.values()),
    ]
    for names in groups:
        assert all(VARIABLE.fullmatch(name) for name in names)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(("row", "endpoint"), ENDPOINTS, ids=endpoint_name)
def test_every_secret_that_is_sent_may_stand_in_a_variable(row: ProviderRow, endpoint: Endpoint) -> None:
    taken = [set(takes(auth)) for auth in endpoint.ways]
    assert set(endpoint.env) <= set().union(*taken)
    for auth in endpoint.ways:
        assert set(needs(auth)) <= set(endpoint.env) or not endpoint.env
        assert set(auth.parameters) <= set(endpoint.parameters)


@pytest.mark.parametrize(("row", "endpoint"), ENDPOINTS, ids=endpoint_name)
def test_every_way_of_signing_has_its_signer(row: ProviderRow, endpoint: Endpoint) -> None:
    for auth in endpoint.ways:
        if auth.scheme in schemes.KEYS:
            assert not auth.options
        else:
            options = {name: option for name, option in auth.options.items() if "{" not in str(option)}
            assert set(needs(auth)) == set(schemes.signer(auth.scheme, options).needs)
            unfilled = set(re.findall(r"\{(\w+)\}", str(auth.options)))
            assert unfilled <= set(endpoint.parameters)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_table_of_codes_that_a_row_names_exists(row: ProviderRow) -> None:
    assert row.codes is None or codes.table(row.codes).table


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_other_provider_that_a_row_names_exists(row: ProviderRow) -> None:
    named = {*row.foreign_keys.values(), *filter(None, [row.successor])}
    assert named <= set(load.provider_names())
    assert row.name not in named
    assert not set(row.foreign_keys) & set(row.key_prefixes)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_the_endpoints_of_a_row_have_names_of_their_own(row: ProviderRow) -> None:
    names = [endpoint.name for endpoint in row.endpoints]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_row_is_on_the_page_of_providers(row: ProviderRow) -> None:
    for page in (DOCS / "providers.md", DOCS / "zh" / "providers.md"):
        text = page.read_text("utf-8")
        assert f"| `{row.name}` |" in text
        assert all(f"`{endpoint.base_url}`" in text for endpoint in row.endpoints)


def test_at_least_35_providers_speak_the_openai_chat_wire() -> None:
    speaking = {row.name for row, endpoint in ENDPOINTS if endpoint.dialect == "openai_chat"}
    assert len(speaking) >= 35


def test_every_other_name_means_one_row_and_is_the_name_of_none() -> None:
    names = set(load.provider_names())
    assert set(load.aliases().values()) <= names
    assert not set(load.aliases()) & names
    assert all(name == name.lower() for name in load.aliases())


def test_sites_whose_keys_do_not_cross_are_rows_that_name_each_other() -> None:
    for name in ("moonshot", "minimax", "siliconflow", "tokenhub", "stepfun"):
        for here, there in ((name, f"{name}-intl"), (f"{name}-intl", name)):
            hint = load.provider(here).site_hint
            assert hint is not None
            assert there in hint.en and there in hint.zh
