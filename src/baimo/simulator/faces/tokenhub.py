"""TokenHub of Tencent Cloud: OpenAI's wire with a bearer key, and errors of its own shape.

An error names its `source` (client, gateway or upstream) and the call's id; its code is digits in a string.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import msgspec

from baimo.simulator.words import Credentials, FaceMaker, ServedRequest, Why
from baimo.wire.http import WireHead

from .openai import JSON, OpenAIFace, Refusal

REQUEST_ID = "00000000-0000-4000-8000-000000000042"
"""The id of every refused call."""

_NO_KEY = Refusal(401, "invalid api key", "authentication_error", "401002")
_NO_PLAN = Refusal(402, "endpoint is inactive: {detail}", "permission_error", "403004")
_RATE = Refusal(429, "rate limit exceeded: {detail}", "rate_limit_error", "429001")
_FILTERED = Refusal(451, "the content was blocked by moderation", "content_filter_error", "451001")
_FORBIDDEN = Refusal(403, "access denied: {detail}", "permission_error", "403001")
_UPSTREAM = Refusal(502, "the upstream service failed", "upstream_error", "502001")

REFUSALS: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: _NO_KEY,
    Why.WRONG_SECRET: _NO_KEY,
    Why.UNKNOWN_KEY: _NO_KEY,
    Why.EXPIRED_TOKEN: _NO_KEY,
    Why.WRONG_HOST: _FORBIDDEN,
    Why.MISSING_PROJECT_SCOPE: _FORBIDDEN,
    Why.UNKNOWN_MODEL: _NO_PLAN,
    Why.OVER_QUOTA: Refusal(402, "endpoint is inactive: FREE_QUOTA_EXHAUSTED", "permission_error", "401007"),
    Why.OVER_RATE: _RATE,
    Why.OVER_CONCURRENCY: _RATE,
    Why.INPUT_MODERATED: _FILTERED,
    Why.OUTPUT_MODERATED: _FILTERED,
    Why.CONTEXT_TOO_LONG: Refusal(
        400, "the messages exceed the maximum context length", "invalid_request_error", "400001"
    ),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", "invalid_request_error", "400001"),
    Why.NO_SUCH_ADDRESS: Refusal(404, "not found: {detail}", "invalid_request_error", "400004"),
    Why.SERVER_ERROR: _UPSTREAM,
    Why.OVERLOADED: _UPSTREAM,
}

_SOURCES = {"authentication_error": "client", "invalid_request_error": "client", "upstream_error": "upstream"}


class TokenHubFace(OpenAIFace):
    """TokenHub, of one of its two sites."""

    refusals = REFUSALS

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        name: str = "tokenhub",
        hosts: tuple[str, ...] = ("tokenhub.tencentmaas.com",),
        endpoints: Mapping[str, str] = MappingProxyType({"chat": "/v1"}),
    ) -> None:
        super().__init__(
            credentials,
            name=name,
            hosts=hosts,
            endpoints=endpoints,
            key="sk-fakeTokenHubKey00000000000000001234",
            models=("hy*", "deepseek-*", "glm-*", "kimi-*", "minimax-*"),
            listed=("hy3-preview", "hy3"),
        )

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal. Nothing tells when to come back."""
        told = self.refusal(why, detail)
        error = {
            "type": told.type,
            "code": told.code,
            "message": told.message.format(detail=detail),
            "source": _SOURCES.get(told.type, "gateway"),
            "request_id": REQUEST_ID,
        }
        return WireHead(told.status, JSON), msgspec.json.encode({"error": error})


FACES: Mapping[str, FaceMaker] = {
    "tokenhub": TokenHubFace,
    "tokenhub-intl": partial(
        TokenHubFace, name="tokenhub-intl", hosts=("tokenhub-intl.tencentcloudmaas.com",)
    ),
}
