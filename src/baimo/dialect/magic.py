"""What kind of file some bytes are, by how they begin; and the names of kinds."""

from __future__ import annotations

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"<svg", "image/svg+xml"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "audio/webm"),
)
_FORMATS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "webm": "audio/webm",
    "m4a": "audio/mp4",
}
_NAMES = {kind: name for name, kind in reversed(_FORMATS.items())} | {"audio/mpeg": "mp3"}


def media_type_of(data: bytes) -> str | None:
    """The media type of a file that begins so; None where it is not known.

    >>> media_type_of(b"RIFF....WAVEfmt ")
    'audio/wav'
    """
    if data[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "audio/mp4"
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    return None


def media_type_named(format: str) -> str | None:
    """The media type of a format by its short name: `png`, `mp3`."""
    return _FORMATS.get(format.lower())


def format_named(media_type: str) -> str | None:
    """The short name of a media type; also the usual end of a file's name."""
    return _NAMES.get(media_type.partition(";")[0].strip().lower())
