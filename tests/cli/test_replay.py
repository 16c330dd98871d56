"""A recorded call, replayed from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from baimo.testing import Simulator
from tests.cli.conftest import Run, environment
from tests.cli.test_usage import keep, ledger
from tests.ledger.records import record
from tests.recordings import ID, recorded

__all__ = ["ledger"]


@pytest.fixture
def recording(folder: Path) -> Path:
    sim = Simulator()
    sim.reply("Hello to the world.")
    return recorded(sim, folder / "calls", "openai/gpt-5").path


def failing(folder: Path) -> Path:
    sim = Simulator()
    sim.fault("500")
    return recorded(sim, folder / "calls", "openai/gpt-5", id="f" * 32).path


def test_a_file_is_replayed_without_key_or_configuration(run: Run, recording: Path) -> None:
    result = run("replay", str(recording))
    assert result.exit_code == 0
    assert result.stdout == "Hello to the world.\n"
    assert "The same as recorded." in result.stderr and "1 requests" in result.stderr


def test_a_failure_that_fails_again_is_the_same(run: Run, folder: Path) -> None:
    result = run("replay", str(failing(folder)))
    assert result.exit_code == 0
    assert "openai: " in result.stderr and "[server, HTTP 500" in result.stderr
    assert "The same as recorded." in result.stderr


def changed(path: Path, word: bytes, other: bytes) -> Path:
    path.write_bytes(path.read_bytes().replace(word, other))
    return path


def test_a_difference_is_told_and_is_the_exit_code(run: Run, recording: Path) -> None:
    result = run("replay", str(changed(recording, b"Say hello to the world", b"Say hello to the moon!")))
    assert result.exit_code == 0  # request and recording were changed alike
    lines = [msgspec.json.decode(line) for line in recording.read_bytes().splitlines()]
    sent = next(line for line in lines if line["is"] == "sent")
    sent["body"] = sent["body"].replace("moon", "star")
    recording.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    result = run("replay", str(recording))
    assert result.exit_code == 1
    assert "Not the same as recorded:" in result.stderr and "the body differs" in result.stderr
    facts = json.loads(run("replay", str(recording), "--json").stdout)
    assert not facts["same"] and len(facts["differences"]) == 1


def test_json_tells_all_of_it(run: Run, recording: Path, folder: Path) -> None:
    facts = json.loads(run("replay", str(recording), "--json").stdout)
    assert facts["id"] == ID and facts["same"] and facts["differences"] == []
    assert (facts["outcome"], facts["text"], facts["requests"]) == ("answered", "Hello to the world.", 1)
    assert facts["error"] is None and facts["events"] > 3
    failed = json.loads(run("replay", str(failing(folder)), "--json").stdout)
    assert failed["error"]["code"] == "server" and failed["requests"] == 3


def test_a_caller_who_left_is_told(run: Run, folder: Path) -> None:
    sim = Simulator()
    sim.reply("one two three four")
    path = recorded(sim, folder / "calls", "openai/gpt-5", leave_after=2).path
    result = run("replay", str(path))
    assert result.exit_code == 0
    assert "Here the caller had left." in result.stderr


def test_an_id_is_looked_for_where_recordings_are_kept(run: Run, recording: Path, folder: Path) -> None:
    config = folder / "baimo.toml"
    config.write_text('record = "calls"\n' + config.read_text("utf-8"), "utf-8")
    assert run("replay", ID[-8:]).stdout == "Hello to the world.\n"
    assert run("replay", ID[:6]).exit_code == 0
    (recording.parent / f"{ID[:8]}{'0' * 24}.baimo").write_bytes(recording.read_bytes())
    several = run("replay", ID[:6])
    assert several.exit_code == 2 and "several calls" in several.stderr
    unknown = run("replay", "eeee").stderr
    assert "there is no recording eeee" in unknown and "`baimo trace` lists" in unknown
    assert "`baimo trace` lists" in run("replay", "x").stderr


def test_an_id_is_looked_for_in_the_ledger(run: Run, recording: Path, ledger: Path) -> None:
    keep(ledger, record(1, id=ID, recording=str(recording)), record(2, id="e" * 32))
    assert run("replay", ID).stdout == "Hello to the world.\n"
    none = run("replay", "eeee")
    assert none.exit_code == 2 and "was not recorded" in none.stderr and 'record = "DIR"' in none.stderr
    assert run("replay", ID, "--ledger", str(ledger)).exit_code == 0
    assert "there is no recording" in run("replay", "dddd", "--ledger", str(ledger)).stderr


def test_where_nothing_is_recorded_it_says_how_to(run: Run) -> None:
    result = run("replay", ID)
    assert result.exit_code == 2
    assert "calls are not recorded" in result.stderr and 'record = "DIR"' in result.stderr
    assert "没有开启录制" in run("replay", ID, BAIMO_LANG="zh").stderr
    assert "there is no recording nowhere.baimo" in run("replay", "nowhere.baimo").stderr


@pytest.mark.parametrize("which", ["good", "failing"])
def test_it_prints_a_test_that_passes(which: str, run: Run, recording: Path, folder: Path) -> None:
    path = recording if which == "good" else failing(folder)
    printed = run("replay", str(path), "--as-test").stdout
    test = folder / "test_the_call.py"
    test.write_text(printed, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, timeout=50, text=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    changed(path, b'"outcome":"answered"', b'"outcome":"cancelled"')
    changed(path, b'"outcome":"failed"', b'"outcome":"answered"')
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, timeout=50, text=True)
    assert "1 failed" in done.stdout


def test_with_real_time_it_is_the_same(run: Run, recording: Path) -> None:
    assert run("replay", str(recording), "--real-time").exit_code == 0
