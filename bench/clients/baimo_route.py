"""Baimo with a second deployment that stands by, and nothing on."""

from __future__ import annotations

from typing import Any

from . import baimo_face

ROUTE = ["bench/model", "bench/spare"]


class Sync(baimo_face.Sync):
    def __init__(self, base_url: str, **extras: Any) -> None:
        super().__init__(base_url, **extras)
        self._model = ROUTE


class Async(baimo_face.Async):
    def __init__(self, base_url: str, **extras: Any) -> None:
        super().__init__(base_url, **extras)
        self._model = ROUTE
