"""Anthropic's Messages API, both ways, with the count of tokens and the list of models.

Read in the documentation (https://docs.anthropic.com, "Messages", "Streaming messages", "Claude API errors",
"Versions") and in the types of the official Python package 2.12.0, November 2026. Odd things: a limit of the
answer is required; the system's text stands apart from the turns; results of tools are turns of the user's;
reasoning goes back with its signature; counts in a stream are totals that replace each other; an error in
mid-stream is an event under status 200; there are two versions of the API, and the newer has no sampling
parameters. Clouds and other hosts speak it too: how they differ is in `quirks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.forms import Forms
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Video
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.models import ModelInfo
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import request as requests
from .errors import ErrorDecoder
from .quirks import Paths, Quirks
from .reply import ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "AnthropicMessages", "Paths", "Quirks"]


class AnthropicMessages:
    """The dialect `anthropic_messages`. What a plain call does not need is imported where it is used."""

    name = NAME
    counts_prompts = True

    def quirks(self, fields: Mapping[str, Any]) -> Quirks:
        """Quirks from a row's table. Raises ConfigError naming an unknown key or a wrong value."""
        known = Quirks.__struct_fields__
        for field in fields:
            if field not in known:
                from difflib import get_close_matches

                near = get_close_matches(field, known, n=3)
                hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(known)}"
                raise ConfigError(f"{NAME} has no quirk {field!r}; {hint}")
        try:
            return msgspec.convert(dict(fields), Quirks, dec_hook=_interval)
        except msgspec.ValidationError as error:
            raise ConfigError(f"a quirk of {NAME} is wrong: {error}") from None

    encode_request = staticmethod(requests.encode_request)
    continues = staticmethod(requests.continues)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        return ReplyDecoder(head, site.codes)

    def decoder_for(self, request: ChatRequest, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for the reply to that request: `notes` tell when a limit that we put in cut it."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        return ReplyDecoder(head, site.codes, requests.filled_limit(request, site))

    def forms(self, site: Site) -> Forms:
        """In which form an answer by a type is asked for."""
        from baimo.schema.rules import CLOSED

        return Forms(rules=CLOSED)

    def needs_bytes(self, part: Image | Audio | Video | File, site: Site) -> bool:
        """As `MediaDialect.needs_bytes`: documents but PDF; pictures where the provider fetches none."""
        quirks: Quirks = site.quirks or requests.DEFAULTS
        if isinstance(part, Image):
            return "image_url" in quirks.refused and "image" not in quirks.refused
        kind = part.media_type if isinstance(part, File) else None
        return kind is not None and kind != "application/pdf"

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat`, `count` or `models`."""
        from . import served_request

        return served_request.operation(method, target)

    def decode_request(self, wire: HttpRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        return served_request.decode_request(wire)

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""
        from .served_reply import StreamEncoder, WholeEncoder

        return StreamEncoder(request) if request.stream else WholeEncoder(request)

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: head and body of a refusal."""
        from . import errors

        return errors.encode_error(error)

    def encode_count(self, request: CountRequest, site: Site) -> HttpRequest:
        """The unsigned request for a count of tokens."""
        from . import counting

        return counting.encode_count(request, site)

    def decode_count(self, head: WireHead, body: bytes, site: Site) -> TokenCount:
        """The count. Raises ProviderError or WireError."""
        from . import counting

        return counting.decode_count(head, body, site)

    def decode_count_request(self, wire: HttpRequest) -> CountRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import counting

        return counting.decode_count_request(wire)

    def encode_token_count(self, count: TokenCount) -> bytes:
        """Being the provider: the body of the reply."""
        from . import counting

        return counting.encode_token_count(count)

    def encode_models(self, site: Site) -> HttpRequest:
        """The unsigned request for the list of models."""
        from . import listing

        return listing.encode_models(site)

    def decode_models(self, head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
        """The models a provider tells of. Raises ProviderError or WireError."""
        from . import listing

        return listing.decode_models(head, body, site)

    def encode_model_list(self, models: tuple[ModelInfo, ...]) -> bytes:
        """Being the provider: the body of a reply."""
        from . import listing

        return listing.encode_model_list(models)


def _interval(kind: type, value: Any) -> Any:
    if kind is Interval and isinstance(value, str):
        return Interval(value)
    raise ValueError(f"{value!r} cannot be read as a {kind.__name__}")


DIALECT = AnthropicMessages()
