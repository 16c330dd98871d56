"""Short names of kinds of files, as wires that make files have them: `png`, `mp3`. What bytes are is told by
`baimo.types.sniff`."""

from __future__ import annotations

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
_NAMES = {kind: name for name, kind in reversed(_FORMATS.items())} | {
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""A film's container may hold sound alone: its first bytes do not tell."""


def media_type_named(format: str) -> str | None:
    """The media type of a format by its short name: `png`, `mp3`."""
    return _FORMATS.get(format.lower())


def format_named(media_type: str) -> str | None:
    """The short name of a media type; also the usual end of a file's name."""
    return _NAMES.get(media_type.partition(";")[0].strip().lower())
