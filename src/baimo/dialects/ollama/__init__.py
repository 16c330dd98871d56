"""Ollama's own API, both ways: chat, generate, embeddings, images, models and their download.

Read in the server's source and documentation (https://github.com/ollama/ollama, commit fb3076099:
api/types.go, server/routes.go, docs/api) and in the official Python package 0.6.3, November 2026. Odd things:
a reply is streamed unless the request says `"stream": false`; streams are lines of JSON; a tool call comes
whole, its arguments are an object, older servers give it no id, and no finish reason tells of it; an error in
mid-stream is a line under status 200; counts that are zero are left out; a prompt that does not fit is cut in
silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.protocols import ChatDecoder, ChatEncoder, PullDecoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Video
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo, PullProgress
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import request as requests
from .errors import ErrorDecoder
from .making import Making
from .quirks import Quirks
from .reply import ReplyDecoder
from .words import NAME

__all__ = ["DIALECT", "Ollama", "Quirks"]


class Ollama(Making):
    """The dialect `ollama`. What a plain call does not need is imported where it is used."""

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

    def decoder(self, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for a reply with that head; refusals included."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        return ReplyDecoder(head, site.quirks or requests.DEFAULTS, site.codes)

    def decoder_for(self, request: ChatRequest, head: WireHead, site: Site) -> ChatDecoder:
        """A decoder for the reply to that request: it tells in `notes` when the prompt was cut."""
        if not 200 <= head.status < 300:
            return ErrorDecoder(head, site.codes)
        window = requests.window(request, site)
        return ReplyDecoder(head, site.quirks or requests.DEFAULTS, site.codes, window)

    def needs_bytes(self, part: Image | Audio | Video | File, site: Site) -> bool:
        """As `MediaDialect.needs_bytes`: pictures and sounds, which nobody fetches for us."""
        return isinstance(part, (Image, Audio))

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
        from .served_reply import ReplyEncoder

        return ReplyEncoder(request)

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

    def encode_models(self, site: Site) -> HttpRequest:
        """The unsigned request for the list of models."""
        from . import listing

        return listing.encode_models(site)

    def decode_models(self, head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
        """The models that the server has. Raises ProviderError or WireError."""
        from . import listing

        return listing.decode_models(head, body, site)

    def encode_model_list(self, models: tuple[ModelInfo, ...]) -> bytes:
        """Being the provider: the body of a reply."""
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

    def encode_pull(self, model: str, site: Site) -> HttpRequest:
        """The unsigned request to fetch a model."""
        from . import pull

        return pull.encode_pull(model, site)

    def pull_decoder(self, head: WireHead, site: Site) -> PullDecoder:
        """A decoder for the progress of a pull; refusals included."""
        from . import pull

        return pull.pull_decoder(head, site)

    def decode_pull_request(self, wire: HttpRequest) -> tuple[str, bool]:
        """Being the provider: the model, and whether progress is streamed. Raises InputError."""
        from . import pull

        return pull.decode_pull_request(wire)

    def encode_progress(self, progress: PullProgress) -> bytes:
        """Being the provider: one line of the reply."""
        from . import pull

        return pull.encode_progress(progress)


DIALECT = Ollama()
