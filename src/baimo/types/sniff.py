"""What bytes are, by how they begin: media types of pictures, sounds, films and documents."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["image", "audio", "video", "file"]

_START = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"<svg", "image/svg+xml"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"%PDF", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"heim": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
"""By the brand of an ISO base media file; one that is not here is a film."""

SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/heic-sequence": "image/heic",
    "audio/mp3": "audio/mpeg",
    "audio/mpga": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/opus": "audio/ogg",
    "audio/x-aac": "audio/aac",
    "application/ogg": "audio/ogg",
    "video/avi": "video/x-msvideo",
    "video/mov": "video/quicktime",
    "video/flv": "video/x-flv",
    "video/mpg": "video/mpeg",
    "video/wmv": "video/x-ms-wmv",
    "video/x-matroska": "video/webm",
    "application/x-pdf": "application/pdf",
}
"""Other words for a media type, and the one that is used here."""

_BOXES = (
    frozenset({"audio/mp4", "video/mp4", "video/quicktime", "video/3gpp", "audio/3gpp", "audio/aac"}),
    frozenset({"image/heic", "image/heif", "image/avif"}),
    frozenset({"audio/webm", "video/webm"}),
    frozenset({"audio/ogg", "video/ogg"}),
)
"""Types that one container may hold: its first bytes do not tell which of them it is."""
_ARCHIVES = ("application/vnd.openxmlformats-", "application/vnd.oasis.", "application/epub+zip")
_NOTHING = ("application/octet-stream", "binary/octet-stream", "application/binary")
"""Types that say nothing."""

ENDINGS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "heic": "image/heic",
    "heif": "image/heif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "htm": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "xml": "text/xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/webm",
    "avi": "video/x-msvideo",
}
"""Media types by the end of a name."""


def media_type_of(data: bytes) -> str | None:
    """The media type that the first bytes tell; None where they tell none.

    >>> media_type_of(b"%PDF-1.7 ...")
    'application/pdf'
    """
    start = bytes(data[:64])
    for magic, kind in _START:
        if start.startswith(magic):
            return kind
    if start[:4] == b"RIFF":
        return _RIFF.get(start[8:12])
    if start[:2] == b"BM" and len(start) >= 18 and start[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if start[4:8] == b"ftyp":
        brand = start[8:12]
        return "video/3gpp" if brand[:3] == b"3gp" else _BRANDS.get(brand, "video/mp4")
    if start[:4] == b"OggS":
        return "video/ogg" if b"theora" in start else "audio/ogg"
    if start[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm"
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(start) > 2 and start[0] == 0xFF and start[1] & 0xE6 in (0xE2, 0xE4, 0xE6) and start[2] >> 4 < 15:
        return "audio/mpeg"
    return None


def plain_type(told: str) -> str | None:
    """A media type without parameters, in the word used here; None for one that says nothing."""
    kind = told.partition(";")[0].strip().lower()
    return None if not kind or kind in _NOTHING else SAME.get(kind, kind)


def ending_type(name: str) -> str | None:
    """The media type that the end of a name or an address says."""
    path = name.partition("?")[0].partition("#")[0]
    return ENDINGS.get(path.rpartition(".")[2].lower()) if "." in path else None


def agrees(told: str, found: str) -> bool:
    """Whether bytes that look like `found` may be what `told` says.

    >>> agrees("audio/m4a", "video/mp4"), agrees("image/png", "image/jpeg")
    (True, False)
    """
    kind = plain_type(told)
    if kind is None or kind == found:
        return True
    if found == "application/zip":
        return kind.startswith(_ARCHIVES)
    if found == "application/x-ole-storage":
        return kind.startswith(("application/msword", "application/vnd.ms-"))
    return any(kind in box and found in box for box in _BOXES)


def holds(found: str, kind: Kind) -> bool:
    """Whether bytes that look like `found` may be of that kind."""
    boxes = [box for box in _BOXES if found in box]
    return kind_of(found) == kind or any(kind_of(one) == kind for box in boxes for one in box)


def kind_of(media_type: str) -> Kind:
    """What a medium of that type is for a model: a picture, a sound, a film, or a document."""
    head = media_type.partition("/")[0]
    if head == "image":
        return "image"
    if head == "audio":
        return "audio"
    return "video" if head == "video" else "file"
