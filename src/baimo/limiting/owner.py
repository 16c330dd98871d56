"""Who holds a lease: a name for this process, another one after a fork."""

from __future__ import annotations

import os
from collections.abc import Callable
from uuid import uuid4


class Owner:
    """Gives the name."""

    def __init__(self, pid: Callable[[], int] = os.getpid) -> None:
        self._pid = pid
        self._of: int | None = None
        self._name = ""

    def __call__(self) -> str:
        pid = self._pid()
        if self._of != pid:
            self._of = pid
            self._name = uuid4().hex
        return self._name
