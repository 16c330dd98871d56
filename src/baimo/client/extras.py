"""Arguments of both clients for what they keep besides their calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from baimo.config.shape import CHOICES
from baimo.errors import InputError
from baimo.types.record import Observer

if TYPE_CHECKING:
    from .budget import Budget


class Extras(TypedDict, total=False):
    """Arguments of both clients for what they keep; each wins over the configuration's table of that name."""

    budget: Budget | str | Sequence[Budget]
    """What all calls may cost together: `"5 CNY"` for this client, or budgets by day and month."""
    limits: Mapping[str, Any] | bool
    """As the table `[limits]`; True: what is learned, nothing else."""
    cache: Mapping[str, Any] | str | bool
    """As the table `[cache]`, or its `store`; True: in SQLite."""
    ledger: Mapping[str, Any] | str | bool
    """As the table `[ledger]`, or its `path`; True: in the user's folder."""
    record: str | Path | None
    """The folder for recordings of every call."""
    telemetry: Mapping[str, Any]
    """As the table `[telemetry]`."""
    media: Mapping[str, Any]
    """As the table `[media]`."""
    observers: Sequence[Observer]
    """Told of every call."""
    strategy: str
    """How the deployments of a route are chosen where no alias and no call says."""
    mend: bool
    """Whether calls that a provider refuses for a known reason may be mended."""


def read_extras(given: Extras) -> Extras:
    """The arguments without those that are None. Raises InputError naming the one that cannot be meant."""
    read: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in read:
        if name not in Extras.__annotations__:
            raise _unknown(name)
    strategy, mend = read.get("strategy", "ordered"), read.get("mend", True)
    if strategy not in CHOICES["strategy"]:
        raise InputError(f"strategy must be one of {', '.join(CHOICES['strategy'])}; got {strategy!r}")
    if not isinstance(mend, bool):
        raise InputError(f"mend must be true or false, got {mend!r}")
    if "observers" in read:
        read["observers"] = _observers(read["observers"])
    return cast(Extras, read)


def _observers(given: Any) -> tuple[Observer, ...]:
    if not isinstance(given, Sequence):
        raise InputError(f"observers must be a list, got {type(given).__name__}")
    for index, one in enumerate(given):
        if lacking := [name for name in _OBSERVER if not hasattr(one, name)]:
            raise InputError(f"observers[{index}] is no Observer: it lacks {', '.join(lacking)}")
    return tuple(given)


_OBSERVER = ("wants_content", "began", "ended", "close")


def _unknown(name: str) -> InputError:
    import difflib

    near = difflib.get_close_matches(name, Extras.__annotations__, n=3)
    return InputError(
        f"a client takes no argument {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else "")
    )
