"""Writing a key into the user's file: owner-only, in one step, everything else in the file as it was."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from baimo.catalogue import load as catalogue
from baimo.errors import ConfigError, InputError

from . import files, shape

_HEADER = re.compile(r"\s*\[")


def set_key(path: Path, provider: str, secrets: Mapping[str, str], *, free: Container[str] = ()) -> None:
    """Store secrets of a provider, `{"api_key": "…"}`, in the configuration file at `path`.

    The file is made where there is none, comments and order stay, and it is readable by its owner only.
    Those named in `free` are people's own words, which may hold blanks and characters outside ASCII.
    Raises InputError for a secret that cannot be one, ConfigError where the file is written in a way that
    a line cannot be set without touching the rest: then nothing is changed.
    """
    for name, secret in secrets.items():
        is_odd = name not in free and (not secret.isascii() or " " in secret)
        if is_odd or not secret.isprintable() or not secret.strip():
            raise InputError(f"{name} is empty or holds spaces, line breaks or characters outside ASCII")
    old = files.as_text(files.read(path) or b"", path)
    before = files.parse_toml(old.encode(), path)
    _check_tables(before, str(path))
    table = _table_name(before, provider)
    wanted = _wanted(before, table, secrets, str(path))
    text = old
    for name, secret in secrets.items():
        text = _with_line(text, table, name, _quoted(secret))
    if not _reads_as(text, wanted):
        by_hand = f"Write {shape.joined('providers', table)} by hand."
        raise ConfigError(f"{path} is written in a way that no line of it can be set alone", hint=by_hand)
    files.write_private(path, text.encode())


def _check_tables(before: Mapping[str, Any], where: str) -> None:
    shape.check_value(before.get("providers", {}), "table", where=where, path="providers")
    for name, table in before.get("providers", {}).items():
        shape.check_value(table, "table", where=where, path=shape.joined("providers", name))


def _table_name(before: Mapping[str, Any], provider: str) -> str:
    """What the file calls the provider: its name, or another name that means the same row."""
    written: Mapping[str, Any] = before.get("providers", {})
    if provider not in written:
        for name in written:
            if catalogue.aliases().get(name.lower()) == provider:
                return name
    return provider


def _wanted(before: Mapping[str, Any], name: str, secrets: Mapping[str, str], where: str) -> dict[str, Any]:
    """What the file must say afterwards."""
    providers: Mapping[str, Any] = before.get("providers", {})
    table: Mapping[str, Any] = providers.get(name, {})
    if "keys" in table:
        path = shape.joined("providers", name)
        raise ConfigError(f"{where}: {path} has a pool of keys", hint="Change the pool by hand.")
    return {**before, "providers": {**providers, name: {**table, **secrets}}}


def _reads_as(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _with_line(text: str, provider: str, name: str, value: str) -> str:
    """The text with `name = value` in the provider's table, which is added where it is missing."""
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += ending
    header = _header_at(lines, provider)
    if header is None:
        gap = [ending] if lines else []
        return "".join(
            (*lines, *gap, f"[{shape.joined('providers', provider)}]{ending}", f"{name} = {value}{ending}")
        )
    for index in range(header + 1, len(lines)):
        if _HEADER.match(lines[index]):
            break
        if re.match(rf'\s*"?{re.escape(name)}"?\s*=', lines[index]):
            lines[index] = f"{name} = {value}{_comment(lines[index])}{ending}"
            return "".join(lines)
    lines.insert(header + 1, f"{name} = {value}{ending}")
    return "".join(lines)


def _header_at(lines: list[str], provider: str) -> int | None:
    name = re.escape(provider)
    form = re.compile(rf"""\s*\[\s*providers\s*\.\s*(?:{name}|"{name}"|'{name}')\s*\]\s*(?:#.*)?""")
    return next((index for index, line in enumerate(lines) if form.fullmatch(line.rstrip("\r\n"))), None)


def _comment(line: str) -> str:
    """The comment behind a value, with two blanks before it; empty where there is none."""
    line = line.rstrip("\r\n")
    for mark in re.finditer("#", line):
        if _reads(line[: mark.start()]):
            return f"  {line[mark.start() :]}"
    return ""


def _reads(line: str) -> bool:
    try:
        return bool(tomllib.loads(line))
    except tomllib.TOMLDecodeError:
        return False


def _quoted(secret: str) -> str:
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
