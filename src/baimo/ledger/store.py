"""The ledger's file: an SQLite database of records, its form and how older forms become this one.

Others read while it is written (WAL). Calls that are written together are one row, a JSON array of their
records between the first and the last of their ids: SQLite has little to do for a call. `calls` shows a row
for each, in columns, for asking.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

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

TOGETHER = 500
"""Calls of a batch, at most."""

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
_VIEW = f"""
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
FROM"""
_RECORDS = f"""
CREATE TABLE records (id TEXT PRIMARY KEY, record TEXT NOT NULL);
INSERT INTO records SELECT id, record FROM calls;
DROP TABLE calls;
{_VIEW} records;
"""
_BATCHES = f"""
CREATE TABLE batches (first TEXT NOT NULL, last TEXT NOT NULL, records TEXT NOT NULL);
INSERT INTO batches
  SELECT min(id), max(id), '[' || group_concat(record, ',') || ']'
  FROM (SELECT id, record, (row_number() OVER (ORDER BY id) - 1) / {TOGETHER} AS batch FROM records)
  GROUP BY batch ORDER BY batch;
CREATE INDEX batches_ends ON batches (last, first);
DROP VIEW calls;
DROP TABLE records;
{_VIEW} (
  SELECT DISTINCT json_extract(value, '$.id') AS id, value AS record FROM batches, json_each(batches.records)
);
"""
FORMS = (_CALLS, _LOSSES, _RECORDS, _BATCHES)
"""What makes each form of the file out of the one before it; the number of forms is the file's version."""

Batch: TypeAlias = tuple[str, str, str]
"""The first and the last of the ids, and the records as a JSON array: a row of `batches`."""
_INSERT = """
INSERT INTO batches SELECT ?1, ?2, ?3
WHERE NOT EXISTS (SELECT 1 FROM batches WHERE last = ?2 AND first = ?1 AND records = ?3)
"""
_FORGET = "DELETE FROM batches WHERE last < ?1"
_FORGET_PART = """
UPDATE batches SET (first, records) = (
  SELECT min(json_extract(value, '$.id')), json_group_array(json(value))
  FROM json_each(batches.records) WHERE json_extract(value, '$.id') >= ?1
) WHERE first < ?1 AND last >= ?1
"""
_PAGE = 16_384
_LOG_PAGES = 256
"""Pages of the log after which it is worked into the file: 4 MB of pages of the size above."""
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
        _pace(opened)
        return
    if not _belongs(opened) and opened.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise ConfigError(f"{path} is a database of another program", hint="Name another file.")
    if _version(opened) > len(FORMS):
        raise ConfigError(f"{path} was written by a newer Baimo", hint="Update Baimo, or name another file.")
    if not _belongs(opened):
        opened.execute(f"PRAGMA page_size = {_PAGE}")
        opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
    opened.execute("PRAGMA journal_mode = WAL")
    _pace(opened)
    with _together(opened):  # of several processes that find an older form one changes it
        for form in FORMS[_version(opened) :]:
            for statement in filter(str.strip, form.split(";")):
                opened.execute(statement)
        opened.execute(f"PRAGMA application_id = {_APPLICATION}")
        opened.execute(f"PRAGMA user_version = {len(FORMS)}")


def _pace(opened: sqlite3.Connection) -> None:
    opened.execute("PRAGMA synchronous = NORMAL")
    opened.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


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


class Gathered:
    """Calls that will be one row, each once."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._parts: list[bytes] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, calls: Iterable[CallRecord]) -> None:
        """Take in some more, at most `TOGETHER` in all. Raises for what cannot be written as JSON, mostly
        TypeError or ValueError; none of them is in then.
        """
        new = {call.id: call if call.usage.raw is None else _bare(call) for call in calls}
        for known in self._ids.intersection(new):
            del new[known]
        if new:
            self._parts.append(_to_json([*new.values()])[1:-1])
            self._ids.update(new)

    def row(self) -> Batch:
        """All of them."""
        return min(self._ids), max(self._ids), f"[{b','.join(self._parts).decode()}]"


def _bare(call: CallRecord) -> CallRecord:
    """Without the provider's own object of usage, which says the same and cannot be read back."""
    return replace(call, usage=replace(call.usage, raw=None))


def first_id(at: float) -> str:
    """What ids of calls that began at that time, in Unix seconds, or later do not sort before."""
    return f"{min(max(int(at * 1000), 0), _LAST_MS):012x}" if isfinite(at) else "" if at < 0 else "g"


_LAST_MS = 16**12 - 1


def write(opened: sqlite3.Connection, batches: Sequence[Batch], losses: Iterable[Any] = ()) -> None:
    """Write batches and losses together, or nothing; a batch that is there already is not written again.

    Raises sqlite3.Error.
    """
    told = list(losses)
    if len(batches) == 1 and not told:
        opened.execute(_INSERT, batches[0])  # one statement is whole by itself
        return
    with _together(opened):
        opened.executemany(_INSERT, batches)
        if told:
            opened.executemany("INSERT INTO losses VALUES (?, ?, ?)", told)


def forget(opened: sqlite3.Connection, before: float) -> None:
    """Delete what is older, and give the room back. Raises sqlite3.Error."""
    first = (first_id(before),)
    with _together(opened):
        opened.execute(_FORGET, first)
        opened.execute(_FORGET_PART, first)
        opened.execute("DELETE FROM losses WHERE at < ?", (before,))
    opened.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page and stop
