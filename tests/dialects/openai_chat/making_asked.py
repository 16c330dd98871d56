"""A site with quirks, bodies and heads for the operations that make something."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.multipart import FormPart, parse_form, render_form

GOOD = WireHead(200, ((b"content-type", b"application/json"),))
BARE = Site(base_url="https://a.example/v1")


def site(**quirks: Any) -> Site:
    return Site(base_url="https://a.example/v1", provider="example", quirks=DIALECT.quirks(quirks))


def body(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def form(wire: HttpRequest) -> list[FormPart]:
    assert isinstance(wire.body, bytes)
    return parse_form(dict(wire.headers)[b"content-type"].decode(), wire.body)


def fields(wire: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form that are no files."""
    return [(part.name, part.data.decode()) for part in form(wire) if part.filename is None]


def posted(path: str, content: Any) -> HttpRequest:
    """A caller's request with a body in JSON."""
    raw = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return HttpRequest(method="POST", origin="http://here", target=path.encode(), body=raw)


def posted_form(path: str, *parts: FormPart) -> HttpRequest:
    """A caller's request with a form."""
    kind, raw = render_form(parts)
    head = ((b"Content-Type", kind),)
    return HttpRequest(method="POST", origin="http://here", target=path.encode(), headers=head, body=raw)


class Pieces:
    """A body in pieces."""

    length = None

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def chunks(self) -> Any:
        yield from (self._raw[:1], self._raw[1:])
