"""What a caller may say of images, sound and moderation: one list of names for both clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from .given import GivenImage

Times: TypeAlias = Literal["segment", "word"]


class MakingOptions(TypedDict, total=False):
    """Options of all of them."""

    unsupported: Literal["raise", "drop"]
    """What the provider cannot be told: an error before anything is sent, or left out with a note."""
    extra: Mapping[str, Any]
    """Merged into the wire body last."""
    headers: Mapping[str, str]
    timeout: float | None
    """Seconds for the whole call."""


class ImagesOptions(MakingOptions, total=False):
    """Options of images."""

    n: int | None
    size: str | None
    """As the provider writes it: `1024x1024`, `16:9`."""
    quality: str | None
    seed: int | None
    negative_prompt: str | None
    """What shall not be seen."""
    image: GivenImage | Sequence[GivenImage] | None
    """Pictures to begin from."""
    mask: GivenImage | None
    """Where the picture may change."""
    format: str | None
    """`png`, `jpeg`, `webp`."""


class TranscribeOptions(MakingOptions, total=False):
    """Options of transcription."""

    language: str | None
    """The language spoken, by its code: `zh`, `en`."""
    prompt: str | None
    """Words that may come up, or what was said before."""
    timestamps: Times | Sequence[Times]
    """The times of segments, words or both, in seconds."""
    temperature: float | None


class SpeechOptions(MakingOptions, total=False):
    """Options of speech."""

    voice: str | None
    format: str | None
    """`mp3`, `wav`, `opus`, `pcm`."""
    speed: float | None
    """1 is the usual one."""
    instructions: str | None
    """How it shall be spoken, in words."""
