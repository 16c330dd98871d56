"""What cannot be said here but could be said in other words."""

from __future__ import annotations

from baimo.dialect import complaints
from baimo.errors import UnsupportedError


class Complaints(complaints.Complaints):
    """As everywhere; each note is told once, however many messages it is about."""

    __slots__ = ("_allowed",)

    def __init__(self, *, drop: bool, who: str) -> None:
        super().__init__(drop=drop, who=who)
        self._allowed = drop

    def cannot(self, what: str, why: str = "") -> None:
        """Something is left out."""
        super().cannot(what, why)
        self._once()

    def instead(self, what: str, how: str) -> None:
        """Something goes out in other words, which the caller must have allowed."""
        text = f"{self._who} cannot be told {what}"
        if not self._allowed:
            raise UnsupportedError(text, hint=f'Leave it out, or pass unsupported="drop": then {how}.')
        self.note("emulated", f"{text}: {how}")

    def note(self, code: str, message: str) -> None:
        """Something that the caller had better know."""
        super().note(code, message)
        self._once()

    def _once(self) -> None:
        if self.notes[-1] in self.notes[:-1]:
            self.notes.pop()
