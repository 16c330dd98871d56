"""Calls as lines of the standard `logging`."""

from __future__ import annotations

import logging
from typing import Any, Literal, TypeAlias

from baimo.types.record import AttemptRecord, CallRecord, Content

from .content import content_attributes
from .names import target
from .redaction import redact

Level: TypeAlias = Literal["debug", "info", "warning"]

_LEVELS = {
    "debug": (logging.DEBUG, logging.INFO),
    "info": (logging.INFO, logging.WARNING),
    "warning": (logging.WARNING, logging.ERROR),
}
"""Of a call that went well or was left by its caller, and of one that failed."""


class Logging:
    """An observer that tells the logger `baimo.call` of every call in one line, and of its attempts at DEBUG.

    Facts go along as fields of the record (`extra`), their names beginning with `baimo_`. No handler is
    installed: what is shown, and where, is the program's choice.
    """

    def __init__(self, *, level: Level = "info", content: bool = False) -> None:
        """`content`: prompts and replies go along as the fields `baimo_input` and `baimo_output`."""
        self.wants_content = content
        self._good, self._bad = _LEVELS[level]
        self._logger = logging.getLogger("baimo.call")
        if not self._logger.handlers:
            self._logger.addHandler(logging.NullHandler())

    def began(self) -> None:
        """Nothing is told before the end."""

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        """One line for the call; before it, at DEBUG, one for each attempt."""
        if self._logger.isEnabledFor(logging.DEBUG):
            for number, attempt in enumerate(call.attempts, 1):
                self._logger.debug(
                    "%s", _attempt_line(call, attempt, number), extra=_attempt_fields(call, attempt, number)
                )
        level = self._bad if call.outcome in ("failed", "interrupted") else self._good
        if not self._logger.isEnabledFor(level):
            return
        fields = _fields(call)
        if self.wants_content and content is not None:
            said = content_attributes(content)
            fields["baimo_system"] = said.get("gen_ai.system_instructions")
            fields["baimo_input"] = said.get("gen_ai.input.messages")
            fields["baimo_output"] = said.get("gen_ai.output.messages")
        self._logger.log(level, "%s", _line(call), extra=fields)

    def close(self) -> None:
        """Nothing is held back."""


def _line(call: CallRecord) -> str:
    provider, model = target(call)
    words = [f"{call.operation} {provider}/{model} {call.outcome} in {call.took_s:.3f} s"]
    if call.cached:
        words.append("from the cache")
    if len(call.attempts) > 1:
        words.append(f"{len(call.attempts)} attempts")
    if call.first_s is not None and call.streamed:
        words.append(f"first after {call.first_s:.3f} s")
    if call.usage.input is not None or call.usage.output is not None:
        words.append(f"tokens {_number(call.usage.input)} in, {_number(call.usage.output)} out")
    if call.cost is not None:
        words.append(str(call.cost))
    if call.notes:
        words.append(f"notes {' '.join([note.code for note in call.notes])}")
    line = ", ".join(words)
    return line if call.error is None else f"{line}: {redact(call.message or '')} [{call.error}]"


def _number(count: int | None) -> str:
    return "?" if count is None else str(count)


def _attempt_line(call: CallRecord, attempt: AttemptRecord, number: int) -> str:
    where = f"{attempt.provider}/{attempt.model} at {attempt.address}"
    key = f" with key {attempt.key}" if attempt.key else ""
    words = [f"attempt {number} of {call.id[:8]}: {where}{key} {attempt.outcome} in {attempt.took_s:.3f} s"]
    if attempt.queued_s:
        words.append(f"queued {attempt.queued_s:.3f} s")
    if attempt.waited_s:
        words.append(f"waited {attempt.waited_s:.3f} s")
    if attempt.status is not None:
        words.append(f"status {attempt.status}")
    line = ", ".join(words)
    return line if attempt.error is None else f"{line}: {redact(attempt.message or '')} [{attempt.error}]"


def _fields(call: CallRecord) -> dict[str, Any]:
    provider, model = target(call)
    return {
        "baimo_id": call.id,
        "baimo_operation": call.operation,
        "baimo_provider": provider,
        "baimo_model": model,
        "baimo_outcome": call.outcome,
        "baimo_error": call.error,
        "baimo_took_s": call.took_s,
        "baimo_first_s": call.first_s,
        "baimo_streamed": call.streamed,
        "baimo_cached": call.cached,
        "baimo_attempts": len(call.attempts),
        "baimo_input_tokens": call.usage.input,
        "baimo_output_tokens": call.usage.output,
        "baimo_cost": None if call.cost is None else format(call.cost.amount.normalize(), "f"),
        "baimo_currency": None if call.cost is None else call.cost.currency,
        "baimo_finish_reasons": [str(reason) for reason in call.finish_reasons],
        "baimo_notes": [note.code for note in call.notes],
        "baimo_conversation": call.conversation,
    }


def _attempt_fields(call: CallRecord, attempt: AttemptRecord, number: int) -> dict[str, Any]:
    return {
        "baimo_id": call.id,
        "baimo_attempt": number,
        "baimo_provider": attempt.provider,
        "baimo_model": attempt.model,
        "baimo_address": attempt.address,
        "baimo_key": attempt.key,
        "baimo_outcome": attempt.outcome,
        "baimo_error": attempt.error,
        "baimo_status": attempt.status,
        "baimo_provider_code": attempt.provider_code,
        "baimo_request_id": attempt.request_id,
        "baimo_took_s": attempt.took_s,
        "baimo_queued_s": attempt.queued_s,
        "baimo_waited_s": attempt.waited_s,
        "baimo_maybe_billed": attempt.maybe_billed,
    }
