"""Generation of Alibaba's Model Studio (DashScope), version 1, with embeddings, ranks and the tokenizer, both
ways.

Read at https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope and in the package dashscope 2.0.2,
November 2026. Odd things: that a stream is wanted is said in the head, everything else under `parameters`;
text and multimodal models have addresses of their own; a stream's events repeat the whole text so far unless
`incremental_output` is true; before the end the finish reason is the text "null"; usage stands in every event
and is cumulative, of a stream with several choices for each choice apart; there is no end mark but the finish
reason; an event named `error` comes after a good status; texts may come without messages (`output.text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.forms import Forms
from baimo.dialect.mending import Mending
from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error, InputError, ProviderError
from baimo.types.chat import ChatRequest
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.rerank import RerankRequest, RerankResponse
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest

from . import address
from . import request as requests
from .errors import ErrorDecoder
from .making import Making
from .quirks import Quirks
from .reply import ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "DashScope", "Quirks"]


class DashScope(Making):
    """The dialect `dashscope`. What a plain call does not need is imported where it is used."""

    name = NAME

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
    continues = staticmethod(requests.continues)

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        quirks: Quirks = site.quirks or requests.DEFAULTS
        return ReplyDecoder(head, quirks.output, site.codes)

    def decoder_for(self, request: ChatRequest, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder that knows whether a stream's events were asked to hold pieces."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        output = requests.output_of(request, site.quirks or requests.DEFAULTS)
        return ReplyDecoder(head, output, site.codes)

    def mending(self, error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
        """What would help after that refusal; None where nothing is known to."""
        from . import mending

        return mending.mending(error, request, site)

    def forms(self, site: Site) -> Forms:
        """In which form an answer by a type is asked for."""

        quirks: Quirks = site.quirks or requests.DEFAULTS
        return Forms(first="json_object" if quirks.schema_told else "json_schema")

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: what is asked for, by the path: see `address.operation`."""
        return address.operation(method, target)

    def decode_request(self, wire: WireRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        if not isinstance(wire, HttpRequest):
            raise InputError("this wire is plain HTTP, not a WebSocket")
        return served_request.decode_request(wire)

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""
        from .served_reply import StreamEncoder, WholeEncoder

        return StreamEncoder(request) if request.stream else WholeEncoder(request)

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: head and body of a refusal."""
        from . import errors

        return errors.encode_error(error)

    def most_inputs(self, model: str, site: Site) -> int:
        """Texts that one request for embeddings of that model takes."""
        from . import embeddings

        return embeddings.most_inputs(model)

    def encode_embed(self, request: EmbedRequest, site: Site) -> HttpRequest:
        """The unsigned request for embeddings."""
        from . import embeddings

        return embeddings.encode_embed(request, site)

    def decode_embed(self, request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
        """The vectors in the order of the inputs. Raises ProviderError or WireError."""
        from . import embeddings

        return embeddings.decode_embed(request, head, body)

    def decode_embed_request(self, wire: HttpRequest) -> EmbedRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import embeddings

        return embeddings.decode_embed_request(wire)

    def encode_embed_response(self, request: EmbedRequest, response: EmbedResponse) -> bytes:
        """Being the provider: the body of a reply."""
        from . import embeddings

        return embeddings.encode_embed_response(request, response)

    def encode_rerank(self, request: RerankRequest, site: Site) -> HttpRequest:
        """The unsigned request for ranks."""
        from . import reranking

        return reranking.encode_rerank(request, site)

    def decode_rerank(
        self, request: RerankRequest, head: WireHead, body: bytes, site: Site
    ) -> RerankResponse:
        """The ranks. Raises ProviderError or WireError."""
        from . import reranking

        return reranking.decode_rerank(request, head, body, site)

    def decode_rerank_request(self, wire: HttpRequest) -> RerankRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import reranking

        return reranking.decode_rerank_request(wire)

    def encode_rerank_response(self, request: RerankRequest, response: RerankResponse) -> bytes:
        """Being the provider: the body of a reply."""
        from . import reranking

        return reranking.encode_rerank_response(request, response)

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


DIALECT = DashScope()
