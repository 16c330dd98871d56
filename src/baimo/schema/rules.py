"""What a schema may hold on a wire: the rules by which `narrow` goes."""

from __future__ import annotations

from typing import Literal

import msgspec

_FORMATS = frozenset(("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"))
_OF_NUMBERS = ("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum")


class SchemaRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a schema may hold on a wire. As it stands here: anything."""

    is_closed: bool = False
    """Every object names all its properties: `additionalProperties` must be false."""
    is_full: bool = False
    """Every property must be required; one that may be left out is sent as one that may be null."""
    words: frozenset[str] | None = None
    """The keywords besides those of structure; None: all."""
    formats: frozenset[str] | None = None
    """The values of `format`; None: all."""
    pattern_without: str = ""
    """What a `pattern` must not hold, as a regular expression; empty: all may stand in it."""
    max_min_items: int | None = None
    """The greatest `minItems`; None: any."""
    has_required: bool = False
    """Every object must require one property at least; where none is, the first may be null instead."""
    recursion: Literal["any", "optional", "none"] = "any"
    """Whether a schema may refer to itself. optional: within a property that may be left out."""
    strict: bool | None = None
    """What the wire is told besides the schema: that it be kept strictly. None: nothing."""


ANY = SchemaRules()
"""Nothing is narrowed."""
STRICT = SchemaRules(
    is_closed=True,
    is_full=True,
    words=frozenset((*_OF_NUMBERS, "minItems", "maxItems", "pattern", "format")),
    formats=_FORMATS,
    strict=True,
)
"""OpenAI's strict mode: https://platform.openai.com/docs/guides/structured-outputs (2026-11-29, from a copy
of the page). It knows schemas that refer to themselves."""
CLOSED = SchemaRules(
    is_closed=True,
    words=frozenset(("pattern", "format", "minItems")),
    formats=_FORMATS | {"uri"},
    pattern_without=r"\\[1-9bB]|\(\?[=!<]",
    max_min_items=1,
    recursion="none",
)
"""Anthropic's form of an answer, also on Bedrock: no bounds of numbers, texts or lists but `minItems` of 0
and 1, patterns without references back, looks ahead and edges of words, no schema that refers to itself.
https://platform.claude.com/docs/en/build-with-claude/structured-outputs and
https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html (2026-11-29)"""
BOUNDED = SchemaRules(
    words=frozenset(("format", "prefixItems", "minItems", "maxItems", "minimum", "maximum")),
    recursion="optional",
)
"""Gemini's `responseJsonSchema`, which passes over what it does not know: google-genai 3.4.0, types.py,
`response_json_schema` (2026-11-29). https://ai.google.dev/gemini-api/docs/structured-output"""
UNBOUNDED = SchemaRules(
    words=frozenset(("pattern", "format")),
    formats=frozenset(("date-time", "uuid", "date", "time")),
    pattern_without=r"[\^$]|\(\?[=!]",
    has_required=True,
)
"""Cohere's `json_schema`: no bounds, four formats, patterns without anchors and looks ahead.
https://docs.cohere.com/docs/structured-outputs (2026-11-29)"""
