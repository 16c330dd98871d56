"""The Responses API of OpenAI and of all who speak it, with the list of models and counts of tokens, both
ways.

Read at https://platform.openai.com/docs/api-reference/responses and in the types of the official Python
package 3.54.0, November 2026. Odd things: what is said, thought and called are items of one list; a tool is
held to its schema unless the request says no; a reasoning item is refused when the item that it led to does
not stand behind it with its own id; a reply is kept by the provider unless `store` is false; a stream ends
with the whole reply, without `[DONE]`; a failure has two forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.forms import Forms
from baimo.dialect.mending import Mending
from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error, ProviderError
from baimo.types.chat import ChatRequest
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.models import ModelInfo
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import request as requests
from .errors import ErrorDecoder
from .quirks import Quirks
from .reply import ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "OpenAIResponses", "Quirks"]

_OPERATIONS = (
    (b"/responses/input_tokens", "POST", "count"),
    (b"/responses", "POST", "chat"),
    (b"/models", "GET", "models"),
)
"""The ends of addresses, longest first."""


class OpenAIResponses:
    """The dialect `openai_responses`. What a plain call does not need is imported where it is used."""

    name = NAME
    counts_prompts = True

    def quirks(self, fields: Mapping[str, Any]) -> Quirks:
        """Quirks from a row's table. Raises ConfigError naming an unknown key or a wrong value."""
        known = Quirks.__struct_fields__
        for field in fields:
            if field not in known:
                raise ConfigError(f"{NAME} has no quirk {field!r}; there is {', '.join(known)}")
        try:
            return msgspec.convert(dict(fields), Quirks)
        except msgspec.ValidationError as error:
            raise ConfigError(f"a quirk of {NAME} is wrong: {error}") from None

    encode_request = staticmethod(requests.encode_request)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        return ReplyDecoder(head, site.codes)

    def decode_request(self, wire: HttpRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        return served_request.decode_request(wire)

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""
        from .served_reply import StreamEncoder, WholeEncoder

        return StreamEncoder(request) if request.stream else WholeEncoder(request)

    def mending(self, error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
        """What would help after that refusal; None where nothing is known to."""
        from . import mending

        return mending.mending(error, request, site)

    def forms(self, site: Site) -> Forms:
        """In which form an answer by a type is asked for."""
        from baimo.schema.rules import STRICT

        return Forms(rules=STRICT)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat`, `count` or `models`."""
        path = target.partition(b"?")[0].rstrip(b"/")
        for end, verb, operation in _OPERATIONS:
            if path.endswith(end):
                return operation if method == verb else None
        return None

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: head and body of a refusal."""
        from . import errors

        return errors.encode_error(error)

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

    def encode_count(self, request: CountRequest, site: Site) -> HttpRequest:
        """The unsigned request for a count of tokens."""
        from . import counting

        return counting.encode_count(request, site)

    def decode_count(self, head: WireHead, body: bytes, site: Site) -> TokenCount:
        """The count of a whole reply. Raises ProviderError or WireError."""
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


DIALECT = OpenAIResponses()
