"""Parts: what a message is made of, whichever provider it goes to or comes from."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """A mark: the prompt up to and including this part may be cached by the provider."""

    ttl: Literal["5m", "30m", "1h", "12h"] | None = None
    """How long; None for the provider's default."""


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a piece of an answer comes from. Positions are characters of the part's text."""

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    source: str | None = None
    """The provider's own id of the document."""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What one dialect needs back unchanged: signatures, encrypted reasoning, server tools."""

    dialect: str
    json: Raw


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    cache: Cache | None = None
    citations: tuple[Citation, ...] = ()
    replay: Replay | None = None


class Text(_Part, frozen=True, kw_only=True, tag="text", gc=False):
    """Words for people."""

    text: str


class Thinking(_Part, frozen=True, kw_only=True, tag="thinking", gc=False):
    """The model's reasoning as far as the provider shows it; empty when only `replay` holds it."""

    text: str = ""


class Refusal(_Part, frozen=True, kw_only=True, tag="refusal"):
    """The model's own words for not answering."""

    text: str


class Image(_Part, frozen=True, kw_only=True, tag="image"):
    """A picture: bytes with a media type, an address, or an id at the provider."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    detail: str | None = None

    @classmethod
    def of(cls, source: Any, **fields: Any) -> Image:
        """A picture from an address, bytes, a `pathlib.Path`, an open file or a Pillow image.

        A text is an address, never a path. The media type is told by the first bytes; `fields` are those of
        the part. Raises InputError for what is no picture, or is another one than `media_type` says.

        >>> Image.of(b"GIF89a...", detail="high").media_type
        'image/gif'
        """
        from .medium import fields_of

        return cls(**fields_of(source, "image", fields))


class Audio(_Part, frozen=True, kw_only=True, tag="audio"):
    """Sound, in or out. `id` refers to sound the provider made earlier."""

    data: bytes | None = None
    url: str | None = None
    id: str | None = None
    format: str | None = None
    """wav, mp3, pcm16, ..."""
    transcript: str | None = None
    expires_at: int | None = None
    """Unix seconds until which `id` may be referred to."""

    @classmethod
    def of(cls, source: Any, **fields: Any) -> Audio:
        """A sound from an address, bytes, a `pathlib.Path` or an open file."""
        from .medium import fields_of

        return cls(**fields_of(source, "audio", fields))


class Video(_Part, frozen=True, kw_only=True, tag="video"):
    """A film: bytes or an address."""

    data: bytes | None = None
    url: str | None = None
    media_type: str | None = None
    fps: float | None = None

    @classmethod
    def of(cls, source: Any, **fields: Any) -> Video:
        """A film from an address, bytes, a `pathlib.Path` or an open file."""
        from .medium import fields_of

        return cls(**fields_of(source, "video", fields))


class File(_Part, frozen=True, kw_only=True, tag="file"):
    """A document: bytes, an address, or an id at the provider."""

    data: bytes | None = None
    url: str | None = None
    file_id: str | None = None
    name: str | None = None
    media_type: str | None = None

    @classmethod
    def of(cls, source: Any, **fields: Any) -> File:
        """A document from an address, bytes, a `pathlib.Path` or an open file; its name is the file's."""
        from .medium import fields_of

        return cls(**fields_of(source, "file", fields))


class ToolCall(_Part, frozen=True, kw_only=True, tag="tool_call"):
    """The model asks for a tool."""

    id: str
    name: str
    arguments: str
    """As the model wrote them: JSON text for a function (may be invalid), free text for a custom tool."""
    kind: Literal["function", "custom"] = "function"


class ToolResult(_Part, frozen=True, kw_only=True, tag="tool_result"):
    """What a tool gave back."""

    call_id: str
    content: tuple[ResultPart, ...] = ()
    name: str | None = None
    is_error: bool = False


class Opaque(_Part, frozen=True, kw_only=True, tag="opaque"):
    """Something only one dialect understands, kept as it came and sent back to that dialect only."""

    dialect: str
    json: Raw


ResultPart: TypeAlias = Text | Image | Audio | Video | File
Part: TypeAlias = Text | Thinking | Refusal | Image | Audio | Video | File | ToolCall | ToolResult | Opaque
