"""Starts server and clients, and takes their figures: one new process per client, job and round.

Those who take turns at a job run one after the other, a part each; who waits uses no CPU.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .environments import ROOT
from .measures import CLIENTS, JOBS, Client

LONGEST_S = 300


class RunFailed(Exception):  # noqa: N818 - it says what happened
    """A client's process ended without figures."""


@contextmanager
def serving(command: list[str | Path], scheme: str = "http") -> Iterator[str]:
    """The server's origin, while it runs."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin and server.stdout
        try:
            origin = f"{scheme}://127.0.0.1:{int(server.stdout.readline())}"
            with _apart(server.pid):
                yield origin
        finally:
            server.stdin.close()


@contextmanager
def _apart(server: int) -> Iterator[None]:
    """Give the server one core and us and the clients that we start another, where the system can.

    Else it is chance whether they share one, and a call that wakes no core is cheaper by tens of µs.
    """
    if sys.platform != "linux":
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(server, {max(cores)})
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _environment(home: Path) -> dict[str, str]:
    """Ours without what could change a client's way: proxies, keys, settings."""
    unwanted = re.compile(r"^(PYTHON|BAIMO_|OPENAI_|LITELLM_|LANGCHAIN_|LANGSMITH_)|_proxy$", re.IGNORECASE)
    kept = {name: value for name, value in os.environ.items() if not unwanted.search(name)}
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    return {
        **kept,
        "PYTHONPATH": path,
        "BAIMO_HOME": str(home),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import fetches a file from the network
    }


class Taker:
    """A client's process that does its job in parts, each when it is told to."""

    def __init__(self, process: subprocess.Popen[bytes], err: IO[bytes]) -> None:
        self._process = process
        self._err = err

    def turn(self) -> dict[str, float]:
        """Have it do one part. Its figures after the last, else nothing. Raises RunFailed."""
        assert self._process.stdin
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended: `wait` says why
        return self.wait()

    def wait(self) -> dict[str, float]:
        """What it says when it is done with a part. Raises RunFailed."""
        assert self._process.stdout
        told = self._process.stdout.readline().strip()
        if told == b"turn":
            return {}
        if not told:
            status = self._process.wait()
            self._err.seek(0)
            raise RunFailed(self._err.read().decode(errors="replace").strip() or f"exit {status}")
        figures: dict[str, float] = json.loads(told)
        return figures


@dataclass(slots=True, kw_only=True)
class Runner:
    """Runs jobs. `pythons` are the interpreters by lock."""

    origin: str
    sockets: str
    """The origin of the WebSocket server."""
    pythons: dict[str, Path]
    home: Path
    uvloop: bool = False

    def run(self, sizes: dict[str, int], job: str) -> dict[str, dict[str, float]]:
        """One job's figures by client; several of them take turns at it. Raises RunFailed."""
        if JOBS[job].in_turns:
            with ExitStack() as stack:
                takers = {
                    name: stack.enter_context(self._taking(CLIENTS[name], job, size))
                    for name, size in sizes.items()
                }
                found: dict[str, dict[str, float]] = {}
                while len(found) < len(takers):
                    for name, taker in takers.items():
                        told = {} if name in found else taker.turn()
                        if told:
                            found[name] = told
            return found
        return {name: self._run(CLIENTS[name], job, size) for name, size in sizes.items()}

    @contextmanager
    def _taking(self, client: Client, job: str, size: int) -> Iterator[Taker]:
        """A client that has warmed up and waits for its first turn."""
        with tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                [str(self.pythons[client.lock]), "-P", "-s", *self._worker(client, job, size), "turns"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                cwd=self.home,
                env=_environment(self.home),
            )
            limit = threading.Timer(LONGEST_S, process.kill)
            limit.start()
            try:
                taker = Taker(process, err)
                taker.wait()
                yield taker
            finally:
                process.communicate()  # who is not done yet finds that nobody tells it to go on
                limit.cancel()

    def _worker(self, client: Client, job: str, size: int) -> list[str]:
        more = ["uvloop"] if self.uvloop else []
        origin = self.sockets if JOBS[job].sockets else self.origin
        module = (JOBS[job].module if client is CLIENTS["baimo"] else "") or client.module
        return ["-m", "bench.worker", module, job, origin, str(size), *more]

    def _run(self, client: Client, job: str, size: int) -> dict[str, float]:
        match job:
            case "import":
                return {"cpu_ms": self._finish(client, ["-c", client.imports])[1]}
            case "import_memory":
                code = f"{client.imports}\nfrom bench import memory\nprint(memory.resident())"
                return {"mb": int(self._finish(client, ["-c", code])[0]) / 1e6}
            case "cold":
                return {"cpu_ms": self._cold(client)}
            case "installed":
                asked = client.installs or ("--tree", str(ROOT / "src" / "baimo"), *_own_requirements())
                return self._figures(client, ["-m", "bench.installed", *asked])
            case _:
                return self._figures(client, self._worker(client, job, size))

    def _cold(self, client: Client) -> float:
        code = f"from bench.clients.{client.module} import Sync\n"
        code += f"with Sync('{self.origin}/v1') as client:\n    print(client.call())"
        out, cpu_ms = self._finish(client, ["-c", code])
        if out.strip() != "600":
            raise RunFailed(f"a first answer of {out.strip()} characters")
        return cpu_ms

    def _figures(self, client: Client, arguments: list[str]) -> dict[str, float]:
        found: dict[str, float] = json.loads(self._finish(client, arguments)[0])
        return found

    def _finish(self, client: Client, arguments: list[str]) -> tuple[str, float]:
        """What a process printed, and its CPU in milliseconds from start to end."""
        command = [str(self.pythons[client.lock]), "-P", "-s", *arguments]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.home,
                env=_environment(self.home),
            )
            limit = threading.Timer(LONGEST_S, process.kill)
            limit.start()
            _, status, used = os.wait4(process.pid, 0)
            limit.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            if process.returncode:
                raise RunFailed(err.read().decode(errors="replace").strip() or f"exit {process.returncode}")
            return out.read().decode(), (used.ru_utime + used.ru_stime) * 1000


def _own_requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[^A-Za-z0-9._-]", item, maxsplit=1)[0] for item in project["dependencies"]]
