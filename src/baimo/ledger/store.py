"""The ledger's file: an SQLite database with one row a call, its form and how older forms become this one.

Others read while it is written (WAL). A row is an id and the whole record as JSON, which is quickly written;
`calls` shows it in columns, for asking.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.errors import ConfigError
from baimo.types.record import CallRecord

BUSY_S = 1.0
"""How long one attempt waits for another process that writes."""
TOKENS = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output_visible",
    "reasoning",
    "audio_in",
    "audio_out",
    "image_in",
    "image_out",
)
"""The columns that count tokens, named as in `Usage`."""

_APPLICATION = 0x6261696D
_CALLS = f"""
CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  at REAL NOT NULL,
  operation TEXT NOT NULL,
  provider TEXT,
  model TEXT,
  key TEXT NOT NULL,
  outcome TEXT NOT NULL,
  error TEXT,
  {" INTEGER, ".join(TOKENS)} INTEGER,
  cost TEXT,
  currency TEXT,
  cached INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  maybe_billed INTEGER NOT NULL,
  took_s REAL NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX calls_at ON calls (at);
"""
_LOSSES = "CREATE TABLE losses (at REAL NOT NULL, count INTEGER NOT NULL, why TEXT NOT NULL);"
_RECORDS = f"""
CREATE TABLE records (id TEXT PRIMARY KEY, record TEXT NOT NULL);
INSERT INTO records SELECT id, record FROM calls;
DROP TABLE calls;
CREATE VIEW calls AS SELECT
  id,
  json_extract(record, '$.at') AS at,
  json_extract(record, '$.operation') AS operation,
  json_extract(record, '$.provider') AS provider,
  json_extract(record, '$.model') AS model,
  coalesce(json_extract(record, '$.attempts[#-1].key'), '') AS key,
  json_extract(record, '$.outcome') AS outcome,
  json_extract(record, '$.error') AS error,
  {", ".join(f"json_extract(record, '$.usage.{name}') AS {name}" for name in TOKENS)},
  json_extract(record, '$.cost.amount') AS cost,
  json_extract(record, '$.cost.currency') AS currency,
  coalesce(json_extract(record, '$.cached'), 0) AS cached,
  coalesce(json_array_length(record, '$.attempts'), 0) AS attempts,
  CASE WHEN instr(record, '"maybe_billed":true') = 0 THEN 0 ELSE (
    SELECT count(*) FROM json_each(record, '$.attempts') WHERE json_extract(value, '$.maybe_billed')
  ) END AS maybe_billed,
  json_extract(record, '$.took_s') AS took_s,
  record
FROM records;
"""
FORMS = (_CALLS, _LOSSES, _RECORDS)
"""What makes each form of the file out of the one before it; the number of forms is the file's version."""

_TOGETHER = 32
"""Rows that are written by one statement: each statement lets other threads in, and comes back when they let
it."""
_INSERT = "INSERT OR IGNORE INTO records VALUES (?, ?)"
_INSERT_MANY = _INSERT + ", (?, ?)" * (_TOGETHER - 1)
_to_json = msgspec.json.Encoder(enc_hook=repr).encode


def connect(path: Path, *, create: bool, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """Open the file, of whatever older form, and bring it to this one. With `create` it is made, owner-only.

    Raises ConfigError naming a file that is no ledger or is damaged, sqlite3.OperationalError for one that
    cannot be written now, OSError where it cannot be made.
    """
    if create:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    elif not path.exists():
        raise ConfigError(f"there is no ledger {path}")
    opened = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        _prepare(opened, path)
    except sqlite3.DatabaseError as error:
        opened.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise damaged(path, error) from error
    except BaseException:
        opened.close()
        raise
    return opened


def damaged(path: Path, error: sqlite3.Error) -> ConfigError:
    """The error for a file that SQLite cannot read as a database."""
    return ConfigError(
        f"the ledger {path} is damaged or no ledger: {error}", hint="Move it away; a new one is begun."
    )


def _prepare(opened: sqlite3.Connection, path: Path) -> None:
    if _version(opened) == len(FORMS) and _belongs(opened):
        opened.execute("PRAGMA synchronous = NORMAL")
        return
    if not _belongs(opened) and opened.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise ConfigError(f"{path} is a database of another program", hint="Name another file.")
    if _version(opened) > len(FORMS):
        raise ConfigError(f"{path} was written by a newer Baimo", hint="Update Baimo, or name another file.")
    if not _belongs(opened):
        opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
    opened.execute("PRAGMA journal_mode = WAL")
    opened.execute("PRAGMA synchronous = NORMAL")
    with _together(opened):  # of several processes that find an older form one changes it
        for form in FORMS[_version(opened) :]:
            for statement in filter(str.strip, form.split(";")):
                opened.execute(statement)
        opened.execute(f"PRAGMA application_id = {_APPLICATION}")
        opened.execute(f"PRAGMA user_version = {len(FORMS)}")


@contextmanager
def _together(opened: sqlite3.Connection) -> Iterator[None]:
    """What is done inside is written wholly, or not at all."""
    opened.execute("BEGIN IMMEDIATE")
    try:
        yield
        opened.execute("COMMIT")
    except BaseException:
        if opened.in_transaction:
            opened.execute("ROLLBACK")
        raise


def _version(opened: sqlite3.Connection) -> int:
    version: int = opened.execute("PRAGMA user_version").fetchone()[0]
    return version


def _belongs(opened: sqlite3.Connection) -> bool:
    return bool(opened.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION)


def row_of(call: CallRecord) -> tuple[str, str]:
    """The row of a call. Raises TypeError or ValueError for what cannot be written as JSON."""
    usage = call.usage
    if usage.raw is not None:  # the provider's own object says the same, and cannot be read back
        call = replace(call, usage=replace(usage, raw=None))
    return call.id, _to_json(call).decode()


def first_id(at: float) -> str:
    """What ids of calls that began at that time, in Unix seconds, or later do not sort before."""
    return f"{min(max(int(at * 1000), 0), _LAST_MS):012x}" if isfinite(at) else "" if at < 0 else "g"


_LAST_MS = 16**12 - 1


def write(opened: sqlite3.Connection, rows: Sequence[tuple[str, str]], losses: Iterable[Any] = ()) -> None:
    """Write rows and losses together, or nothing. Raises sqlite3.Error."""
    with _together(opened):
        whole = len(rows) - len(rows) % _TOGETHER
        for first in range(0, whole, _TOGETHER):
            opened.execute(_INSERT_MANY, list(chain.from_iterable(rows[first : first + _TOGETHER])))
        opened.executemany(_INSERT, rows[whole:])
        opened.executemany("INSERT INTO losses VALUES (?, ?, ?)", losses)


def forget(opened: sqlite3.Connection, before: float) -> None:
    """Delete what is older, and give the room back. Raises sqlite3.Error."""
    with _together(opened):
        opened.execute("DELETE FROM records WHERE id < ?", (first_id(before),))
        opened.execute("DELETE FROM losses WHERE at < ?", (before,))
    opened.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page and stop
