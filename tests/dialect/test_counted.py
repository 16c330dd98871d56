"""Fields of a request that are counted."""

from __future__ import annotations

from collections.abc import Iterator

from baimo.dialect.counted import counted_fields
from baimo.wire.http import HttpRequest


class Pieces:
    length = 14

    def chunks(self) -> Iterator[bytes]:
        yield b'{"a":1,'
        yield b'"b":2}'


def test_only_the_named_fields_are_left_whichever_way_the_body_comes() -> None:
    for body in (b'{"a":1,"b":2}', Pieces()):
        wire = HttpRequest(method="POST", origin="http://h", target=b"/", body=body)
        assert counted_fields(wire, {"b", "c"}) == {"b": 2}
