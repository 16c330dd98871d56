"""Those who take turns at a job: one part each, told by whoever runs them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.environments import server_command
from bench.measures import CLIENTS
from bench.runs import RunFailed, Runner, Taker, serving


@contextmanager
def taking(code: str) -> Iterator[Taker]:
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err
        )
        try:
            yield Taker(process, err)
        finally:
            process.communicate()


def test_a_part_is_done_when_it_is_told_and_the_figures_come_after_the_last() -> None:
    code = "for part in range(2):\n    print('turn', flush=True)\n    input()\nprint('{\"cpu_us\": 7.5}')"
    with taking(code) as taker:
        assert taker.wait() == {}
        assert taker.turn() == {}
        assert taker.turn() == {"cpu_us": 7.5}


def test_one_that_breaks_off_says_why() -> None:
    with taking("print('turn', flush=True)\ninput()\nraise SystemExit('no more')") as taker:
        assert taker.wait() == {}
        with pytest.raises(RunFailed, match="no more"):
            taker.turn()
        with pytest.raises(RunFailed):
            taker.turn()


@pytest.mark.parametrize("job", ["on_sync", "on_many", "on_burst", "on_burst_sync"])
def test_all_on_and_all_off_do_their_parts_and_have_their_figures(job: str, tmp_path: Path) -> None:
    python = Path(sys.executable)
    with serving(server_command("python", python)) as origin:
        runner = Runner(origin=origin, sockets="", pythons={"bare": python}, home=tmp_path)
        found = runner.run({"baimo": 20, "off": 20}, job)
    assert sorted(found) == ["baimo", "off"]
    assert all(0 < figures["cpu_us"] < 1e6 for figures in found.values())


def test_who_is_not_told_to_go_on_ends(tmp_path: Path) -> None:
    python = Path(sys.executable)
    with serving(server_command("python", python)) as origin:
        runner = Runner(origin=origin, sockets="", pythons={"bare": python}, home=tmp_path)
        with runner._taking(CLIENTS["baimo"], "on_sync", 20) as taker:
            assert taker.turn() == {}
    assert taker._process.returncode == 1


def test_a_route_with_all_on_takes_turns_with_the_same_route(tmp_path: Path) -> None:
    python = Path(sys.executable)
    with serving(server_command("python", python)) as origin:
        runner = Runner(origin=origin, sockets="", pythons={"bare": python}, home=tmp_path)
        assert sorted(runner.run({"route": 20, "baimo": 20}, "routed_sync")) == ["baimo", "route"]


def test_a_client_that_gets_no_answer_fails_the_job_of_all(tmp_path: Path) -> None:
    runner = Runner(
        origin="http://127.0.0.1:1", sockets="", pythons={"bare": Path(sys.executable)}, home=tmp_path
    )
    with pytest.raises(RunFailed, match="ConnectError"):
        runner.run({"baimo": 20, "off": 20}, "on_sync")
