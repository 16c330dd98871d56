"""An answer that is a value of a type."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

import msgspec

from .chat import ChatResponse

T = TypeVar("T")

How: TypeAlias = Literal["json_schema", "json_object", "tool", "prompt"]
"""How a provider was asked for a value.

json_schema: it holds the answer to a schema. json_object: it sees to it that the answer is JSON, and the
model was told the schema. tool: the model had to call a function whose arguments are the value. prompt: the
model was told, and nothing else.
"""


class Parsed(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What `client.parse` gives."""

    value: T
    """The first choice's answer, checked by its type."""
    response: ChatResponse
    how: How
