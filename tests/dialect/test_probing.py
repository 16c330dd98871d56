"""What an asking comes to on a wire is told by the dialect itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from baimo.dialect.probing import ASKINGS, body_of, changed, probed
from baimo.dialect.protocols import ChatDialect, Site
from baimo.dialects import get
from baimo.wire.http import HttpRequest, SocketRequest


def dialect(name: str) -> ChatDialect:
    found = get(name)
    assert isinstance(found, ChatDialect)
    return found


def test_each_asking_is_told_by_the_fields_that_it_sets() -> None:
    wire = dialect("openai_chat")
    quirks = wire.quirks({"thinking_switch": "thinking_type", "efforts": ["low", "high"]})
    found = probed(wire, Site(base_url="https://acme.example", quirks=quirks), "m")
    assert found.keys() == ASKINGS.keys()
    assert found["reasoning_off"] == {"thinking": {"type": "disabled"}}
    assert found["reasoning_low"] == {"reasoning_effort": "low"}
    assert found["reasoning_budget"] == {
        "refused": "this provider cannot be told a budget for thinking in tokens"
    }
    assert found["prefill"] == {"messages": [{"role": "assistant", "content": "Well"}]}
    assert found["prompt_cache"] == {}


def test_a_wire_that_cannot_be_asked_at_all_says_why() -> None:
    found = probed(dialect("spark_ws"), Site(base_url="wss://acme.example", app_id="a"), "nobody")
    assert all("no model 'nobody'" in fields["refused"] for fields in found.values())


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, {"a": [3]}),
        ({"a": "text"}, {"a": ["text"]}, {"a": ["text"]}),
    ],
)
def test_only_what_differs_is_told(
    before: dict[str, object], after: dict[str, object], difference: dict[str, object]
) -> None:
    assert changed(before, after) == difference


class Pieces:
    length = None

    def chunks(self) -> Iterator[bytes]:
        yield from (b'{"a"', b":1}")


def test_a_body_is_read_from_bytes_pieces_and_frames() -> None:
    http = HttpRequest(method="POST", origin="https://a.example", target=b"/", body=b'{"a":1}')
    assert body_of(http) == {"a": 1}
    assert body_of(HttpRequest(method="POST", origin="https://a.example", target=b"/", body=Pieces())) == {
        "a": 1
    }
    assert body_of(SocketRequest(origin="wss://a.example", target=b"/", frames=('{"a":1}',))) == {"a": 1}
