"""Programs that a signal ends: coverage must not watch them.

What it keeps lies behind a lock that Python code takes in the program's own threads. A KeyboardInterrupt
between taking it and letting go leaves it locked, and whatever is entered next waits for ever.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_WATCHES = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


def unwatched(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of a process without those that have coverage begin in it."""
    return {name: value for name, value in variables.items() if name not in _WATCHES}
