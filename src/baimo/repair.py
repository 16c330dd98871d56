"""A call whose answer must be JSON: checked at its end, and asked for once more where that was wished.

The same kind of generator as `plan`, laid around it: all steps pass through as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeAlias

from msgspec import Raw
from msgspec.structs import replace

from baimo.errors import AnswerFormatError, Error
from baimo.exchange import Exchange, Outcome
from baimo.notes import Note
from baimo.passing import through
from baimo.resilience.timing import Deadline
from baimo.schema.check import Checker, Fault
from baimo.steps import Emit, Now, Step
from baimo.types.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    FinishReason,
    Message,
    ResponseFormat,
    Role,
    Validate,
)
from baimo.types.content import Text, ToolResult
from baimo.types.events import UsageReported
from baimo.types.fold import Folder
from baimo.types.usage import Usage, together

Make: TypeAlias = Callable[[ChatRequest, float | None], Exchange]
"""Makes the call of a request; the seconds are what is left of its time, None: as the call says."""
Fold: TypeAlias = Callable[[Folder, Outcome], ChatResponse]
"""Makes the response of a call that ended well."""


class Looks(Protocol):
    """What finds the fault of an answer."""

    @property
    def is_unreadable(self) -> bool:
        """There is a schema, and it could not be read."""

    def fault(self, choice: Choice) -> Fault | None:
        """The fault of one choice, or None."""


_TELLING = (
    FinishReason.CONTENT_FILTER,
    FinishReason.REFUSAL,
    FinishReason.PAUSE,
    FinishReason.ERROR,
)
"""Ends that tell by themselves why there is no whole JSON."""
_CUT = (FinishReason.LENGTH, FinishReason.CONTEXT_LENGTH)

_REPAIRED = "The first answer was not in the form that was asked for ({says} at {path}): asked once more."
_UNREAD = Note(
    code="not_checked",
    message="The answer is JSON, but was not checked by its schema, which cannot be read.",
)


def is_checked(request: ChatRequest, validate: Validate) -> bool:
    """Whether the answer to that request must have a form that is looked at."""
    return (
        validate is not False
        and request.response_format is not None
        and request.response_format.type != "text"
    )


def validated(
    make: Make,
    request: ChatRequest,
    *,
    validate: Validate = None,
    total: float | None = None,
    folded: Fold | None = None,
    looks: Looks | None = None,
) -> Exchange:
    """The call of a request whose answer is checked. Raises AnswerFormatError for one in another form.

    `total` are the seconds of the whole call, both rounds together. A streamed answer is checked when all of
    it was shown; a whole one is shown only when it is good. `folded` makes the response that the error
    carries. `looks` finds faults in place of a reader of the request's form.
    """
    form = request.response_format
    assert form is not None
    is_typed = looks is not None
    checker = looks if looks is not None else _ByForm(form, must=validate is not None)
    deadline = None
    if validate == "repair" and total is not None:
        _, now = yield Now()
        deadline = Deadline(total, now=now)
    first = _Round(holds=not request.stream)
    outcome = yield from first.run(make(request, None))
    if not is_typed and _is_dropped(outcome):
        yield from first.shown()
        return outcome
    found = _fault(checker, first.response(outcome, folded), is_typed=is_typed)
    if found is None:
        yield from first.shown()
        return replace(outcome, notes=(*outcome.notes, _UNREAD)) if checker.is_unreadable else outcome
    error = found.error(first.response(outcome, folded), is_last=request.stream)
    if validate != "repair" or request.stream or found.is_cut or found.is_final:
        raise error
    left = None
    if deadline is not None:
        _, now = yield Now()
        left = deadline.left(now)
    again = make(found.asking(request), left)
    return (yield from _again(again, found, error, first, outcome, checker, folded))


def _again(
    steps: Exchange,
    found: _Found,
    error: AnswerFormatError,
    first: _Round,
    before: Outcome,
    checker: Looks,
    folded: Fold | None,
) -> Exchange:
    """The second and last round."""
    second = _Round(holds=True)
    try:
        outcome = yield from second.run(steps)
    except Error as failure:
        error.hint = f"Asking once more failed: {failure}"
        raise error from failure
    second.add_usage(first.usage)
    sent = replace(
        outcome.sent,
        attempts=before.sent.attempts + outcome.sent.attempts,
        maybe_billed=before.sent.maybe_billed + outcome.sent.maybe_billed,
    )
    told = Note(code="repaired", message=_REPAIRED.format(says=found.fault.says, path=found.fault.path))
    outcome = replace(outcome, sent=sent, notes=(*outcome.notes, told))
    still = _fault(checker, second.response(outcome, folded), is_typed=found.is_typed)
    if still is not None:
        raise still.error(second.response(outcome, folded), is_last=True) from error
    yield from second.shown()
    return outcome


class _ByForm:
    """Looks at answers as a request's form says. What tells by itself why it is no JSON has no fault."""

    def __init__(self, form: ResponseFormat, *, must: bool) -> None:
        self._checker = Checker(form, must=must)

    @property
    def is_unreadable(self) -> bool:
        return self._checker.is_unreadable

    def fault(self, choice: Choice) -> Fault | None:
        is_call = choice.message.tool_calls or choice.finish_reason is FinishReason.TOOL_CALLS
        if is_call or _tells_why(choice):
            return None
        return self._checker.fault(choice.message.text)


class _Round:
    """One asking: its events are folded on their way, and held back where the caller waits for the whole."""

    def __init__(self, *, holds: bool) -> None:
        self._holds = holds
        self._held: list[Emit] = []
        self._folder = Folder()

    def run(self, steps: Exchange) -> Exchange:
        """Pass the steps on."""
        return through(steps, self._folded)

    def _folded(self, emit: Emit) -> Emit | None:
        self._folder.add(emit.events)
        if not self._holds:
            return emit
        self._held.append(emit)
        return None

    def shown(self) -> Generator[Step, Any, None]:
        """Hand on what was held back."""
        yield from self._held

    def response(self, outcome: Outcome, folded: Fold | None) -> ChatResponse:
        """What the round's events add up to."""
        response = (folded or _folded)(self._folder, outcome)
        raw = b"".join([step.raw for step in self._held if step.raw is not None])
        return replace(response, raw=Raw(raw.strip())) if raw else response

    @property
    def usage(self) -> Usage:
        return self._folder.response().usage

    def add_usage(self, before: Usage) -> None:
        """Count what an earlier round used: both are billed."""
        both = [UsageReported(usage=together([before, self.usage]))]
        self._folder.add(list(both))
        self._held.append(Emit(list(both)))


class _Found:
    """A fault, and the choice in which it is."""

    def __init__(self, fault: Fault, choice: Choice, *, is_typed: bool) -> None:
        self.fault = fault
        self.is_typed = is_typed
        self.is_cut = choice.finish_reason in _CUT
        self.is_final = _tells_why(choice)
        """Asking again would not help."""
        self._choice = choice

    def error(self, response: ChatResponse, *, is_last: bool) -> AnswerFormatError:
        """What the caller is told."""
        fault = self.fault
        which = "" if self._choice.index == 0 else f" of choice {self._choice.index}"
        if self.is_cut:
            text = f"the answer{which} was cut off by max_tokens, so its JSON is not whole"
            hint = "Raise max_tokens, or ask for less."
        else:
            text = f"the answer{which} is not in the form that was asked for: {fault.says} at {fault.path}"
            hint = "It is in error.response. Simplify the schema, or take another model."
            if self.is_final:
                hint = "It is in error.response."
            elif not is_last:
                how = "repair=True" if self.is_typed else 'validate="repair"'
                hint = f"It is in error.response. Pass {how} to have it asked for once more."
        error = AnswerFormatError(
            text,
            response=response,
            path=fault.path,
            fault=fault.says,
            detail=fault.detail,
            hint=hint,
            provider=response.provider,
            request_id=response.request_id,
        )
        error.attempts = response.sent.attempts if response.sent is not None else 1
        return error

    def asking(self, request: ChatRequest) -> ChatRequest:
        """The request that shows the model its answer and what is wrong with it."""
        fault = self.fault
        words = (
            f"Your answer is not the JSON that was asked for: {fault.detail or fault.says}, at {fault.path}. "
            "Answer again with nothing but the corrected JSON."
        )
        said = self._choice.message
        if said.tool_calls:
            results = [
                Message(
                    role=Role.TOOL,
                    content=(
                        ToolResult(
                            call_id=call.id, name=call.name, content=(Text(text=words),), is_error=True
                        ),
                    ),
                )
                for call in said.tool_calls
            ]
            return replace(request, messages=(*request.messages, said, *results))
        answer = (said,) if said.text else ()
        asks = Message(role=Role.USER, content=(Text(text=words),))
        return replace(request, messages=(*request.messages, *answer, asks))


def _fault(checker: Looks, response: ChatResponse, *, is_typed: bool) -> _Found | None:
    """The first choice that is in another form."""
    for choice in response.choices:
        fault = checker.fault(choice)
        if fault is not None:
            return _Found(fault, choice, is_typed=is_typed)
    return None


def _tells_why(choice: Choice) -> bool:
    """Whether an answer tells by itself why there is no whole JSON."""
    return (
        choice.finish_reason in _TELLING or choice.withdrawn is not None or choice.message.refusal is not None
    )


def _is_dropped(outcome: Outcome) -> bool:
    """Whether the form was left out of the request, as the caller allowed: then nothing was promised."""
    return any(note.code == "dropped" and "response_format" in note.message for note in outcome.notes)


def _folded(folder: Folder, outcome: Outcome) -> ChatResponse:
    at = outcome.at
    return folder.response(
        model=at.model,
        provider=at.provider,
        notes=outcome.notes,
        request_id=outcome.request_id,
        sent=outcome.sent,
    )
