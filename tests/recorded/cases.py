"""Recorded traffic: reads cases out of the folder that `BAIMO_RECORDED` names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from baimo.wire.http import WireHead

FOLDER = Path(os.environ.get("BAIMO_RECORDED") or "not-set")


class Recorded(NamedTuple):
    """One exchange with a provider, and what an official client made of it."""

    id: str
    provider: str
    path: str
    method: str
    request: bytes
    head: WireHead
    body: bytes
    expected: dict[str, Any]


@cache
def load(folder: Path) -> Recorded:
    """The case in a folder."""
    request = json.loads((folder / "request.json").read_text("utf-8"))
    response = json.loads((folder / "response.json").read_text("utf-8"))
    fields = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in response["headers"])
    return Recorded(
        id=f"{folder.parent.name}/{folder.name}",
        provider=folder.parent.name,
        path=request["path"],
        method=request["method"],
        request=(folder / "request.body").read_bytes(),
        head=WireHead(response["status"], fields),
        body=(folder / "response.body").read_bytes(),
        expected=json.loads((folder / "expected.json").read_text("utf-8")),
    )


def select(wanted: Callable[[str, str], bool]) -> list[Path]:
    """The folders whose request's method and path are wanted."""
    found = []
    for folder in sorted(path.parent for path in FOLDER.glob("*/*/expected.json")):
        request = json.loads((folder / "request.json").read_text("utf-8"))
        if wanted(request["method"], request["path"]):
            found.append(folder)
    return found


def name(folder: Path) -> str:
    """How a test calls the case."""
    return f"{folder.parent.name}/{folder.name}"
