"""Parts out of what a program has in its hands: an address, bytes, a path, an open file, a Pillow image."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from typing import Any

from baimo.errors import InputError

from .sniff import Kind, agrees, ending_type, holds, kind_of, media_type_of, plain_type

SCHEMES = ("http://", "https://", "data:", "gs://", "s3://", "oss://")
"""What an address may begin with; whether a provider takes it is the provider's business."""

_WORDS = {"image": "a picture", "audio": "a sound", "video": "a film", "file": "a document"}
_CLASSES = {"image": "Image", "audio": "Audio", "video": "Video", "file": "File"}

_FORMATS = {"audio/mpeg": "mp3", "audio/mp4": "m4a", "video/mp4": "m4a"}
"""The word for a sound's format where it is not the second half of its media type."""
_TYPES = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "opus": "audio/ogg", "mpeg": "audio/mpeg"}
_BARE = ("pcm", "pcm16", "l16", "g711_ulaw", "g711_alaw")
"""Formats of sound without a head: their bytes may look like anything."""
_PILLOW = ("PNG", "JPEG", "WEBP", "GIF")
"""What a Pillow image is written as when it was read as such."""


def format_of(media_type: str) -> str:
    """Our word for the format of a sound of that media type."""
    return _FORMATS.get(media_type, media_type.partition("/")[2])


def type_of_format(form: str) -> str | None:
    """The media type of a sound's format; None for samples without a head."""
    word = form.lower()
    return None if word.startswith(_BARE) else _TYPES.get(word, f"audio/{word}")


def fields_of(source: Any, kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a part of that kind. Raises InputError for what is none, and OSError for a file that
    cannot be read.
    """
    told = given.get("media_type")
    if kind == "audio":
        form = given.get("format")
        told = type_of_format(form) if form is not None else None
    if isinstance(source, str) and not source.startswith("data:"):
        if not source.startswith(SCHEMES):
            raise InputError(
                f"{_short(source)!r} is no address",
                hint="An address begins with https://; a file is given as pathlib.Path(…).",
            )
        return {"url": source, **given}
    data, name, told = _read(source, told)
    if kind == "audio" and given.get("format") is not None and told is None:
        return {"data": data, **given}  # samples without a head
    found = typed(data, told, name, kind=kind)
    fields = {"data": data, **given}
    if kind == "audio":
        fields.setdefault("format", format_of(found))
    else:
        fields["media_type"] = found
    if kind == "file" and name is not None:
        fields.setdefault("name", name)
    return fields


def kind_of_source(source: Any) -> tuple[Kind, dict[str, Any]]:
    """What kind of part bytes, a path, an open file or a Pillow image make, and its fields."""
    data, name, told = _read(source, None)
    found = typed(data, told, name)
    kind = kind_of(found)
    fields: dict[str, Any] = {"data": data}
    if kind == "audio":
        fields["format"] = format_of(found)
    else:
        fields["media_type"] = found
    if kind == "file" and name is not None:
        fields["name"] = name
    return kind, fields


def typed(data: bytes, told: str | None, name: str | None = None, *, kind: Kind | None = None) -> str:
    """The media type of bytes: as they begin, as told, or by the name's end.

    Raises InputError where there are none, where `told` and the bytes disagree, where nothing is known, and
    where they are not of that `kind`.
    """
    if not data:
        raise InputError(f"{_named(name)} holds no bytes")
    found = media_type_of(data)
    if told is not None and found is not None and not agrees(told, found):
        raise InputError(
            f"{_named(name)} is told to be {told}, but its bytes begin as {found}",
            hint="Correct media_type, or leave it out.",
        )
    by_name = ending_type(name) if name is not None else None
    if by_name is not None and found is not None and not agrees(by_name, found):
        by_name = None  # the bytes know better than a name
    told = plain_type(told) if told is not None else None
    kind_told = told or by_name or found
    if kind_told is None:
        raise InputError(
            f"what {_named(name)} is cannot be told from its first bytes", hint="Give its media_type."
        )
    if (
        kind is None
        or kind_of(kind_told) == kind
        or (told is None and found is not None and holds(found, kind))
    ):
        return kind_told
    if kind == "file":
        return kind_told
    raise InputError(
        f"{_named(name)} is {kind_told}, which is not {_WORDS[kind]}",
        hint=f"Use baimo.{_CLASSES[kind_of(kind_told)]} for it.",
    )


def _read(source: Any, told: str | None) -> tuple[bytes, str | None, str | None]:
    """Bytes, name and media type of a source."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), None, told
    if isinstance(source, str):
        return _from_data_url(source, told)
    if hasattr(source, "read_bytes"):
        return source.read_bytes(), source.name, told
    if hasattr(source, "save") and hasattr(source, "mode") and hasattr(source, "size"):
        return _from_pillow(source), None, told
    if hasattr(source, "read"):
        data = source.read()
        if not isinstance(data, bytes):
            raise InputError("an open file must be opened for bytes", hint='Open it with mode "rb".')
        name = getattr(source, "name", None)
        return data, name.replace("\\", "/").rpartition("/")[2] if isinstance(name, str) else None, told
    raise InputError(
        f"{type(source).__name__} is no medium: give an address, bytes, a pathlib.Path, an open file or a "
        "Pillow image"
    )


def _from_data_url(url: str, told: str | None) -> tuple[bytes, None, str | None]:
    head, comma, payload = url.partition(";base64,")
    if not comma:
        raise InputError("an address that begins with data: must hold base64")
    try:
        data = b64decode(payload, validate=True)
    except (BadBase64, ValueError):
        raise InputError("an address that begins with data: holds no valid base64") from None
    return data, None, told or head[5:].partition(";")[0] or None


def _from_pillow(image: Any) -> bytes:
    from io import BytesIO

    form = getattr(image, "format", None)
    written = form if form in _PILLOW else "PNG"
    buffer = BytesIO()
    image.save(buffer, format=written, **({"quality": "keep"} if written == "JPEG" else {}))
    return buffer.getvalue()


def _named(name: str | None) -> str:
    return repr(name) if name is not None else "the medium"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
