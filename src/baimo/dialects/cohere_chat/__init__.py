"""Cohere's own API, both ways: chat, embeddings, ranking, transcription, tokens and models.

Read in the types of the official Python package 7.3.1 and at https://docs.cohere.com/reference/chat,
November 2026. Odd things: a plan for the use of tools stands in a field of its own, beside the content; in a
stream the calls of an event are one object, not a list; usage counts what is billed apart from what was read
and made; a failure in mid-stream stands in the last event; the paths of operations have versions of their
own; a citation names a stretch of the answer and may have several sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.forms import Forms
from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error
from baimo.types.chat import ChatRequest
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.types.rerank import RerankRequest, RerankResponse
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import request as requests
from .errors import ErrorDecoder
from .making import Making
from .quirks import Quirks
from .reply import ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "CohereChat", "Quirks"]


class CohereChat(Making):
    """The dialect `cohere_chat`. What a plain call does not need is imported where it is used."""

    name = NAME
    most_inputs = 96
    """Texts that one request for embeddings takes."""

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

    def forms(self, site: Site) -> Forms:
        """In which form an answer by a type is asked for."""
        from baimo.schema.rules import UNBOUNDED

        return Forms(rules=UNBOUNDED)

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: which operation is asked for."""
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
        """Being the provider: the body of the reply."""
        from . import reranking

        return reranking.encode_rerank_response(request, response)

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
        """The models that the service lists. Raises ProviderError or WireError."""
        from . import listing

        return listing.decode_models(head, body, site)

    def encode_model_list(self, models: tuple[ModelInfo, ...]) -> bytes:
        """Being the provider: the body of the list."""
        from . import listing

        return listing.encode_model_list(models)

    def encode_describe(self, model: str, site: Site) -> HttpRequest:
        """The unsigned request for what is known of one model."""
        from . import listing

        return listing.encode_describe(model, site)

    def decode_describe(self, model: str, head: WireHead, body: bytes, site: Site) -> ModelInfo:
        """The model. Raises ProviderError or WireError."""
        from . import listing

        return listing.decode_describe(model, head, body, site)

    def decode_describe_request(self, wire: HttpRequest) -> str:
        """Being the provider: the model that a caller asks about. Raises InputError."""
        from . import listing

        return listing.decode_describe_request(wire)

    def encode_description(self, info: ModelInfo) -> bytes:
        """Being the provider: the body of the reply."""
        from . import listing

        return listing.encode_description(info)


DIALECT = CohereChat()
