"""Balances as providers document them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from baimo.accounting.balance import read_balance
from baimo.catalogue import load
from baimo.catalogue.rows import BalancePlaces
from baimo.errors import WireError
from baimo.types.balance import Balance
from baimo.types.money import Money

SILICONFLOW = {
    "code": 20000,
    "message": "OK",
    "status": True,
    "data": {"id": "u", "balance": "0.88", "chargeBalance": "88.00", "totalBalance": "88.88"},
}
MOONSHOT = {
    "code": 0,
    "data": {"available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001},
    "scode": "0x0",
    "status": True,
}
STEPFUN = {
    "object": "account",
    "type": "prepaid",
    "balance": 26.0,
    "total_cash_balance": 0.0,
    "total_voucher_balance": 26.0,
}
DEEPSEEK = {
    "is_available": True,
    "balance_infos": [
        {
            "currency": "CNY",
            "total_balance": "110.00",
            "granted_balance": "10.00",
            "topped_up_balance": "100.00",
        },
        {"currency": "USD", "total_balance": "1.50", "granted_balance": "0.00", "topped_up_balance": "1.50"},
    ],
}
OPENROUTER = {"data": {"total_credits": 100.5, "total_usage": 25.75}}
VERCEL = {"balance": "95.50", "total_used": "4.50"}


def read(provider: str, reply: Any) -> Balance:
    row = load.provider(provider)
    assert row.balance is not None
    return read_balance(json.dumps(reply).encode(), row.balance, provider=provider, currency=row.currency)


DOCUMENTED = [
    ("deepseek", DEEPSEEK, "110 CNY, 1.5 USD"),
    ("moonshot", MOONSHOT, "49.58894 CNY"),
    ("moonshot-intl", MOONSHOT, "49.58894 USD"),
    ("siliconflow", SILICONFLOW, "88.88 CNY"),
    ("siliconflow-intl", SILICONFLOW, "88.88 USD"),
    ("stepfun", STEPFUN, "26 CNY"),
    ("stepfun-intl", STEPFUN, "26 USD"),
    ("openrouter", OPENROUTER, "74.75 USD"),
    ("vercel", VERCEL, "95.5 USD"),
]


@pytest.mark.parametrize(("provider", "reply", "left"), DOCUMENTED)
def test_the_documented_reply_is_read(provider: str, reply: Any, left: str) -> None:
    found = read(provider, reply)
    assert str(found) == left
    assert found.provider == provider
    assert found.raw is not None and msgspec.json.decode(found.raw) == reply


def test_every_provider_with_a_balance_is_tried_here() -> None:
    tried = {provider for provider, _, _ in DOCUMENTED}
    assert {row.name for row in load.providers() if row.balance is not None} == tried


def test_gifts_and_payments_are_told_apart_where_the_provider_does() -> None:
    found = read("deepseek", DEEPSEEK)
    assert found.granted == (Money(Decimal("10.00"), "CNY"), Money(Decimal("0.00"), "USD"))
    assert found.topped_up == (Money(Decimal("100.00"), "CNY"), Money(Decimal("1.50"), "USD"))
    assert found.available is True
    assert read("siliconflow", SILICONFLOW).granted == (Money(Decimal("0.88"), "CNY"),)
    assert read("stepfun", STEPFUN).granted == ()
    assert read("vercel", VERCEL).available is None


def test_a_part_that_is_missing_is_left_out_and_an_odd_word_of_availability_is_none() -> None:
    found = read(
        "deepseek", {"is_available": "yes", "balance_infos": [{"currency": "cny", "total_balance": 1}]}
    )
    assert found.amounts == (Money(Decimal(1), "CNY"),)
    assert (found.granted, found.topped_up, found.available) == ((), (), None)


def test_arrears_are_below_0() -> None:
    assert str(read("moonshot", {"data": {"available_balance": -3}})) == "-3 CNY"


@pytest.mark.parametrize(
    ("provider", "reply", "words"),
    [
        ("moonshot", {"data": {}}, "no amount at /data/available_balance"),
        ("moonshot", {"data": 5}, "no amount at /data/available_balance"),
        ("moonshot", {"data": {"available_balance": "much"}}, "is no amount"),
        ("moonshot", {"data": {"available_balance": True}}, "is no amount"),
        ("moonshot", {"data": {"available_balance": "NaN"}}, "is no amount"),
        ("openrouter", {"data": {"total_credits": 1}}, "no amount at /data/total_usage"),
        ("deepseek", {"balance_infos": {}}, "no list of accounts at /balance_infos"),
        ("deepseek", {"balance_infos": [{"total_balance": 1}]}, "no currency at /currency"),
        ("deepseek", [], "no list of accounts"),
    ],
)
def test_a_reply_without_what_is_looked_for_names_the_place(provider: str, reply: Any, words: str) -> None:
    with pytest.raises(WireError, match=words):
        read(provider, reply)


def test_a_page_is_no_balance() -> None:
    row = load.provider("vercel")
    assert row.balance is not None
    with pytest.raises(WireError):
        read_balance(b"<html>", row.balance, provider="vercel", currency="USD")


def test_without_any_currency_there_is_no_amount() -> None:
    places = BalancePlaces(path="/b", amount="/left", source="here", checked=load.provider("vercel").checked)  # type: ignore[arg-type]
    with pytest.raises(WireError, match="no currency"):
        read_balance(b'{"left": 1}', places, provider="acme", currency=None)
    assert str(read_balance(b'{"left": 1}', places, provider="acme", currency="EUR")) == "1 EUR"


@pytest.mark.parametrize("field", ["path", "amount", "granted"])
def test_a_place_begins_with_a_slash(field: str) -> None:
    table = {"path": "/b", "amount": "/left", "source": "here", "checked": "2026-11-28", field: "left"}
    with pytest.raises(msgspec.ValidationError, match="begins with /"):
        msgspec.convert(table, BalancePlaces)
