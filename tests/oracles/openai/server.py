"""A loopback provider made of the dialect's other direction: what it is scripted to say, it says on the
wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from baimo.dialects.openai_chat import DIALECT
from baimo.errors import Error
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead


class Script:
    """What the provider answers, and what it was asked."""

    def __init__(self) -> None:
        self.events: list[ChatEvent] = []
        self.fails_after: int | None = None
        self.error: Error | None = None
        self.embedded: EmbedResponse | None = None
        self.models: tuple[ModelInfo, ...] = ()
        self.asked: list[ChatRequest | EmbedRequest] = []


class Provider(ThreadingHTTPServer):
    """Serves one script."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = Script()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: a test speaks through its assertions."""

    def do_GET(self) -> None:
        self._whole(WireHead(200), DIALECT.encode_model_list(self.server.script.models))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        wire = HttpRequest(method="POST", origin=self.server.url, target=self.path.encode(), body=body)
        script = self.server.script
        try:
            if self.path.endswith("/embeddings"):
                self._embeddings(DIALECT.decode_embed_request(wire))
            else:
                self._chat(DIALECT.decode_request(wire))
        except Error as error:
            self._whole(*DIALECT.encode_error(error))
        else:
            assert script.asked

    def _embeddings(self, request: EmbedRequest) -> None:
        script = self.server.script
        script.asked.append(request)
        assert script.embedded is not None
        self._whole(WireHead(200), DIALECT.encode_embed_response(request, script.embedded))

    def _chat(self, request: ChatRequest) -> None:
        script = self.server.script
        script.asked.append(request)
        if script.error is not None and script.fails_after is None:
            raise script.error
        encoder = DIALECT.encoder(request)
        items = [item for event in script.events[: script.fails_after] for item in encoder.feed(event)]
        items += encoder.end() if script.error is None else encoder.error(script.error)
        if not request.stream:
            self._whole(encoder.head(), b"".join(items))
            return
        self._head(encoder.head(), "transfer-encoding", "chunked")
        for item in items:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(item), item))
        self.wfile.write(b"0\r\n\r\n")

    def _whole(self, head: WireHead, body: bytes) -> None:
        self._head(head, "content-length", str(len(body)))
        self.wfile.write(body)

    def _head(self, head: WireHead, name: str, value: str) -> None:
        self.send_response(head.status)
        for field, text in head.headers:
            self.send_header(field.decode(), text.decode())
        if head.get(b"content-type") is None:
            self.send_header("content-type", "application/json")
        self.send_header(name, value)
        self.end_headers()


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a free port of this machine, for the time of the block."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
