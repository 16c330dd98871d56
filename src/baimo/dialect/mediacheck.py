"""Whether a request's media are what a provider takes: looked at before anything is sent."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec.structs import replace

from baimo.errors import InputError, UnsupportedError
from baimo.notes import Note
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Part, ToolResult, Video
from baimo.types.medialimits import KindLimits, MediaLimits
from baimo.types.medium import format_of, type_of_format
from baimo.types.pixels import pixels_of
from baimo.types.sniff import agrees, media_type_of, plain_type
from baimo.wire.http import HttpRequest, WireRequest

Medium: TypeAlias = Image | Audio | Video | File
MEDIA = (Image, Audio, Video, File)
_NAMES: dict[type, str] = {Image: "image", Audio: "audio", Video: "video", File: "file"}
_UNKNOWN = KindLimits()
_PATH = "Nobody else can read it there: give it as pathlib.Path(…)."
_SWITCH = (
    "Where the provider takes more by now, check = false in the table [media] switches these checks off."
)


class MediaCheck:
    """Looks at the media of one request. `who` is the provider, for messages."""

    def __init__(self, limits: MediaLimits | None, *, who: str, drop: bool) -> None:
        self._limits = limits
        self._who = who or "this provider"
        self._drop = drop
        self._counts: dict[str, int] = {}
        self.notes: list[Note] = []

    def checked(self, request: ChatRequest) -> ChatRequest:
        """The request with the media types that bytes tell filled in, without what is left out with a note.

        Raises InputError for a medium that is over a limit or not what it is told to be, UnsupportedError
        for a type that the provider does not take.
        """
        messages = []
        for index, message in enumerate(request.messages):
            content = self._parts(message.content, f"messages[{index}].content")
            messages.append(message if content is message.content else replace(message, content=content))
        return replace(request, messages=tuple(messages))

    def check_size(self, wire: WireRequest) -> None:
        """Raise InputError for a request that is larger than the provider takes."""
        body = wire.body if isinstance(wire, HttpRequest) else b""
        size = len(body) if isinstance(body, bytes) else 0
        most = None if self._limits is None else self._limits.request_bytes
        if most is not None and size > most:
            raise InputError(
                f"the request is {_size(size)} long; {self._who} takes {_size(most)}",
                hint=f"Send fewer or smaller media. {_SWITCH}",
            )

    def _parts(self, parts: tuple[Any, ...], where: str) -> tuple[Any, ...]:
        kept: list[Part] = []
        changed = False
        for number, part in enumerate(parts):
            found: Any = part
            if isinstance(part, MEDIA):
                found = self._medium(part, f"{where}[{number}]")
            elif isinstance(part, ToolResult):
                inner = self._parts(part.content, f"{where}[{number}].content")
                found = part if inner is part.content else replace(part, content=inner)
            changed = changed or found is not part
            if found is not None:
                kept.append(found)
        return tuple(kept) if changed else parts

    def _medium(self, part: Medium, where: str) -> Medium | None:
        """The part, told what it is; None where it is left out."""
        kind = _NAMES[type(part)]
        limits: KindLimits = getattr(self._limits, kind) if self._limits is not None else _UNKNOWN
        self._count(kind, limits, where)
        if part.url is not None and part.url[:5].lower() == "file:":
            raise InputError(f"{where} is a file of this machine by its address", hint=_PATH)
        if part.data is None:
            return part
        told = _told(part)
        found = media_type_of(part.data)
        if told is not None and found is not None and not agrees(told, found):
            raise InputError(
                f"{where} is told to be {told}, but its bytes begin as {found}",
                hint="Correct its media type, or leave it out.",
            )
        is_bare = isinstance(part, Audio) and part.format is not None and told is None
        media_type = (plain_type(told) if told is not None else None) or (None if is_bare else found)
        if media_type is not None and not self._takes(media_type, kind, limits, where):
            return None
        self._weigh(part.data, limits, where)
        if isinstance(part, Image):
            self._measure(part.data, limits, where)
        if told is None and found is not None and not is_bare:
            if isinstance(part, Audio):
                return replace(part, format=format_of(found))
            return replace(part, media_type=found)
        return part

    def _count(self, kind: str, limits: KindLimits, where: str) -> None:
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if limits.max_count is not None and count > limits.max_count:
            raise InputError(
                f"{where} is one {kind} too many: {self._who} takes {limits.max_count} in a request",
                hint=f"Send fewer, or several requests. {_SWITCH}",
            )

    def _takes(self, media_type: str, kind: str, limits: KindLimits, where: str) -> bool:
        types = limits.types
        if not types or any(agrees(one, media_type) for one in types) or media_type.startswith("text/"):
            return True
        text = f"{where}: {self._who} takes no {kind} of the type {media_type}, but {', '.join(types)}"
        if not self._drop:
            raise UnsupportedError(
                text, hint=f'Convert it, or pass unsupported="drop" to leave it out. {_SWITCH}'
            )
        self.notes.append(Note(code="dropped", message=f"left out: {text}"))
        return False

    def _weigh(self, data: bytes, limits: KindLimits, where: str) -> None:
        size, most = len(data), limits.max_bytes
        if most is not None and size > most:
            raise InputError(
                f"{where} is {_size(size)} large; {self._who} takes {_size(most)}",
                hint=f"Shrink it, or compress it more. {_SWITCH}",
            )
        coded = (size + 2) // 3 * 4
        if limits.max_base64 is not None and coded > limits.max_base64:
            raise InputError(
                f"{where} is {_size(coded)} large as base64; {self._who} takes {_size(limits.max_base64)}",
                hint=f"Shrink it, or give its address where the provider takes one. {_SWITCH}",
            )

    def _measure(self, data: bytes, limits: KindLimits, where: str) -> None:
        sides = pixels_of(data)
        if sides is None or 0 in sides:
            return
        small, large = min(sides), max(sides)
        said = f"{where} has {sides[0]}x{sides[1]} pixels; {self._who} takes"
        hint = f"Resize it. {_SWITCH}"
        if limits.max_side is not None and large > limits.max_side:
            raise InputError(f"{said} {limits.max_side} a side at the most", hint=hint)
        if limits.min_side is not None and small < limits.min_side:
            raise InputError(f"{said} {limits.min_side} a side at the least", hint=hint)
        if limits.max_ratio is not None and large > small * limits.max_ratio:
            raise InputError(f"{said} sides of 1 to {limits.max_ratio:g} at the most", hint=hint)


def _told(part: Medium) -> str | None:
    """The media type that the caller tells."""
    if isinstance(part, Audio):
        return None if part.format is None else type_of_format(part.format)
    return part.media_type


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count} bytes"
