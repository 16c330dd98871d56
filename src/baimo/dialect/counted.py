"""What of a chat's request is counted: operations that count a prompt take some of its fields only."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import msgspec

from baimo.wire.http import HttpRequest


def counted_fields(wire: HttpRequest, names: Set[str]) -> dict[str, Any]:
    """The fields of a JSON body that are among `names`, in their order.

    >>> counted_fields(HttpRequest(method="POST", origin="", target=b"", body=b'{"a":1,"b":2}'), {"b"})
    {'b': 2}
    """
    body = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    fields: dict[str, Any] = msgspec.json.decode(body)
    return {name: value for name, value in fields.items() if name in names}
