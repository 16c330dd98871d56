"""`baimo simulate`: what it prints, that it serves, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.simulator.faults import FAULTS
from tests.cli.conftest import SOURCE, Run
from tests.unwatched import unwatched

PATIENCE_S = 20.0


class Running:
    """The command in a process of its own, its output read line by line. `interrupted`: by Ctrl-C."""

    def __init__(
        self, *arguments: str, folder: Path, language: str = "en", interrupted: bool = False
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "baimo", "simulate", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=folder,
            env={
                **(unwatched() if interrupted else os.environ),
                "PYTHONPATH": str(SOURCE),
                "BAIMO_HOME": str(folder),
                "BAIMO_LANG": language,
                "PYTHONIOENCODING": "utf-8",
            },
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.said = ""
        self.ready = self.process.stderr.readline()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self, sign: int) -> tuple[int, str]:
        """Ends it; exit code and what it said at the end."""
        self.process.send_signal(sign)
        rest, told = self.process.communicate(timeout=PATIENCE_S)
        self.said += rest
        return self.process.returncode, told


@contextmanager
def running(
    *arguments: str, folder: Path, language: str = "en", interrupted: bool = False
) -> Iterator[Running]:
    run = Running(*arguments, folder=folder, language=language, interrupted=interrupted)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.communicate(timeout=PATIENCE_S)


def configured(run: Running, providers: int = 1) -> dict[str, Any]:
    """The configuration that it printed."""
    lines: list[str] = []
    while "\n".join(lines).count("\n[providers.") < providers or lines[-1]:
        lines.append(run.line())
        if lines[-1].startswith("#   ") and "\n".join(lines).count("\n[providers.") == providers:
            break
    run.said += "\n".join(lines)
    return tomllib.loads("\n".join(lines))


def test_it_prints_a_configuration_that_leads_to_it_and_a_line_for_each_request(tmp_path: Path) -> None:
    with running("openai", "--reply", "one", "--reply", "two", folder=tmp_path) as run:
        assert run.ready.startswith("Ready.")
        config = configured(run)
        with baimo.Client(config=config, max_retries=0) as client:
            assert client.chat("openai/gpt-4o", "Hi").text == "one"
            assert client.chat("openai/gpt-4o", "Hi").text == "two"
            with pytest.raises(baimo.RateLimitedError):
                client.chat("openai/gpt-4o!429", "Hi")
            with pytest.raises(baimo.NotFoundError):
                client.chat("openai/none", "Hi")
        while not run.line().endswith("OPENAI_BASE_URL=" + config["providers"]["openai"]["base_url"]):
            continue
        lines = [re.sub(r"^\d\d:\d\d:\d\d  ", "", run.line()) for _ in range(4)]
        assert lines[:3] == [
            "openai  chat  gpt-4o  200  answered",
            "openai  chat  gpt-4o  200  answered",
            "openai  chat  gpt-4o  429  broken  !429",
        ]
        assert lines[3].startswith("openai  chat  404  refused  unknown_model  (")
        code, told = run.end(signal.SIGTERM)
    assert code == 0
    assert "4 requests" in told


def test_ctrl_c_ends_it_like_every_command(tmp_path: Path) -> None:
    with running("openai", folder=tmp_path, language="zh", interrupted=True) as run:
        assert run.ready.startswith("已就绪")
        code, told = run.end(signal.SIGINT)
    assert code == 130
    assert "Traceback" not in told
    assert "已停止，共处理 0 个请求" in told


def test_json_is_one_object_a_line(tmp_path: Path) -> None:
    with running("spark:socket", "--json", "--script", "reasoning", folder=tmp_path) as run:
        facts = json.loads(run.line())
        assert facts["provider"] == "spark"
        assert facts["endpoint"] == "socket"
        assert facts["environment"]["SPARKAI_API_KEY"] == facts["credentials"]["api_key"]
        table = facts["endpoints"]["socket"]
        with baimo.Client(config={"providers": {"spark": table}}) as client:
            assert client.chat("spark/x1", "Hi").thinking
        received = json.loads(run.line())
        assert (received["provider"], received["status"], received["outcome"]) == ("spark", 101, "answered")
        assert received["at"] > 1_700_000_000


def test_limits_faults_moderation_and_pace_are_what_was_said(tmp_path: Path) -> None:
    with running(
        "openai",
        "--json",
        *("--fault", "503*1", "--moderate-input", "bomb", "--moderate-output", "secret"),
        *("--rate", "quota_requests=5", "--ttft", "0.01", "--tokens-per-second", "1000", "--jitter", "0.5"),
        *("--seed", "7", "--credential", "openai.api_key=fake-mine", "--script", "echo"),
        folder=tmp_path,
    ) as run:
        table = json.loads(run.line())["endpoints"]["chat"]
        assert table["api_key"] == "fake-mine"
        errors = []
        with baimo.Client(config={"providers": {"openai": table}}, max_retries=0) as client:
            for words in ("one", "a bomb", "a secret", "fine", "fine", "fine"):
                try:
                    errors.append(client.chat("openai/gpt-4o", words).finish_reason.value)
                except baimo.Error as error:
                    errors.append(error.code)
    assert errors == ["overloaded", "content_filtered", "content_filter", "stop", "stop", "quota"]


def test_a_file_may_hold_the_script(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def script(request):\n    return request.model.upper()\n", "utf-8")
    with running("openai", "--json", "--script", "mine.py", folder=tmp_path) as run:
        table = json.loads(run.line())["endpoints"]["chat"]
        with baimo.Client(config={"providers": {"openai": table}}) as client:
            assert client.chat("openai/gpt-4o", "Hi").text == "GPT-4O"


def test_another_provider_may_stand_behind_it(tmp_path: Path) -> None:
    with running("openai", "--json", "--reply", "from behind", folder=tmp_path) as behind:
        table = json.loads(behind.line())["endpoints"]["chat"]
        lines = ["[providers.openai]", *(f"{name} = {json.dumps(value)}" for name, value in table.items())]
        (tmp_path / "baimo.toml").write_text("\n".join(lines), "utf-8")
        with running("deepseek", "--json", "--backed", "openai/gpt-4o", folder=tmp_path) as run:
            front = json.loads(run.line())["endpoints"]["chat"]
            with baimo.Client(config={"providers": {"deepseek": front}}) as client:
                with client.stream("deepseek/deepseek-flash", "Hi") as stream:
                    assert list(stream.text) == ["from", " behind"]
                assert stream.response.model == "deepseek-flash"
        assert json.loads(behind.line())["model"] == "gpt-4o"


def test_the_configuration_alone_is_toml_for_a_file(run: Run) -> None:
    done = run("simulate", "--show-config", "--port", "9000", "hunyuan:native", "openai")
    assert done.exit_code == 0
    config = tomllib.loads(done.stdout)
    assert config["providers"]["hunyuan"]["base_url"] == "http://127.0.0.1:9001"
    assert config["providers"]["hunyuan"]["endpoint"] == "native"
    assert config["providers"]["openai"]["base_url"] == "http://127.0.0.1:9002/v1"
    other = re.sub(r"(?m)^# (?=\[|\w+ = )", "", done.stdout.partition("# the endpoint compatible:")[2])
    table = tomllib.loads(other.partition("# or by")[0])["providers"]["hunyuan"]
    assert table["endpoint"] == "compatible"
    baimo.Client(config=config).close()


def test_every_fault_is_listed_in_the_users_language(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = run("simulate", "--list-faults")
    assert listed.exit_code == 0
    for kind in FAULTS.values():
        assert any(kind.name in line and kind.means in line for line in listed.stdout.splitlines())
    facts = json.loads(run("simulate", "--list-faults", "--json").stdout)
    assert [one["name"] for one in facts] == list(FAULTS)
    monkeypatch.setenv("BAIMO_LANG", "zh")
    said = run("simulate", "--list-faults").stdout
    assert all(kind.means_zh in said for kind in FAULTS.values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["deepsek"], "deepseek"),
        (["hunyuan:nativ", "--show-config"], "native"),
        (["openai", "--fault", "cats"], "cats"),
        (["openai", "--rate", "speed=1"], "speed=1"),
        (["openai", "--rate", "concurrency=x"], "concurrency=x"),
        (["openai", "--credential", "api_key=x"], "api_key"),
        (["openai", "--credential", "openai.api_key"], "openai.api_key"),
        (["openai", "--credential", "spark.api_key=x"], "spark"),
        (["openai", "--script", "shout"], "shout"),
        (["openai", "--script", "none.py"], "none.py"),
        (["openai", "--script", "empty.py"], "empty.py"),
        (["openai", "--script", "echo", "--reply", "x"], "--reply"),
        (["openai", "--backed", "nobody/x"], "nobody"),
        (["openai", "--port", "0", "--show-config"], "--port"),
        (["openai", "--jitter", "2"], "jitter"),
    ],
)
def test_what_cannot_be_done_is_told_with_code_2(
    run: Run, folder: Path, arguments: list[str], told: str
) -> None:
    (folder / "empty.py").write_text("", "utf-8")
    done = run("simulate", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("simulate", "openai", "--port", str(taken.getsockname()[1]))
    assert done.exit_code == 2
    assert "cannot listen" in done.stderr
