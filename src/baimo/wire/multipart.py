"""Forms of several parts (multipart/form-data, RFC 7578), both ways: fields and files in one body.

The boundary is made from the content, so the same form gives the same bytes; it never stands inside a part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from baimo.errors import InputError, WireError


class FormPart(msgspec.Struct, frozen=True, kw_only=True):
    """One part: a field where it has no file name, else a file."""

    name: str
    data: bytes
    filename: str | None = None
    media_type: str | None = None


def field(name: str, value: str) -> FormPart:
    """A part that is a text."""
    return FormPart(name=name, data=value.encode())


def render_form(parts: Sequence[FormPart]) -> tuple[bytes, bytes]:
    """The content type and the body. Raises InputError for a name that cannot stand in a head.

    >>> render_form([field("a", "1")])[1].count(b"\\r\\n")
    5
    """
    boundary = _boundary(parts)
    pieces = []
    for part in parts:
        head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
        if part.filename is not None:
            head += f'; filename="{_quoted(part.filename)}"'
        if part.media_type is not None:
            head += f"\r\nContent-Type: {_quoted(part.media_type)}"
        pieces += [b"--", boundary, b"\r\n", head.encode(), b"\r\n\r\n", part.data, b"\r\n"]
    pieces += [b"--", boundary, b"--\r\n"]
    return b"multipart/form-data; boundary=" + boundary, b"".join(pieces)


def _boundary(parts: Sequence[FormPart]) -> bytes:
    """A word that no part holds."""
    from zlib import crc32

    mark = 0
    for part in parts:
        mark = crc32(part.data, crc32(part.name.encode(errors="replace"), mark))
    while True:
        boundary = f"baimo-form-{mark:08x}".encode()
        if not any(boundary in part.data for part in parts):
            return boundary
        mark = (mark + 1) & 0xFFFFFFFF


def _quoted(text: str) -> str:
    """As browsers write it: a quotation mark is percent-encoded."""
    if any(bad in text for bad in "\r\n\0"):
        raise InputError("the name of a part holds a line break or a NUL")
    return text.replace('"', "%22")


_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_PARAMETER = re.compile(r'(?<![\w*])(name|filename)=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


def parse_form(content_type: str, body: bytes, *, most: int = 1000) -> list[FormPart]:
    """The parts of a form, in their order; at most so many. Raises WireError for what is none."""
    found = _BOUNDARY.search(content_type)
    if found is None or not content_type.strip().lower().startswith("multipart/"):
        raise WireError(f"{content_type[:80]!r} is no multipart form with a boundary")
    mark = b"--" + (found[1] or found[2]).encode()
    sections = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise WireError("the form stopped before its last boundary")
    if len(sections) - 2 > most:
        raise WireError(f"the form has more than {most} parts")
    return [_part(section) for section in sections[1:-1]]


def _part(section: bytes) -> FormPart:
    head, blank, data = section.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
    told: dict[str, str] = {}
    media_type: str | None = None
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        kind = name.strip().lower()
        if kind == "content-disposition":
            for one in _PARAMETER.finditer(value):
                text = one[2] if one[2] is not None else one[3]
                told[one[1].lower()] = text.replace("%22", '"').replace('\\"', '"')
        elif kind == "content-type":
            media_type = value.strip() or None
    if not blank or "name" not in told:
        raise WireError("a part of the form has no name")
    return FormPart(name=told["name"], data=data, filename=told.get("filename"), media_type=media_type)
