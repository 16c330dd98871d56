"""What a request cannot say on a wire: raised, or noted for the caller."""

from __future__ import annotations

from baimo.errors import UnsupportedError
from baimo.notes import Note

from .interval import Interval


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

    def clamped(self, what: str, value: float, limits: str, to: float) -> None:
        """A value outside its range is moved into it."""
        if not self._drop:
            raise UnsupportedError(
                f"{what} is {value:g}, but {self._who} takes {limits}",
                hint='Choose a value inside, or pass unsupported="drop" to take the nearest.',
            )
        self.notes.append(
            Note(code="clamped", message=f"{what} {value:g} is outside {limits}; {to:g} was sent")
        )

    def within(self, what: str, value: float, limits: Interval) -> float:
        """The value, or the nearest that is allowed."""
        if value in limits:
            return value
        nearest = limits.clamp(value)
        self.clamped(what, value, limits.text, nearest)
        return nearest

    def moot(self, what: str, when: str) -> None:
        """Something is sent that has no effect."""
        self.note("no_effect", f"{self._who} gives {what} no effect {when}")

    def emulated(self, message: str) -> None:
        """Something is said in another way that means the same."""
        self.note("emulated", message)

    def note(self, code: str, message: str) -> None:
        """Something that the caller had better know."""
        self.notes.append(Note(code=code, message=message))
