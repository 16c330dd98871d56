"""A provider of the OpenAI wire on loopback that answers by a script, and ways to run the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from baimo.cli.main import PROGRAM

SOURCE = Path(__file__).parents[2] / "src"
Answer = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """Takes one request; what to answer stands in the script."""

    protocol_version = "HTTP/1.1"
    server: ScriptedProvider

    def do_GET(self) -> None:
        self.server.seen.append(("GET", self.path, dict(self.headers), None))
        if self.path.endswith("/models"):
            listed = [
                {"id": name, "object": "model", "created": 1, "owned_by": "acme"} for name in ("big", "small")
            ]
            self.whole(200, {"object": "list", "data": listed})
        else:
            self.whole(404, {"error": {"message": "nothing here"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(("POST", self.path, dict(self.headers), body))
        if self.path.endswith("/embeddings"):
            data = [
                {"object": "embedding", "index": at, "embedding": [float(len(text)), 0.5]}
                for at, text in enumerate(body["input"])
            ]
            self.whole(
                200,
                {
                    "object": "list",
                    "model": body["model"],
                    "data": data,
                    "usage": {"prompt_tokens": 7, "total_tokens": 7},
                },
            )
            return
        waiting = self.server.script[body["model"]] or self.server.script[""]
        answer = waiting.popleft() if waiting else words("Hello.")
        answer(self, body)

    def whole(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {
            "Content-Type": "application/json",
            "x-request-id": "req-7",
            **(headers or {}),
        }.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, value: Any) -> None:
        self.wfile.write(
            b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"
        )
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written beside the tests."""


class ScriptedProvider(ThreadingHTTPServer):
    """Answers by the script of the model that is asked, else by that of everybody, else "Hello."."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: dict[str, deque[Answer]] = defaultdict(deque)
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.gone = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""
        self.gone.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def will(self, *answers: Answer, model: str = "") -> None:
        self.script[model].extend(answers)

    @property
    def bodies(self) -> list[Any]:
        return [body for method, _, _, body in self.seen if method == "POST"]


def _chunk(delta: dict[str, Any], model: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice]}


USAGE = {"prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234}


def words(text: str, *, thinking: str = "", finish: str = "stop") -> Answer:
    """The answer, streamed in small pieces or whole as it is asked for."""

    def answer(to: Handler, body: dict[str, Any]) -> None:
        model = body["model"]
        if not body.get("stream"):
            message = {"role": "assistant", "content": text}
            if thinking:
                message["reasoning_content"] = thinking
            choice = {"index": 0, "message": message, "finish_reason": finish}
            to.whole(
                200,
                {
                    "id": "c1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": model,
                    "choices": [choice],
                    "usage": USAGE,
                },
            )
            return
        to.begin_stream()
        if thinking:
            to.event(_chunk({"role": "assistant", "reasoning_content": thinking}, model))
        for at in range(0, len(text), 4):
            to.event(_chunk({"content": text[at : at + 4]}, model))
        to.event(_chunk({}, model, finish))
        to.event(
            {
                "id": "c1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": model,
                "choices": [],
                "usage": USAGE,
            }
        )
        to.event(b"[DONE]")

    return answer


def refusal(status: int, message: str, *, code: str = "", headers: dict[str, str] | None = None) -> Answer:
    """No, with an HTTP status."""
    return lambda to, body: to.whole(status, {"error": {"message": message, "code": code}}, headers)


def cut(text: str) -> Answer:
    """A stream that ends in the middle."""

    def answer(to: Handler, body: dict[str, Any]) -> None:
        to.begin_stream()
        to.event(_chunk({"content": text}, body["model"]))

    return answer


def endless(text: str) -> Answer:
    """A stream that goes on until the client leaves."""

    def answer(to: Handler, body: dict[str, Any]) -> None:
        to.begin_stream()
        while not to.server.gone.wait(0.02):
            to.event(_chunk({"content": text}, body["model"]))

    return answer


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    """A provider that is called `acme` in the folder of the test."""
    server = ScriptedProvider()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.gone.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder and an empty home; no variable of this machine counts."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "baimo.toml").write_text(
        'default_model = "acme/big"\n[providers.acme]\ndialect = "openai_chat"\n'
        f'base_url = "{provider.url}"\n',
        "utf-8",
    )
    for name in list(os.environ):
        if name.endswith(("_KEY", "_TOKEN", "_PROXY", "_proxy", "_BASE_URL", "_HOST")):
            monkeypatch.delenv(name)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "BAIMO_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BAIMO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BAIMO_LANG", "en")
    monkeypatch.chdir(project)
    return project


Run = Callable[..., Result]


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs the program in this process, its output not a terminal."""

    def invoke(*args: str, stdin: str | bytes = "", **env: str) -> Result:
        result = CliRunner().invoke(PROGRAM, args, input=stdin, env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


Spawn = Callable[..., subprocess.CompletedProcess[bytes]]
START = "from baimo.cli.main import main; main()"
WITHOUT_EXTRAS = """
import sys
from importlib.machinery import PathFinder

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.partition(".")[0] in ("rich", "prompt_toolkit", "xllamacpp")
        return None if absent else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
"""
"""Put before a program, makes the packages of the extras impossible to find."""


@pytest.fixture
def spawn(folder: Path) -> Spawn:
    """Runs the program as a process of its own."""

    def run(
        *args: str, stdin: bytes = b"", before: str = "", **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-c", before + START, *args],
            input=stdin,
            capture_output=True,
            timeout=30,
            env=environment(**env),
        )

    return run


def environment(**env: str) -> dict[str, str]:
    """The variables of a process of the program."""
    ours = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**ours, "PYTHONPATH": str(SOURCE), **env}
