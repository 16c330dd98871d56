"""Transcription: sound to text, with the times of its parts where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

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
