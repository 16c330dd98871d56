"""What a call leaves behind, and what a client that is asked for nothing loads."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

import baimo
from baimo.client.prepared import Prepared
from baimo.wire.http import WireHead, WireRequest
from tests.client.observing import Remembers
from tests.house.conftest import run

CONFIG = {"providers": {"acme": {"dialect": "openai_chat", "base_url": "http://127.0.0.1:1/v1"}}}
HEAD = WireHead(200, ((b"content-type", b"application/json"),))
BODY = (
    b'{"id":"x","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"Hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}'
)
BOUNDS = {"requests_per_minute": 10**6, "tokens_per_minute": 10**9, "concurrency": 1000}
CALLS = 50


class Answer:
    head = HEAD

    def __init__(self) -> None:
        self._pieces = [b"", BODY]

    def read(self, within_s: float) -> bytes:
        return self._pieces.pop()

    def close(self) -> None:
        pass

    abort = close


class Answers:
    """A transport of one answer, that keeps nothing."""

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> Answer:
        return Answer()

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "extras",
    [{}, {"observers": [Remembers()]}, {"limits": BOUNDS}, {"limits": BOUNDS, "observers": [Remembers()]}],
    ids=["plain", "watched", "limited", "both"],
)
@pytest.mark.parametrize("model", ["acme/m", ["acme/m", "acme/n"]], ids=["single", "route"])
def test_a_call_leaves_nothing_to_the_garbage_collector(model: Any, extras: Mapping[str, Any]) -> None:
    with baimo.Client(config=CONFIG, transport=Answers(), **extras) as client:

        def calls() -> Iterable[str]:
            return [client.chat(model, "Hi").text for _ in range(CALLS)]

        calls()
        while gc.collect():  # what earlier tests left may take several rounds
            pass
        gc.disable()
        try:
            assert set(calls()) == {"Hello"}
            assert gc.collect() < CALLS
        finally:
            gc.enable()


def test_a_plain_call_loads_nothing_of_what_it_was_not_asked_for() -> None:
    unwanted = "copy hashlib logging queue sqlite3 baimo.over baimo.plan baimo.client.watching"
    unwanted += " baimo.client.ruling baimo.client.attachments baimo.accounting.cost baimo.routing.health"
    code = f"import sys, baimo; client = baimo.Client(config={CONFIG!r})\n"
    code += "call = client._chat('acme/m', 'Hi', {}, stream=False)\n"
    code += f"print(*[name for name in {unwanted.split()} if name in sys.modules])"
    assert run(sys.executable, "-P", "-c", code).split() == []


def test_a_call_that_nobody_watches_gives_its_answer_back_as_it_is() -> None:
    def steps() -> Any:
        yield

    call, error = Prepared(steps(), "m"), baimo.InputError("no")
    assert call.done(None) is None
    assert call.broke(error) is error
    call.left()
