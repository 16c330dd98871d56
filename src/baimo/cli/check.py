"""`baimo check`: what works from here and what does not, every failure with its cure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .command import command, json_option, option
from .words import language, say

if TYPE_CHECKING:
    from baimo.config.settings import Settings
    from baimo.types.balance import Balance

    from .console import Console
    from .probe import Finding

_MARKS = {"ok": ("✓", "ok", "green"), "warn": ("!", "!", "yellow"), "fail": ("✗", "x", "red")}
_LOCAL = "local"


@command("check")
@click.argument("providers", nargs=-1, metavar="[PROVIDER]...")
@option("--call", is_flag=True, help="check.call")
@option("-m", "--model", metavar="NAME", help="check.model")
@option("--balance", is_flag=True, help="check.balance")
@option("--code", metavar="CODE", help="check.code")
@json_option()
@click.pass_obj
def run(
    console: Console,
    providers: tuple[str, ...],
    call: bool,
    model: str | None,
    balance: bool,
    code: str | None,
    as_json: bool,
) -> int:
    """Look at the providers that are named, else at those whose keys are set; 1 when something failed."""
    if code is not None:
        return _explain(console, providers, code, as_json)
    from baimo.client.connecting import transport_options
    from baimo.transports.sync import SyncTransport

    from .balances import ask_balance, balance_facts
    from .calling import open_client
    from .probe import look_at

    client = open_client(console)
    settings = client.settings
    names = [settings.row(name).name for name in providers] or _with_keys(settings)
    transport = SyncTransport(transport_options(settings))
    report: dict[str, list[Finding]] = {}
    left: dict[str, Balance] = {}
    try:
        for name in names:
            found = look_at(settings, name, transport, client if call or model else None, model)
            if balance and _is_good(found):
                found.append(ask_balance(client, name, left))
            report[name] = found
            if not as_json:
                _show(console, settings, name, found)
    finally:
        transport.close()
        client.close()
    if as_json:
        facts = [
            {
                "provider": name,
                "ok": _is_good(found),
                **({"balance": balance_facts(left[name])} if name in left else {}),
                "findings": [one._asdict() for one in found],
            }
            for name, found in report.items()
        ]
        console.line(json.dumps(facts, ensure_ascii=False, indent=2))
    elif not providers and names == [_LOCAL]:
        console.tell(say("check.no_keys"))
    return 0 if all(_is_good(found) for found in report.values()) else 1


def _explain(console: Console, providers: tuple[str, ...], code: str, as_json: bool) -> int:
    """What a code of a provider means; 1 for one that is in no table."""
    from baimo.config.settings import load_settings
    from baimo.dialect.codes import find

    from .codes import code_facts, cure, means, near, retry_words

    if len(providers) != 1:
        raise click.UsageError(say("code.one_provider"))
    row = load_settings().row(providers[0])
    found = find(row.codes, code)
    if found is None:
        console.tell(say("code.unknown" if row.codes else "code.none", provider=row.name, code=code))
        if row.codes and (others := near(row.codes, code)):
            console.tell("  " + say("code.near", codes=", ".join(others)))
        return 1
    if as_json:
        console.line(json.dumps(code_facts(code, found), ensure_ascii=False, indent=2))
        return 0
    console.line(console.bold(say("code.means", code=code, means=means(found))))
    console.line(f"  {say('code.class', kind=f'{found.kind.__name__} [{found.kind.code}]')}")
    console.line(f"  {retry_words(found)}")
    console.lines(f"  {line}" for line in cure(found).splitlines())
    return 0


def _with_keys(settings: Settings) -> list[str]:
    """The providers whose keys are set; the embedded model where there are none."""
    return [name for name in settings.provider_names() if settings.key_state(name).is_set] or [_LOCAL]


def _is_good(found: list[Finding]) -> bool:
    return all(one.verdict != "fail" for one in found)


def _show(console: Console, settings: Settings, name: str, found: list[Finding]) -> None:
    console.line(console.bold(f"{name}  {settings.row(name).title_in(language())}"))
    for one in found:
        wanted, plain, colour = _MARKS[one.verdict]
        mark = console.coloured(console.symbol(wanted, plain), colour)
        console.line(f"  {mark} {say(f'check.what_{one.what}')}{one.text}")
        console.lines(f"      {line}" for line in one.cure.splitlines())
