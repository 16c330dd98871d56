"""What cannot be said is raised, or noted where that is allowed."""

from __future__ import annotations

import pytest

from baimo.dialect.complaints import Complaints
from baimo.errors import UnsupportedError


def test_it_is_raised_unless_it_may_be_dropped() -> None:
    complaints = Complaints(drop=False, who="Acme")
    with pytest.raises(UnsupportedError, match="Acme cannot be told the user: it has none") as caught:
        complaints.cannot("the user", "it has none")
    assert "drop" in (caught.value.hint or "")
    with pytest.raises(UnsupportedError, match=r"n is 9, but Acme takes \[1, 4\]"):
        complaints.clamped("n", 9, "[1, 4]", 4)
    assert complaints.notes == []


def test_dropped_clamped_and_emulated_are_noted() -> None:
    complaints = Complaints(drop=True, who="Acme")
    complaints.cannot("the user")
    complaints.clamped("n", 9, "[1, 4]", 4)
    complaints.emulated("said otherwise")
    assert [(note.code, note.message) for note in complaints.notes] == [
        ("dropped", "left out: Acme cannot be told the user"),
        ("clamped", "n 9 is outside [1, 4]; 4 was sent"),
        ("emulated", "said otherwise"),
    ]
