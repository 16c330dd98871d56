"""Bringing models here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baimo.cli.console import Console
from baimo.cli.pull import Bar
from baimo.local.pull import Progress
from baimo.testing import Simulator
from tests.cli.conftest import Run

GGUF = b"GGUF\x03\0\0\0" + bytes(100)


def test_a_file_is_made_known_under_a_name(run: Run, folder: Path) -> None:
    (folder / "own.gguf").write_bytes(GGUF)
    result = run("pull", "own.gguf", "--name", "mine")
    assert result.exit_code == 0
    assert result.stdout.strip() == str(folder / "own.gguf")
    assert "✓  local/mine" in run("pull").stdout
    listed = json.loads(run("pull", "--json").stdout)
    assert [one["name"] for one in listed["pulled"]] == ["mine"]
    assert "smollm2" in [one["name"] for one in listed["known"]]
    assert json.loads(run("pull", "own.gguf", "--name", "mine", "--json").stdout)["path"].endswith("own.gguf")


def test_an_unknown_name_is_wrong_usage(run: Run) -> None:
    result = run("pull", "smolm2")
    assert result.exit_code == 2
    assert "Did you mean smollm2?" in result.stderr


def test_a_server_of_models_is_told_to_fetch_one(run: Run, folder: Path) -> None:
    with Simulator("ollama") as sim:
        (folder / "baimo.toml").write_text(
            f'[providers.ollama]\nserver = "{sim.origin_of("ollama")}"\n', encoding="utf-8"
        )
        done = run("pull", "ollama/qwen3:8b")
        assert (done.exit_code, done.stdout.strip()) == (0, "ollama/qwen3:8b")
        assert done.stderr.splitlines()[-1] == "success"
        assert json.loads(run("pull", "ollama:qwen3:8b", "--json").stdout) == {"model": "ollama/qwen3:8b"}
        assert [one.target for one in sim.requests] == ["/api/pull"] * 2


def test_a_provider_that_fetches_no_models_says_so(run: Run) -> None:
    done = run("pull", "vllm/some-model")
    assert done.exit_code == 2
    assert "knows no pulling of models" in done.stderr


def test_a_file_in_a_folder_of_a_provider_s_name_is_a_file(run: Run, folder: Path) -> None:
    (folder / "ollama").mkdir()
    (folder / "ollama" / "own.gguf").write_bytes(GGUF)
    assert run("pull", "ollama/own.gguf").exit_code == 0


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar(Console())
    for done in range(0, 1001, 7):
        bar.show(Progress("m", done, 1000))
    bar.end()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "m 0 %"
    assert len(lines) == 10


def test_on_a_terminal_progress_is_a_bar() -> None:
    bar = Bar(Console())
    line = bar.line(Progress("m", 500_000_000, 1_000_000_000), now=bar.begun + 5)
    assert " 50%  500 MB / 1,000 MB  5 s" in line
    assert "100.0 MB/s" in bar.line(Progress("m", 500_000_000, None), now=bar.begun + 5)
    assert "another process" in bar.line(Progress("m", 0, None, waiting=True), now=bar.begun + 5)
