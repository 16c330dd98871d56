"""Where a command writes, and what it never lets through."""

from __future__ import annotations

import errno
import io
import os
import sys

import pytest

from baimo.cli.console import Console, is_broken_pipe


def test_an_encoding_without_the_symbol_gets_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, shown in (("utf-8", "✓"), ("gbk", "*")):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        assert Console().symbol("✓", "*") == shown


def test_streams_that_were_closed_before_swallow_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    console = Console()
    console.line("into nothing")
    console.tell("beside nothing")
    assert not console.out_is_terminal
    for stream in (sys.stdout, sys.stderr):
        stream.close()


def test_nothing_is_coloured_where_nobody_sees_it(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    assert console.bold("x") == "x" and console.coloured("x", "red") == "x"
    assert console.table_columns is None
    console.tell("beside", quiet=True)
    console.think("thought")
    assert capsys.readouterr().err == "beside\nthought"


def test_a_terminal_gets_no_control_characters() -> None:
    console = Console()
    console.out_is_terminal = True
    assert console.shown("a\x1b[2Jb\x9bc\td\ne\x00\x7f") == "a[2Jbc\td\ne"
    console.out_is_terminal = False
    assert console.shown("a\x1b") == "a\x1b"


def test_emphasis_of_ours_reaches_the_terminal_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    console = Console()
    console.out_is_terminal = True
    words = "model's \x1b[31mwords"
    assert console.shown(console.bold(words)) == "\x1b[1mmodel's [31mwords\x1b[0m"
    assert console.shown(console.coloured("no", "red") + words) == "\x1b[31mno\x1b[0mmodel's [31mwords"


def test_colours_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert Console().colours
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Console().colours


def test_a_reader_that_went_away_is_told_from_other_failures() -> None:
    assert is_broken_pipe(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))
    assert not is_broken_pipe(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
