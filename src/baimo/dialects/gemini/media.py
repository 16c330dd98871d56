"""Media of parts: bytes beside a media type, or an address, both ways."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from typing import Any, TypeAlias

from baimo.dialect.complaints import Complaints
from baimo.types.content import Audio, File, Image, Video
from baimo.types.sniff import media_type_of

from .quirks import Quirks

Media: TypeAlias = Image | Audio | Video | File

_AUDIO: Mapping[str, str] = {
    "mp3": "audio/mp3",
    "mpeg": "audio/mpeg",
    "pcm16": "audio/L16;codec=pcm;rate=24000",
}
"""Media types of formats that are not simply `audio/` and the format."""

_RAW_SOUND = re.compile(r"(?i)audio/(?:l16|pcm)\b")
_RATE = re.compile(r"rate=(\d+)")

_BY_ENDING: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}

_OWN_ADDRESS = r"gs://|https://generativelanguage\.googleapis\.com/|https://(?:www\.|m\.)?youtube\.com/|https://youtu\.be/"


def encode_media(
    part: Media, site_files: str, quirks: Quirks, complaints: Complaints
) -> dict[str, Any] | None:
    """The wire's part; None where it was left out. `site_files` is the address in front of `files/…`."""
    if isinstance(part, Image) and part.detail not in (None, "auto"):
        complaints.cannot(f"how closely to look at an image (detail {part.detail!r})")
    kind = _media_type(part)
    what = type(part).__name__.lower()
    if part.data is not None:
        if kind is None:
            complaints.cannot(f"{what} content without a media type")
            return None
        wire: dict[str, Any] = {"inlineData": {"mimeType": kind, "data": part.data}}
        if isinstance(part, File) and part.name is not None:
            wire["inlineData"]["displayName"] = part.name
        return _timed(part, wire)
    url = part.url
    if url is not None and url.startswith("data:"):
        head, comma, payload = url.removeprefix("data:").partition(";base64,")
        if not comma:
            complaints.cannot(f"{what} content in an address of data that is no base64")
            return None
        return _timed(part, {"inlineData": {"mimeType": head or kind, "data": payload}})
    if url is None:
        name = part.file_id if isinstance(part, (Image, File)) else None
        if name is None:
            how = (
                "by the id of an earlier answer" if isinstance(part, Audio) else "without bytes or an address"
            )
            complaints.cannot(f"{what} content {how}")
            return None
        url = name if "://" in name else site_files + name.removeprefix("files/")
    elif not quirks.web_addresses and not is_own_address(url):
        complaints.cannot(f"{what} content by a web address", "send its bytes")
        return None
    where: dict[str, Any] = {"fileUri": url}
    if kind is not None:
        where["mimeType"] = kind
    return _timed(part, {"fileData": where})


def is_own_address(url: str) -> bool:
    """Whether that is where this API looks itself: its files, Cloud Storage, YouTube."""
    return re.match(_OWN_ADDRESS, url) is not None


def _timed(part: Media, wire: dict[str, Any]) -> dict[str, Any]:
    if isinstance(part, Video) and part.fps is not None:
        wire["videoMetadata"] = {"fps": part.fps}
    return wire


def _media_type(part: Media) -> str | None:
    """The media type: as told, else by the format, the first bytes or the end of the address."""
    if isinstance(part, Audio):
        if part.format is not None:
            return _AUDIO.get(part.format, f"audio/{part.format}")
        return _ending(part.url)
    if part.media_type is not None:
        return part.media_type
    if part.data is not None:
        return media_type_of(part.data)
    return _ending(part.url)


def _ending(url: str | None) -> str | None:
    path = (url or "").partition("?")[0].partition("#")[0]
    return _BY_ENDING.get(path.rpartition(".")[2].lower())


def decode_media(wire: dict[str, Any]) -> tuple[Media, bytes] | None:
    """The part that `inlineData` or `fileData` is, and its bytes apart; None for what is neither.

    Raises ValueError for base64 that is none.
    """
    inline, file = wire.get("inlineData"), wire.get("fileData")
    if isinstance(inline, dict):
        return _part(wire, inline.get("mimeType"), {}, inline.get("displayName")), bytes_of(
            inline.get("data")
        )
    if isinstance(file, dict) and isinstance(file.get("fileUri"), str):
        return _part(wire, file.get("mimeType"), {"url": file["fileUri"]}, None), b""
    return None


def bytes_of(data: Any) -> bytes:
    """Bytes of base64 in either alphabet, with or without its padding."""
    text = data if isinstance(data, str) else ""
    if "-" in text or "_" in text:
        text = text.replace("-", "+").replace("_", "/")
    try:
        return b64decode(text if len(text) % 4 == 0 else text + "=" * (-len(text) % 4), validate=True)
    except (BadBase64, ValueError):
        raise ValueError("is no valid base64") from None


def _part(wire: dict[str, Any], kind: Any, where: dict[str, Any], name: Any) -> Media:
    told = kind if isinstance(kind, str) and kind else None
    word = (told or "").lower()
    if word.startswith("image/"):
        return Image(media_type=told, **where)
    if word.startswith("audio/"):
        return Audio(format=audio_format(told or ""), **where)
    if word.startswith("video/") or (told is None and "videoMetadata" in wire):
        timing = wire.get("videoMetadata")
        fps = timing.get("fps") if isinstance(timing, dict) else None
        return Video(media_type=told, fps=float(fps) if isinstance(fps, (int, float)) else None, **where)
    return File(media_type=told, name=name if isinstance(name, str) and name else None, **where)


def audio_format(kind: str) -> str:
    """Our word for a media type of sound."""
    if _RAW_SOUND.match(kind):
        rate = _RATE.search(kind)
        return "pcm16" if rate is None or rate[1] == "24000" else kind.partition("/")[2]
    return {"audio/mp3": "mp3", "audio/x-wav": "wav"}.get(kind.lower(), kind.partition("/")[2])


def is_raw_sound(part: Media) -> bool:
    """Whether pieces of that sound can be laid one behind the other."""
    return isinstance(part, Audio) and (part.format or "").lower().startswith(("pcm", "l16"))
