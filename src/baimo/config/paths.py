"""Where Baimo keeps its files on each platform. Pure: environment, platform and home are arguments.

`BAIMO_HOME` puts everything under one folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HOME = "BAIMO_HOME"


def config_dir(environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """The folder of `config.toml` and of what the user allowed. `platform` is a `sys.platform`."""
    return _place(environ, platform, home, _CONFIG)


def data_dir(environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """The folder of what must be kept: pulled models, ledgers."""
    return _place(environ, platform, home, _DATA)


def cache_dir(environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """The folder of what may be deleted at any time."""
    return _place(environ, platform, home, _CACHE)


class _Kind:
    """What one kind of folder is called on each platform."""

    def __init__(
        self, inside: str, *, xdg: str, unix: str, mac: str, windows: str, windows_tail: str
    ) -> None:
        self.inside = inside
        self.xdg = xdg
        self.unix = unix
        self.mac = mac
        self.windows = windows
        self.windows_tail = windows_tail


_CONFIG = _Kind(
    "",
    xdg="XDG_CONFIG_HOME",
    unix=".config",
    mac="Library/Application Support",
    windows="APPDATA",
    windows_tail="AppData/Roaming",
)
_DATA = _Kind(
    "data",
    xdg="XDG_DATA_HOME",
    unix=".local/share",
    mac="Library/Application Support",
    windows="LOCALAPPDATA",
    windows_tail="AppData/Local",
)
_CACHE = _Kind(
    "cache",
    xdg="XDG_CACHE_HOME",
    unix=".cache",
    mac="Library/Caches",
    windows="LOCALAPPDATA",
    windows_tail="AppData/Local",
)


def _place(environ: Mapping[str, str], platform: str, home: Path, kind: _Kind) -> Path:
    if chosen := environ.get(HOME):
        root = home / chosen[2:] if chosen.startswith(("~/", "~\\")) else Path(chosen)
        return root / kind.inside
    if platform == "win32":
        folder = Path(environ.get(kind.windows) or home / kind.windows_tail) / "baimo"
        return folder / kind.inside if kind.inside else folder
    if platform == "darwin":
        folder = home / kind.mac / "baimo"
        return folder / "data" if kind is _DATA else folder
    named = environ.get(kind.xdg, "")
    # The rule of these variables: a relative path is to be ignored.
    return (Path(named) if named.startswith("/") else home / kind.unix) / "baimo"
