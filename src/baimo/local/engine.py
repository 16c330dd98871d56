"""llama.cpp inside this process: each file of weights is loaded once, however many clients use it.

`xllamacpp` runs llama.cpp's own server on a thread of ours. It listens on a loopback port that the system
chooses and answers nobody without a key that is made anew for every engine and never leaves the process.
"""

from __future__ import annotations

import atexit
import os
import re
import secrets
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from baimo.errors import LocalModelError, MissingExtraError
from baimo.types.secret import Secret

_SLOTS = 4
"""Calls that one engine works on at the same time; more wait in line."""
_BATCH = 256
"""Tokens of a prompt that are read in one go: a cancelled call stops after so many."""
_PAUSES_S = (0.02, 0.05, 1.2, 1.2, 0.0)
"""Waits for an engine to notice that its callers have hung up. It looks when it sends a piece, else once in a
second without any result; asking it anything counts as a result, so it is left alone for longer than that."""
_WORKING = re.compile(r"^llamacpp:requests_(?:processing|deferred) (\S+)$", re.MULTILINE)
_EMBED_TOKENS = 2048
"""The longest text to embed: it has to go through in one batch."""


class Weights(NamedTuple):
    """What to load, and for which use."""

    path: Path
    name: str
    """What replies call the model."""
    context: int
    pooling: str | None = None
    embeds: bool = False


class Caller(Protocol):
    """Who has calls under way at an engine."""

    def hang_up(self) -> bool:
        """Break off all calls. False when some may still be open afterwards."""


class Engine:
    """One loaded model."""

    def __init__(self, weights: Weights) -> None:
        self.key = Secret(secrets.token_urlsafe(32))
        self._server: Any = _start(weights, self.key)
        self.origin: str = self._server.listening_address

    def close(self) -> bool:
        """Stop it and give its memory back. False when its calls do not end and it has to be abandoned.

        The binding has no stop of its own: its server ends with the last reference to it. It waits for its
        open calls then and holds the interpreter's lock meanwhile, so one open call would be a hang.
        """
        for pause in _PAUSES_S:
            if not self._is_working():
                self._server = None
                return True
            time.sleep(pause)
        self.abandon()
        return False

    def _is_working(self) -> bool:
        counts = _WORKING.findall(str(self._server.handle_metrics()))
        return any(count != "0" for count in counts)

    def abandon(self) -> None:
        """Never touch it again, for where ending it would wait for ever."""
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._server))
        self._server = None


class Engines:
    """The engines of this process. One object for all clients; see `engines`.

    llama.cpp's threads do not exist in a forked child, and its clean-up would wait for them. So a child of a
    process that had loaded a model cannot run one; a child that was forked before can.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loading: dict[Weights, threading.Lock] = {}
        self._loaded: dict[Weights, Engine] = {}
        self._said: set[str] = set()
        self._callers: set[Caller] = set()
        self._has_loaded = False
        self._is_orphan = False

    def loaded(self, weights: Weights) -> Engine | None:
        """The engine of these weights if it already runs. Never waits."""
        return self._loaded.get(weights)

    def get(self, weights: Weights) -> Engine:
        """The engine of these weights, loaded now if need be. Raises LocalModelError, MissingExtraError."""
        if self._is_orphan:
            raise LocalModelError(
                "this process was forked from one that had already loaded an embedded model",
                hint='Fork before the first call, or start workers with multiprocessing\'s "spawn".',
            )
        with self._lock:
            turn = self._loading.setdefault(weights, threading.Lock())
        with turn:
            engine = self._loaded.get(weights)
            if engine is None:
                self._has_loaded = True
                engine = self._loaded[weights] = Engine(weights)
            return engine

    def first_time(self, word: str) -> bool:
        """True once in this process for each word."""
        with self._lock:
            if word in self._said:
                return False
            self._said.add(word)
            return True

    def enter(self, caller: Caller) -> None:
        """Name somebody who has to hang up before an engine stops."""
        self._callers.add(caller)

    def leave(self, caller: Caller) -> None:
        """That caller has no calls any more."""
        self._callers.discard(caller)

    def close(self) -> None:
        """Break off all calls and stop all engines; a later call loads anew."""
        with self._lock:
            engines, callers = list(self._loaded.values()), list(self._callers)
            self._loaded.clear()
            self._callers.clear()
        are_over = [caller.hang_up() for caller in callers]
        for engine in engines:
            if not all(are_over):
                engine.abandon()
                _leave_without_farewell()
            elif not engine.close():
                _leave_without_farewell()

    def after_fork(self) -> None:
        """In a forked child: let go of the parent's engines without touching them."""
        self._lock = threading.Lock()
        self._loading.clear()
        self._callers.clear()
        for engine in self._loaded.values():
            engine.abandon()
        self._loaded.clear()
        if self._has_loaded:
            self._is_orphan = True
            _leave_without_farewell()


@cache
def engines() -> Engines:
    """The one collection of this process: weights are too large to be loaded twice."""
    mine = Engines()
    atexit.register(mine.close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=mine.after_fork)
    return mine


def _start(weights: Weights, key: Secret) -> Any:
    xllamacpp = binding()
    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights.path)
    settings.model_alias = {weights.name}
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    settings.api_keys = [key.reveal()]
    settings.ui = False
    settings.endpoint_slots = False
    settings.endpoint_metrics = True
    settings.verbosity = -1
    settings.warmup = False
    settings.fit_params = False
    settings.cache_ram_mib = 0
    settings.n_parallel = _SLOTS
    settings.kv_unified = True
    settings.n_ctx = min(weights.context, _EMBED_TOKENS) if weights.embeds else weights.context
    settings.n_batch = settings.n_ubatch = _EMBED_TOKENS if weights.embeds else _BATCH
    threads = _processors()
    settings.cpuparams.n_threads = threads
    settings.cpuparams_batch.n_threads = threads
    if weights.embeds:
        settings.embedding = True
        if weights.pooling is not None:
            kind = f"LLAMA_POOLING_TYPE_{weights.pooling.upper()}"
            settings.pooling_type = xllamacpp.llama_pooling_type[kind]
    try:
        server = xllamacpp.Server(settings)
        # An answer shows that its loop turns. Ended before that, it would overlook its end and never stop.
        server.handle_metrics()
        return server
    except (RuntimeError, ValueError) as error:
        version = xllamacpp.__version__
        raise LocalModelError(
            f"llama.cpp (xllamacpp {version}) cannot load {weights.path}",
            hint="The file may be damaged, of a newer kind of model, or too large for this machine's memory.",
        ) from error


def binding() -> Any:
    """The package `xllamacpp`, imported with a short busy-wait for its worker threads.

    Raises MissingExtraError where it is not installed.

    OpenMP's default lets a thread burn a millisecond of processor time at each of the several hundred meeting
    points of a token. Where another program runs that makes answers three times slower; on an idle machine
    the short wait costs nothing that can be measured.
    """
    ours = "GOMP_SPINCOUNT" not in os.environ and "OMP_WAIT_POLICY" not in os.environ
    if ours:
        os.environ["GOMP_SPINCOUNT"] = "1000"
    try:
        import xllamacpp
    except ImportError as error:
        raise MissingExtraError(
            "the embedded model needs the package xllamacpp", hint="Run: pip install 'baimo[local]'"
        ) from error
    finally:
        if ours:
            del os.environ["GOMP_SPINCOUNT"]
    return xllamacpp


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _leave_without_farewell() -> None:
    """Let this process end without C++'s last clean-up, which would wait for threads that never end.

    Python's own clean-up comes before that and is not touched. Only glibc has the call for it; elsewhere a
    child that was forked after loading a model should end with `os._exit`, as multiprocessing does.
    """
    import ctypes

    libc = ctypes.CDLL(None)
    if hasattr(libc, "on_exit"):
        libc.on_exit(libc._exit, None)
