"""A TERM signal ends the program as Ctrl-C does: at once, with its call written down."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baimo.cli.main import TERMINATED, end_in_order
from baimo.ledger.reading import last_calls
from baimo.testing import replay
from tests.cli.conftest import SOURCE
from tests.faults.lingering import Lingering, lingering
from tests.unwatched import unwatched

PATIENCE_S = 30.0


@pytest.fixture
def provider() -> Iterator[Lingering]:
    with lingering() as found:
        yield found


def begun(provider: Lingering, path: str, folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command in a process of its own that has asked its provider."""
    settings = [
        "[ledger]",
        "on = true",
        f'path = "{folder}/ledger.db"',
        "[recordings]",
        f'folder = "{folder}/calls"',
        "[providers.slow]",
        'dialect = "openai_chat"',
        'api_key = "fake-key"',
        f'base_url = "{provider.origin}/{path}"',
    ]
    (folder / "config.toml").write_text("\n".join(settings))
    process = subprocess.Popen(
        [sys.executable, "-m", "baimo", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=folder,
        env={**unwatched(), "PYTHONPATH": str(SOURCE), "BAIMO_HOME": str(folder), "BAIMO_LANG": "en"},
    )
    if not provider.asked.wait(PATIENCE_S):
        process.kill()
        raise AssertionError(process.communicate())
    return process


ASKED = ("ask", "Hi", "-m", "slow/m", "--stream")
COMPARED = ("compare", "Hi", "-m", "slow/m", "-m", "slow/n")


@pytest.mark.parametrize(
    ("words", "outcomes"), [(ASKED, {"cancelled"}), (COMPARED, {"failed", "interrupted"})]
)
def test_the_call_under_way_is_written_down(
    provider: Lingering,
    words: tuple[str, ...],
    outcomes: set[str],
    tmp_path: Path,
) -> None:
    process = begun(provider, "stream", tmp_path, *words)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == TERMINATED
    assert "Traceback" not in told and "fault" not in told
    rows = last_calls(tmp_path / "ledger.db", 10)
    assert len(rows) == words.count("-m")
    for call in rows:
        assert call.outcome in outcomes
        assert call.recording is not None
        if call.outcome == "cancelled":
            assert [(one.outcome, one.maybe_billed) for one in call.attempts] == [("cancelled", True)]
            assert replay(call.recording).differences == ()


def test_who_ignores_the_signal_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        end_in_order()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_first_ends_in_order_and_the_second_at_once() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        end_in_order()
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(signal.SIGTERM)
        assert caught.value.code == TERMINATED
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
