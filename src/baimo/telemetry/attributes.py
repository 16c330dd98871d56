"""The attributes of spans. What is the same for every call of a deployment is made once and copied."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

from baimo.types.record import AttemptRecord, CallRecord
from baimo.types.usage import Usage

from .names import Remembered, error_type, provider_name, target

Value: TypeAlias = str | bool | int | float | tuple[str, ...] | tuple[int, ...]
Attributes: TypeAlias = dict[str, Value]

_PARAMETERS = {
    "temperature": ("gen_ai.request.temperature", float),
    "max_tokens": ("gen_ai.request.max_tokens", int),
    "top_p": ("gen_ai.request.top_p", float),
    "top_k": ("gen_ai.request.top_k", float),
    "seed": ("gen_ai.request.seed", int),
    "stop": ("gen_ai.request.stop_sequences", tuple),
    "n": ("gen_ai.request.choice.count", int),
}
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class CallAttributes:
    """Gives the name and the attributes of a call's span."""

    def __init__(self) -> None:
        self._constant: Remembered[tuple[str, str, str, str, bool], tuple[str, Attributes]] = Remembered()

    def __call__(self, call: CallRecord) -> tuple[str, Attributes]:
        attempts, provider, model = call.attempts, call.provider, call.model
        if provider is None or model is None:
            provider, model = target(call)
        key = (call.operation, provider, model, attempts[-1].address if attempts else "", call.streamed)
        name, constant = self._constant.get(key) or self._constant.keep(key, _constant(*key))
        found: Attributes = {**constant, "baimo.call.id": call.id, "baimo.attempts": len(attempts)}
        for parameter, value in call.parameters.items():
            _ask(found, parameter, value)
        _answer(found, call)
        _spend(found, call.usage)
        if call.cost is not None:
            found["baimo.cost"] = format(call.cost.amount.normalize(), "f")
            found["baimo.cost.currency"] = call.cost.currency
        if call.cached:
            found["baimo.cached"] = True
        if call.notes:
            found["baimo.notes"] = tuple([note.code for note in call.notes])
        if call.outcome != "answered" or len(attempts) > 1:
            _ending(found, call)
        return name, found


def _constant(
    operation: str, provider: str, model: str, address: str, streamed: bool
) -> tuple[str, Attributes]:
    found: Attributes = {"gen_ai.operation.name": operation}
    if provider:
        found["gen_ai.provider.name"] = provider_name(provider)
    if model:
        found["gen_ai.request.model"] = model
    if streamed:
        found["gen_ai.request.stream"] = True
    return f"{operation} {model}".rstrip(), found | server(address)


def server(address: str) -> Attributes:
    """Host and port of an address; the port of its scheme where it names none.

    Empty for what is no address: whoever reads spans must not fail.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:  # brackets that do not match, a port beyond all ports
        return {}
    if not host:
        return {}
    found: Attributes = {"server.address": host}
    if port:
        found["server.port"] = port
    return found


def _ask(found: Attributes, parameter: str, value: object) -> None:
    if parameter not in _PARAMETERS or value is None or (parameter == "n" and value == 1):
        return
    name, kind = _PARAMETERS[parameter]
    try:
        found[name] = kind(value)
    except (TypeError, ValueError, OverflowError):
        found[name] = str(value)  # whoever reads spans must not fail


def _answer(found: Attributes, call: CallRecord) -> None:
    if call.response_id is not None:
        found["gen_ai.response.id"] = call.response_id
    if call.response_model:
        found["gen_ai.response.model"] = call.response_model
    if call.finish_reasons:
        found["gen_ai.response.finish_reasons"] = tuple(map(str, call.finish_reasons))
    if call.streamed and call.first_s is not None:
        found["gen_ai.response.time_to_first_chunk"] = call.first_s
    if call.conversation is not None:
        found["gen_ai.conversation.id"] = call.conversation


def _spend(found: Attributes, usage: Usage) -> None:
    if (tokens := usage.input) is not None:
        found["gen_ai.usage.input_tokens"] = tokens
    if (tokens := usage.output) is not None:
        found["gen_ai.usage.output_tokens"] = tokens
    if usage.cache_read is not None:
        found["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read
    if usage.cache_write_5m is not None or usage.cache_write_1h is not None:
        written = (usage.cache_write_5m or 0) + (usage.cache_write_1h or 0)
        found["gen_ai.usage.cache_creation.input_tokens"] = written
    if usage.reasoning is not None:
        found["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning


def _ending(found: Attributes, call: CallRecord) -> None:
    """How a call ended that took more than one attempt, or did not end well."""
    billed = sum([attempt.maybe_billed for attempt in call.attempts])
    if billed:
        found["baimo.maybe_billed"] = billed
    if call.outcome != "answered":
        found["baimo.outcome"] = call.outcome
        found["error.type"] = error_type(call) or ""


class AttemptAttributes:
    """Gives the attributes of an attempt's span."""

    def __init__(self) -> None:
        self._constant: Remembered[tuple[str, ...], Attributes] = Remembered()

    def __call__(self, attempt: AttemptRecord, number: int, *, fallback: bool) -> Attributes:
        key = (
            attempt.provider,
            attempt.endpoint,
            attempt.model,
            attempt.dialect,
            attempt.address,
            attempt.key,
        )
        constant = self._constant.get(key) or self._constant.keep(key, _constant_attempt(attempt))
        found: Attributes = {**constant, "baimo.attempt": number}
        if fallback:
            found["baimo.fallback"] = True
        if attempt.queued_s:
            found["baimo.queued_s"] = attempt.queued_s
        if attempt.waited_s:
            found["baimo.waited_s"] = attempt.waited_s
        if attempt.first_s is not None:
            found["baimo.first_s"] = attempt.first_s
        if attempt.status is not None:
            found["http.response.status_code"] = attempt.status
        if attempt.request_id is not None:
            found["baimo.request.id"] = attempt.request_id
        if attempt.outcome != "answered":
            _failing(found, attempt)
        return found


def _failing(found: Attributes, attempt: AttemptRecord) -> None:
    """How an attempt failed."""
    found["baimo.outcome"] = attempt.outcome
    found["error.type"] = attempt.error or attempt.outcome
    if attempt.provider_code is not None:
        found["baimo.provider_code"] = attempt.provider_code
    if attempt.maybe_billed:
        found["baimo.maybe_billed"] = True


def _constant_attempt(attempt: AttemptRecord) -> Attributes:
    found: Attributes = {
        "gen_ai.provider.name": provider_name(attempt.provider),
        "gen_ai.request.model": attempt.model,
        "baimo.endpoint": attempt.endpoint,
        "baimo.dialect": attempt.dialect,
    }
    if attempt.key:
        found["baimo.key"] = attempt.key
    return found | server(attempt.address)
