"""Dice that fall as a test wants."""

from __future__ import annotations

from random import Random


class Always(Random):
    """Whatever may happen happens."""

    def random(self) -> float:
        return 0.0


class Never(Random):
    """Nothing that need not happen does."""

    def random(self) -> float:
        return 0.999_999
