"""Going on with an answer that was cut: what another deployment says is joined to what was said before."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from baimo.notes import Note
from baimo.types.content import Text
from baimo.types.events import Continued, PartDelta, PartEnded, PartStarted, Started


class Splice:
    """Joins the events of a continuation to those that were shown.

    `part` is the place of the text that was cut: the first text that comes goes on in it, further parts get
    places behind it. The first thing that comes out is `Continued`: a caller sees where the seam is.
    """

    def __init__(self, part: int, *, characters: int, after: str) -> None:
        self._part = part
        self._characters = characters
        self._after = after
        self._places: dict[int, int] = {}
        self._is_begun = False

    def join(self, events: list[Any]) -> list[Any]:
        """The events as they are to be shown."""
        out: list[Any] = []
        for event in events:
            kind = type(event)
            if not self._is_begun:
                self._is_begun = True
                model = event.model if kind is Started else None
                out.append(Continued(model=model, after=self._characters))
            if kind is Started:
                pass  # the answer began before
            elif kind is PartStarted:
                out += self._opened(event)
            elif kind is PartDelta or kind is PartEnded:
                out.append(replace(event, index=self._places[event.index]))
            else:
                out.append(event)
        return out

    def note(self, name: str) -> Note:
        """What the response says of it."""
        return Note(
            code="continued",
            message=f"{self._after} was cut off after {self._characters} characters; {name} went on from "
            "there. The usage is that of the continuation.",
        )

    def _opened(self, event: PartStarted) -> list[Any]:
        if type(event.part) is Text and self._part not in self._places.values():
            self._places[event.index] = self._part
            return [PartDelta(index=self._part, text=event.part.text)] if event.part.text else []
        self._places[event.index] = self._part + 1 + len(self._places)
        return [replace(event, index=self._places[event.index])]
