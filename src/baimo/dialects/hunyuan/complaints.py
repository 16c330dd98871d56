"""What a request cannot say on this wire: raised, or noted for the caller."""

from __future__ import annotations

from baimo.dialect.interval import Interval
from baimo.errors import UnsupportedError
from baimo.notes import Note


class Complaints:
    """What cannot be said: raised, or with `drop` collected as notes."""

    __slots__ = ("_drop", "_who", "notes")

    def __init__(self, *, drop: bool, who: str) -> None:
        self._drop = drop
        self._who = who or "this provider"
        self.notes: list[Note] = []

    def cannot(self, what: str, why: str = "") -> None:
        """Something is left out."""
        text = f"{self._who} cannot be told {what}{': ' if why else ''}{why}"
        if not self._drop:
            raise UnsupportedError(text, hint='Leave it out, or pass unsupported="drop".')
        self.notes.append(Note(code="dropped", message=f"left out: {text}"))

    def within(self, what: str, value: float, limits: Interval) -> float:
        """The value, or the nearest that is allowed."""
        if value in limits:
            return value
        if not self._drop:
            raise UnsupportedError(
                f"{what} is {value:g}, but {self._who} takes {limits.text}",
                hint='Choose a value inside, or pass unsupported="drop" to take the nearest.',
            )
        nearest = limits.clamp(value)
        text = f"{what} {value:g} is outside {limits.text}; {nearest:g} was sent"
        self.notes.append(Note(code="clamped", message=text))
        return nearest

    def moot(self, what: str, when: str) -> None:
        """Something is sent that has no effect."""
        self.notes.append(Note(code="no_effect", message=f"{self._who} gives {what} no effect {when}"))

    def emulated(self, message: str) -> None:
        """Something is said, or done, in another way."""
        self.notes.append(Note(code="emulated", message=message))
