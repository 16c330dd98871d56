"""Bodies of operations other than chat: refusals and pages are told from good ones."""

from __future__ import annotations

from typing import Any

from baimo.dialect.ending import page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import WireError
from baimo.wire.http import WireHead

from .errors import find_refusal, raise_for_body, raise_refusal


def decode_body(head: WireHead, body: bytes, table: str | None = None) -> dict[str, Any]:
    """The decoded body of a good reply.

    Raises ProviderError for a refusal, WireError for what is no object.
    """
    if not 200 <= head.status < 300:
        raise_for_body(head, body, table)
    start = body.strip()
    if not start:
        raise WireError("an empty body where a reply in JSON was due")
    if start.startswith(b"<"):
        raise page_error(head, start)
    content = decode(start)
    refusal = find_refusal(content)
    if refusal is not None:
        raise_refusal(refusal, head, body, table)
    if not isinstance(content, dict):
        raise WireError(f"no object where one was due: {excerpt(start)}")
    return content
