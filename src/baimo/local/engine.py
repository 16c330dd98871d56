"""llama.cpp inside this process: each file of weights is loaded once, however many clients use it.

`xllamacpp` runs llama.cpp's own server on a thread of ours. It listens on a loopback port that the system
chooses and answers nobody without a key that is made anew for every engine and never leaves the process.
"""

from __future__ import annotations

import atexit
import os
import secrets
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from baimo.errors import LocalModelError, MissingExtraError
from baimo.types.secret import Secret

_SLOTS = 4
"""Calls that one engine works on at the same time; more wait in line."""
_BATCH = 256
"""Tokens of a prompt that are read in one go: a cancelled call stops after so many."""
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


class Engine:
    """One loaded model."""

    def __init__(self, weights: Weights) -> None:
        self.key = Secret(secrets.token_urlsafe(32))
        self._server: Any = _start(weights, self.key)
        self.origin: str = self._server.listening_address

    def close(self) -> None:
        """Stop it and give its memory back. Calls that are under way break off."""
        # The binding has no stop of its own: its server ends with the last reference to it.
        self._server = None

    def abandon(self) -> None:
        """Never touch it again: in a forked child its threads are gone, and ending it would wait for them."""
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._server))
        self._server = None


class Engines:
    """The engines of this process. One object for all clients; see `engines`."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._loading: dict[Weights, threading.Lock] = {}
        self._loaded: dict[Weights, Engine] = {}
        self._said: set[str] = set()

    def loaded(self, weights: Weights) -> Engine | None:
        """The engine of these weights if it already runs. Never waits."""
        return self._loaded.get(weights)

    def get(self, weights: Weights) -> Engine:
        """The engine of these weights, loaded now if need be. Raises LocalModelError, MissingExtraError."""
        with self._lock:
            turn = self._loading.setdefault(weights, threading.Lock())
        with turn:
            engine = self._loaded.get(weights)
            if engine is None:
                engine = self._loaded[weights] = Engine(weights)
            return engine

    def first_time(self, word: str) -> bool:
        """True once in this process for each word."""
        with self._lock:
            if word in self._said:
                return False
            self._said.add(word)
            return True

    def close(self) -> None:
        """Stop all engines; a later call loads anew."""
        with self._lock:
            engines = list(self._loaded.values())
            self._loaded.clear()
        for engine in engines:
            engine.close()

    def forget(self) -> None:
        """In a forked child: start empty."""
        engines = list(self._loaded.values())
        self._reset()
        if engines:
            for engine in engines:
                engine.abandon()
            _leave_without_farewell()


@cache
def engines() -> Engines:
    """The one collection of this process: weights are too large to be loaded twice."""
    mine = Engines()
    atexit.register(mine.close)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=mine.forget)
    return mine


def _start(weights: Weights, key: Secret) -> Any:
    xllamacpp = _binding()
    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights.path)
    settings.model_alias = {weights.name}
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    settings.api_keys = [key.reveal()]
    settings.ui = False
    settings.endpoint_slots = False
    settings.verbosity = -1
    settings.warmup = False
    settings.fit_params = False
    settings.cache_ram_mib = 0
    settings.n_parallel = _SLOTS
    settings.kv_unified = True
    # A call that waits for a slot gets its head late, not a head and then nothing.
    settings.n_threads_http = _SLOTS + 2
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
        return xllamacpp.Server(settings)
    except (RuntimeError, ValueError) as error:
        version = xllamacpp.__version__
        raise LocalModelError(
            f"llama.cpp (xllamacpp {version}) cannot load {weights.path}",
            hint="The file may be damaged, of a newer kind of model, or too large for this machine's memory.",
        ) from error


def _binding() -> Any:
    """The package, imported with a short busy-wait for its worker threads.

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
    """Let a forked child end without C++'s last clean-up, which would wait for threads of the parent.

    Python's own clean-up comes before that and is not touched. Only glibc has the call for it; elsewhere a
    child that was forked after loading a model should end with `os._exit`, as multiprocessing does.
    """
    import ctypes

    libc = ctypes.CDLL(None)
    if hasattr(libc, "on_exit"):
        libc.on_exit(libc._exit, None)
