"""The steps are a closed list: both drivers know every one of them."""

from __future__ import annotations

from typing import get_args

import pytest

from baimo.client import async_driving, driving
from baimo.notes import Note
from baimo.steps import Emit, Now, Step

STEPS = set(get_args(Step))


def test_both_drivers_carry_out_every_step() -> None:
    assert set(driving._CARRIED_OUT) | {Emit} == STEPS
    assert set(async_driving._CARRIED_OUT) | {Emit} == STEPS
    assert set(async_driving._AWAITED) < STEPS


def test_steps_and_notes_are_values() -> None:
    assert Now() == Now()
    note = Note(code="dropped", message="top_k was left out.")
    with pytest.raises(AttributeError):
        note.code = "kept"  # type: ignore[misc]
