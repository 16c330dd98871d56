"""Keeps the bytes of every call in files, for `record = "DIR"`: a recorder a client, and one for each call.

recorder = Recorder(settings)
call = recorder.call(id)
call.began("chat", request, route, retry=…, limits=…, rules=rules)
steps = call.watch(plan(…, rules=call.rules(rules)))      # driven on call.transport(…)
call.ended(record)                             # writes the file
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from baimo.auth import schemes
from baimo.auth.signer import Grant
from baimo.config.services import RecordSettings
from baimo.errors import Error
from baimo.exchange import Deployment
from baimo.operations import Learned
from baimo.remember import decoded
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.rules import NO_RULES, Route, Rules
from baimo.steps import Dice, Emit, Look, Reserve, Shared
from baimo.types.chat import Validate
from baimo.types.record import CallRecord
from baimo.wire.http import HttpRequest, WireHead, WireRequest

from . import recorded
from .aside import Aside
from .masking import Mask, mask_of, masked_headers, open_headers, open_target, reply_headers, told_secrets
from .recorded import ENDING, Line, Place, fault_of
from .recorded_rules import RecordedBudget, RecordedLooks, RecordedPurse
from .recording import RecordedTransport

if TYPE_CHECKING:
    from baimo.repair import Looks

    from .async_recording import AsyncRecordedTransport
    from .protocol import AsyncTransport, Transport

_MOST_BYTES = 64 * 1024 * 1024
"""Of the replies to one call; of a longer one only the beginning is kept."""
_DAY_S = 86_400.0
_TRIM_EVERY = 256
_UNFINISHED = ".new"
_NOTHING_LEARNED: Learned = {}


class Recorder:
    """The recordings of one client, in one folder."""

    def __init__(
        self,
        settings: RecordSettings,
        *,
        mono: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """What is older or more than the settings keep is deleted now, and when the recorder closes."""
        self.folder = Path(settings.folder)
        self.lost = 0
        self._settings = settings
        self._mono = mono
        self._wall = wall
        self._count = 0
        self._aside: Aside | None = None
        self.version = version("baimo")
        self.trim()

    def call(self, id: str) -> CallRecorder:
        """The recorder of one call."""
        return CallRecorder(self, id, self._mono, self._wall)

    def write_aside(self) -> None:
        """Write on a thread from now on: who ends a call, as one on an event loop, does not wait for it."""
        self._aside = Aside("baimo-recordings")

    def close(self) -> None:
        """Return when all is written; delete what is older or more than is kept."""
        if self._aside is not None:
            self._aside.close()
        self.trim()

    def trim(self) -> None:
        """Delete the oldest recordings until the rest is as young and as small as the settings want."""
        found = []
        for path in self.folder.glob(f"*{ENDING}*"):
            try:
                stat = path.stat()
            except OSError:
                continue  # another process deletes too
            found.append((stat.st_mtime, stat.st_size, path))
        room = self._settings.max_mb * 1e6
        oldest = time.time() - self._settings.keep_days * _DAY_S
        for at, size, path in sorted(found, reverse=True):
            room -= size
            if at < oldest or room < 0:
                with suppress(OSError):  # another process may delete it too, or own it
                    path.unlink()

    def keep(self, path: Path, made: Callable[[], bytes]) -> None:
        """Write a file: now, or aside. Never fails."""
        if self._aside is None:
            self.write(path, made)
        else:
            self._aside.put(lambda: self.write(path, made))

    def write(self, path: Path, made: Callable[[], bytes]) -> None:
        """Put a file in its place in one step, readable by its owner only. A failure is counted and told."""
        try:
            data = made()
        except (TypeError, ValueError) as error:
            self._lose(f"{path} cannot be told in JSON: {error}")
            return
        passing = path.with_name(f"{path.name}{_UNFINISHED}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            passing.replace(path)
        except OSError as error:
            with suppress(OSError):  # it may never have come to be
                passing.unlink()
            self._lose(f"{path} cannot be written: {error.strerror or error}")
            return
        self._count += 1
        if self._count % _TRIM_EVERY == 0:
            self.trim()

    def _lose(self, why: str) -> None:
        self.lost += 1
        if self.lost == 1:
            import logging

            logging.getLogger("baimo.recordings").warning(f"calls are not recorded: {why}")


class CallRecorder:
    """Takes in what happens in one call, and writes it down when the call is over."""

    def __init__(
        self, recorder: Recorder, id: str, mono: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self.id = id
        self.path = recorder.folder / f"{id}{ENDING}"
        self._recorder = recorder
        self._mono = mono
        self._began_at = mono()
        self._wall = wall()
        self._begun: recorded.Began | None = None
        self._lines: list[Any] = []
        self._secrets: set[str] = set()
        self._echoes: set[str] = set()
        self._bytes = 0

    def began(
        self,
        operation: str,
        request: Any,
        route: Route,
        *,
        retry: RetryPolicy,
        limits: Sequence[TimeLimits],
        streamed: bool = False,
        raw: bool = False,
        rules: Rules = NO_RULES,
        fetch: Any = None,
        validate: Validate = False,
        formed: recorded.Formed | None = None,
        mends: bool = True,
        learned: Learned = _NOTHING_LEARNED,
    ) -> None:
        """What was asked, of whom, and how; `request` is the neutral one; `fetch` is of its media.

        `validate` tells how the answer is looked at, `formed` as a value of which type; `mends` whether it
        may be asked in other words, and `learned` which words helped before.
        """
        for pool in route:
            for at in pool:
                self._secrets |= {secret.reveal() for secret in at.secrets.values()}
                self._secrets |= {at.site.app_id or ""}
        if getattr(request, "headers", None):
            request = replace(request, headers=masked_headers(request.headers))
        self._begun = recorded.Began(
            baimo=self._recorder.version,
            id=self.id,
            wall=self._wall,
            operation=operation,
            streamed=streamed,
            raw=raw,
            request=msgspec.Raw(msgspec.json.encode(request, enc_hook=repr)),
            route=tuple(tuple(place_of(at) for at in pool) for pool in route),
            retry=retry,
            limits=tuple(limits),
            rules=recorded.HowTold(
                strategy=rules.strategy,
                weights=rules.weights,
                on_cut=rules.on_cut,
                limited=rules.claims is not None,
                mends=mends,
                validate=validate,
            ),
            learned=_lessons(route, learned),
            fetch=fetch,
            formed=formed,
        )

    def transport(self, inner: Transport) -> Transport:
        """`inner`, with everything that goes through it taken down."""
        return RecordedTransport(self, inner)

    def async_transport(self, inner: AsyncTransport) -> AsyncRecordedTransport:
        """The same on asyncio."""
        from .async_recording import AsyncRecordedTransport

        return AsyncRecordedTransport(self, inner)

    def rules(self, rules: Rules) -> Rules:
        """The rules of the call, with what they answer taken down; places within limits are asked for by
        steps."""
        rules = replace(rules, keeper=None, doors=None)
        if rules.together is not None:
            rules = replace(rules, together=RecordedBudget(rules.together, self.told))
        if rules.purse is not None:
            purse = RecordedPurse(rules.purse, self.told, lambda error: fault_of(error, self.now()))
            rules = replace(rules, purse=purse)
        return rules

    def looks(self, inner: Looks) -> Looks:
        """What finds the faults of answers, with what it finds taken down."""
        return RecordedLooks(inner, self.told)

    def watch(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The call's own steps, with chance, what is shared and what is given to the caller taken down."""
        try:
            step = next(steps)
            while True:
                asked, fetched = step, [False]
                if type(step) is Shared:
                    asked = replace(step, make=_noticed(step.make, fetched))
                elif type(step) is Emit:
                    self.emitted(step.events)
                try:
                    answer = yield asked
                except Error as error:
                    if type(step) is Shared:
                        self._granted(fetched[0], None, error)
                    elif isinstance(step, (Reserve, Look)):
                        self.told("reserve" if type(step) is Reserve else "look", fault_of(error, self.now()))
                    step = steps.throw(error)
                    continue
                self._answered(step, answer, fetched[0])
                step = steps.send(answer)
        except StopIteration as done:
            return done.value
        finally:
            steps.close()

    def _answered(self, step: Any, answer: Any, fetched: bool) -> None:
        """Take down what a step gave, where the world may answer otherwise another time."""
        kind = type(step)
        if kind is Dice:
            self.dice(answer)
        elif kind is Shared:
            self._granted(fetched, answer, None)
        elif kind is Reserve:
            self.told("reserve", (answer.which, answer.waited_s))
        elif kind is Look:
            self.told("look", None if answer is None else _unpacked(answer))

    def told(self, what: str, value: Any) -> None:
        """The world answered what the call asked."""
        self._lines.append(recorded.Told(at=self.now(), what=what, value=value))

    def dice(self, value: float) -> None:
        """Chance was asked for."""
        self._lines.append(recorded.Dice(value=value))

    def emitted(self, events: Sequence[Any]) -> None:
        """The caller is given events."""
        told = msgspec.Raw(msgspec.json.encode(events, enc_hook=repr))
        self._lines.append(recorded.Events(at=self.now(), events=told))

    def sent(self, request: WireRequest) -> None:
        """A request goes out, signed."""
        target = request.target.decode("latin-1")
        self._echoes |= told_secrets(request.headers, target)
        frames: tuple[str, ...] = ()
        data = b""
        if isinstance(request, HttpRequest):
            method = request.method
            data = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
        else:
            method = "GET"
            frames = tuple(
                one if isinstance(one, str) else one.decode("utf-8", "replace") for one in request.frames
            )
        sent = recorded.Sent(
            at=self.now(),
            method=method,
            origin=request.origin,
            target=open_target(target),
            headers=open_headers(request.headers),
            data=data,
            frames=frames,
        )
        self._lines.append(sent)

    def came(self, head: WireHead) -> None:
        """The head of a reply."""
        self._lines.append((self.now(), head))

    def piece(self, piece: bytes) -> None:
        """A piece of its body; an empty one is its end."""
        if not piece:
            self._lines.append(recorded.End(at=self.now()))
            return
        self._bytes += len(piece)
        if self._bytes <= _MOST_BYTES:
            self._lines.append(recorded.Piece(at=self.now(), data=piece))

    def failed(self, error: Error) -> None:
        """The transport raised an error."""
        self._lines.append(fault_of(error, self.now()))

    def left(self) -> None:
        """Our side ended the reply before its end."""
        self._lines.append(recorded.Left(at=self.now()))

    def ended(self, record: CallRecord) -> None:
        """The call is over: write it down, or have it written aside. Never fails; what cannot be written is
        counted and told once.
        """
        if self._begun is None:
            return
        kept = replace(record, usage=replace(record.usage, raw=None), recording=str(self.path))
        closed = recorded.Closed(took_s=self.now(), record=kept)
        if self._bytes > _MOST_BYTES:
            self._begun = replace(self._begun, whole=False)
        self._recorder.keep(self.path, self._written(self._begun, closed))

    def now(self) -> float:
        """Seconds since the call began."""
        return self._mono() - self._began_at

    def _granted(self, fetched: bool, value: Any, error: Error | None) -> None:
        names: tuple[str, ...] = ()
        project = None
        if isinstance(value, Grant):
            self._secrets |= {secret.reveal() for secret in value.secrets.values()}
            names, project = tuple(value.secrets), value.project
        fault = None if error is None or fetched else fault_of(error, self.now())
        self._lines.append(
            recorded.Granted(at=self.now(), fetched=fetched, names=names, project=project, fault=fault)
        )

    def _written(self, began: recorded.Began, closed: recorded.Closed) -> Callable[[], bytes]:
        """What makes the file's bytes, out of what is known now."""
        lines, secrets, echoes = list(self._lines), set(self._secrets), set(self._echoes)
        return lambda: _bytes_of(began, lines, closed, Mask(secrets), Mask(secrets | echoes))


def _bytes_of(
    began: recorded.Began, taken: list[Any], closed: recorded.Closed, ours: Mask, theirs: Mask
) -> bytes:
    """The file's bytes, without secrets."""
    encode = msgspec.json.encode
    lines = [ours.fixed(encode(began, enc_hook=repr))]
    for one in _with_masked_pieces(taken, theirs):
        if isinstance(one, recorded.Piece):
            lines.append(encode(one))
        elif isinstance(one, recorded.Sent):
            lines.append(encode(_masked_sent(one, ours)))
        elif isinstance(one, tuple):
            at, head = one
            came = recorded.Came(at=at, status=head.status, headers=reply_headers(head.headers, theirs))
            lines.append(encode(came))
        else:
            lines.append(theirs.even(encode(one)))
    lines.append(theirs.even(encode(closed, enc_hook=repr)))
    return b"\n".join(lines) + b"\n"


def _with_masked_pieces(lines: list[Any], mask: Mask) -> list[Any]:
    """The lines, the pieces of each body masked together: a secret may be cut in two."""
    found, body = list(lines), list[int]()
    for place, one in enumerate([*lines, None]):
        if isinstance(one, recorded.Piece):
            body.append(place)
        elif body and not isinstance(one, recorded.Events):  # those stand between the pieces of one body
            hidden = mask.pieces([lines[at].piece for at in body])
            for at, data in zip(body, hidden, strict=True):
                found[at] = _as_text(lines[at], data)
            body = []
    return found


def _as_text(piece: recorded.Piece, data: bytes) -> recorded.Piece:
    try:
        return replace(piece, text=data.decode(), data=None)
    except UnicodeDecodeError:
        return replace(piece, data=data)


def _masked_sent(sent: recorded.Sent, mask: Mask) -> Line:
    body = mask.fixed(sent.whole_body)
    target, frames = mask.text(sent.target), tuple(map(mask.text, sent.frames))
    try:
        return replace(sent, target=target, frames=frames, body=body.decode() or None, data=None)
    except UnicodeDecodeError:
        return replace(sent, target=target, frames=frames, data=body)


def _unpacked(answer: bytes) -> str:
    """An answer from the cache as text, in which secrets are found; empty where it cannot be read."""
    kept = decoded(answer)
    return "" if kept is None else msgspec.json.encode(kept).decode()


def _noticed(make: Callable[[], Any], fetched: list[bool]) -> Callable[[], Any]:
    """`make`, which says that it was run."""

    def noticing() -> Any:
        fetched[0] = True
        return make()

    return noticing


def _as_in_a_row(value: Any) -> str:
    """A quirk that is written as a text: a range."""
    text: str = value.text
    return text


def _lessons(route: Route, learned: Learned) -> tuple[recorded.Lesson, ...]:
    """What was known to help at the places of a route."""
    places = dict.fromkeys([(at.provider, at.endpoint, at.model) for pool in route for at in pool])
    return tuple(
        [
            recorded.Lesson(
                provider=place[0],
                endpoint=place[1],
                model=place[2],
                quirks=msgspec.to_builtins(dict(one.quirks), enc_hook=_as_in_a_row),
                told=one.told,
            )
            for place in places
            for one in learned.get(place, ())
        ]
    )


def place_of(at: Deployment) -> Place:
    """A deployment as it is written down: a name for each secret, nothing of its headers."""
    site = at.site
    if site.quirks is not None:
        usual = type(site.quirks)()
        quirks = {
            name: msgspec.to_builtins(value, enc_hook=_as_in_a_row)
            for name in usual.__struct_fields__
            if (value := getattr(site.quirks, name)) != getattr(usual, name)
        }
        site = replace(site, quirks=quirks)
    site = replace(site, base_url=open_target(site.base_url))
    scheme, options = schemes.scheme_of(at.signer) if hasattr(at.signer, "grant") else (None, {})
    return Place(
        provider=at.provider,
        endpoint=at.endpoint,
        model=at.model,
        dialect=at.dialect.name,
        site=site,
        secrets={name: mask_of(secret.reveal()) for name, secret in at.secrets.items()},
        scheme=scheme,
        scheme_options=options,
        extra=dict(at.extra),
        limits=at.limits,
        transport=at.transport,
        weight=at.weight,
        key=at.key,
    )
