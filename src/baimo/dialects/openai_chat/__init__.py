"""The chat API of OpenAI and of all who speak it, with embeddings and the list of models, both ways.

Read at https://platform.openai.com/docs/api-reference/chat and in the types of the official Python package
3.54.0, November 2026. Odd things: a refusal and a forced tool call both end with `stop`; usage may stand
in five places; an error may come under status 200, in the middle of a stream and after its finish reason;
`[DONE]` is often missing. How providers differ is in `quirks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.forms import Forms
from baimo.dialect.interval import Interval
from baimo.dialect.mending import Mending
from baimo.dialect.protocols import ChatDecoder, ChatEncoder, Site
from baimo.dialect.support import Features
from baimo.errors import ConfigError, Error, ProviderError
from baimo.types.chat import ChatRequest
from baimo.types.content import Audio, File, Image, Video
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.types.rerank import RerankRequest, RerankResponse
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import request as requests
from .finish import NAME
from .making import Making
from .manner import Manner
from .plainreply import PlainReplyDecoder
from .quirks import Paths, Quirks
from .reply import ErrorDecoder, ReplyDecoder

__all__ = ["DIALECT", "Manner", "OpenAIChat", "Paths", "Quirks"]

_DEFAULTS = Quirks()

_OPERATIONS = (
    (b"/chat/completions", "POST", "chat"),
    (b"/completions", "POST", "complete"),
    (b"/embeddings", "POST", "embed"),
    (b"/rerank", "POST", "rerank"),
    (b"/reranks", "POST", "rerank"),
    (b"/tokenizers/estimate-token-count", "POST", "count"),
    (b"/tokenizer", "POST", "count"),
    (b"/models", "GET", "models"),
    (b"/images/generations", "POST", "images"),
    (b"/images/edits", "POST", "images"),
    (b"/audio/transcriptions", "POST", "transcribe"),
    (b"/audio/speech", "POST", "speak"),
    (b"/moderations", "POST", "moderate"),
)
"""The ends of addresses, longest first."""


class OpenAIChat(Making):
    """The dialect `openai_chat`. What a plain call does not need is imported where it is used."""

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
        quirks: Quirks = site.quirks or _DEFAULTS
        if not quirks.think_tags:
            for name, value in head.headers:
                if name == b"content-type" and value[:16] == b"application/json":
                    return PlainReplyDecoder(head, quirks, site.codes)
        return ReplyDecoder(head, quirks, site.codes)

    def decode_request(self, wire: HttpRequest) -> ChatRequest:
        """Being the provider: what a caller asks for. Raises InputError naming the field."""
        from . import served_request

        return served_request.decode_request(wire)

    def encoder(self, request: ChatRequest, manner: Manner | None = None) -> ChatEncoder:
        """Being the provider: an encoder for the reply to that request.

        `manner` says how the provider that is played writes where it differs from OpenAI: `Manner`
        tells the forms there are.
        """
        from .served_reply import StreamEncoder, WholeEncoder

        kind = StreamEncoder if request.stream else WholeEncoder
        return kind(request) if manner is None else kind(request, manner)

    def mending(self, error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
        """What would help after that refusal; None where nothing is known to."""
        from . import mending

        return mending.mending(error, request, site)

    def forms(self, site: Site) -> Forms:
        """In which form an answer by a type is asked for."""
        from baimo.schema.rules import STRICT

        quirks: Quirks = site.quirks or _DEFAULTS
        told = "schema_told" in quirks.extras
        return Forms(first="json_object" if told else "json_schema", rules=STRICT)

    def needs_bytes(self, part: Image | Audio | Video | File, site: Site) -> bool:
        """As `MediaDialect.needs_bytes`: sounds and files; pictures where the provider fetches none."""
        quirks: Quirks = site.quirks or Quirks()
        if isinstance(part, Image):
            return "image_url" in quirks.refused and "image" not in quirks.refused
        if isinstance(part, Audio):
            return "audio" not in quirks.refused and "audio_url" not in quirks.extras
        is_file = isinstance(part, File) and "file" not in quirks.refused
        return is_file and "document_url" not in quirks.extras

    def features(self) -> Features:
        """What this wire can say."""
        from .features import FEATURES

        return FEATURES

    def operation(self, method: str, target: bytes, headers: HeaderFields) -> str | None:
        """Being the provider: `chat`, `embed`, `rerank`, `count`, `models`, `images`, `transcribe`, `speak`,
        `moderate`, or `complete` for a text without roles."""
        path = target.partition(b"?")[0].rstrip(b"/")
        for end, verb, operation in _OPERATIONS:
            if path.endswith(end):
                return operation if method == verb else None
        return None

    def encode_error(self, error: Error) -> tuple[WireHead, bytes]:
        """Being the provider: head and body of a refusal."""
        from . import errors

        return errors.encode_error(error)

    def most_inputs(self, model: str, site: Site) -> int:
        """Texts that one request for embeddings takes."""
        quirks: Quirks = site.quirks or _DEFAULTS
        return quirks.beside.embed_batch

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

    def counts(self, site: Site) -> bool:
        """Whether this provider of the wire is known to count tokens."""
        quirks: Quirks = site.quirks or _DEFAULTS
        return bool(quirks.paths.count)

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


DIALECT = OpenAIChat()
