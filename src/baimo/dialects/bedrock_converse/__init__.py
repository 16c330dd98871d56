"""Amazon Bedrock's Converse and ConverseStream, its count of tokens and InvokeModel for vectors, both ways.

Read in the service model of botocore 1.44.8 (bedrock-runtime, 2023-09-30) and at
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, November 2026. Odd things:
the model stands in the path, wholly percent-encoded, and a reply does not name it; a stream is an AWS event
stream, where texts and reasoning begin without being announced, usage comes after the end, an exception is a
message of its own, and every event carries padding; a schema for the answer is written as text; what only
some models know goes through additionalModelRequestFields under the model's own names.
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
from baimo.types.content import Audio, File, Image, Video
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HeaderFields, HttpRequest, WireHead

from . import request as requests
from .errors import ErrorDecoder
from .quirks import Quirks
from .reply import StreamDecoder, WholeDecoder
from .words import NAME, STREAM_TYPE

__all__ = ["DIALECT", "BedrockConverse", "Quirks"]


class BedrockConverse:
    """The dialect `bedrock_converse`. What a plain call does not need is imported where it is used."""

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
        if head.media_type == STREAM_TYPE:
            return StreamDecoder(head, site.codes)
        return WholeDecoder(head, site.codes)

    def forms(self, site: Site) -> Forms:
        """In which form an answer by a type is asked for."""
        from baimo.schema.rules import CLOSED

        return Forms(rules=CLOSED)

    def needs_bytes(self, part: Image | Audio | Video | File, site: Site) -> bool:
        """As `MediaDialect.needs_bytes`: all that is not in S3."""
        return True

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

    def most_inputs(self, model: str, site: Site) -> int:
        """Texts that one request for embeddings takes."""
        from . import embeddings

        return embeddings.most_inputs(site)

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


DIALECT = BedrockConverse()
