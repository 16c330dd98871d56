"""What a provider takes of pictures, sounds, films and documents, as far as its pages tell."""

from __future__ import annotations

from datetime import date

import msgspec


class KindLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The limits of one kind of medium. None, and an empty `types`, are unknown: nothing is checked."""

    types: tuple[str, ...] = ()
    """Media types that are taken."""
    max_bytes: int | None = None
    """Of one, before base64."""
    max_base64: int | None = None
    """Of one, as base64: characters."""
    max_count: int | None = None
    """In one request."""
    max_side: int | None = None
    """Pixels of the longer side of a picture."""
    min_side: int | None = None
    """Pixels that each side must have at least."""
    max_ratio: float | None = None
    """Longer side by shorter side, at the most."""


class MediaLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The limits of all kinds: the table `[media]` of a provider's row."""

    image: KindLimits = KindLimits()
    audio: KindLimits = KindLimits()
    video: KindLimits = KindLimits()
    file: KindLimits = KindLimits()
    request_bytes: int | None = None
    """Of a whole request as it is sent."""
    source: str
    checked: date
