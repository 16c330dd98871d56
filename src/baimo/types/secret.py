"""A credential that does not print, pickle or encode."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """Holds a credential; only `reveal()` gives it back.

    >>> Secret("fake-key-1234")
    Secret(****)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The credential itself, for a signer."""
        return self._text

    def masked(self) -> str:
        """Enough to tell two keys apart: the last four characters of a long one."""
        return f"…{self._text[-4:]}" if len(self._text) >= 16 else "****"

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled or copied out of its process")
