"""Pictures and documents as blocks."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.dialect.dataurl import image_type
from baimo.types.content import File, Image

from .quirks import Quirks

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PDF = "application/pdf"


def image_block(part: Image, quirks: Quirks, complaints: Complaints) -> dict[str, Any] | None:
    """A picture. Its bytes are written as base64 only when the whole body is."""
    if "image" in quirks.refused:
        complaints.cannot("image content")
        return None
    if part.detail not in (None, "auto"):
        complaints.cannot(f"how closely to look at an image (detail {part.detail!r})")
    data, kind = part.data, part.media_type
    if data is None and part.url is not None and part.url.startswith("data:"):
        kind, data = _from_url(part.url)
        if data is None:
            complaints.cannot("an image by such an address", "its base64 is not valid")
            return None
    if data is not None:
        kind = kind or image_type(data)
        if kind not in _IMAGES:
            complaints.cannot(f"an image of the type {kind}", f"it takes {', '.join(_IMAGES)}")
            return None
        return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
    if part.url is not None:
        if "image_url" in quirks.refused:
            complaints.cannot("an image by a web address", "send its bytes")
            return None
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    return {"type": "image", "source": {"type": "file", "file_id": part.file_id or ""}}


def file_block(part: File, quirks: Quirks, complaints: Complaints) -> dict[str, Any] | None:
    """A document: a PDF or a text, by its bytes, its address or its id."""
    if "file" in quirks.refused:
        complaints.cannot("file content")
        return None
    source = _source(part, complaints)
    if source is None:
        return None
    block: dict[str, Any] = {"type": "document", "source": source}
    if part.name is not None:
        block["title"] = part.name
    return block


def _source(part: File, complaints: Complaints) -> dict[str, Any] | None:
    data, kind = part.data, part.media_type
    if data is None and part.url is not None and part.url.startswith("data:"):
        kind, data = _from_url(part.url)
        if data is None:
            complaints.cannot("a file by such an address", "its base64 is not valid")
            return None
    if data is None:
        if part.url is not None:
            return {"type": "url", "url": part.url}
        return {"type": "file", "file_id": part.file_id or ""}
    if kind == _PDF or (kind is None and data.startswith(b"%PDF")):
        return {"type": "base64", "media_type": _PDF, "data": data}
    if kind is not None and kind.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": data.decode("utf-8", "replace")}
    complaints.cannot(f"a file of the type {kind or 'unknown'}", "it takes PDF and text")
    return None


def _from_url(url: str) -> tuple[str | None, bytes | None]:
    """Type and bytes of an address that holds them; no bytes where it is broken."""
    head, _, payload = url.partition(",")
    if not head.endswith(";base64"):
        return None, None
    try:
        return head[5:-7].partition(";")[0] or None, b64decode(payload, validate=True)
    except (BadBase64, ValueError):
        return None, None
