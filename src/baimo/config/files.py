"""Reading and writing the files of the configuration: UTF-8, whole, and owner-only where secrets stand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from baimo.errors import ConfigError

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LONGEST = 4 * 1024 * 1024


def read(path: Path) -> bytes | None:
    """The file's bytes, or None where there is none. Raises ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > _LONGEST:
        raise ConfigError(f"{path} is larger than {_LONGEST // 1024 // 1024} MB: is it the right file?")
    return data


def as_text(data: bytes, path: Path | str) -> str:
    """The bytes as text, a byte-order mark left out. Raises ConfigError for what is not UTF-8."""
    try:
        if data.startswith(_UTF16):
            raise ConfigError(f"{path} is saved as UTF-16", hint=_SAVE)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} is not UTF-8 (line {line})", hint=_SAVE) from None


_SAVE = "Save it as UTF-8: an editor on Chinese Windows may have written GBK (ANSI)."


def parse_toml(data: bytes, path: Path | str) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigError with line and column."""
    import tomllib  # not needed where no file is read

    try:
        return tomllib.loads(as_text(data, path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML: {error}") from None


def write_private(path: Path, data: bytes) -> None:
    """Replace the file in one step, readable by its owner only; its folder is made where missing.

    A reader sees the old file or the new one. A link is followed, so that it stays a link.
    """
    target = Path(os.path.realpath(path))
    passing = target.with_name(f".{target.name}.{os.urandom(6).hex()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            passing.replace(target)
        except BaseException:
            passing.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
