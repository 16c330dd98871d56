"""The machine that all tests of this room work on."""

from __future__ import annotations

from tests.config.machine import machine

__all__ = ["machine"]
