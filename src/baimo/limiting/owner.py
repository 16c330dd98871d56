"""Who holds a lease: a name for this process, another one after a fork."""

from __future__ import annotations

import os
from uuid import uuid4


class Owner:
    """Gives the name."""

    def __init__(self) -> None:
        self._of: int | None = None
        self._name = ""

    def __call__(self) -> str:
        if self._of != os.getpid():
            self._of = os.getpid()
            self._name = uuid4().hex
        return self._name
