"""Answers that hold nothing: told apart from those that are short, withheld, or made of something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from baimo.errors import EmptyAnswerError
from baimo.types.chat import FinishReason
from baimo.types.content import Refusal, Text, Thinking
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported

_HINT = (
    "The provider counted the answer as complete. Ask again, word it differently, or take another model; a "
    "model that answers in JSON needs to be told so in the prompt."
)
_ENDED_WELL = (FinishReason.STOP, FinishReason.UNKNOWN)
_WORDS = (Text, Thinking, Refusal)


class Emptiness:
    """Watches the events of one answer for the first that somebody could see, and for why it ended.

    Once `is_open` is False there is nothing left to look for: a stream is watched only up to its first word.
    Events of operations other than chat are something.
    """

    is_open = True
    _finished = False

    def saw(self, events: Sequence[Any], is_end: bool = False) -> None:
        """Take note of events, in their order; `is_end`: they are the last.

        Raises EmptyAnswerError where an answer ends well without anything in it.
        """
        if not self.is_open:
            return
        for event in events:
            kind = type(event)
            if kind is PartStarted:
                # Words may still come; a call or a picture is one at once.
                something = event.part.text if type(event.part) in _WORDS else True
            elif kind is Started or kind is UsageReported:
                continue
            elif kind is PartDelta:
                something = event.text or event.data
            elif kind is Finished:
                self._finished = True
                something = event.reason not in _ENDED_WELL
            elif kind is PartEnded:
                something = event.replay is not None
            else:
                something = True
            if something:
                self.is_open = False
                return
        if is_end and self._finished:
            raise EmptyAnswerError(
                "the answer ended well, but there is nothing in it", status=200, hint=_HINT
            )
