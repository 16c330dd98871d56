"""What a user hands to a command: words, standard input, pictures, schemas. All files are UTF-8."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .words import say

if TYPE_CHECKING:
    from baimo.types.chat import ResponseFormat
    from baimo.types.content import Image

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)


def prompt_of(words: Iterable[str]) -> str:
    """The words of the command line, then standard input where something is piped in.

    Raises a usage error when there is neither.
    """
    said = " ".join(argument(word) for word in words)
    piped = "" if stdin_is_terminal() else read_stdin().rstrip("\r\n")
    prompt = "\n\n".join(part for part in (said, piped) if part.strip())
    if not prompt:
        raise click.UsageError(say("usage.no_prompt"))
    return prompt


def argument(word: str) -> str:
    """A word of the command line; bytes that are not in the locale's encoding are read as `decode` does."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return decode(os.fsencode(word), say("incoming.argument"))
    return word


def stdin_is_terminal() -> bool:
    """Whether a person would have to type it."""
    try:
        return sys.stdin is None or sys.stdin.isatty()
    except ValueError:
        return True


def read_stdin() -> str:
    """All of standard input as text."""
    return decode(sys.stdin.buffer.read(), say("incoming.stdin"))


def decode(data: bytes, what: str) -> str:
    """Text out of bytes: by its byte-order mark, else UTF-8, else the console's own encoding.

    Raises a usage error naming `what` when it is none of these.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], (encoding,), what)
    return _decoded(data, ("utf-8", getattr(sys.stdin, "encoding", None) or "utf-8"), what)


def read_text(path: str) -> str:
    """A file as text. Raises a usage error when it cannot be read or is no text."""
    return decode(_read(path), path)


def picture(given: str) -> Image:
    """A picture by its address or its file. Raises a usage error for a file that is none."""
    from baimo.types.content import Image

    if given.startswith(("https://", "http://", "data:")):
        return Image(url=given)
    data = _read(given)
    for magic, media_type in _PICTURES:
        if data.startswith(magic):
            return Image(data=data, media_type=media_type)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Image(data=data, media_type="image/webp")
    raise click.UsageError(say("usage.no_picture", path=given))


def schema(given: str) -> ResponseFormat:
    """The form of an answer: a JSON schema as text or in a file. Raises a usage error."""
    import json

    from baimo.types.chat import ResponseFormat

    text = given if given.lstrip().startswith("{") else read_text(given)
    try:
        found: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise click.UsageError(say("usage.bad_schema", why=str(error))) from None
    if not isinstance(found, dict):
        raise click.UsageError(say("usage.bad_schema", why=say("incoming.no_object")))
    inner = found.get("schema")
    if isinstance(inner, dict) and isinstance(found.get("name"), str):
        return ResponseFormat(
            type="json_schema", name=found["name"], schema=inner, strict=found.get("strict")
        )
    return ResponseFormat(type="json_schema", name="answer", schema=found)


def _read(path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise click.UsageError(say("usage.cannot_read", path=path, why=error.strerror or error)) from None


def _decoded(data: bytes, encodings: Iterable[str], what: str) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise click.UsageError(say("usage.not_text", what=what))
