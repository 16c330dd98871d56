"""Speech: a text to sound, whole or as it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from baimo.errors import InputError
from baimo.notes import Note

from .chat import Sent
from .money import Money
from .usage import Usage


class Writable(Protocol):
    """Where a file can be written: a `pathlib.Path`. Values ask for no file by themselves."""

    def write_bytes(self, data: bytes, /) -> int:
        """Write all of it."""


def written(path: Writable, data: bytes) -> None:
    """Write the file. Raises InputError for a text, which is no path here as it is none in messages."""
    if not hasattr(path, "write_bytes"):
        raise InputError(
            f"a file is named by a pathlib.Path, not by {type(path).__name__}",
            hint=f"Write save(Path({str(path)!r})).",
        )
    path.write_bytes(data)


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be said, and how."""

    model: str
    text: str
    voice: str | None = None
    format: str | None = None
    """mp3, wav, pcm, opus, ...; None leaves it to the provider."""
    speed: float | None = None
    """1.0 is the usual one."""
    instructions: str | None = None
    """How to say it, in words."""
    stream: bool = False
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class SpeechPiece(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A piece of the sound. Pieces joined are the whole; one alone need not be playable."""

    audio: bytes
    media_type: str | None = None
    usage: Usage | None = None
    address: str | None = None
    """Where the provider keeps all of the sound instead; never of what a client gives."""


class SpeechResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The sound."""

    audio: bytes
    media_type: str | None = None
    """`audio/mpeg`, `audio/wav`, ...; raw samples are `audio/pcm`, with `rate` where it is told."""
    usage: Usage = Usage()
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    sent: Sent | None = None

    def save(self, path: Writable) -> None:
        """Write the file: `spoken.save(Path("morning.mp3"))`.

        Raises InputError for a mere text, and OSError.
        """
        written(path, self.audio)


def joined_speech(pieces: list[SpeechPiece]) -> SpeechResponse:
    """What pieces add up to.

    >>> joined_speech([SpeechPiece(audio=b"a", media_type="audio/wav"), SpeechPiece(audio=b"b")]).audio
    b'ab'
    """
    usages = [piece.usage for piece in pieces if piece.usage is not None]
    kinds = [piece.media_type for piece in pieces if piece.media_type is not None]
    return SpeechResponse(
        audio=b"".join([piece.audio for piece in pieces]),
        media_type=kinds[0] if kinds else None,
        usage=usages[-1] if usages else Usage(),
    )
