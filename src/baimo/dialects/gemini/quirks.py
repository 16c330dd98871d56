"""How models and sites of this wire differ from each other."""

from __future__ import annotations

from typing import Literal

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. Each is used in one place of this package."""

    thinking: Literal["budget", "level", "none"] = "budget"
    """How much a model thinks is told in tokens (Gemini 2.5), or by a level (Gemini 3); older ones do not."""

    levels: tuple[str, ...] = ("minimal", "low", "medium", "high")
    """The levels that a model of `thinking = "level"` knows, from little to much."""

    budgets: tuple[int, int] = (0, 24576)
    """The least and the most tokens that a model of `thinking = "budget"` may be given. A least of more than
    0 means that it thinks somewhat in any case, unless `thinking_off` says otherwise."""

    thinking_off: bool = True
    """Whether a model can be told not to think, with a budget of 0."""

    thinks_unasked: bool = True
    """Whether a model thinks when nothing is said; where not, it is told to decide by itself (-1)."""

    signatures: Literal["as_given", "required"] = "as_given"
    """`required`: the first call of a turn that has no signature gets the documented stand-in for one."""

    result_media: bool = False
    """Whether a tool's result may hold pictures and documents."""

    schemas: Literal["json_schema", "openapi"] = "json_schema"
    """Schemas are sent as they are, or narrowed to the OpenAPI subset that older models know."""

    web_addresses: bool = False
    """Whether the service fetches any web address of a picture or document (Vertex AI), or only its own
    files and videos of YouTube."""

    exclude_domains: bool = False
    """Whether sites can be kept out of a search."""

    labels: bool = False
    """Whether a request may carry labels: they are what `metadata` becomes."""

    embed_form: Literal["batch", "content", "predict"] = "batch"
    """How vectors are asked for: `:batchEmbedContents`, `:embedContent` for one text a call, or the
    `:predict` of Vertex AI."""

    images: Literal["content", "predict"] = "content"
    """How pictures are asked for: as an answer of `:generateContent`, or by the `:predict` of Imagen."""

    image_words: tuple[Literal["format", "seed", "negative_prompt"], ...] = ("seed",)
    """What may be said of a picture besides its shape and size."""

    speech_style: Literal["text", "metadata"] = "text"
    """How a text is to be spoken stands in front of it, or beside it as `speechMetadata`: Gemini 3.8 and
    later read out whatever stands in the text."""
