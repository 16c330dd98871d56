"""Pictures and sound as callers give them: bytes, a path, an address, or a part."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from baimo.dialect.formats import format_named
from baimo.errors import InputError
from baimo.types.content import Audio, Image
from baimo.types.sniff import media_type_of

GivenImage: TypeAlias = bytes | str | PathLike[str] | Image
GivenAudio: TypeAlias = bytes | str | PathLike[str] | Audio


def images_of(given: GivenImage | Sequence[GivenImage] | None) -> tuple[Image, ...]:
    """Parts for one picture or several. Raises InputError for what is none, or cannot be read."""
    if given is None:
        return ()
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        return tuple([_image(one) for one in given])
    return (_image(given),)


def _image(given: GivenImage) -> Image:
    if isinstance(given, Image):
        return given
    if isinstance(given, str) and given.startswith(("http://", "https://")):
        return Image(url=given)
    data = _bytes(given, "image")
    return Image(data=data, media_type=media_type_of(data))


def audio_of(given: GivenAudio) -> Audio:
    """A part for some sound. Raises InputError for what is none, or cannot be read."""
    if isinstance(given, Audio):
        return given
    if isinstance(given, str) and given.startswith(("http://", "https://")):
        return Audio(url=given)
    data = _bytes(given, "audio")
    kind = media_type_of(data)
    format = format_named(kind) if kind is not None else None
    if format is None and not isinstance(given, bytes):
        format = Path(given).suffix[1:].lower() or None
    return Audio(data=data, format=format)


def _bytes(given: object, what: str) -> bytes:
    if isinstance(given, str) and given.startswith("data:"):
        head, _, text = given.partition(",")
        try:
            data = b64decode(text, validate=True) if head.endswith(";base64") else b""
        except (BadBase64, ValueError):
            data = b""
    elif isinstance(given, bytes):
        data = given
    elif isinstance(given, (str, PathLike)):
        try:
            data = Path(given).read_bytes()
        except (OSError, ValueError) as error:
            raise InputError(f"{what} cannot be read: {error}") from error
    else:
        raise InputError(f"{what} must be bytes, a path, an address or a part, got {type(given).__name__}")
    if not data:
        raise InputError(f"{what} is empty, or no base64")
    return data
