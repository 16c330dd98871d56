"""How providers of this wire differ in what there is beside chat: vectors, images, sound, moderation."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

RefusableBeside: TypeAlias = Literal[
    "n",
    "size",
    "quality",
    "format",
    "mask",
    "speed",
    "instructions",
    "language",
    "prompt",
    "temperature",
    "timestamps",
    "stream",
]
"""Neutral names of what OpenAI documents for these operations and a provider may refuse. `prompt`,
`temperature` and `stream` are those of a transcription, `format` that of an image."""


class Beside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. The defaults are OpenAI's."""

    embed_batch: int = 2048
    """Texts that one request for vectors takes."""

    image_input: Literal["edits", "list", "slots", "none"] = "edits"
    """How pictures to start from are given. edits: as files in a form, at an address of its own. list: in
    the field `image`, one or a list, as addresses. slots: in `image`, `image2` and `image3`."""

    renamed: dict[str, str] = {}
    """Fields of a request for images that go by another name: `size = "image_size"`."""

    extras: tuple[Literal["seed", "negative_prompt"], ...] = ()
    """What is understood of images beyond OpenAI's words."""

    refused: tuple[RefusableBeside, ...] = ()

    moderates_one: bool = False
    """Moderation takes one text a call, and tells risks in place of scores."""
