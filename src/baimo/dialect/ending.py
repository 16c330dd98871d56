"""How a reply ends that tells less than it should, and what answers in place of a provider."""

from __future__ import annotations

from baimo.errors import WireError
from baimo.notes import Note
from baimo.wire.http import WireHead

from .jsontext import excerpt

FINISH_MISSING = Note(
    code="finish_missing",
    message="The reply came to its end mark, but told no reason for its end: it may not be all there is.",
)

_PAGES = frozenset(("text/html", "application/xhtml+xml"))


def is_page(head: WireHead) -> bool:
    """Whether the head announces a page for people, which no provider answers with."""
    return head.media_type in _PAGES


def page_error(head: WireHead, body: bytes) -> WireError:
    """The error for a page under a good status."""
    kind = head.media_type or "no content type"
    return WireError(f"a page ({kind}) where a reply in JSON was due: {excerpt(body)}")
