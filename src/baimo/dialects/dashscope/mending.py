"""Refusals of this wire that tell how the same thing may be asked for.

The words are those of the provider's page of error codes; they alone never decide: what they speak of must
have been sent.
"""

from __future__ import annotations

import re

from baimo.dialect.mending import Mending
from baimo.dialect.protocols import Site
from baimo.errors import InvalidRequestError, NotFoundError, ProviderError
from baimo.types.chat import ChatRequest

from .messages import is_multimodal
from .request import DEFAULTS

_ONLY_STREAM = r"(?i)only supports? (?:the )?stream|must be set to false for non-?stream"
_WRONG_ADDRESS = r"(?i)\burl error\b"


def mending(error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
    """What would help after that refusal; None where nothing is known to."""
    quirks = site.quirks or DEFAULTS
    if not isinstance(error, (InvalidRequestError, NotFoundError)):
        return None
    if re.search(_ONLY_STREAM, error.message) and not (request.stream or quirks.stream_only):
        return Mending(
            quirks={"stream_only": True},
            told="The model answers only as a stream: it was asked for one, and the pieces were joined.",
        )
    if re.search(_WRONG_ADDRESS, error.message) and not is_multimodal(request.messages):
        other = "text" if quirks.multimodal else "multimodal"
        return Mending(
            quirks={"multimodal": not quirks.multimodal},
            told=f"The model is served elsewhere: it was asked at the address of {other} models.",
        )
    return None
