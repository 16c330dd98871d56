"""What a dialect is: small protocols, one per capability, in both directions.

A dialect module in `baimo.dialects` ends with `DIALECT`, an object that meets those of these
protocols that its wire can do. Callers ask with `isinstance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Video
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent
from baimo.types.models import ModelInfo, PullProgress
from baimo.types.rerank import RerankRequest, RerankResponse
from baimo.wire.http import HeaderFields, HttpRequest, WireHead, WireRequest

from .support import Features


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dialect's request goes: everything but the secrets."""

    base_url: str
    provider: str = ""
    region: str | None = None
    project: str | None = None
    app_id: str | None = None
    api_version: str | None = None
    quirks: Any = None
    """The dialect's own struct of quirks, or None for its defaults."""
    codes: str | None = None
    """The table in `baimo.dialect.codes` that holds the provider's own error codes."""


class ChatDecoder(Protocol):
    """Turns one reply's bytes into events. Bytes may be cut anywhere."""

    @property
    def early(self) -> list[ChatEvent]:
        """When `feed` or `end` raised: the events that the same bytes completed before the failure."""

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events that this piece completes. Raises ProviderError or WireError."""

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted when the reply was not whole."""


class ChatEncoder(Protocol):
    """Turns events into the bytes of one reply, being the provider."""

    def head(self) -> WireHead:
        """Status and header fields of the reply."""

    def feed(self, event: ChatEvent) -> list[bytes]:
        """What this event puts on the wire: one item per SSE event, line or frame."""

    def end(self) -> list[bytes]:
        """What ends the reply: the whole body of one that is not streamed, the end mark of a stream."""

    def error(self, error: Error) -> list[bytes]:
        """What a failure in mid-stream looks like on this wire."""


@runtime_checkable
class Dialect(Protocol):
    """What every dialect has."""

    @property
    def name(self) -> str:
        """The word that rows and replays name it by; the name of its room."""

    def quirks(self, fields: Mapping[str, Any]) -> Any:
        """The dialect's quirks struct from a row's table. Raises ConfigError naming an unknown key."""


@runtime_checkable
class FeaturesDialect(Dialect, Protocol):
    """Telling what it can say."""

    def features(self) -> Features:
        """How it deals with every feature that `baimo.dialect.features` lists."""


@runtime_checkable
class ChatDialect(Dialect, Protocol):
    """Chat, both ways."""

    def encode_request(self, request: ChatRequest, site: Site) -> WireRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; error heads included."""

    def decode_request(self, wire: WireRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field.

        On a wire of sockets the handshake comes with the caller's frames.
        """

    def encoder(self, request: ChatRequest) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request."""

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: the head and body of a refusal."""


@runtime_checkable
class MediaDialect(Dialect, Protocol):
    """Telling which media go by their bytes alone; of a dialect without it none do."""

    def needs_bytes(self, part: Image | Audio | Video | File, site: Site) -> bool:
        """Whether a medium that has a web address must be fetched, for the wire takes its bytes only."""


@runtime_checkable
class ContinueDialect(ChatDialect, Protocol):
    """Going on with an answer that was begun."""

    def continues(self, request: ChatRequest, site: Site) -> bool:
        """Whether the reply to a request that ends with the beginning of an answer is its rest alone."""


@runtime_checkable
class ServedDialect(Dialect, Protocol):
    """Being the provider: which operation a request asks for."""

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """`chat`, `embed`, `models`, or a word of the dialect's own; None where nothing is served there."""


@runtime_checkable
class CountDialect(Dialect, Protocol):
    """Counting a text's tokens with the provider's own tokenizer, both ways.

    A dialect that counts whole prompts besides has a true attribute `counts_prompts`; one of which only some
    providers count has `counts(site)`, which tells.
    """

    def encode_count(self, request: CountRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decode_count(self, head: WireHead, body: bytes, site: Site) -> TokenCount:
        """The count of a whole reply. Raises ProviderError or WireError."""

    def decode_count_request(self, wire: HttpRequest) -> CountRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_token_count(self, count: TokenCount) -> bytes:
        """Being the provider: the body of the reply."""


@runtime_checkable
class DescribeDialect(Dialect, Protocol):
    """What the provider tells of one model, both ways."""

    def encode_describe(self, model: str, site: Site) -> HttpRequest:
        """The unsigned wire request."""

    def decode_describe(self, model: str, head: WireHead, body: bytes, site: Site) -> ModelInfo:
        """The model of a whole reply. Raises ProviderError or WireError."""

    def decode_describe_request(self, wire: HttpRequest) -> str:
        """Being the provider: the model that a caller asks about. Raises InputError."""

    def encode_description(self, info: ModelInfo) -> bytes:
        """Being the provider: the body of the reply."""


@runtime_checkable
class PullDialect(Dialect, Protocol):
    """Having the server fetch a model, with progress, both ways."""

    def encode_pull(self, model: str, site: Site) -> HttpRequest:
        """The unsigned wire request."""

    def pull_decoder(self, head: WireHead, site: Site) -> PullDecoder:
        """A decoder for the reply: `feed` and `end` give PullProgress."""

    def decode_pull_request(self, wire: HttpRequest) -> tuple[str, bool]:
        """Being the provider: the model, and whether progress is streamed. Raises InputError."""

    def encode_progress(self, progress: PullProgress) -> bytes:
        """Being the provider: one line of the reply."""


class PullDecoder(Protocol):
    """Turns the reply to a pull into progress."""

    @property
    def early(self) -> list[PullProgress]:
        """When `feed` or `end` raised: what the same bytes completed before the failure."""

    def feed(self, piece: bytes) -> list[PullProgress]:
        """The progress that this piece tells. Raises ProviderError or WireError."""

    def end(self) -> list[PullProgress]:
        """The body ended. Raises StreamInterrupted when the pull did not end well."""


@runtime_checkable
class EmbedDialect(Dialect, Protocol):
    """Embeddings, both ways."""

    def encode_embed(self, request: EmbedRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decode_embed(self, request: EmbedRequest, head: WireHead, body: bytes) -> EmbedResponse:
        """The vectors of a whole reply. Raises ProviderError or WireError."""

    def decode_embed_request(self, wire: HttpRequest) -> EmbedRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_embed_response(self, request: EmbedRequest, response: EmbedResponse) -> bytes:
        """Being the provider: the body of the reply."""


@runtime_checkable
class RerankDialect(Dialect, Protocol):
    """Ranking of texts by how well they answer a question, both ways."""

    def encode_rerank(self, request: RerankRequest, site: Site) -> HttpRequest:
        """The unsigned wire request. Raises InputError or UnsupportedError."""

    def decode_rerank(
        self, request: RerankRequest, head: WireHead, body: bytes, site: Site
    ) -> RerankResponse:
        """The ranks of a whole reply. Raises ProviderError or WireError."""

    def decode_rerank_request(self, wire: HttpRequest) -> RerankRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""

    def encode_rerank_response(self, request: RerankRequest, response: RerankResponse) -> bytes:
        """Being the provider: the body of the reply."""


@runtime_checkable
class ModelsDialect(Dialect, Protocol):
    """The provider's own list of models, both ways."""

    def encode_models(self, site: Site) -> HttpRequest:
        """The unsigned wire request."""

    def decode_models(self, head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
        """The models that a whole reply lists. Raises ProviderError or WireError."""

    def encode_model_list(self, models: tuple[ModelInfo, ...]) -> bytes:
        """Being the provider: the body of the reply."""
