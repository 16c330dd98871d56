"""`baimo check --balance`: what is left on an account, where the provider tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baimo.errors import Error
from baimo.types.balance import Balance

from .probe import Finding, cure_of
from .words import language, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from baimo.client.client import Client
    from baimo.types.money import Money


def ask_balance(client: Client, name: str, told: dict[str, Balance]) -> Finding:
    """Ask a provider for the balance; what it tells is put into `told`."""
    row = client.settings.row(name)
    if row.balance is None:
        words = say("balance.none", name=row.title_in(language()))
        return Finding("balance", "warn", words, say("balance.look", home=row.home) if row.home else "")
    try:
        balance = told[name] = client.balance(name)
    except Error as error:
        remark = row.balance.remark.said(language()) if row.balance.remark else ""
        cure = "\n".join(filter(None, (remark, cure_of(error))))
        return Finding("balance", "fail", f"{error.message} [{error.code}]", cure)
    words = balance_words(balance)
    if balance.available is False:
        return Finding("balance", "warn", words, say("balance.unavailable"))
    return Finding("balance", "ok", words)


def balance_words(balance: Balance) -> str:
    """The balance for people."""
    parts = [say("balance.left", amounts=_joined(balance.amounts))]
    if balance.granted:
        parts.append(say("balance.granted", amounts=_joined(balance.granted)))
    if balance.topped_up:
        parts.append(say("balance.topped_up", amounts=_joined(balance.topped_up)))
    return say("balance.and").join(parts)


def balance_facts(balance: Balance) -> dict[str, Any]:
    """The balance for a program."""
    return {
        "amounts": _facts(balance.amounts),
        "granted": _facts(balance.granted),
        "topped_up": _facts(balance.topped_up),
        "available": balance.available,
    }


def _joined(amounts: Iterable[Money]) -> str:
    return " + ".join(map(str, amounts))


def _facts(amounts: Iterable[Money]) -> list[dict[str, str]]:
    return [{"amount": f"{money.amount:f}", "currency": money.currency} for money in amounts]
