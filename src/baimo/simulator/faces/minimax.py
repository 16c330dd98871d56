"""MiniMax in its own form: every answer has HTTP 200, and a number in `base_resp` tells whether it is one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from baimo.dialect.protocols import ChatEncoder
from baimo.dialects.minimax import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator.words import Credentials, FaceMaker, ServedRequest, Why
from baimo.types.chat import ChatRequest, Reasoning
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace

_ERRORS: Mapping[Why, Error] = {
    Why.MISSING_HEADER: AuthError("login fail: Please carry the API secret key", provider_code="1004"),
    Why.WRONG_SECRET: AuthError("invalid api key", provider_code="2049"),
    Why.OVER_QUOTA: QuotaError("insufficient balance"),
    Why.OVER_RATE: RateLimitedError("rate limit"),
    Why.OVER_CONCURRENCY: RateLimitedError("too many connections", provider_code="1041"),
    Why.INPUT_MODERATED: ContentFilteredError("input new_sensitive", provider_code="1026"),
    Why.OUTPUT_MODERATED: ContentFilteredError("output new_sensitive", provider_code="1027"),
    Why.CONTEXT_TOO_LONG: ContextTooLongError("token limit: the prompt exceeds the context window"),
    Why.SERVER_ERROR: ServerError("internal error"),
    Why.OVERLOADED: OverloadedError("the model is overloaded"),
}


class MiniMaxFace(OpenAIFace):
    """One of the two sites."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        name: str = "minimax",
        hosts: tuple[str, ...] = ("api.minimaxi.com", "api.minimax.chat"),
    ) -> None:
        super().__init__(
            credentials,
            name=name,
            hosts=hosts,
            endpoints={"native": "/v1"},
            key="eyFakeMiniMaxKey0000000000000000001234",
            models=("minimax-*", "MiniMax-*", "M2-her", "abab*", "embo-*"),
        )

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """Of the endpoints of the catalogue the native one."""
        return {name: {"endpoint": name, **table} for name, table in super().configuration(origin).items()}

    def operation(self, request: ServedRequest) -> str | None:
        """Chat and embeddings, below the base."""
        if not isinstance(request, HttpRequest) or not request.target.startswith(b"/v1/"):
            return None
        return DIALECT.operation(request.method, request.target, request.headers)

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for; models think unless they are told otherwise."""
        asked = DIALECT.decode_request(request)
        self.check_model(asked.model)
        return asked if asked.reasoning is not None else replace(asked, reasoning=Reasoning(enabled=True))

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""
        return DIALECT.encoder(asked)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """A good status and a number that says no. Nothing tells when to come back."""
        if why is Why.UNKNOWN_KEY:
            why = Why.WRONG_SECRET
        return DIALECT.encode_error(_ERRORS.get(why) or InvalidRequestError(f"invalid params, {detail}"))

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """An event without choices."""
        return encoder.error(_ERRORS.get(why) or ServerError("internal error"))

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError."""
        assert isinstance(request, HttpRequest)
        asked = DIALECT.decode_embed_request(request)
        self.check_model(asked.model)
        return asked

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """The vectors."""
        return WireHead(200, JSON), DIALECT.encode_embed_response(asked, response)


FACES: Mapping[str, FaceMaker] = {
    "minimax": MiniMaxFace,
    "minimax-intl": partial(MiniMaxFace, name="minimax-intl", hosts=("api.minimax.io",)),
}
