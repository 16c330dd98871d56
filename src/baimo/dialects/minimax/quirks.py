"""How the models of this wire differ from each other."""

from __future__ import annotations

from typing import Literal

import msgspec

from baimo.dialect.interval import Interval


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences. The defaults are those of a model that nobody has looked at yet."""

    group_id: str = ""
    """The account's group: goes into the address as `GroupId` where it is set."""

    thinking: Literal["none", "always", "adaptive"] = "none"
    """How thinking is switched. none: nothing can be said of it. always: the model cannot stop. adaptive:
    `thinking.type` is adaptive or disabled."""

    search: bool = False
    """A tool `web_search` is known."""

    formats: bool = True
    """An answer's form can be told as a JSON schema."""

    temperature: Interval = Interval("(0, 1]")
