"""`baimo usage`: what the calls of the ledger used and cost, by day, model, provider or key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from .command import command, json_option, option
from .ledgers import ledger_path, moment, tokens
from .width import cut, width, wrap
from .words import say

if TYPE_CHECKING:
    from baimo.accounting.rates import Rates
    from baimo.ledger.reading import Lost, Sum

    from .console import Console

_GROUPS = ("day", "model", "provider", "key")
_LEAST_COST = 24
_LEAST_NAME = 12


@command("usage")
@option("--since", metavar="WHEN", default="30d", help="used.since")
@option("--until", metavar="WHEN", help="used.until")
@option("--by", "by", metavar="LIST", default="day", help="used.by")
@option("--ledger", metavar="FILE", help="option.ledger")
@json_option()
@click.pass_obj
def run(console: Console, since: str, until: str | None, by: str, ledger: str | None, as_json: bool) -> int:
    """Add up calls and print the sums."""
    from baimo.config.settings import load_settings
    from baimo.ledger.reading import sums

    groups = _groups(by)
    begin, end = moment(since), moment(until, is_end=True)
    settings = load_settings()
    path = ledger_path(settings, ledger)
    if not path.exists() and ledger is None:
        found: list[Sum] = []
        losses: list[Lost] = []
    else:
        found, losses = sums(path, groups, since=begin, until=end)
    told = settings.services.money.rates
    money = _Money(told)
    if as_json:
        console.line(json.dumps(_facts(groups, found, losses, money), ensure_ascii=False, indent=2))
        return 0
    if not found:
        console.tell(say("used.nothing", path=path))
    else:
        console.lines(_table(console, groups, found, money))
    _remarks(console, found, losses)
    return 0


def _groups(by: str) -> list[str]:
    groups = [name.strip() for name in by.split(",") if name.strip()]
    for name in groups:
        if name not in _GROUPS:
            raise click.UsageError(say("used.no_group", name=name, known=", ".join(_GROUPS)))
    return groups


class _Money:
    """Amounts in several currencies, and in one of them where `[money] rates` tell what they are worth."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._rates: Rates | None = None
        self.currency: str | None = None
        if told:
            from baimo.accounting.rates import parse_money, read_rates

            self._rates = read_rates(told)
            self.currency = parse_money(next(iter(told.values()))).currency

    def together(self, costs: Mapping[str, Decimal]) -> Decimal | None:
        """All of it in one currency; None where a rate is missing, or none is wanted."""
        from baimo.types.money import Money

        if self._rates is None or self.currency is None:
            return None
        whole = Decimal(0)
        for currency, amount in costs.items():
            found = self._rates.convert(Money(amount, currency), self.currency)
            if found is None:
                return None
            whole += found.amount
        return whole


def _table(console: Console, groups: list[str], found: list[Sum], money: _Money) -> list[str]:
    """Figures on the right of their columns, costs as words in the last one; below it all of them."""
    columns = [*groups, *("calls", "failed", "input", "output")]
    together = [say("used.together", currency=money.currency)] if money.currency else []
    head = [*[say(f"used.{name}") for name in columns], *together, say("used.cost")]
    rows = [_row([name or "–" for name in one.group], one, money) for one in found]
    has_all = bool(groups) and len(found) > 1
    if has_all:
        rows.append(_row([say("used.all"), *[""] * (len(groups) - 1)], _added(found), money))
    lines = _aligned([head, *rows], lefts=len(groups), columns=console.table_columns)
    bold = {0, len(lines) - 1} if has_all else {0}
    return [
        console.bold(text) if number in bold else text for number, row in enumerate(lines) for text in row
    ]


def _row(group: list[str], one: Sum, money: _Money) -> list[str]:
    failed = f"{one.failed:,}" if one.failed else ""
    figures = [f"{one.calls:,}", failed, tokens(one.input), tokens(one.output)]
    if money.currency:
        whole = money.together(one.costs)
        figures.append("" if whole is None or not one.costs else shown(whole))
    return [*group, *figures, _cost(one)]


def _cost(one: Sum) -> str:
    """`1.2 CNY + 0.3 USD, 4 unknown`: never 0 for what is not known."""
    text = " + ".join(f"{shown(amount)} {currency}" for currency, amount in sorted(one.costs.items()))
    if one.unknown:
        unknown = say("used.unknown", count=f"{one.unknown:,}")
        text = f"{text}{say('used.and')}{unknown}" if text else unknown
    return text or "–"


def shown(amount: Decimal) -> str:
    """An amount to as many figures as matter: cents of what is large, more of what is small."""
    places = 2 if amount >= 100 else 4 if amount >= Decimal("0.01") else 8
    text = f"{amount:,.{places}f}"
    return text.rstrip("0").rstrip(".") or "0"


def _added(found: list[Sum]) -> Sum:
    from baimo.ledger.reading import Sum

    whole = Sum(group=(), costs={})
    for one in found:
        for name in ("calls", "failed", "cached", "attempts", "maybe_billed", "unknown"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        for name in ("input", "cache_read", "output", "reasoning"):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        for currency, amount in one.costs.items():
            whole.costs[currency] = whole.costs.get(currency, Decimal(0)) + amount
    return whole


def _aligned(rows: list[list[str]], *, lefts: int, columns: int | None) -> list[list[str]]:
    """The lines of each row: the first columns begin on the left, figures end on the right, costs wrap.

    In so many `columns` the widest of the first ones are cut where there is no room.
    """
    widths = [max(width(row[at]) for row in rows) for at in range(len(rows[0]))]
    if columns is not None:
        room = columns - sum(widths[:-1]) - 2 * (len(widths) - 1)
        while room < _LEAST_COST and lefts and max(widths[:lefts]) > _LEAST_NAME:
            widths[widths.index(max(widths[:lefts]))] -= 1
            room += 1
        widths[-1] = max(room, _LEAST_NAME)
    lines = []
    for row in rows:
        cells = []
        for at, (cell, wide) in enumerate(zip(row[:-1], widths[:-1], strict=True)):
            text = cut(cell, wide)
            blanks = " " * (wide - width(text))
            cells.append(text + blanks if at < lefts else blanks + text)
        first, *more = [row[-1]] if columns is None else wrap(row[-1], widths[-1])
        indent = " " * (sum(widths[:-1]) + 2 * (len(widths) - 1))
        lines.append(["  ".join([*cells, first]).rstrip(), *(indent + text for text in more)])
    return lines


def _remarks(console: Console, found: list[Sum], losses: list[Lost]) -> None:
    """What the sums do not tell: attempts that may be billed, calls that are missing."""
    billed = sum(one.maybe_billed for one in found)
    if billed:
        console.tell(say("used.maybe_billed", count=f"{billed:,}"), quiet=True)
    if losses:
        why = ", ".join(sorted({one.why for one in losses}))
        console.tell(say("used.lost", count=f"{sum(one.count for one in losses):,}", why=why))


def _facts(groups: list[str], found: list[Sum], losses: list[Lost], money: _Money) -> dict[str, Any]:
    """The sums for a program to read; amounts are texts, as no float holds them."""

    def facts(one: Sum) -> dict[str, Any]:
        whole = money.together(one.costs)
        return {
            **{name: getattr(one, name) for name in one.__struct_fields__ if name not in ("group", "costs")},
            "costs": {currency: str(amount) for currency, amount in sorted(one.costs.items())},
            "together": None if whole is None else {"amount": str(whole), "currency": money.currency},
        }

    rows = [{**dict(zip(groups, one.group, strict=True)), **facts(one)} for one in found]
    return {
        "by": groups,
        "rows": rows,
        "all": facts(_added(found)),
        "lost": [{"at": one.at, "count": one.count, "why": one.why} for one in losses],
    }
