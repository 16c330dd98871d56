"""Zhipu and Z.ai: keys and the tokens made of them, numbers as text for errors, and the rules of GLM.

It refuses what the real one refuses: a token that has ended, thinking switched off where it cannot be, a
choice of tools other than auto, a temperature above 1, an answer with neither content nor calls.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import partial
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from baimo.auth import hs256
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.manner import Manner
from baimo.simulator.making import MAKING, moderation
from baimo.simulator.words import (
    Caller,
    Credentials,
    FaceMaker,
    RefusedError,
    ServedRequest,
    Why,
    without_fault,
)
from baimo.types.chat import ChatRequest, Reasoning, Role
from baimo.types.counting import CountRequest
from baimo.wire.http import HttpRequest, WireHead

from .openai import JSON, OpenAIFace, Refusal, bearer, foreign, shown

_NO_KEY = Refusal(401, "Header中未收到Authorization参数，无法进行身份验证。", "", "1001")
_WRONG = Refusal(401, "身份验证失败。", "", "1000")
_RATE = Refusal(429, "您的账户已达到速率限制，请您控制请求频率", "", "1302")
_FILTERED = Refusal(400, "系统检测到输入或生成内容可能包含不安全或敏感内容", "", "1301")

_REFUSALS: Mapping[Why, Refusal] = {
    Why.MISSING_HEADER: _NO_KEY,
    Why.WRONG_SECRET: _WRONG,
    Why.EXPIRED_TOKEN: Refusal(401, "Authentication Token已过期，请重新生成/获取", "", "1003"),
    Why.UNKNOWN_MODEL: Refusal(400, "模型不存在，请检查模型代码。", "", "1211"),
    Why.OVER_QUOTA: Refusal(429, "您的账户已欠费，请充值后重试", "", "1113"),
    Why.OVER_RATE: _RATE,
    Why.OVER_CONCURRENCY: _RATE,
    Why.INPUT_MODERATED: _FILTERED,
    Why.OUTPUT_MODERATED: _FILTERED,
    Why.CONTEXT_TOO_LONG: Refusal(400, "Prompt exceeds max length", "", "1261"),
    Why.INVALID_REQUEST: Refusal(400, "{detail}", "", "1210"),
    Why.NO_SUCH_ADDRESS: Refusal(404, "404 NOT_FOUND: {detail}", "", "1220"),
    Why.SERVER_ERROR: Refusal(500, "网络错误，请稍后重试", "", "1234"),
    Why.OVERLOADED: Refusal(429, "该模型当前访问量过大，请您稍后再试", "", "1305"),
}
_EMPTY = "content and tool_calls fields can't both be empty"

_ALWAYS = ("glm-5.3*", "glm-4.7", "glm-4.5v")
"""Models whose thinking cannot be switched off."""


class ZhipuFace(OpenAIFace):
    """One of the two sites."""

    manner = Manner(usage="finish")
    refusals = _REFUSALS
    makes = MAKING
    counts = True
    ranks = ("rerank*",)

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        name: str = "zhipu",
        hosts: tuple[str, ...] = ("open.bigmodel.cn",),
        endpoints: Mapping[str, str] = MappingProxyType({"chat": "/api/paas/v4", "jwt": "/api/paas/v4"}),
    ) -> None:
        super().__init__(
            credentials,
            name=name,
            hosts=hosts,
            endpoints=endpoints,
            key="fakefakefakefakefakefakefake1234.fakesecretfake00",
            models=("glm-*", "embedding-*", "cogview-*", "moderation"),
        )

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint its base address here, and the key; the second is one that must be chosen."""
        tables = super().configuration(origin)
        return {name: {"endpoint": name, **table} for name, table in tables.items()}

    def operation(self, request: ServedRequest) -> str | None:
        """All but a list of models, which there is none of."""
        operation = super().operation(request)
        return operation if operation in ("chat", "embed", "rerank", "count", *MAKING) else None

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """The key itself, or a token made of it that has not ended. Raises RefusedError."""
        sent = bearer(request)
        if sent.count(".") != 2:
            return super().identify(request, now)
        to_sign, _, signature = sent.rpartition(".")
        for key in self.credentials().values():
            ident, _, secret = key.partition(".")
            if hmac.compare_digest(hs256.signature(to_sign, secret), signature):
                claims = hs256.claims(sent)
                if claims.get("api_key") == ident:
                    if not claims["timestamp"] - 60_000 <= now * 1000 <= claims["exp"]:
                        raise RefusedError(Why.EXPIRED_TOKEN, "the token has ended, or its clock is off")
                    return Caller(key=shown(ident))
        raise RefusedError(Why.WRONG_SECRET, "the token is signed with another secret")

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for. Raises InputError or RefusedError."""
        asked = super().chat_request(request)
        fields = foreign(asked)
        switch = fields.get("thinking")
        thinks = not (isinstance(switch, dict) and switch.get("type") == "disabled")
        self._check(asked, thinks=thinks)
        effort = asked.reasoning.effort if asked.reasoning is not None else None
        return replace(asked, reasoning=Reasoning(enabled=thinks, effort=effort if thinks else None))

    def _check(self, asked: ChatRequest, *, thinks: bool) -> None:
        """Raises RefusedError for a wish that breaks a rule."""
        name = without_fault(asked.model)
        if not thinks and any(fnmatchcase(name, pattern) for pattern in _ALWAYS):
            raise RefusedError(Why.INVALID_REQUEST, f"thinking.type: {name} cannot be disabled")
        if asked.temperature is not None and not 0 <= asked.temperature <= 1:
            raise RefusedError(Why.INVALID_REQUEST, "temperature: must be between 0 and 1")
        if asked.tool_choice is not None and (asked.tool_choice.mode != "auto" or asked.tool_choice.allowed):
            raise RefusedError(Why.INVALID_REQUEST, "tool_choice: only auto is supported")
        for index, message in enumerate(asked.messages):
            if message.role is Role.ASSISTANT and not message.text and not message.tool_calls:
                raise RefusedError(Why.INVALID_REQUEST, f"messages[{index}]:{_EMPTY}")

    def count(self, asked: CountRequest) -> bytes:
        """As `usage.prompt_tokens`. Raises RefusedError."""
        counted = msgspec.json.decode(super().count(asked))
        usage = {"prompt_tokens": counted["data"]["total_tokens"]}
        return msgspec.json.encode({"created": 0, "id": "fake-1", "request_id": "fake-1", "usage": usage})

    def make(self, operation: str, request: HttpRequest) -> tuple[WireHead, list[bytes]]:
        """As OpenAI's, but for moderation: of one text the level and the kinds of its risk."""
        if operation != "moderate":
            return super().make(operation, request)
        asked = DIALECT.decode_moderate_request(request)
        self.check_model(asked.model)
        (found, *others) = moderation(asked).results
        if others:
            raise RefusedError(Why.INVALID_REQUEST, "input: one text only")
        told = {
            "content_type": "text",
            "risk_level": "REJECT" if found.flagged else "PASS",
            "risk_type": [name for name, is_found in found.categories.items() if is_found],
        }
        usage = {"moderation_text": {"call_count": 1}}
        body = {"id": "fake-1", "created": 0, "request_id": "fake-1", "result_list": [told], "usage": usage}
        return WireHead(200, JSON), [msgspec.json.encode(body)]

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Status and body of a refusal. Nothing tells when to come back."""
        told = self.refusal(why, detail)
        code = "1214" if detail.endswith(_EMPTY) else told.code
        error = {"code": code, "message": told.message.format(detail=detail)}
        return WireHead(told.status, JSON), msgspec.json.encode({"error": error})


FACES: Mapping[str, FaceMaker] = {
    "zhipu": ZhipuFace,
    "zai": partial(
        ZhipuFace,
        name="zai",
        hosts=("api.z.ai",),
        endpoints=MappingProxyType({"chat": "/api/paas/v4"}),
    ),
}
