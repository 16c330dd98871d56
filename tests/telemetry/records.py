"""Records of calls, made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from baimo.notes import Note
from baimo.types.money import Money
from baimo.types.record import AttemptRecord, CallRecord, Decision
from baimo.types.usage import Usage

ID = "0192f0c1a5b87c3d9e4f5a6b7c8d9e0f"
BEGAN = 1_790_000_000.25
SECRET = "sk-thisisafakesecret0123"


def attempt(**facts: Any) -> AttemptRecord:
    given: dict[str, Any] = {
        "provider": "deepseek",
        "endpoint": "chat",
        "model": "deepseek-flash",
        "dialect": "openai_chat",
        "address": "https://api.deepseek.com",
        "began_s": 0.0,
        "took_s": 0.5,
        "outcome": "answered",
        "status": 200,
        "request_id": "req-1",
    }
    return AttemptRecord(**given | facts)


def call(**facts: Any) -> CallRecord:
    given: dict[str, Any] = {
        "id": ID,
        "operation": "chat",
        "at": BEGAN,
        "took_s": 0.5,
        "asked": ("deepseek/deepseek-flash",),
        "provider": "deepseek",
        "model": "deepseek-flash",
        "response_model": "deepseek-flash-0925",
        "response_id": "chatcmpl-1",
        "finish_reasons": ("stop",),
        "usage": Usage(
            input_uncached=10,
            cache_read=5,
            cache_write_5m=2,
            cache_write_1h=1,
            output_visible=20,
            reasoning=7,
        ),
        "cost": Money(Decimal("0.00120"), "CNY"),
        "outcome": "answered",
        "attempts": (attempt(),),
        "parameters": {"temperature": 0.7, "max_tokens": 100, "stop": ("END",), "n": 1, "logprobs": True},
        "conversation": "talk-1",
    }
    return CallRecord(**given | facts)


ANSWERED = call()

FAILED = call(
    took_s=7.0,
    provider="moonshot",
    model="kimi-k2",
    asked=("deepseek/deepseek-flash", "moonshot/kimi-k2"),
    response_model=None,
    response_id=None,
    finish_reasons=(),
    usage=Usage(),
    cost=None,
    outcome="failed",
    error="overloaded",
    error_type="OverloadedError",
    message=f"moonshot is overloaded; it was sent Bearer {SECRET}",
    notes=(Note(code="dropped", message="top_k was left out"),),
    attempts=(
        attempt(
            outcome="failed",
            error="rate_limited",
            message="too many",
            status=429,
            provider_code="429001",
            key="a",
        ),
        attempt(
            began_s=2.5,
            waited_s=2.0,
            queued_s=0.0,
            took_s=1.0,
            outcome="failed",
            error="timed_out",
            message="no reply",
            status=None,
            maybe_billed=True,
            key="a",
        ),
        attempt(
            provider="moonshot",
            model="kimi-k2",
            address="https://api.moonshot.cn",
            began_s=5.0,
            queued_s=1.5,
            took_s=2.0,
            outcome="failed",
            error="overloaded",
            error_type="OverloadedError",
            message=f"moonshot is overloaded; it was sent Bearer {SECRET}",
            status=503,
        ),
    ),
    decisions=(
        Decision(
            at_s=0.0,
            strategy="weighted",
            dice=0.25,
            standings=({"name": "deepseek/deepseek-flash"}, {"name": "moonshot/kimi-k2"}),
            order=(0, 1),
        ),
        Decision(at_s=0.1, strategy="ordered", dice=0.25, standings=({"name": "one"},), order=(0,)),
    ),
)

INTERRUPTED = call(
    streamed=True,
    first_s=0.2,
    outcome="interrupted",
    error="stream_interrupted",
    error_type="StreamInterrupted",
    message="the stream stopped before its end",
    attempts=(
        attempt(
            first_s=0.2,
            outcome="interrupted",
            error="stream_interrupted",
            message="stopped",
            maybe_billed=True,
        ),
    ),
)

CANCELLED = call(
    outcome="cancelled", usage=Usage(), cost=None, attempts=(attempt(outcome="cancelled", status=None),)
)

CACHED = call(cached=True, took_s=0.001, attempts=())

EMBEDDED = call(
    operation="embeddings",
    asked=("local/bge-small",),
    provider="local",
    model="bge-small",
    attempts=(attempt(provider="local", model="bge-small", address="http://127.0.0.1:40001"),),
    parameters={},
    finish_reasons=(),
    usage=Usage(input_uncached=12),
    cost=None,
    conversation=None,
)

NEVER_SENT = call(
    provider=None, model=None, outcome="failed", error="limit", error_type="LimitReachedError", attempts=()
)

ALL = {
    "answered": ANSWERED,
    "failed": FAILED,
    "interrupted": INTERRUPTED,
    "cancelled": CANCELLED,
    "cached": CACHED,
    "embedded": EMBEDDED,
    "never sent": NEVER_SENT,
}
