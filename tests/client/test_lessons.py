"""What a refusal taught is asked so from the start, until it is too old; recordings hold it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.dialect.mending import LIVES_S
from baimo.errors import InvalidRequestError
from baimo.testing import VirtualClock, replay
from baimo.wire.http import HttpRequest, WireHead
from tests.client.observing import Remembers
from tests.scripted import Script

JSON = ((b"content-type", b"application/json"),)
REFUSED = (
    WireHead(400, JSON),
    [b'{"error": {"message": "max_tokens is not supported, use max_completion_tokens"}}', b""],
)
WHOLE = {"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]}
GOOD = (WireHead(200, JSON), [json.dumps(WHOLE).encode(), b""])
ACME = {"providers": {"acme": {"dialect": "openai_chat", "base_url": "https://acme.example/v1"}}}


def names(script: Script) -> list[str]:
    """By which name each request bounded its answer."""
    found = []
    for request in script.sent:
        assert isinstance(request, HttpRequest) and isinstance(request.body, bytes)
        (name,) = {"max_tokens", "max_completion_tokens"} & set(json.loads(request.body))
        found.append(name)
    return found


def test_a_mending_is_tried_anew_when_it_is_old() -> None:
    old, new = "max_tokens", "max_completion_tokens"
    clock = VirtualClock()
    script = Script(REFUSED, GOOD, GOOD, REFUSED, GOOD, GOOD, GOOD)
    with baimo.Client(config=ACME, keys={"acme": "fake"}, transport=script, clock=clock) as client:

        def ask() -> list[str]:
            before = len(script.sent)
            client.chat("acme/big", "Hi", max_tokens=9)
            return names(script)[before:]

        assert ask() == [old, new]
        clock.advance(LIVES_S - 1)
        assert ask() == [new], "what helped is asked from the start"
        clock.advance(1)
        assert ask() == [old, new], "the model may take it by now; it does not, and that is learned again"
        assert ask() == [new]
        clock.advance(LIVES_S)
        assert client.why("acme/big")[0]["max_tokens_field"].origin == "default"
        assert ask() == [old], "now it does"


@pytest.mark.parametrize("mend", [True, False])
def test_a_recording_holds_what_was_known_and_whether_a_call_may_be_mended(
    mend: bool, tmp_path: Path
) -> None:
    told = Remembers()
    options: dict[str, Any] = {
        "config": ACME,
        "keys": {"acme": "fake"},
        "record": tmp_path,
        "observers": [told],
    }
    with baimo.Client(transport=Script(REFUSED, GOOD, GOOD), mend=mend, **options) as client:
        if mend:
            client.chat("acme/big", "Hi", max_tokens=9)
            assert client.chat("acme/big", "Hi", max_tokens=9).notes[0].code == "mended"
        else:
            with pytest.raises(InvalidRequestError):
                client.chat("acme/big", "Hi", max_tokens=9)
    assert len(told.calls) == 1 + mend
    for call, requests in zip(told.calls, [2, 1] if mend else [1], strict=True):
        assert call.recording is not None
        result = replay(call.recording)
        assert (result.differences, result.requests) == ((), requests)
