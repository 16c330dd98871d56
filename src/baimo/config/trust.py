"""Which project folders may do what a project's file may not do unasked, and the record of them.

A file that came with a folder may not run commands, and may not have a key from elsewhere sent to an address
other than the row's. `baimo config trust` allows it for that folder and for the files' present content.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from baimo.errors import ConfigError

from . import files
from .layers import DOTENV, PROJECT_FILE

RECORD = "trusted.json"


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """Folder to the digests of its files."""

    folders: dict[str, dict[str, str]]


class Project:
    """The project folder whose files were read, and whether each of them is trusted as it stands."""

    def __init__(self, folder: Path, contents: Mapping[str, bytes], record: Path) -> None:
        self.folder = folder
        self._contents = contents
        self._record = record
        self._trusted: dict[str, bool] = {}

    def holds(self, path: Path) -> bool:
        """True when the file lies in the folder, and no link leads out of it."""
        return path.resolve().is_relative_to(self.folder)

    def trusts(self, name: str) -> bool:
        """True when the file of that name is recorded for this folder with this very content."""
        known = self._trusted.get(name)
        if known is None:
            recorded = _read(self._record).get(str(self.folder), {})
            known = self._trusted[name] = recorded.get(name) == _digest(self._contents[name])
        return known

    def require(self, name: str, what: str, *, provider: str | None = None) -> None:
        """Raise ConfigError saying that `what` was refused, unless the file of that name is trusted."""
        if not self.trusts(name):
            raise ConfigError(
                f"{self.folder / name} {what}: refused, because this folder is not trusted",
                hint=f'Look at the file; to allow it run: baimo config trust "{self.folder}"',
                provider=provider,
            )


def trust(folder: Path, record: Path) -> tuple[str, ...]:
    """Allow a folder's files as they stand now; returns their names. Raises ConfigError without one."""
    folder = folder.resolve()
    contents = {name: files.read(folder / name) for name in (PROJECT_FILE, DOTENV)}
    found = {name: _digest(data) for name, data in contents.items() if data is not None}
    if PROJECT_FILE not in found:
        raise ConfigError(f"there is no {PROJECT_FILE} in {folder}")
    folders = _read(record)
    folders[str(folder)] = found
    _write(record, folders)
    return tuple(found)


def untrust(folder: Path, record: Path) -> bool:
    """Take the permission back; False when the folder had none."""
    folders = _read(record)
    if folders.pop(str(folder.resolve()), None) is None:
        return False
    _write(record, folders)
    return True


def trusted(record: Path) -> tuple[str, ...]:
    """The folders that are recorded, sorted."""
    return tuple(sorted(_read(record)))


def _digest(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def _read(record: Path) -> dict[str, dict[str, str]]:
    data = files.read(record)
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=_Record).folders
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ConfigError(
            f"{record} is damaged", hint="Delete it, then trust again the folders that you want to trust."
        ) from None


def _write(record: Path, folders: dict[str, dict[str, str]]) -> None:
    encoded = msgspec.json.encode(_Record(folders=folders))
    files.write_private(record, msgspec.json.format(encoded, indent=2) + b"\n")
