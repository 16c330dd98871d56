"""Answers in an SQLite file, for several processes at once. Bounded: what was used longest ago goes first.

Uses are counted in memory and written with the next answer, so that a hit is one read.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from baimo.errors import CacheError

from .protocol import StoreFacts

APPLICATION = 0x42414D4F
"""Stands in the head of our files: others are left as they are."""
VERSION = 1
_MAGIC = b"SQLite format 3\0"
_SIDES = ("", "-wal", "-shm")
_DAMAGED = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_USES_KEPT = 256
_TABLES = (
    "CREATE TABLE answers "
    "(key TEXT PRIMARY KEY, value BLOB NOT NULL, kept REAL NOT NULL, used REAL NOT NULL)",
    "CREATE INDEX by_use ON answers (used)",
    "CREATE INDEX by_age ON answers (kept)",
    "CREATE TABLE counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL)",
)


class SqliteStore:
    """Meets the protocol `Store`. The file is made with the first use, readable by its owner alone.

    A file of ours that is damaged is moved aside, and the error says where; others are not touched.
    """

    longest_s = 0.5

    def __init__(
        self,
        path: Path,
        *,
        ttl_s: float,
        max_bytes: int,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._wall = wall
        self._inherited: list[Any] = []
        """Connections of the parent process: neither used nor closed here."""
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._used: dict[str, float] = {}
        self._hits = self._misses = 0

    def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        with self._open() as connection:
            now = self._wall()
            row = connection.execute(
                "SELECT value FROM answers WHERE key = ? AND kept > ?", (key, now - self._ttl_s)
            ).fetchone()
            if row is None:
                self._misses += 1
                return None
            self._hits += 1
            self._used[key] = now
            if len(self._used) >= _USES_KEPT:
                self._try_to_write_uses(connection)
            return bytes(row[0])

    def put(self, key: str, value: bytes) -> None:
        """See `Store.put`. What would fill more than a quarter of the file is not kept."""
        if len(value) > self._max_bytes // 4:
            return
        with self._open() as connection, _written(connection):
            now = self._wall()
            self._write_uses(connection)
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
                "SET value = excluded.value, kept = excluded.kept, used = excluded.used",
                (key, value, now, now),
            )
            if _size(connection) > self._max_bytes:
                self._make_room(connection, now)

    def facts(self) -> StoreFacts:
        """See `Store.facts`. Makes no file."""
        if not self.path.exists():
            return StoreFacts(place=str(self.path), entries=0, size=0, hits=0, misses=0)
        with self._open() as connection:
            (entries,) = connection.execute(
                "SELECT count(*) FROM answers WHERE kept > ?", (self._wall() - self._ttl_s,)
            ).fetchone()
            counts = dict(connection.execute("SELECT name, count FROM counts"))
            return StoreFacts(
                place=str(self.path),
                entries=entries,
                size=_size(connection),
                hits=counts.get("hits", 0) + self._hits,
                misses=counts.get("misses", 0) + self._misses,
            )

    def clear(self) -> int:
        """See `Store.clear`. Gives the disk back as well."""
        if not self.path.exists():
            return 0
        with self._open() as connection:
            self._used.clear()
            self._hits = self._misses = 0
            with _written(connection):
                deleted = connection.execute("DELETE FROM answers").rowcount
                connection.execute("DELETE FROM counts")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return deleted

    def close(self) -> None:
        """See `Store.close`."""
        if self._pid != os.getpid() or self._connection is None:
            return
        with self._open() as connection:
            self._try_to_write_uses(connection)
            self._connection = None
            connection.close()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The connection of this process, for one thread at a time."""
        if self._pid != os.getpid():
            self._inherited.append(self._connection)
            self._begin()
        if not self._lock.acquire(timeout=self.longest_s / 2):
            raise CacheError(f"{self.path} is busy")
        try:
            if self._connection is None:
                self._connection = self._connected()
            yield self._connection
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        except OSError as error:
            raise CacheError(f"{self.path} cannot be used: {error.strerror or error}") from error
        finally:
            self._lock.release()

    def _connected(self) -> sqlite3.Connection:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # closing one that is there would end SQLite's locks on it
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=self.longest_s / 2, isolation_level=None, check_same_thread=False
        )
        try:
            if not _prepare(connection):
                raise self._foreign()
        except BaseException:
            connection.close()
            raise
        return connection

    def _try_to_write_uses(self, connection: sqlite3.Connection) -> None:
        """Write them if nobody else is writing: the next time does as well, and they are no answers."""
        with suppress(sqlite3.OperationalError), _written(connection):
            self._write_uses(connection)

    def _write_uses(self, connection: sqlite3.Connection) -> None:
        connection.executemany(
            "UPDATE answers SET used = ? WHERE key = ?", [(used, key) for key, used in self._used.items()]
        )
        connection.executemany(
            "INSERT INTO counts VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET count = count + excluded.count",
            [("hits", self._hits), ("misses", self._misses)],
        )
        self._used.clear()
        self._hits = self._misses = 0

    def _make_room(self, connection: sqlite3.Connection, now: float) -> None:
        """Delete what has expired, then what was used longest ago, until a tenth is free."""
        connection.execute("DELETE FROM answers WHERE kept <= ?", (now - self._ttl_s,))
        while _size(connection) > self._max_bytes * 0.9:
            (entries,) = connection.execute("SELECT count(*) FROM answers").fetchone()
            if not entries:
                break
            oldest = f"SELECT rowid FROM answers ORDER BY used LIMIT {1 + entries // 100}"
            connection.execute(f"DELETE FROM answers WHERE rowid IN ({oldest})")

    def _trouble(self, error: sqlite3.Error) -> CacheError:
        """What to tell of a failure. A damaged file is moved aside first."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in _DAMAGED:
            return CacheError(f"{self.path} cannot be used: {error}")
        if self._connection is None and not _has_our_mark(self.path):
            return self._foreign()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        aside = self.path.with_name(f"{self.path.name}.damaged")
        for side in _SIDES:
            here = self.path.with_name(self.path.name + side)
            if here.exists():
                here.replace(aside.with_name(aside.name + side))
        return CacheError(f"{self.path} was damaged ({error}); it is {aside} now, and a new one is begun")

    def _foreign(self) -> CacheError:
        return CacheError(
            f"{self.path} is no cache of Baimo, or one of another version",
            hint="Delete the file, or name another one: [cache] store.",
        )


@contextmanager
def _written(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection) -> bool:
    """Settings of a connection, and the tables where the file is empty. False: the file is not ours."""
    connection.execute("PRAGMA synchronous = NORMAL")
    if not _is_ours(connection):
        with _written(connection):
            if not _is_ours(connection):  # now for certain: nobody else makes it at this moment
                if connection.execute("SELECT 1 FROM sqlite_schema").fetchone() or _marks(connection) != (
                    0,
                    0,
                ):
                    return False
                for table in _TABLES:
                    connection.execute(table)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        with suppress(sqlite3.OperationalError):  # somebody else is at it, and it is a property of the file
            connection.execute("PRAGMA journal_mode = WAL")
    return True


def _is_ours(connection: sqlite3.Connection) -> bool:
    return _marks(connection) == (APPLICATION, VERSION)


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application, version


def _has_our_mark(path: Path) -> bool:
    """Whether a file that SQLite cannot read was ours, by its head."""
    with path.open("rb") as file:
        head = file.read(72)
    return head.startswith(_MAGIC) and int.from_bytes(head[68:72], "big") == APPLICATION


def _size(connection: sqlite3.Connection) -> int:
    """Bytes in use."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * page)
