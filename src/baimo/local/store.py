"""The folder of pulled models: one small record for each, written last, so that half a pull is no model."""

from __future__ import annotations

import os
import shutil
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

import msgspec

from baimo.errors import LocalModelError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_LOCK_POLL_S = 0.1


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one model on this machine."""

    name: str
    file: str
    """The GGUF file: a name in the folder, or an absolute path when the file stays where it was."""
    size: int
    sha256: str | None = None
    source: str = ""
    """Where it came from, for people."""
    english_only: bool = False
    context: int | None = None
    pooling: str | None = None


class Store:
    """The models below one folder."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "models"

    def path(self, record: Record) -> Path:
        """Where the weights of a record lie."""
        return self.folder / record.file

    def find(self, name: str) -> Record | None:
        """The record of a pulled model whose weights are still there at their full size."""
        record = self._read(self._record_path(name))
        if record is None:
            return None
        try:
            return record if self.path(record).stat().st_size == record.size else None
        except OSError:
            return None

    def all(self) -> tuple[Record, ...]:
        """Every pulled model, by name."""
        found = (self._read(path) for path in sorted(self.folder.glob("*.json")))
        return tuple(record for record in found if record is not None and self.find(record.name) is not None)

    def keep(self, record: Record, weights: Path | None = None) -> Path:
        """Make a model known. `weights`, when given, are moved in under `record.file`; returns their path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if weights is not None:
            weights.replace(self.path(record))
        _write_whole(self._record_path(record.name), msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        return self.path(record)

    @contextmanager
    def workspace(self, name: str) -> Iterator[Path]:
        """A fresh folder beside the models that is gone afterwards, whatever happens.

        What an earlier pull of the name left (its process was killed) is removed first; call it under `lock`.
        """
        prefix = f".pull-{_file_name(name)}-"
        for left in self.folder.glob(prefix + "*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(mkdtemp(prefix=prefix, dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def lock(self, name: str, waiting: Callable[[], None]) -> Iterator[None]:
        """One pull of a name at a time, over all processes of this machine.

        `waiting` is called again and again while somebody else pulls; what it raises ends the wait. The
        operating system lets go of the lock when its process dies, so nobody waits for the dead.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{_file_name(name)}.lock").open("ab") as file:
            while not _try_lock(file.fileno()):
                waiting()
                time.sleep(_LOCK_POLL_S)
            yield

    def _record_path(self, name: str) -> Path:
        return self.folder / f"{_file_name(name)}.json"

    @staticmethod
    def _read(path: Path) -> Record | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except (NotADirectoryError, PermissionError) as error:
            raise LocalModelError(
                f"the folder {path.parent} cannot be used: {error.strerror}",
                hint="Set BAIMO_HOME to a folder that you may write.",
            ) from error
        except (OSError, msgspec.MsgspecError) as error:
            raise LocalModelError(
                f"the record {path} cannot be read: {error}", hint="Delete it and pull the model again."
            ) from error


def weights_name(name: str) -> str:
    """The file name of a model's weights in the folder."""
    return f"{_file_name(name)}.gguf"


def check_gguf(path: Path) -> int:
    """The size of a GGUF file. Raises LocalModelError for a file that is none."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise LocalModelError(f"{path} cannot be read: {error.strerror}") from error
    if head[:4] != _MAGIC:
        what = "a Git LFS pointer" if head.startswith(b"version ") else "something else"
        raise LocalModelError(f"{path} is no GGUF file but {what}: it does not begin with the bytes GGUF")
    version = struct.unpack("<I", head[4:])[0] if len(head) == 8 else 0
    if version not in _VERSIONS:
        raise LocalModelError(f"{path} is GGUF of version {version}; versions 2 and 3 can be run")
    return size


def _file_name(name: str) -> str:
    """A name as a file name that every platform takes, different for different names."""
    return quote(name, safe="")


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old or the new content, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
