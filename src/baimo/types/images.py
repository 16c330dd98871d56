"""Making of images: a prompt, with pictures to start from where they are given, to pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from baimo.errors import InputError
from baimo.notes import Note

from .chat import Sent
from .content import Image
from .money import Money
from .speech import Writable, written
from .usage import Usage

_Bytes: TypeAlias = bytes


class ImagesRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be seen, and how. With `images` those are worked over."""

    model: str
    prompt: str
    images: tuple[Image, ...] = ()
    """Pictures to start from: bytes or an address."""
    mask: Image | None = None
    """Its transparent places say where the first picture may change."""
    n: int | None = None
    """How many to make."""
    size: str | None = None
    """Width and height in pixels as `1024x1024`, or a word of the provider's own (`2K`, `16:9`)."""
    quality: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    """What is not to be seen."""
    format: str | None = None
    """Of the files: png, jpeg, webp, ..."""
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class MadeImage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One picture: its bytes, or the address where the provider keeps it for some hours."""

    bytes: _Bytes | None = None
    url: str | None = None
    media_type: str | None = None
    revised_prompt: str | None = None
    """The words that it was really made from, where the provider tells them."""

    def save(self, path: Writable) -> None:
        """Write the file: `image.save(Path("fox.png"))`.

        Raises InputError where only the address is known, or for a mere text as `path`, and OSError.
        """
        if self.bytes is None:
            raise InputError(
                "the provider gave an address and no bytes", hint="Fetch `url` soon: it is kept for hours."
            )
        written(path, self.bytes)


class ImagesResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pictures, in the provider's order. What they cost is not known where prices are by picture."""

    images: tuple[MadeImage, ...]
    usage: Usage = Usage()
    created: int | None = None
    """Unix seconds."""
    task_id: str | None = None
    """The provider's own id of the work, where the call had to wait for it."""
    is_pending: bool = False
    """Whether the provider still works on it; never of what a client gives."""
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    sent: Sent | None = None
