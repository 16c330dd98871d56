"""Small real things for tests of the call: a line dialect, and transports that play a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from baimo.auth.keys import NoKey
from baimo.dialect.protocols import Site
from baimo.errors import Error, ServerError, StreamInterrupted
from baimo.exchange import Deployment
from baimo.types.chat import ChatRequest, FinishReason, Message, Role
from baimo.types.content import Text
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started
from baimo.wire.http import HttpRequest, WireHead, WireRequest

OK = WireHead(200, ((b"content-type", b"text/plain"), (b"x-request-id", b"req-1")))


class LineDialect:
    """A wire of lines: `t:WORDS` is text, `end` ends the reply, an empty line keeps it alive."""

    name = "lines"

    def quirks(self, fields: Mapping[str, Any]) -> None:
        assert not fields

    def encode_request(self, request: ChatRequest, site: Site) -> HttpRequest:
        body = "\n".join(message.text for message in request.messages).encode()
        return HttpRequest(
            method="POST", origin=site.base_url, target=b"/" + request.model.encode(), body=body
        )

    def decoder(self, head: WireHead, site: Site) -> LineDecoder:
        return LineDecoder(head)


class LineDecoder:
    def __init__(self, head: WireHead) -> None:
        self.early: list[ChatEvent] = []
        self._head = head
        self._rest = b""
        self._ended = False
        self._begun = False

    def feed(self, piece: bytes) -> list[ChatEvent]:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        events: list[ChatEvent] = []
        if self._head.status >= 400:
            return events
        for line in lines:
            if line == b"end":
                self._ended = True
                events += [PartEnded(index=0), Finished(reason=FinishReason.STOP, raw="end")]
            elif line.startswith(b"t:"):
                if not self._begun:
                    self._begun = True
                    events += [Started(id="r1"), PartStarted(index=0, part=Text(text=""))]
                events.append(PartDelta(index=0, text=line[2:].decode()))
            elif line.startswith(b"e:"):
                self.early = events
                raise ServerError(line[2:].decode(), status=200)
        return events

    def end(self) -> list[ChatEvent]:
        if self._head.status >= 400:
            raise ServerError("no", status=self._head.status)
        if not self._ended:
            raise StreamInterrupted("the reply stopped before its end")
        return []


def deployment(provider: str = "acme", model: str = "m", **changes: Any) -> Deployment:
    facts: dict[str, Any] = {
        "provider": provider,
        "endpoint": "only",
        "model": model,
        "dialect": LineDialect(),
        "site": Site(base_url=f"http://{provider}.test", provider=provider),
        "signer": NoKey(),
    }
    return Deployment(**{**facts, **changes})


def chat_request(*, stream: bool = False, text: str = "Hi") -> ChatRequest:
    return ChatRequest(
        model="", messages=(Message(role=Role.USER, content=(Text(text=text),)),), stream=stream
    )


class Script:
    """A blocking transport that plays prepared answers and keeps what was sent.

    An answer is an error to raise, or a head and pieces; a piece may be an error too.
    """

    def __init__(self, *answers: Error | tuple[WireHead, Iterable[bytes | Error]]) -> None:
        self.answers = list(answers)
        self.sent: list[Any] = []
        self.log: list[str] = []

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> ScriptedReply:
        self.sent.append(request)
        self.log.append(f"open connect={connect_s:g} head={head_s:g}")
        answer = self.answers.pop(0)
        if isinstance(answer, Error):
            raise answer
        return ScriptedReply(answer[0], list(answer[1]), self.log)

    def close(self) -> None:
        self.log.append("closed")


class ScriptedReply:
    def __init__(self, head: WireHead, pieces: list[bytes | Error], log: list[str]) -> None:
        self.head = head
        self._pieces = pieces
        self._log = log

    def read(self, within_s: float) -> bytes:
        self._log.append(f"read {within_s:g}")
        piece = self._pieces.pop(0) if self._pieces else b""
        if isinstance(piece, Error):
            raise piece
        return piece

    def close(self) -> None:
        self._log.append("kept")

    def abort(self) -> None:
        self._log.append("aborted")


class AsyncScript:
    """The same, awaited."""

    def __init__(self, *answers: Error | tuple[WireHead, Iterable[bytes | Error]]) -> None:
        self._script = Script(*answers)
        self.sent = self._script.sent
        self.log = self._script.log

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncScriptedReply:
        return AsyncScriptedReply(self._script.open(request, connect_s=connect_s, head_s=head_s))

    async def close(self) -> None:
        self._script.close()


class AsyncScriptedReply:
    def __init__(self, reply: ScriptedReply) -> None:
        self._reply = reply
        self.head = reply.head
        self.close = reply.close
        self.abort = reply.abort

    async def read(self, within_s: float) -> bytes:
        return self._reply.read(within_s)
