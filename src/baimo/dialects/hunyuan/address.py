"""Where a request goes and which operation it asks for: both stand in the head."""

from __future__ import annotations

from baimo.dialect.protocols import Site
from baimo.wire.http import HeaderFields, header_fields, split_url, with_headers

VERSION = "2023-09-01"

CHAT, EMBED, COUNT = "ChatCompletions", "GetEmbedding", "GetTokenCount"

_OPERATIONS = {CHAT: "chat", EMBED: "embed", COUNT: "count"}


def address(site: Site) -> tuple[str, bytes]:
    """Origin and target. Raises InputError for an address that is none."""
    origin, path = split_url(site.base_url)
    return origin, (path or "/").encode()


def head(site: Site, action: str, given: dict[str, str]) -> HeaderFields:
    """The header fields of a request, the caller's own on top; the signer adds the rest."""
    fields = [
        (b"Content-Type", b"application/json"),
        (b"X-TC-Action", action.encode()),
        (b"X-TC-Version", (site.api_version or VERSION).encode()),
    ]
    if site.region:
        fields.append((b"X-TC-Region", site.region.encode()))
    return with_headers(tuple(fields), header_fields(given))


def operation(method: str, headers: HeaderFields) -> str | None:
    """Being the provider: `chat`, `embed` or `count`; None for an action that is not served."""
    action = next((value for name, value in headers if name.lower() == b"x-tc-action"), b"")
    return _OPERATIONS.get(action.decode("latin-1").strip()) if method == "POST" else None
