"""The strategies that go by what was measured, over real connections: a server that is two deployments."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import baimo
from baimo.client.portal import LoopThread
from baimo.ledger.reading import last_calls
from baimo.routing.choose import again
from baimo.testing import VirtualClock, replay
from baimo.types.record import CallRecord

REPLY = {"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]}
ROUTE = ["a/x", "b/x"]
WITHIN_S = 30.0
"""Nothing here takes longer, on however slow a machine."""


class Server(ThreadingHTTPServer):
    """Serves /a and /b: each takes its seconds of the clock, and waits while it is held."""

    daemon_threads = True

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.takes_s = {"a": 0.0, "b": 0.0}
        self.arrived: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.held: dict[str, threading.Semaphore] = {}
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        server, where = self.server, self.path[1]
        server.arrived.put(where)
        if where in server.held:
            server.held[where].acquire()
        server.clock.advance(server.takes_s[where])
        body = json.dumps(REPLY).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing to say."""


Begin: TypeAlias = Callable[[], "Future[baimo.ChatResponse]"]
"""Begins a call over the route, and goes on."""
Opened: TypeAlias = Callable[..., AbstractContextManager[Begin]]


@contextmanager
def on_threads(strategy: Any, **options: Any) -> Iterator[Begin]:
    with baimo.Client(**options) as client, ThreadPoolExecutor(4) as threads:
        yield lambda: threads.submit(lambda: client.chat(ROUTE, "Hi", strategy=strategy))


@contextmanager
def on_a_loop(strategy: Any, **options: Any) -> Iterator[Begin]:
    loop = LoopThread("test-strategies")
    client = baimo.AsyncClient(**options)
    try:
        yield lambda: loop.submit(client.chat(ROUTE, "Hi", strategy=strategy))
    finally:
        loop.wait_for(client.close())
        loop.close()


BOTH = pytest.mark.parametrize("opened", [on_threads, on_a_loop], ids=["sync", "async"])


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(VirtualClock()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def told(server: Server, folder: Path) -> dict[str, Any]:
    """The arguments of a client that writes down all it does."""
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    rows = {name: {"dialect": "openai_chat", "base_url": f"{origin}/{name}"} for name in "ab"}
    return {
        "config": {"providers": rows},
        "clock": server.clock,
        "max_retries": 0,
        "ledger": {"path": str(folder / "ledger.db")},
        "record": folder / "calls",
    }


def asked(begin: Begin) -> str:
    """Who answers one call."""
    answer = begin().result(WITHIN_S)
    assert answer.provider is not None
    return answer.provider


def check_log(folder: Path, count: int) -> tuple[CallRecord, ...]:
    """Every choice is made again from the ledger, and every call from its recording."""
    calls = last_calls(folder / "ledger.db", 100)
    assert len(calls) == count
    for call in calls:
        (decision,) = call.decisions
        assert again(decision) == decision.order
        assert decision.standings[decision.order[0]]["name"] == f"{call.provider}/x"
        assert call.recording is not None
        assert replay(call.recording).differences == ()
    return calls


@BOTH
def test_the_quickest_is_asked_as_long_as_it_is(opened: Opened, server: Server, tmp_path: Path) -> None:
    server.takes_s = {"a": 4.0, "b": 1.0}
    with opened("least-latency", **told(server, tmp_path)) as begin:
        assert {asked(begin), asked(begin)} == {"a", "b"}, "of whom nothing is known is asked first"
        assert [asked(begin) for _ in range(3)] == ["b", "b", "b"]
        server.takes_s = {"a": 2.0, "b": 12.0}
        assert asked(begin) == "b"  # its mean is 1 + 0.3 * 11 = 4.3 s now
        assert [asked(begin), asked(begin)] == ["a", "a"]
        server.clock.advance(200.0)
        assert {asked(begin), asked(begin)} == {"a", "b"}, "what was measured long ago says nothing"
    calls = check_log(tmp_path, 10)
    known = [{one["name"]: one.get("latency_s") for one in call.decisions[0].standings} for call in calls]
    by_time = known if calls[0].at < calls[-1].at else known[::-1]
    assert by_time[4] == {"a/x": pytest.approx(4.0), "b/x": pytest.approx(1.0)}
    assert by_time[6] == {"a/x": pytest.approx(4.0), "b/x": pytest.approx(4.3)}


@BOTH
def test_the_one_with_the_fewest_calls_in_flight_is_asked(
    opened: Opened, server: Server, tmp_path: Path
) -> None:
    server.held = {name: threading.Semaphore(0) for name in "ab"}
    with opened("least-busy", **told(server, tmp_path)) as begin:
        flying = [begin()]
        first = server.arrived.get(timeout=WITHIN_S)
        flying.append(begin())
        second = server.arrived.get(timeout=WITHIN_S)
        assert {first, second} == {"a", "b"}
        server.held[first].release()
        assert flying.pop(0).result(WITHIN_S).provider == first
        for _ in range(3):  # one in flight at `second`, none at `first`, whatever chance says
            flying.append(begin())
            assert server.arrived.get(timeout=WITHIN_S) == first
            server.held[first].release()
            assert flying.pop().result(WITHIN_S).provider == first
        server.held[second].release()
        assert flying.pop().result(WITHIN_S).provider == second
    check_log(tmp_path, 5)
