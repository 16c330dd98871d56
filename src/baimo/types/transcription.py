"""Transcription: sound to text, with the times of its parts where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from baimo.notes import Note

from .chat import Sent
from .content import Audio
from .money import Money
from .usage import Usage


class TranscribeRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sound, and what is known of it."""

    model: str
    audio: Audio
    """Its bytes with their format, or an address."""
    language: str | None = None
    """A two-letter code (`en`, `zh`), where it is known."""
    prompt: str | None = None
    """Words that occur, or the text of what came before."""
    timestamps: tuple[Literal["segment", "word"], ...] = ()
    """Of what the times are wanted."""
    temperature: float | None = None
    stream: bool = False
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stretch of speech. Times are seconds from the beginning."""

    start: float
    end: float
    text: str
    speaker: str | None = None


class Word(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A word with its times, in seconds from the beginning."""

    start: float
    end: float
    word: str


class Transcription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said."""

    text: str
    segments: tuple[Segment, ...] = ()
    words: tuple[Word, ...] = ()
    language: str | None = None
    """As the provider names it: a code or a word."""
    duration: float | None = None
    """Seconds of sound, where they are told."""
    usage: Usage = Usage()
    task_id: str | None = None
    """The provider's own id of the work, where the call had to wait for it."""
    is_pending: bool = False
    """Whether the provider still works on it; never of what a client gives."""
    address: str | None = None
    """Where the provider keeps the text; never of what a client gives."""
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    sent: Sent | None = None


class TranscriptPiece(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a transcription that comes as it is made."""

    text: str = ""
    """Words that go on the text."""
    segment: Segment | None = None
    """A stretch that is complete, where they are told."""
    whole: Transcription | None = None
    """All of it, as the end of a stream tells it."""


def joined_transcript(pieces: list[TranscriptPiece]) -> Transcription:
    """What pieces add up to; what the end of a stream tells goes before what came.

    >>> joined_transcript([TranscriptPiece(text="Hello "), TranscriptPiece(text="world")]).text
    'Hello world'
    """
    segments = tuple([piece.segment for piece in pieces if piece.segment is not None])
    whole = next((piece.whole for piece in reversed(pieces) if piece.whole is not None), None)
    if whole is None:
        return Transcription(text="".join([piece.text for piece in pieces]), segments=segments)
    return replace(whole, segments=whole.segments or segments)
