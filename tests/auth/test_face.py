"""The names of `baimo.auth`, and the code of its pages run against a server on this machine."""

from __future__ import annotations

import base64
import inspect
import json
import pkgutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

import baimo.auth
from tests.docs.pages import blocks

TOLD = {
    "token": {
        "expires_at": "2025-11-23T08:26:40.000000Z",
        "issued_at": "2025-11-22T08:26:40.000000Z",
        "project": {"id": "0" * 32, "name": "cn-southwest-2"},
    }
}
WITH_NETWORK = ("urlopen(", "connect(")


def test_the_names_are_these_and_each_says_what_it_is() -> None:
    names = {"SignedRequest", "Token", "aiam_token", "explain", "iam_token", "sign", "spark_url"}
    assert set(dir(baimo.auth)) == names
    for name in names:
        assert inspect.getdoc(getattr(baimo.auth, name))
    rooms = {room.name for room in pkgutil.iter_modules(baimo.auth.__path__)}
    assert rooms & names == set()  # importing one would hide the other
    with pytest.raises(AttributeError, match="no attribute 'signn'"):
        baimo.auth.signn  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test


@pytest.mark.parametrize("awaited", [False, True], ids=["called", "awaited"])
async def test_a_token_comes_over_a_connection_of_its_own(server: Server, awaited: bool) -> None:
    given: dict[str, Any] = {"user": "u", "password": "p", "domain": "d", "url": server.origin}
    token = await baimo.auth.aiam_token(**given) if awaited else baimo.auth.iam_token(**given)
    assert token.value == "fake-token-of-iam"
    assert [path for path, _, _ in server.seen] == ["/v3/auth/tokens?nocatalog=true"]


class Answers(BaseHTTPRequestHandler):
    """Says yes to everybody, in the words of each provider."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers.items()), body))
        is_token = "/auth/tokens" in self.path
        choice = {"Message": {"Content": "你好！"}, "message": {"content": "你好！"}}
        told = {"Response": {"Choices": [choice]}, "Result": {"ApiKey": "你好！"}, "choices": [choice]}
        answer = TOLD if is_token else told
        data = json.dumps(answer).encode()
        self.send_response(201 if is_token else 200)
        self.send_header("X-Subject-Token", "fake-token-of-iam")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written beside the tests."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A provider on this machine; no proxy stands before it."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def code_of(page: str, word: str) -> str:
    return next(code for code in blocks(page, "python") if word in code)


PAGES = ("docs/auth.md", "docs/zh/auth.md")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("word", "host", "said"),
    [
        (
            '"tc3",\n    "POST",\n    "https://hunyuan',
            "https://hunyuan.tencentcloudapi.com",
            "TC3-HMAC-SHA256 ",
        ),
        ('"sdk_hmac_sha256"', "https://pangu.cn-southwest-2.myhuaweicloud.com", "SDK-HMAC-SHA256 "),
        ("iam_token(", "https://pangu.cn-southwest-2.myhuaweicloud.com", ""),
        ('"zhipu_jwt"', "https://open.bigmodel.cn", "Bearer eyJ"),
        ('"volcengine_v4"', "https://ark.cn-beijing.volcengineapi.com", "HMAC-SHA256 Credential=AKLT"),
    ],
)
def test_the_code_of_the_page_works(
    page: str, word: str, host: str, said: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_of(page, word).replace(host, server.origin)
    exec(code.replace("https://iam.cn-southwest-2.myhuaweicloud.com", server.origin), {})
    assert capsys.readouterr().out.endswith("你好！\n")
    path, headers, body = server.seen[-1]
    assert headers.get("Authorization", "").startswith(said)
    if "iam" in word:
        assert headers["X-Auth-Token".title()] == "fake-token-of-iam"
        assert f"/v1/{'0' * 32}/deployments/" in path
    assert ("你好" if "choices" in code.lower() else "ResourceIds") in json.dumps(
        json.loads(body), ensure_ascii=False
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_page_speaks_with_a_socket(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []

    def answer(socket: ServerConnection) -> None:
        assert socket.request is not None
        asked.append(socket.request.path)
        asked.append(str(socket.recv()))
        for status, words in ((0, "你"), (2, "好")):
            choices = {"status": status, "text": [{"content": words}]}
            header = {"code": 0, "status": status}
            socket.send(json.dumps({"header": header, "payload": {"choices": choices}}))

    with serve(answer, "127.0.0.1", 0) as here:
        thread = threading.Thread(target=here.serve_forever, daemon=True)
        thread.start()
        origin = f"ws://127.0.0.1:{here.socket.getsockname()[1]}"
        exec(code_of(page, "spark_url(").replace("wss://spark-api.xf-yun.com", origin), {})
        here.shutdown()
        thread.join()
    assert capsys.readouterr().out == "你好"
    path, _, query = asked[0].partition("?")
    assert path == "/v1.1/chat"
    authorization = next(pair for pair in query.split("&") if pair.startswith("authorization="))
    assert b'headers="host date request-line"' in base64.b64decode(
        authorization.partition("=")[2].replace("%3D", "=").replace("%2B", "+").replace("%2F", "/")
    )
    assert json.loads(asked[1])["header"] == {"app_id": "12345678"}


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_the_page_that_needs_nobody_runs_as_it_is(
    page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = [code for code in blocks(page, "python") if not any(word in code for word in WITH_NETWORK)]
    assert len(alone) == 2
    signed: list[Any] = []
    for code in alone:
        names: dict[str, Any] = {}
        exec(code, names)
        signed.append(names.get("signed"))
    assert "--- canonical request\nPOST\n/\n" in capsys.readouterr().out
    assert any(one and one.headers["Authorization"].startswith("bce-auth-v1/.../") for one in signed)
