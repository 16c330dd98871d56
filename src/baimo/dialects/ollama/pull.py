"""Having the server fetch a model, with progress, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.jsontext import decode
from baimo.dialect.protocols import PullDecoder, Site
from baimo.errors import InputError, StreamInterrupted, WireError
from baimo.types.models import PullProgress
from baimo.wire.http import HttpRequest, WireHead
from baimo.wire.ndjson import LineDecoder

from .errors import ErrorDecoder, error_text, raise_refusal
from .listing import asked_model
from .request import to_json
from .served_request import body_of, named
from .words import address

_HEAD = ((b"content-type", b"application/json"), (b"accept", b"application/x-ndjson"))

_END = "success"


def encode_pull(model: str, site: Site) -> HttpRequest:
    """The unsigned request; progress is streamed."""
    origin, target = address(site, "/api/pull")
    body = to_json({"model": model, "stream": True})
    return HttpRequest(method="POST", origin=origin, target=target, headers=_HEAD, body=body)


def pull_decoder(head: WireHead, site: Site) -> PullDecoder:
    """A decoder for the reply to a pull; refusals included."""
    if not 200 <= head.status < 300:
        return ErrorDecoder(head, site.codes)
    return _Progress(head, site.codes)


class _Progress:
    """Lines of progress; a pull without `success` at its end has failed."""

    def __init__(self, head: WireHead, table: str | None) -> None:
        self.early: list[PullProgress] = []
        self._head = head
        self._table = table
        self._lines = LineDecoder()
        self._is_done = False

    def feed(self, piece: bytes) -> list[PullProgress]:
        """The progress that this piece tells. Raises ProviderError or WireError."""
        out: list[PullProgress] = []
        self.early = out
        for line in self._lines.feed(piece):
            self._line(line, out)
        return out

    def end(self) -> list[PullProgress]:
        """The body ended. Raises StreamInterrupted for one without `success`."""
        out: list[PullProgress] = []
        self.early = out
        for line in self._lines.end():
            try:
                self._line(line, out)
            except WireError as error:
                raise StreamInterrupted("the download's report stopped inside a line") from error
        if not self._is_done:
            raise StreamInterrupted("the download's report stopped before the model was there")
        return out

    def _line(self, line: bytes, out: list[PullProgress]) -> None:
        content = decode(line)
        text = error_text(content)
        if text is not None:
            raise_refusal(text, self._head, line, self._table)
        status = content.get("status") if isinstance(content, dict) else None
        if not isinstance(status, str):
            return
        self._is_done = self._is_done or status == _END
        digest = content.get("digest")
        out.append(
            PullProgress(
                status=status,
                digest=digest if isinstance(digest, str) and digest else None,
                completed=_bytes(content.get("completed")),
                total=_bytes(content.get("total")),
            )
        )


def _bytes(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


class _Asked(msgspec.Struct):
    stream: bool | None = None


_asked = msgspec.json.Decoder(_Asked)


def decode_pull_request(wire: HttpRequest) -> tuple[str, bool]:
    """Being the provider: the model, and whether progress is streamed. Raises InputError."""
    raw = body_of(wire)
    model = asked_model(raw)
    try:
        return model, _asked.decode(raw).stream is not False
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None


def encode_progress(progress: PullProgress) -> bytes:
    """Being the provider: one line of the reply."""
    return msgspec.json.encode(progress) + b"\n"
