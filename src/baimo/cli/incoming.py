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
    from baimo.types.content import Audio, File, Image, Video

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
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


def read_bytes() -> bytes:
    """All of standard input as it is."""
    return sys.stdin.buffer.read()


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

    return Image.of(given) if is_address(given) else _made(Image, given, "usage.no_picture")


def medium(given: str) -> Image | Audio | Video | File:
    """A file, or an address, as what it is: a picture, a sound, a film or a document.

    What stands at an address is told by its end. Raises a usage error for a file that is nothing known.
    """
    from baimo.types import content
    from baimo.types.sniff import ending_type, kind_of, media_type_of

    found = ending_type(given)
    if not is_address(given):
        found = media_type_of(_read(given)) or found
    kinds = {"image": content.Image, "audio": content.Audio, "video": content.Video, "file": content.File}
    kind: Any = kinds[kind_of(found or "")]
    part: Image | Audio | Video | File = (
        kind(url=given) if is_address(given) else _made(kind, given, "usage.no_medium")
    )
    return part


def is_address(given: str) -> bool:
    """Whether what was given is an address, and no file."""
    return given.startswith(("https://", "http://", "data:"))


def _made(kind: Any, path: str, wrong: str) -> Any:
    from baimo.errors import InputError

    try:
        return kind.of(Path(path).expanduser())
    except InputError:
        raise click.UsageError(say(wrong, path=path)) from None
    except OSError as error:
        raise click.UsageError(say("usage.cannot_read", path=path, why=_why(error))) from None


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


def _why(error: OSError) -> str:
    """Why a file cannot be read, in the user's language where it is the usual reason."""
    return say("file.missing") if isinstance(error, FileNotFoundError) else error.strerror or str(error)


def _read(path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise click.UsageError(say("usage.cannot_read", path=path, why=_why(error))) from None


def _decoded(data: bytes, encodings: Iterable[str], what: str) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise click.UsageError(say("usage.not_text", what=what))
