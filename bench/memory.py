"""The memory of this process, in bytes."""

from __future__ import annotations

import sys


def _status(field: str) -> int:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib would be measured too
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    raise LookupError(field)


def resident() -> int:
    """What is resident now; on other systems than Linux the most that ever was."""
    return _status("VmRSS:") if sys.platform == "linux" else peak()


def peak() -> int:
    """The most that was resident since the start or the last `forget_peak`."""
    if sys.platform == "linux":
        return _status("VmHWM:")
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def forget_peak() -> None:
    """Let the peak start anew from what is resident now, where the system can."""
    if sys.platform == "linux":
        with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:  # noqa: PTH123 - as above
            refs.write("5")
