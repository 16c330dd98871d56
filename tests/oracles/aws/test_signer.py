"""AWS's own signer and ours agree on requests that nobody thought of, and its event streams are ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from urllib.parse import quote

import pytest
from botocore import auth, eventstream
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from baimo.auth.sigv4 import SigV4
from baimo.types.secret import Secret
from baimo.wire.eventstream import FrameDecoder, HeaderValue, encode_frame
from baimo.wire.http import HttpRequest

LETTERS = "aZ09-_.~ /%+*'()!@$&=,;:?#[]{}|^\"<>\\号é😀"
KINDS = ("application/json", "application/x-amz-json-1.0", "text/plain; charset=utf-8", "image/png")
HOSTS = (
    "bedrock-runtime.us-east-1.amazonaws.com",
    "bedrock-runtime.eu-central-1.amazonaws.com:443",
    "127.0.0.1:8089",
    "[::1]:81",
)


def text(dice: Random, most: int = 8, letters: str = LETTERS) -> str:
    return "".join(dice.choice(letters) for _ in range(dice.randint(0, most)))


def fields(dice: Random) -> dict[str, str]:
    found: dict[str, str] = {}
    if dice.random() < 0.8:
        found["Content-Type"] = dice.choice(KINDS)
    for _ in range(dice.randint(0, 3)):
        found["X-" + text(dice, letters="abXY-09").strip("-") + "q"] = text(dice, letters="ab  1;=,") or "x"
    if dice.random() < 0.2:
        found["User-Agent"] = "nobody/1"
    return found


@pytest.mark.parametrize("seed", range(300))
def test_the_same_request_has_the_same_signature(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Random(seed)
    now = dice.randrange(1_400_000_000, 2_000_000_000)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: datetime.fromtimestamp(now, UTC))
    method = dice.choice(("GET", "POST", "PUT", "DELETE"))
    segments = [quote(text(dice), safe=dice.choice(("", "~", ":~"))) for _ in range(dice.randint(1, 4))]
    path = "/" + "/".join(segments) + dice.choice(("", "/", "/../x", "/./y"))
    pairs = [(text(dice), text(dice)) for _ in range(dice.randint(0, 4))]
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    target = path + (f"?{query}" if query else "")
    body = text(dice, 40).encode() if dice.random() < 0.7 else b""
    scheme = dice.choice(("https", "http"))
    host = dice.choice(HOSTS)
    headers = fields(dice)
    token = f"fakeToken{seed}/+=" if dice.random() < 0.3 else None
    region, service = dice.choice(("us-east-1", "cn-north-1")), dice.choice(("bedrock", "sts"))
    theirs = AWSRequest(method, f"{scheme}://{host}{target}", data=body or None, headers=headers)
    auth.SigV4Auth(Credentials(f"AKID{seed}", f"sk/{seed}+fake", token), service, region).add_auth(theirs)
    secrets = {"access_key": Secret(f"AKID{seed}"), "secret_key": Secret(f"sk/{seed}+fake")}
    if token:
        secrets["session_token"] = Secret(token)
    ours = SigV4(service=service, region=region).sign(
        HttpRequest(
            method=method,
            origin=f"{scheme}://{host}",
            target=target.encode(),
            headers=tuple((name.encode(), value.encode()) for name, value in headers.items()),
            body=body,
        ),
        secrets,
        now,
    )
    sent = {name.decode().lower(): value.decode() for name, value in ours.headers}
    assert sent["authorization"] == theirs.headers["Authorization"]
    assert sent["x-amz-date"] == theirs.headers["X-Amz-Date"]
    assert sent.get("x-amz-security-token") == theirs.headers.get("X-Amz-Security-Token")


@pytest.mark.parametrize("seed", range(50))
def test_paths_of_s3_are_signed_as_they_are_sent(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Random(seed)
    now = dice.randrange(1_400_000_000, 2_000_000_000)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: datetime.fromtimestamp(now, UTC))
    path = "/" + quote(text(dice, 20), safe="/~")
    url = f"https://bucket.s3.us-east-1.amazonaws.com{path}"
    theirs = AWSRequest("GET", url)
    auth.S3SigV4Auth(Credentials("AKID", "sk-fake"), "s3", "us-east-1").add_auth(theirs)
    told = theirs.headers["X-Amz-Content-SHA256"]
    ours = SigV4(service="s3", region="us-east-1", encode_twice=False).sign(
        HttpRequest(
            method="GET",
            origin="https://bucket.s3.us-east-1.amazonaws.com",
            target=path.encode(),
            headers=((b"X-Amz-Content-SHA256", told.encode()),),
        ),
        {"access_key": Secret("AKID"), "secret_key": Secret("sk-fake")},
        now,
    )
    assert dict(ours.headers)[b"Authorization"].decode() == theirs.headers["Authorization"]


def headers_of(dice: Random) -> dict[str, HeaderValue]:
    kinds: tuple[HeaderValue, ...] = (True, False, dice.randint(-9, 2**40), b"\x00\xff", "你好")
    return {f":h{number}": dice.choice(kinds) for number in range(dice.randint(0, 4))}


@pytest.mark.parametrize("seed", range(100))
def test_a_stream_that_we_write_is_read_by_botocore(seed: int) -> None:
    dice = Random(seed)
    frames = [
        (headers_of(dice), json.dumps({"n": text(dice, 50)}).encode()) for _ in range(dice.randint(1, 5))
    ]
    body = b"".join(encode_frame(*frame) for frame in frames)
    buffer = eventstream.EventStreamBuffer()
    cut = dice.randint(0, len(body))
    seen = []
    for piece in (body[:cut], body[cut:]):
        buffer.add_data(piece)
        seen += [(event.headers, event.payload) for event in buffer]
    assert seen == frames == FrameDecoder().feed(body)
