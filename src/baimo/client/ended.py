"""A chat that is over, in small values: its record is made of them when somebody asks for it."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from baimo.notes import Note
from baimo.types.money import Money
from baimo.types.record import AttemptRecord, CallRecord
from baimo.types.usage import Usage

from .facts import NOTHING, id_of, parameters_of


class EndedChat(msgspec.Struct, eq=False, gc=False):
    """Meets `LateRecord`: a chat whose only attempt ended well. Times are of the clock that never runs back.

    One is kept for each call by whoever exports or writes them later. It is nothing that the collector of
    garbage looks at: looking at what is kept, it would look at all calls under way as well, and more often.
    """

    blank: CallRecord
    """The record before anything was known of the call."""
    attempt: AttemptRecord
    """The same of its attempt."""
    wall: float
    """When it began, in Unix seconds."""
    began: float
    chance: int
    """The part of its id that was drawn."""
    sent: float
    """When the attempt began."""
    queued_s: float
    waited_s: float
    shown: float | None
    """When its first event came."""
    well: float
    """When the attempt ended."""
    over: float
    model: str | None
    response_id: str | None
    cost: Money | None
    notes: tuple[Note, ...]
    reasons: tuple[str, ...]
    usage: Usage
    """Without the provider's own object, which may hold the whole reply."""
    asked: tuple[Any, ...]
    """As `asked_of` says it."""
    conversation: str | None
    made: CallRecord | None = None
    """The record, once it is made."""
    tries: ClassVar[int] = 1

    def record(self) -> CallRecord:
        """The record of the call. Any thread may ask; those that are first at once may get two that are
        equal.

        What is not so of most chats is laid over the rest of it: a call with more than 14 names makes a table
        of them first.
        """
        if self.made is not None:
            return self.made
        began, sent, shown, attempt = self.began, self.sent, self.shown, self.attempt
        attempt = replace(
            attempt,
            began_s=sent - began,
            first_s=None if shown is None else shown - sent,
            took_s=self.well - sent,
        )
        if self.queued_s or self.waited_s:  # what nobody set is not written either
            attempt = replace(attempt, queued_s=self.queued_s, waited_s=self.waited_s)
        record = replace(
            self.blank,
            id=id_of(self.wall, self.chance),
            at=self.wall,
            took_s=self.over - began,
            provider=attempt.provider,
            model=attempt.model,
            response_model=self.model or None,
            response_id=self.response_id,
            finish_reasons=self.reasons,
            usage=self.usage,
            cost=self.cost,
            first_s=None if shown is None else shown - began,
            attempts=(attempt,),
            notes=self.notes,
        )
        asked = self.asked
        if asked is not NOTHING or self.conversation is not None:
            record = replace(
                record,
                streamed=asked[0],
                conversation=self.conversation,
                parameters=parameters_of(asked),
            )
        self.made = record
        return record
