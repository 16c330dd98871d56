"""Pictures, documents, films and sounds to this wire's blocks: bytes, or an address in S3."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.types.content import Audio, File, Image, Video
from baimo.types.sniff import media_type_of

from .words import DOCUMENTS, IMAGES, NAME, SOUNDS, VIDEOS, format_of

_LONGEST_NAME = 200

_fields = msgspec.json.Decoder(dict[str, Any])


class MediaEncoder:
    """Encodes the media of one request; its documents get names that are told apart."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._names: set[str] = set()

    def image(self, part: Image) -> list[dict[str, Any]]:
        """A picture. The format is the media type's, else what its first bytes say."""
        if part.detail not in (None, "auto"):
            self._complaints.cannot(f"how closely to look at an image (detail {part.detail!r})")
        data, media_type = _data(part.data, part.url, part.media_type)
        word = format_of(media_type, IMAGES) or _told(data) or _ending(part.url, IMAGES)
        return self._block("image", "an image", word, IMAGES, data, part)

    def video(self, part: Video) -> list[dict[str, Any]]:
        """A film."""
        if part.fps is not None:
            self._complaints.cannot("how many frames of a film to look at")
        data, media_type = _data(part.data, part.url, part.media_type)
        word = format_of(media_type, VIDEOS) or _ending(part.url, VIDEOS) or (None if media_type else "mp4")
        return self._block("video", "a video", word, VIDEOS, data, part)

    def audio(self, part: Audio) -> list[dict[str, Any]]:
        """A sound."""
        data, media_type = _data(part.data, part.url, None)
        word = part.format or (media_type or "").rpartition("/")[2] or "wav"
        word = "pcm" if word == "pcm16" else word
        return self._block("audio", "a sound", word, dict.fromkeys(SOUNDS, ""), data, part)

    def document(self, part: File) -> list[dict[str, Any]]:
        """A document with its name."""
        data, media_type = _data(part.data, part.url, part.media_type)
        word = (
            format_of(media_type, DOCUMENTS)
            or _ending(part.name, DOCUMENTS)
            or _ending(part.url, DOCUMENTS)
            or _told(data)
        )
        blocks = self._block("document", "a document", word, DOCUMENTS, data, part)
        if blocks:
            blocks[0]["document"].setdefault("name", self._named(part.name, word or ""))
        return blocks

    def _block(
        self,
        kind: str,
        what: str,
        word: str | None,
        formats: Mapping[str, str],
        data: bytes | None,
        part: Image | Video | Audio | File,
    ) -> list[dict[str, Any]]:
        """The block; none for what this wire cannot take."""
        own = _own(part)
        url = part.url or ""
        source: dict[str, Any] | None = None
        if "source" in own:
            source = own["source"]
        elif data is not None:
            source = {"bytes": data}
        elif url.startswith("s3://"):
            source = {"s3Location": {"uri": url}}
        if source is None:
            how = "by a web address" if url else "by an id"
            self._complaints.cannot(f"{what} {how}", "send its bytes, or an address in S3 (s3://bucket/key)")
            return []
        if word not in formats and "format" not in own:
            kinds = ", ".join(formats)
            self._complaints.cannot(f"{what} of the format {word or 'unknown'!r}", f"it takes {kinds}")
            return []
        block = {"format": word, "source": source, **own}
        return [{kind: {name: value for name, value in block.items() if value is not None}}]

    def _named(self, name: str | None, word: str) -> str:
        """A name that this wire takes, once each: letters, digits, single blanks, hyphens, brackets."""
        plain = re.sub(r"\s+", " ", re.sub(r"[^\w\s()\[\]-]", " ", (name or "").removesuffix(f".{word}")))
        plain = plain.strip()[:_LONGEST_NAME] or "document"
        chosen, number = plain, 1
        while chosen in self._names:
            number += 1
            chosen = f"{plain[: _LONGEST_NAME - 8]} {number}"
        self._names.add(chosen)
        if name is not None and chosen != name:
            self._complaints.note("renamed", f"the document {name!r} was sent as {chosen!r}")
        return chosen


def _own(part: Image | Video | Audio | File) -> dict[str, Any]:
    """The fields that this wire told of a part and wants back."""
    replay = part.replay
    return _fields.decode(replay.json) if replay is not None and replay.dialect == NAME else {}


def _data(data: bytes | None, url: str | None, media_type: str | None) -> tuple[bytes | None, str | None]:
    """Bytes and media type, those of a `data:` address too."""
    head, comma, payload = (url or "").partition(";base64,")
    if data is not None or not comma or not head.startswith("data:"):
        return data, media_type
    try:
        return b64decode(payload, validate=True), media_type or head[5:]
    except (BadBase64, ValueError):
        return None, media_type


def _told(data: bytes | None) -> str | None:
    """The format that the first bytes say."""
    found = media_type_of(data or b"")
    return format_of(found, IMAGES) or format_of(found, DOCUMENTS)


def _ending(name: str | None, formats: Mapping[str, str]) -> str | None:
    """The format that the end of a name or address says."""
    end = (name or "").rpartition(".")[2].lower()
    end = {"jpg": "jpeg", "htm": "html", "markdown": "md", "3gp": "three_gp"}.get(end, end)
    return end if end in formats else None
