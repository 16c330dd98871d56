"""What a schema may hold on a wire: the rules by which `narrow` goes."""

from __future__ import annotations

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
    may_recur: bool = True
    """Whether a schema may refer to itself."""
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
"""OpenAI's strict mode: https://platform.openai.com/docs/guides/structured-outputs"""
CLOSED = SchemaRules(
    is_closed=True, words=frozenset(("format",)), formats=_FORMATS | {"uri"}, may_recur=False
)
"""Anthropic's form of an answer, also on Bedrock: no bounds of numbers, texts or lists, no schema that refers
to itself. https://docs.claude.com/en/docs/build-with-claude/structured-outputs"""
BOUNDED = SchemaRules(
    words=frozenset(("format", "prefixItems", "minItems", "maxItems", "minimum", "maximum"))
)
"""Gemini's `responseJsonSchema`, which passes over what it does not know.
https://ai.google.dev/gemini-api/docs/structured-output"""
UNBOUNDED = SchemaRules(words=frozenset(("pattern", "format")))
"""Cohere's `json_schema`: no bounds. https://docs.cohere.com/docs/structured-outputs"""
