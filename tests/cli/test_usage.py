"""What calls used and cost, as people and programs read it."""

from __future__ import annotations

import json
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click
import pytest

from baimo.cli.ledgers import moment, seconds, tokens
from baimo.cli.usage import shown
from baimo.ledger import store
from baimo.types.record import CallRecord
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tests.ledger.records import attempt, batch_of, record

NOW = time.time()


@pytest.fixture
def ledger(folder: Path) -> Path:
    """The user's ledger, switched on, in the home of the test; empty."""
    home = folder.parent / "home"
    home.mkdir()
    (home / "config.toml").write_text("[ledger]\n", "utf-8")
    return home / "data" / "ledger.db"


def keep(path: Path, *records: CallRecord, lost: int = 0) -> None:
    opened = store.connect(path, create=True)
    losses = [(NOW, lost, "disk full")] if lost else []
    store.write(opened, [batch_of(records)] if records else [], losses)
    opened.close()


def some(path: Path) -> None:
    keep(
        path,
        record(1, at=NOW, cost="0.1"),
        record(2, at=NOW, cost="0.2"),
        record(3, at=NOW, cost=None),
        record(4, at=NOW, cost="0.5", currency="USD", provider="openai", model="gpt-5"),
        record(
            5,
            at=NOW,
            cost=None,
            outcome="failed",
            attempts=(attempt(outcome="failed", maybe_billed=True, key="team-b"),),
        ),
        lost=3,
    )


def test_sums_stand_in_their_currencies_and_the_unknown_is_counted(run: Run, ledger: Path) -> None:
    some(ledger)
    result = run("usage", "--by", "model")
    head, acme, openai, whole = result.stdout.splitlines()
    assert head.split() == ["model", "calls", "failed", "input", "output", "cost"]
    assert acme.split() == ["acme/big", "4", "1", "480", "140", "0.3", "CNY,", "2", "unknown"]
    assert openai.split() == ["openai/gpt-5", "1", "120", "35", "0.5", "USD"]
    assert whole.split()[:1] == ["all"] and whole.endswith("0.3 CNY + 0.5 USD, 2 unknown")
    assert "billed all the same: 1." in result.stderr
    assert "missing here: 3 (disk full)" in result.stderr


def test_rates_give_one_currency_besides(run: Run, ledger: Path) -> None:
    some(ledger)
    config = ledger.parent.parent / "config.toml"
    config.write_text('[ledger]\n[money]\nrates = { USD = "7 CNY" }\n', "utf-8")
    lines = run("usage", "--by", "provider").stdout.splitlines()
    assert "in CNY" in lines[0]
    assert "  3.5  0.5 USD" in lines[2]
    assert "  3.8  0.3 CNY + 0.5 USD" in lines[3]
    facts = json.loads(run("usage", "--by", "provider", "--json").stdout)
    assert facts["all"]["together"] == {"amount": "3.8", "currency": "CNY"}


def test_a_currency_without_a_rate_is_not_made_up(run: Run, ledger: Path) -> None:
    some(ledger)
    config = ledger.parent.parent / "config.toml"
    config.write_text('[ledger]\n[money]\nrates = { EUR = "8 CNY" }\n', "utf-8")
    facts = json.loads(run("usage", "--by", "", "--json").stdout)
    assert facts["rows"][0]["together"] is None
    assert facts["rows"][0]["costs"] == {"CNY": "0.3", "USD": "0.5"}
    assert "0.3 CNY + 0.5 USD, 2 unknown" in run("usage", "--by", "").stdout


def test_json_holds_amounts_as_text_and_every_count(run: Run, ledger: Path) -> None:
    some(ledger)
    facts = json.loads(run("usage", "--by", "day,key", "--json").stdout)
    assert facts["by"] == ["day", "key"]
    assert [row["key"] for row in facts["rows"]] == ["", "team-b"]
    first, second = facts["rows"]
    assert first["day"] == datetime.fromtimestamp(NOW).strftime("%Y-%m-%d")
    assert (first["calls"], first["unknown"], first["cache_read"], first["reasoning"]) == (4, 1, 80, 20)
    assert second["maybe_billed"] == 1 and second["costs"] == {}
    assert facts["all"]["calls"] == 5
    assert facts["lost"] == [{"at": NOW, "count": 3, "why": "disk full"}]


def test_bounds_leave_out_what_is_older_and_newer(run: Run, ledger: Path) -> None:
    keep(ledger, record(1, at=NOW), record(2, at=NOW - 40 * 86_400), record(3, at=NOW - 10 * 86_400))

    def calls(*args: str) -> int:
        counted: int = json.loads(run("usage", "--by", "", "--json", *args).stdout)["all"]["calls"]
        return counted

    assert calls() == 2
    assert calls("--since", "60d") == 3
    assert calls("--since", "1h") == 1
    assert calls("--since", "60d", "--until", "5d") == 2


def test_without_a_ledger_it_says_how_to_switch_one_on(run: Run) -> None:
    result = run("usage")
    assert result.exit_code == 2
    assert "no ledger is kept" in result.stderr
    assert "[ledger] and on = true" in result.stderr and "config.toml" in result.stderr
    assert "没有开启调用账本" in run("usage", BAIMO_LANG="zh").stderr


def test_no_calls_are_no_error(run: Run, ledger: Path) -> None:
    result = run("usage")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No calls" in result.stderr
    assert json.loads(run("usage", "--json").stdout)["rows"] == []


def test_another_ledger_can_be_named(run: Run, folder: Path) -> None:
    keep(folder / "mine.db", record(1, at=NOW))
    assert "0.1 CNY" in run("usage", "--ledger", "mine.db").stdout
    gone = run("usage", "--ledger", "gone.db")
    assert gone.exit_code == 2 and "there is no ledger" in gone.stderr


@pytest.mark.parametrize(
    ("args", "why"), [(("--by", "week"), "there is no 'week'"), (("--since", "soon"), "'soon' is no day")]
)
def test_what_makes_no_sense_is_said(args: tuple[str, ...], why: str, run: Run, ledger: Path) -> None:
    result = run("usage", *args)
    assert result.exit_code == 2
    assert why in result.stderr


def test_it_fits_into_eighty_columns_in_both_languages(folder: Path, ledger: Path) -> None:
    long = "a-model-with-a-name-that-is-longer-than-any-other-name-of-a-model"
    keep(
        ledger,
        *(
            record(number, at=NOW, model=long, currency=["CNY", "USD", "EUR"][number % 3])
            for number in range(6)
        ),
        record(9, at=NOW, cost=None),
    )
    for language in ("en", "zh"):
        with Terminal("usage", "--by", "day,model,provider", BAIMO_LANG=language) as terminal:
            assert terminal.end() == 0
            lines = terminal.text.split("\n")
            assert "…" in terminal.text and "\x1b[1m" in terminal.raw
            assert max(map(len, lines)) <= 80
    with Terminal("usage", NO_COLOR="1") as plain:
        assert plain.end() == 0
        assert "\x1b" not in plain.raw


def test_days_and_times_are_understood() -> None:
    now = datetime(2026, 11, 28, 12, 0)
    assert moment(None) is None
    assert moment("2d", now=now) == datetime(2026, 11, 26, 12, 0).timestamp()
    assert moment("30m", now=now) == datetime(2026, 11, 28, 11, 30).timestamp()
    assert moment("2026-11-28") == datetime(2026, 11, 28).timestamp()
    assert moment("2026-11-28", is_end=True) == datetime(2026, 11, 29).timestamp()
    assert moment("2026-11-28T09:30", is_end=True) == datetime(2026, 11, 28, 9, 30).timestamp()
    with pytest.raises(click.UsageError):
        moment("d")


def test_figures_are_as_long_as_they_matter() -> None:
    assert [tokens(count) for count in (7, 12_345, 9_999_999, 10_500_000, 3_000_000_000)] == [
        "7",
        "12,345",
        "9,999,999",
        "10.5M",
        "3.0G",
    ]
    assert [seconds(value) for value in (0.123, 3.45, 75.4)] == ["0.12 s", "3.5 s", "75 s"]
    amounts = ("0", "0.00000012", "0.012345", "1234.567", "5.10")
    assert [shown(Decimal(one)) for one in amounts] == ["0", "0.00000012", "0.0123", "1,234.57", "5.1"]
