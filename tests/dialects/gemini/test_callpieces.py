"""Calls whose arguments come in pieces, as Vertex AI streams them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.callpieces import CallPieces
from baimo.errors import StreamInterrupted
from baimo.types.chat import ChatResponse, FinishReason
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.dialects.gemini.asking import site


def streamed(*parts: dict[str, Any], finish: str | None = "STOP") -> tuple[ChatResponse, Exception | None]:
    chunks = [{"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in parts]
    if finish:
        chunks.append({"candidates": [{"finishReason": finish}]})
    body = b"".join(b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n" for chunk in chunks)
    head = WireHead(200, ((b"content-type", b"text/event-stream"),))
    events, error = play(DIALECT.decoder(head, site()), [body])
    return fold(events), error


def call(*pieces: dict[str, Any], more: bool = True, **fields: Any) -> dict[str, Any]:
    told = {"partialArgs": list(pieces)} if pieces else {}
    return {"functionCall": {**told, **fields, **({"willContinue": True} if more else {})}}


def test_pieces_add_up_to_one_call_with_its_signature() -> None:
    got, error = streamed(
        {**call(name="weather", id="c1"), "thoughtSignature": "S"},
        call({"jsonPath": "$.city", "stringValue": "Bei", "willContinue": True}),
        call({"jsonPath": "$.city", "stringValue": "jing"}, {"jsonPath": "$.days", "numberValue": 3}),
        call(more=False),
        call(name="time", more=False, args={"zone": "UTC"}),
    )
    assert error is None
    first, second = got.tool_calls
    assert (first.id, first.name, first.arguments) == ("c1", "weather", '{"city":"Beijing","days":3}')
    assert first.replay is not None
    assert msgspec.json.decode(first.replay.json) == {"thoughtSignature": "S"}
    assert (second.name, second.arguments) == ("time", '{"zone":"UTC"}')
    assert got.finish_reason is FinishReason.TOOL_CALLS


def test_a_call_ends_with_the_next_one_with_its_candidate_or_at_once() -> None:
    got, error = streamed(
        call({"jsonPath": "$.a", "boolValue": True}, name="f"),
        call({"jsonPath": "$.b", "nullValue": "NULL_VALUE"}, name="g", more=False),
        call(name="h", args={"c": 1}),
    )
    assert error is None
    assert [(one.name, one.arguments) for one in got.tool_calls] == [
        ("f", '{"a":true}'),
        ("g", '{"b":null}'),
        ("h", '{"c":1}'),
    ]


def test_a_call_that_was_cut_in_its_middle_is_not_shown() -> None:
    got, error = streamed(call({"jsonPath": "$.a", "stringValue": "x"}, name="f"), finish=None)
    assert isinstance(error, StreamInterrupted)
    assert got.tool_calls == ()


@pytest.mark.parametrize(
    ("pieces", "args"),
    [
        ([("$.a.b", 1), ("$.a.c", 2)], {"a": {"b": 1, "c": 2}}),
        ([("$.list[1].x", 1), ("$.list[0].x", 2), ("$['a b'][\"c\"]", 3)], None),
        ([("$.list[0]", 1), ("$.list[1]", 2)], {"list": [1, 2]}),
        ([("$.a", 1), ("$.a.b", 2), ("$.a.b.c", 2), ("$.a[0]", 3)], {"a": 1}),
        ([("$.a[99999]", 1)], {"a": []}),
        ([("$", 1), ("a.b", 1), ("$.a..b", 1), (5, 1)], {}),
    ],
)
def test_each_value_is_put_in_its_place(pieces: list[tuple[Any, int]], args: dict[str, Any] | None) -> None:
    part = call(*[{"jsonPath": path, "numberValue": value} for path, value in pieces], name="f")
    nested = {"list": [{"x": 2}, {"x": 1}], "a b": {"c": 3}}
    assert CallPieces(part).whole()["functionCall"]["args"] == (nested if args is None else args)


def test_what_is_no_piece_is_passed_over() -> None:
    part = {"functionCall": {"name": "f", "willContinue": True, "partialArgs": ["odd", {"jsonPath": "$.a"}]}}
    pieces = CallPieces(part)
    assert not pieces.add({"functionCall": {"partialArgs": "odd", "willContinue": True}})
    assert pieces.whole() == {"functionCall": {"name": "f", "args": {}}}
