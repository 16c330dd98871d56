"""The last calls, and one of them with its attempts on a line of time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from baimo.cli.timeline import timeline
from baimo.cli.width import width
from baimo.notes import Note
from baimo.types.record import CallRecord
from baimo.types.usage import Usage
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tests.cli.test_usage import NOW, keep, ledger
from tests.ledger.records import attempt, record

__all__ = ["ledger"]
ID = "0199d5a0c0de70008000000000c0ffee"

REFUSED = attempt(
    outcome="failed",
    error="rate_limited",
    status=429,
    provider_code="1302",
    message="Too many requests.",
    request_id="req-7",
    began_s=1.0,
    queued_s=1.0,
    first_s=None,
    took_s=1.0,
)
CUT = attempt(
    outcome="interrupted",
    error="transport",
    message="cut",
    began_s=4.0,
    waited_s=2.0,
    first_s=1.0,
    took_s=2.0,
)
GOOD = attempt(provider="other", model="small", key="b", began_s=6.0, first_s=1.0, took_s=4.0)


def call(**facts: Any) -> CallRecord:
    whole: dict[str, Any] = {
        "id": ID,
        "at": NOW,
        "took_s": 10.0,
        "streamed": True,
        "asked": ("acme/big", "other/small"),
        "provider": "other",
        "model": "small",
        "attempts": (REFUSED, CUT, GOOD),
    }
    return record(1, **{**whole, **facts})


def test_the_last_calls_stand_newest_first_with_what_became_of_them(run: Run, ledger: Path) -> None:
    keep(
        ledger,
        record(1, at=NOW - 50),
        record(2, at=NOW - 40, outcome="failed", error="timeout"),
        record(3, at=NOW - 30, outcome="cancelled", provider=None, model=None, attempts=()),
        record(4, at=NOW - 20, cached=True, attempts=()),
        record(5, at=NOW - 10, outcome="interrupted", error="stream_interrupted"),
    )
    head, *lines = run("trace").stdout.splitlines()
    assert head.split() == ["id", "at", "model", "took", "tries", "outcome"]
    assert [line[:8] for line in lines] == [f"{number:08x}" for number in (5, 4, 3, 2, 1)]
    ends = ["✗ stream_interrupted", "✓ from cache", "✗ left", "✗ timeout", "✓"]
    assert all(line.endswith(end) for line, end in zip(lines, ends, strict=True))
    assert len(run("trace", "-n", "2").stdout.splitlines()) == 3
    assert len(run("trace", "--failed").stdout.splitlines()) == 4


def test_one_call_is_shown_with_each_attempt_in_its_time(run: Run, ledger: Path) -> None:
    keep(ledger, call(notes=(Note(code="x", message="clamped"),), recording="/somewhere/x.baimo"))
    shown = run("trace", "c0ffee").stdout
    assert shown == run("trace", "0199d5").stdout
    for words in (
        ID,
        "chat, streamed: acme/big, other/small",
        "✓ answered after 10.0 s",
        "Too many requests. [rate_limited, HTTP 429, 1302, request id req-7]",
        "1.0 s in line",
        "waited 2.0 s before · first event after 1.0 s",
        "cut [transport]",
        "first event after 1.0 s · key b",
        "120 in, 35 out · 0.1 CNY",
        "note: clamped",
        f"Recorded: baimo replay {ID}",
    ):
        assert words in shown


def test_bars_stand_where_their_time_is() -> None:
    lines, legend = timeline(call(), 6 + 11 + 5 + 4 + 20, symbol=lambda wanted, plain: plain)
    assert [line[13:-7] for line in lines] == [
        "~~--                ",
        "    ....--==        ",
        "            --======",
    ]
    assert [line[-5:] for line in lines] == ["1.0 s", "2.0 s", "4.0 s"]
    assert legend.split("  ")[2:] == [". waiting", "~ in line", "- to the first event", "= reply"]


def test_a_short_attempt_is_seen_too() -> None:
    short = attempt(began_s=9.999, first_s=None, took_s=0.001)
    (line,), _ = timeline(call(attempts=(short,)), 60, symbol=lambda wanted, plain: plain)
    assert line.count("-") == 1


def test_a_call_without_attempts_says_why(run: Run, ledger: Path) -> None:
    keep(
        ledger,
        call(id="a" * 32, cached=True, attempts=(), cost=None, usage=Usage()),
        call(
            id="b" * 32,
            outcome="failed",
            error="budget",
            message="It could cost more.",
            attempts=(),
            cost=None,
        ),
        call(id="c" * 32, outcome="cancelled", cost=None, streamed=False),
    )
    assert "Answered from the cache; nothing was sent." in run("trace", "aaaa").stdout
    failed = run("trace", "bbbb").stdout
    assert "✗ failed after 10.0 s" in failed and "It could cost more. [budget]" in failed
    left = run("trace", "cccc").stdout
    assert "the caller left" in left and "chat, whole" in left and "cost unknown" in left


def test_an_attempt_that_may_be_billed_says_so(run: Run, ledger: Path) -> None:
    billed = attempt(outcome="failed", error="timeout", maybe_billed=True, first_s=None)
    keep(ledger, call(attempts=(billed,)))
    assert "[timeout, may be billed]" in run("trace", ID).stdout


def test_json_gives_the_records(run: Run, ledger: Path) -> None:
    keep(ledger, call(), record(2, at=NOW))
    listed = json.loads(run("trace", "--json").stdout)
    assert len(listed) == 2
    one = json.loads(run("trace", ID, "--json").stdout)
    assert one["attempts"][0]["error"] == "rate_limited"
    assert one["cost"] == {"amount": "0.1", "currency": "CNY"}


def test_an_id_that_is_none_or_several_is_said(run: Run, ledger: Path) -> None:
    keep(ledger, call(id="ab" + "1" * 30), call(id="ab" + "2" * 30))
    result = run("trace", "ab")
    assert result.exit_code == 2 and "several calls" in result.stderr and "1" * 30 in result.stderr
    assert "no call ff" in run("trace", "ff").stderr


def test_an_empty_ledger_and_none(run: Run, ledger: Path) -> None:
    assert "No calls" in run("trace").stderr
    assert run("trace", "--json").stdout == "[]\n"
    (ledger.parent.parent / "config.toml").write_text("[ledger]\non = false\n", "utf-8")
    result = run("trace")
    assert result.exit_code == 2 and "on = true" in result.stderr


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_into_eighty_columns(language: str, folder: Path, ledger: Path) -> None:
    long = "a-model-with-a-name-that-is-longer-than-any-other-name-of-a-model"
    message = "一条很长的错误信息，" * 12
    keep(
        ledger,
        call(
            model=long,
            outcome="failed",
            error="rate_limited",
            message=message,
            attempts=(attempt(model=long, outcome="failed", error="rate_limited", message=message), GOOD),
        ),
    )
    for args in ((), (ID,)):
        with Terminal("trace", *args, BAIMO_LANG=language) as terminal:
            assert terminal.end() == 0
            assert max(map(width, terminal.text.split("\n"))) <= 80
            assert "\x1b[31m✗" in terminal.raw


def test_a_terminal_that_has_no_such_signs_gets_plain_ones(run: Run, ledger: Path) -> None:
    keep(ledger, call())
    with Terminal("trace", ID, PYTHONIOENCODING="ascii", NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        assert "= reply" in terminal.text and "█" not in terminal.text
