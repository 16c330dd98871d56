"""The commonest chunks as small structs: one piece of words of the first candidate, and counts.

Every field that would mean something more is typed as null, so a chunk that carries it is refused by the
decoder itself and costs no look-up here. Fields that mean nothing to us are skipped.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw


class _Part(msgspec.Struct, gc=False):
    text: str
    thought: bool = False
    thoughtSignature: None = None  # noqa: N815 - the wire's own name
    thought_signature: None = None
    functionCall: None = None  # noqa: N815
    inlineData: None = None  # noqa: N815
    partMetadata: None = None  # noqa: N815
    videoMetadata: None = None  # noqa: N815


class _Content(msgspec.Struct, gc=False):
    parts: tuple[_Part]


class _Candidate(msgspec.Struct, gc=False):
    content: _Content
    index: int = 0
    finishReason: None = None  # noqa: N815
    finishMessage: None = None  # noqa: N815
    groundingMetadata: None = None  # noqa: N815
    citationMetadata: None = None  # noqa: N815
    logprobsResult: None = None  # noqa: N815


class _Chunk(msgspec.Struct, gc=False):
    candidates: tuple[_Candidate]
    usageMetadata: Raw = Raw(b"")  # noqa: N815
    promptFeedback: None = None  # noqa: N815
    error: None = None


lane = msgspec.json.Decoder(_Chunk).decode
"""A chunk of nothing but words, of the answer or of thoughts."""
