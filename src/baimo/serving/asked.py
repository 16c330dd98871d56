"""What a caller asks for, read by the dialect that knows its route."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from baimo.dialect.protocols import ServedDialect
from baimo.errors import UnsupportedError
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest
from baimo.wire.http import HttpRequest, WireRequest


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks for."""

    dialect: str
    operation: str
    wire: WireRequest
    request: ChatRequest | EmbedRequest | None = None
    """None for an operation that has nothing to say: a list of models."""


def serving(dialects: Iterable[ServedDialect], wire: WireRequest) -> tuple[Any, str] | None:
    """The first dialect that knows the route of a request, and the operation; None where none does."""
    method = wire.method if isinstance(wire, HttpRequest) else "GET"
    for dialect in dialects:
        operation = dialect.operation(method, wire.target, wire.headers)
        if operation is not None:
            return dialect, operation
    return None


def read_asked(dialect: Any, operation: str, wire: WireRequest) -> Asked:
    """The request in neutral words. Raises InputError, and UnsupportedError for what only a provider has."""
    request: ChatRequest | EmbedRequest | None = None
    if operation == "chat":
        request = dialect.decode_request(wire)
    elif operation == "embed":
        request = dialect.decode_embed_request(wire)
    elif operation != "models":
        raise UnsupportedError(f"{dialect.name} is served here without its operation {operation!r}")
    return Asked(dialect=dialect.name, operation=operation, wire=wire, request=request)
