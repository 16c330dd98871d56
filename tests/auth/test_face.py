"""`baimo.auth` for people's own HTTP code, and the code of its pages run against a server on this machine."""

from __future__ import annotations

import base64
import inspect
import json
import pkgutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

import baimo.auth
from baimo.auth.sdk_hmac import SdkHmac
from baimo.auth.spark_address import SparkUrl
from baimo.auth.tc3 import TC3
from baimo.errors import AuthError, ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.docs.pages import blocks
from tests.scripted import AsyncScript, Script

NOW = 1763800000.0
TENCENT = {"secret_id": "AKIDfake", "secret_key": "fake-key"}
HUAWEI = {"access_key": "FAKEAK00000000000001", "secret_key": "fake-secret"}
CREATED = WireHead(201, ((b"x-subject-token", b"fake-token-of-iam"), (b"content-type", b"application/json")))
TOLD = {
    "token": {
        "expires_at": "2025-11-23T08:26:40.000000Z",
        "issued_at": "2025-11-22T08:26:40.000000Z",
        "project": {"id": "0" * 32, "name": "cn-southwest-2"},
    }
}
WITH_NETWORK = ("urlopen(", "connect(")


class Clock:
    """Stands still."""

    def wall(self) -> float:
        return NOW

    def mono(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")

    async def asleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def secret(values: dict[str, str]) -> dict[str, Secret]:
    return {name: Secret(text) for name, text in values.items()}


def test_the_names_are_these_and_each_says_what_it_is() -> None:
    names = {"SignedRequest", "Token", "aiam_token", "explain", "iam_token", "sign", "spark_url"}
    assert set(dir(baimo.auth)) == names
    for name in names:
        assert inspect.getdoc(getattr(baimo.auth, name))
    rooms = {room.name for room in pkgutil.iter_modules(baimo.auth.__path__)}
    assert rooms & names == set()  # importing one would hide the other
    with pytest.raises(AttributeError, match="no attribute 'signn'"):
        baimo.auth.signn  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test


def test_what_is_signed_is_what_the_signer_signs() -> None:
    signed = baimo.auth.sign(
        "tc3",
        "post",
        "https://cvm.tencentcloudapi.com",
        headers={"X-TC-Action": "DescribeInstances", "Content-Type": "application/json; charset=utf-8"},
        body='{"名": 1}',
        secrets=TENCENT,
        now=NOW,
        signed=("content-type", "host", "x-tc-action"),
    )
    request = HttpRequest(
        method="POST",
        origin="https://cvm.tencentcloudapi.com",
        target=b"/",
        headers=(
            (b"X-TC-Action", b"DescribeInstances"),
            (b"Content-Type", b"application/json; charset=utf-8"),
        ),
        body='{"名": 1}'.encode(),
    )
    signer = TC3(signed=("content-type", "host", "x-tc-action"))
    wire = signer.sign(request, secret(TENCENT), NOW)
    assert (signed.method, signed.url, signed.body) == ("POST", wire.url, wire.body)
    assert signed.headers == {name.decode(): value.decode() for name, value in wire.headers}
    assert signed.headers["X-TC-Timestamp"] == "1763800000"
    assert "fake" not in repr(signed)


def test_an_address_keeps_its_query_and_gets_what_a_line_may_hold() -> None:
    signed = baimo.auth.sign(
        "sdk_hmac_sha256", "GET", "https://iam.example/v3/a b/中?b=2&a=1", secrets=secret(HUAWEI), now=NOW
    )
    assert signed.url == "https://iam.example/v3/a%20b/%E4%B8%AD?a=1&b=2"
    request = HttpRequest(
        method="GET", origin="https://iam.example", target=b"/v3/a%20b/%E4%B8%AD?b=2&a=1", headers=()
    )
    wire = SdkHmac().sign(request, secret(HUAWEI), NOW)
    assert signed.headers["Authorization"] == dict(wire.headers)[b"Authorization"].decode()


def test_every_step_is_explained_by_the_same_computation() -> None:
    given: dict[str, Any] = {"body": b"{}", "secrets": TENCENT, "now": NOW}
    steps = baimo.auth.explain("tc3", "POST", "https://cvm.tencentcloudapi.com/", **given)
    signed = baimo.auth.sign("tc3", "POST", "https://cvm.tencentcloudapi.com/", **given)
    texts = {step.name: step.text for step in steps}
    assert texts["canonical request"].startswith("POST\n/\n")
    assert signed.headers["Authorization"].endswith(texts["signature"])
    with pytest.raises(ConfigError, match="nothing that could be explained"):
        baimo.auth.explain("bearer", "GET", "https://a.example", secrets={"api_key": "fake"})


def test_a_socket_s_address_carries_its_signature() -> None:
    url = baimo.auth.spark_url(
        "wss://spark-api.xf-yun.com/v1.1/chat", api_key="fake-key", api_secret=Secret("fake-secret"), now=NOW
    )
    request = SocketRequest(origin="wss://spark-api.xf-yun.com", target=b"/v1.1/chat")
    secrets = {"api_key": Secret("fake-key"), "api_secret": Secret("fake-secret")}
    assert url == SparkUrl().sign(request, secrets, NOW).url
    posted = baimo.auth.spark_url(
        "https://emb-cn-huabei-1.xf-yun.com/", api_key="k", api_secret="s", method="POST", now=NOW
    )
    assert posted != baimo.auth.spark_url(
        "https://emb-cn-huabei-1.xf-yun.com/", api_key="k", api_secret="s", now=NOW
    )
    with pytest.raises(InputError, match="no body"):
        baimo.auth.sign("spark_url", "GET", "wss://a.example/x", body="x", secrets=secrets)


def test_without_a_time_the_clock_is_looked_at() -> None:
    before = int(time.time())
    signed = baimo.auth.sign("tc3", "POST", "https://a.example", secrets=TENCENT)
    assert before <= int(signed.headers["X-TC-Timestamp"]) <= int(time.time())


def test_a_key_is_put_where_it_belongs() -> None:
    keys = {"api_key": "fake"}
    sign = baimo.auth.sign
    assert sign("bearer", "GET", "https://a.example", secrets=keys).headers == {
        "Authorization": "Bearer fake"
    }
    coded = sign("header", "GET", "https://a.example", secrets=keys, field="X-Apig-AppCode")
    assert coded.headers == {"X-Apig-AppCode": "fake"}
    assert sign("header", "GET", "https://a.example", secrets=keys).headers["Authorization"] == "fake"
    assert sign("none", "GET", "https://a.example", secrets={}).headers == {}
    token = sign("iam_token", "GET", "https://a.example", secrets={"iam_token": "fake"})
    assert token.headers == {"X-Auth-Token": "fake"}


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(MissingKeyError, match="secret_key"):
        baimo.auth.sign("tc3", "POST", "https://a.example", secrets={"secret_id": "AKIDfake"})
    with pytest.raises(ConfigError, match="unknown auth scheme 'tc4'"):
        baimo.auth.sign("tc4", "POST", "https://a.example", secrets={})
    with pytest.raises(ConfigError, match="has no option 'service'"):
        baimo.auth.sign("bearer", "POST", "https://a.example", secrets={"api_key": "x"}, service="x")
    with pytest.raises(InputError, match="no absolute address"):
        baimo.auth.sign("tc3", "POST", "a.example", secrets=TENCENT)
    with pytest.raises(InputError, match="line break"):
        baimo.auth.sign("tc3", "POST", "https://a.example", headers={"A": "b\n"}, secrets=TENCENT)


def test_a_token_is_fetched_and_tells_until_when_it_is_good() -> None:
    script = Script((CREATED, [json.dumps(TOLD).encode()]))
    token = baimo.auth.iam_token(
        user="someone", password="fake-password", domain="acme", transport=script, clock=Clock()
    )
    assert (token.value, token.project_id) == ("fake-token-of-iam", "0" * 32)
    assert (
        datetime(2025, 11, 23, 8, tzinfo=UTC) < token.expires_at < datetime(2025, 11, 23, 8, 26, tzinfo=UTC)
    )
    assert "fake-token" not in f"{token!r} {token}"
    sent = script.sent[0]
    assert sent.origin == "https://iam.cn-southwest-2.myhuaweicloud.com"
    body = json.loads(sent.body)["auth"]
    assert body["identity"]["password"]["user"] == {
        "name": "someone",
        "password": "fake-password",
        "domain": {"name": "acme"},
    }


async def test_a_token_is_fetched_without_blocking_too() -> None:
    script = AsyncScript((CREATED, [json.dumps(TOLD).encode()]))
    token = await baimo.auth.aiam_token(
        access_key=Secret("FAKEAK"),
        secret_key="fake-secret",
        project_id="1" * 32,
        url="https://iam.example",
        transport=script,
        clock=Clock(),
    )
    assert token.value == "fake-token-of-iam"
    body = json.loads(script.sent[0].body)["auth"]
    assert (body["identity"]["methods"], body["scope"]) == (["hw_ak_sk"], {"project": {"id": "1" * 32}})
    assert script.sent[0].origin == "https://iam.example"


def test_a_refusal_of_a_token_is_told() -> None:
    refused = WireHead(401, ((b"content-type", b"application/json"),))
    body = (
        b'{"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}}'
    )
    with pytest.raises(AuthError, match="password is wrong"):
        baimo.auth.iam_token(user="u", password="p", domain="d", transport=Script((refused, [body])))
    with pytest.raises(MissingKeyError, match="iam_password"):
        baimo.auth.iam_token(user="u", domain="d")
    with pytest.raises(InputError, match="either"):
        baimo.auth.iam_token(user="u", access_key="a")


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
        answer = TOLD if is_token else {"Response": {"Choices": [choice]}, "choices": [choice]}
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
    assert "你好" in json.dumps(json.loads(body), ensure_ascii=False)


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
    assert len(alone) == 1
    exec(alone[0], {})
    assert "--- canonical request\nPOST\n/\n" in capsys.readouterr().out
