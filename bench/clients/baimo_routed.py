"""Baimo with everything on, and a second deployment that stands by."""

from __future__ import annotations

from . import baimo_attached
from .baimo_route import ROUTE


class Sync(baimo_attached.Sync):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._model = ROUTE


class Async(baimo_attached.Async):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._model = ROUTE
