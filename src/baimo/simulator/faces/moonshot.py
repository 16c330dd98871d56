"""Moonshot (Kimi): types for errors, fixed sampling, and the reasoning that must come back.

It refuses what the real one refuses: an answer that called tools while thinking and comes back without its
reasoning, sampling on the kimi models, thinking switched off where it cannot be, an empty answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import partial

import msgspec
from msgspec.structs import replace

from baimo.simulator.words import Credentials, FaceMaker, RefusedError, ServedRequest, Why, without_fault
from baimo.types.chat import ChatRequest, Reasoning, Role
from baimo.types.content import Text
from baimo.types.counting import CountRequest
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal, foreign

_BAD = "invalid_request_error"
_NO_KEY = Refusal(401, "Invalid Authentication", "invalid_authentication_error")
_RATE = Refusal(
    429,
    "Your account reached organization max RPM: {detail}, please try again after 1 seconds",
    "rate_limit_reached_error",
)

_REFUSALS: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: _NO_KEY,
    Why.WRONG_SECRET: _NO_KEY,
    Why.UNKNOWN_MODEL: Refusal(
        404, "Not found the model {detail} or Permission denied", "resource_not_found_error"
    ),
    Why.OVER_QUOTA: Refusal(
        429,
        "You exceeded your current token quota, please check your account balance",
        "exceeded_current_quota_error",
    ),
    Why.OVER_RATE: _RATE,
    Why.OVER_CONCURRENCY: _RATE,
    Why.INPUT_MODERATED: Refusal(
        400, "The request was rejected because it was considered high risk", "content_filter"
    ),
    Why.CONTEXT_TOO_LONG: Refusal(
        400, "Invalid request: Your request exceeded model token limit: 262144", _BAD
    ),
    Why.INVALID_REQUEST: Refusal(400, "Invalid request: {detail}", _BAD),
    Why.NO_SUCH_ADDRESS: Refusal(404, "The requested resource was not found: {detail}", "not_found_error"),
    Why.SERVER_ERROR: Refusal(500, "Internal error", "server_error"),
    Why.OVERLOADED: Refusal(
        429, "The engine is currently overloaded, please try again later", "engine_overloaded_error"
    ),
}

_ALWAYS = ("kimi-k3*", "kimi-k2.7-code*")
"""Models whose thinking cannot be switched off."""


class MoonshotFace(OpenAIFace):
    """One of the two sites."""

    refusals = _REFUSALS
    counts = True

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        name: str = "moonshot",
        hosts: tuple[str, ...] = ("api.moonshot.cn",),
    ) -> None:
        super().__init__(
            credentials,
            name=name,
            hosts=hosts,
            key="sk-fakeMoonshotKey000000000000000001234",
            models=("kimi-*", "moonshot-v1-*"),
            listed=("kimi-k2.6", "kimi-k3"),
        )

    def operation(self, request: ServedRequest) -> str | None:
        """Chat, counts of tokens, the list of models, the balance."""
        if (
            isinstance(request, HttpRequest)
            and request.method == "GET"
            and request.target.partition(b"?")[0] == b"/v1/users/me/balance"
        ):
            return "balance"
        operation = super().operation(request)
        return operation if operation in ("chat", "count", "models") else None

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        asked = super().chat_request(request)
        name = without_fault(asked.model)
        switch = foreign(asked).get("thinking")
        off = isinstance(switch, dict) and switch.get("type") == "disabled"
        thinks = name.startswith("kimi-") and not off
        if off and any(fnmatchcase(name, pattern) for pattern in _ALWAYS):
            raise RefusedError(Why.INVALID_REQUEST, "invalid thinking: only type=enabled is allowed")
        if name.startswith("kimi-"):
            self._check_sampling(asked)
        self._check_history(asked, thinks=thinks)
        effort = asked.reasoning.effort if asked.reasoning is not None else None
        return replace(asked, reasoning=Reasoning(enabled=thinks, effort=effort if thinks else None))

    def _check_sampling(self, asked: ChatRequest) -> None:
        for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty"):
            value = getattr(asked, name)
            if value not in (None, 0 if name.endswith("penalty") else 1):
                raise RefusedError(Why.INVALID_REQUEST, f"invalid {name}: only the default is allowed")

    def _check_history(self, asked: ChatRequest, *, thinks: bool) -> None:
        for index, message in enumerate(asked.messages):
            if message.role is not Role.ASSISTANT:
                continue
            if thinks and message.tool_calls and not message.thinking:
                raise RefusedError(
                    Why.INVALID_REQUEST,
                    "thinking is enabled but reasoning_content is missing in assistant tool call message at "
                    f"index {index}",
                )
            if not message.text and not message.tool_calls:
                raise RefusedError(
                    Why.INVALID_REQUEST, f"message at position {index} with role assistant must not be empty"
                )

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal. Nothing tells when to come back."""
        told = self.refusal(why, detail)
        error = {"message": told.message.format(detail=detail), "type": told.type}
        return WireHead(told.status, JSON), msgspec.json.encode({"error": error})

    def count(self, asked: CountRequest) -> bytes:
        """As `data.total_tokens`. Raises RefusedError for a message that holds nothing."""
        assert asked.chat is not None  # this wire counts conversations
        for index, message in enumerate(asked.chat.messages):
            if all(part == Text(text="") for part in message.content):
                why = f"message at position {index} with role {message.role.value} must not be empty"
                raise RefusedError(Why.INVALID_REQUEST, why)
        return super().count(asked)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """The list of models, a count, or the balance."""
        if operation != "balance":
            return super().other(operation, request, now)
        data = {"available_balance": 49.5, "voucher_balance": 9.5, "cash_balance": 40.0}
        body = {"code": 0, "data": data, "scode": "0x0", "status": True}
        return WireHead(200, JSON), [msgspec.json.encode(body)]


FACES: Mapping[str, FaceMaker] = {
    "moonshot": MoonshotFace,
    "moonshot-intl": partial(MoonshotFace, name="moonshot-intl", hosts=("api.moonshot.ai",)),
}
