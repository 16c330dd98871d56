"""Pictures and other media in a call of a client: made, fetched from a real server, held back."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.client.media import call_media
from baimo.client.mixed import parse_mixed
from baimo.config.services import MediaSettings
from baimo.errors import ConfigError, FetchError, InputError, UnsupportedError
from baimo.testing import replay
from baimo.types.content import Audio, File, Image, Text, ToolResult, Video
from tests.scripted import AsyncScript, Script

PNG = b"\x89PNG\r\n\x1a\n...."
WAV = b"RIFF\0\0\0\0WAVEfmt "
ANSWER = {
    "model": "m",
    "message": {"role": "assistant", "content": "A cat."},
    "done": True,
    "done_reason": "stop",
}


class Server(ThreadingHTTPServer):
    """Pictures on one side, an Ollama that answers on the other."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.bodies: list[Any] = []

    @property
    def at(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path == "/moved":
            self._reply(302, b"", ("Location", "/a.png"))
        elif self.path == "/away":
            self._reply(302, b"", ("Location", "http://169.254.169.254/latest"))
        elif self.path.startswith("/a.png"):
            self._reply(200, PNG, ("Content-Type", "image/png"))
        else:
            self._reply(404, b"no")

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._reply(200, json.dumps(ANSWER).encode(), ("Content-Type", "application/json"))

    def _reply(self, status: int, body: bytes, *fields: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*fields, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def config(server: Server | None = None, **more: Any) -> dict[str, Any]:
    at = "http://ollama.test" if server is None else server.at
    return {"providers": {"ollama": {"base_url": at}}, "network": {"proxy": False}, **more}


def looking_at(*parts: Any) -> Any:
    return [{"role": "user", "content": ["What is this?", *parts]}]


def ask(server: Server, *parts: Any, options: Any = None, **client: Any) -> baimo.ChatResponse:
    with baimo.Client(config=config(server), max_retries=0, **client) as running:
        return running.chat("ollama/m", looking_at(*parts), **(options or {}))


async def ask_async(server: Server, *parts: Any, options: Any = None, **client: Any) -> baimo.ChatResponse:
    async with baimo.AsyncClient(config=config(server), max_retries=0, **client) as running:
        return await running.chat("ollama/m", looking_at(*parts), **(options or {}))


def ask_anyhow(kind: str, *args: Any, **more: Any) -> baimo.ChatResponse:
    return ask(*args, **more) if kind == "sync" else asyncio.run(ask_async(*args, **more))


BOTH = pytest.mark.parametrize("kind", ["sync", "async"])
ALLOWED = {"allow_private": True}


@BOTH
def test_a_picture_is_fetched_over_the_clients_own_transport(kind: str, server: Server) -> None:
    url = f"{server.at}/moved"
    reply = ask_anyhow(kind, server, Image(url=url), Image(url=url), media=ALLOWED)
    assert server.asked == ["/moved", "/a.png", "/api/chat"]
    assert server.bodies[0]["messages"][0]["images"] == [b64encode(PNG).decode()] * 2
    assert [note.code for note in reply.notes] == ["fetched"]


@BOTH
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "u@127.0.0.1"]
)
def test_no_private_address_is_connected_to_unless_that_is_allowed(
    kind: str, host: str, server: Server
) -> None:
    with pytest.raises(FetchError):
        ask_anyhow(kind, server, Image(url=f"http://{host}:{server.server_port}/a.png"))
    assert server.asked == []


@BOTH
def test_a_failed_fetch_sends_nothing_to_the_provider(kind: str, server: Server) -> None:
    with pytest.raises(FetchError, match="answered 404"):
        ask_anyhow(kind, server, Image(url=f"{server.at}/missing"), media=ALLOWED)
    assert server.asked == ["/missing"]


def test_bytes_paths_files_and_parts_stand_together_in_a_message(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    inline = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{b64encode(PNG).decode()}"}}
    with path.open("rb") as file:
        ask(server, PNG, path, file, Image(data=PNG), inline, Text(text="And this?"))
    [message] = server.bodies[0]["messages"]
    assert message["images"] == [b64encode(PNG).decode()] * 5
    assert message["content"] == "What is this?\n\nAnd this?"


def test_the_configuration_and_the_call_say_what_is_fetched(server: Server) -> None:
    url = f"{server.at}/a.png"
    settings = {"media": {"allow_private": True, "fetch": "never"}}
    with baimo.Client(config=config(server, **settings), max_retries=0) as client:
        with pytest.raises(UnsupportedError, match="send its bytes"):
            client.chat("ollama/m", looking_at(Image(url=url)))
        assert client.chat("ollama/m", looking_at(Image(url=url)), fetch="auto").text == "A cat."
        with pytest.raises(InputError, match="fetch must be one of auto, always, never"):
            client.chat("ollama/m", "Hi", fetch="sometimes")  # type: ignore[typeddict-item]
    with pytest.raises(FetchError, match="larger than the 4 bytes"):
        ask(server, Image(url=url), media={"allow_private": True, "max_mb": 0.000004})


def test_streams_and_routes_fetch_too(server: Server) -> None:
    url = f"{server.at}/a.png"
    whole = config(server, models={"two": {"route": ["ollama/m", "ollama/n"]}})
    with baimo.Client(config=whole, media=ALLOWED) as client:
        assert client.chat("two", looking_at(Image(url=url))).text == "A cat."
        with client.stream("ollama/m", looking_at(Image(url=url))) as stream:
            assert list(stream.text) == ["A cat."]
    assert server.asked == ["/a.png", "/api/chat"] * 2


def test_a_recorded_call_with_what_it_fetched_can_be_made_again(server: Server, tmp_path: Path) -> None:
    ask(server, Image(url=f"{server.at}/a.png"), media=ALLOWED, record=tmp_path)
    [path] = tmp_path.glob("*.baimo")
    result = replay(path)
    assert result.differences == () and result.requests == 2
    assert result.text == "A cat."


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_transport_that_was_handed_in_is_not_trusted_with_addresses(kind: str) -> None:
    url = "https://pictures.test/a.png"
    if kind == "sync":
        with (
            baimo.Client(config=config(), transport=Script()) as client,
            pytest.raises(ConfigError, match="public"),
        ):
            client.chat("ollama/m", looking_at(Image(url=url)))
        return

    async def call() -> None:
        async with baimo.AsyncClient(config=config(), transport=AsyncScript()) as client:
            await client.chat("ollama/m", looking_at(Image(url=url)))

    with pytest.raises(ConfigError, match="public"):
        asyncio.run(call())


def test_media_in_the_result_of_a_tool_are_seen(server: Server) -> None:
    result = ToolResult(call_id="c", content=(Text(text="a"), Image(url="file:///etc/passwd")))
    messages = [baimo.Message(role="user", content="Hi"), baimo.Message(role="tool", content=(result,))]  # type: ignore[arg-type]
    with (
        baimo.Client(config=config(server)) as client,
        pytest.raises(InputError, match="a file of this machine"),
    ):
        client.chat("ollama/m", messages)
    plain = ToolResult(call_id="c", content=(Text(text="a"),))
    with baimo.Client(config=config(server)) as client:
        client.chat("ollama/m", [messages[0], baimo.Message(role="tool", content=(plain,))])  # type: ignore[arg-type]


def test_each_kind_of_bytes_becomes_its_part() -> None:
    content = [
        PNG,
        WAV,
        b"\0\0\0\x20ftypisom",
        b"%PDF-1.7",
        Audio(id="a"),
        Video(url="https://v.test"),
        File(file_id="f"),
    ]
    found = parse_mixed({"role": "user", "content": content}, content, 0).content
    assert [type(part) for part in found] == [Image, Audio, Video, File, Audio, Video, File]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            {"role": "user", "content": [b"??"]},
            r"messages\[0\].content\[0\]: what the medium is cannot be told",
        ),
        ({"role": "user", "content": ["a", 7]}, r"content\[1\]: int is no medium"),
        ({"role": "user", "content": [Path("/missing/a.png")]}, r"content\[0\] cannot be read"),
        ({"role": "assistant", "content": [PNG]}, "only a message of the user"),
        (
            {"role": "user", "content": [ToolResult(call_id="c")]},
            "is a ToolResult; put it into a baimo.Message",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(message: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_mixed(message, message["content"], 0)


def test_settings_bound_what_is_fetched_in_all() -> None:
    class Guarded:
        checks_addresses = True

    media = call_media(None, MediaSettings(max_mb=500.0), Guarded())
    assert media._rules.rules.max_total == 500_000_000
    assert media._rules.guarded and call_media("always", None, None).how == "always"


def test_a_project_that_is_not_trusted_may_not_have_private_addresses_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BAIMO_HOME", str(tmp_path / "home"))
    Path("baimo.toml").write_text("[media]\nallow_private = true\n")
    with (
        pytest.raises(ConfigError, match="wants addresses of this network fetched"),
        baimo.Client() as client,
    ):
        assert client.settings.services is None
    Path("baimo.toml").write_text("[media]\nfetch = 'never'\n")
    with baimo.Client() as client:
        assert client.settings.services.media == MediaSettings(fetch="never")
