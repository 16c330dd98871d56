"""Vectors that a simulated provider gives: of length 1, the same for the same text, unlike for others."""

from __future__ import annotations

import hashlib
import math
import struct

from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage

from .reply import count

DIMENSIONS = 16
"""Of a request that asks for no number of them."""


def embed(request: EmbedRequest) -> EmbedResponse:
    """One vector an input."""
    size = request.dimensions or DIMENSIONS
    texts = [text if isinstance(text, str) else repr(text) for text in request.inputs]
    tokens = sum(count(text) if isinstance(text, str) else len(text) for text in request.inputs)
    return EmbedResponse(
        vectors=[vector(text, size) for text in texts],
        usage=Usage(input_uncached=tokens),
        model=request.model,
    )


def vector(text: str, size: int) -> list[float]:
    """The vector of one text."""
    data = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(4 * size)
    numbers = [one / 2**31 - 1 for one in struct.unpack(f"<{size}I", data)]
    length = math.sqrt(sum(one * one for one in numbers)) or 1.0
    return [one / length for one in numbers]
