"""Signatures, frames and vectors of iFlytek's own packages, byte for byte."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from baimo.auth.spark_address import SparkUrl
from baimo.dialect.protocols import Site
from baimo.dialects.spark_ws import DIALECT
from baimo.errors import ProviderError
from baimo.types.chat import ChatRequest, Message
from baimo.types.content import Text
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, WireHead, WireRequest
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER

VECTORS = FOLDER.parent / "vectors"


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / name).read_text("utf-8"))
    return found


SIGNED = load("iflytek-spark-url.json")


def request_of(url: str, method: str, body: bytes = b"") -> WireRequest:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "wss":
        return SocketRequest(origin=origin, target=parts.path.encode())
    return HttpRequest(method=method, origin=origin, target=parts.path.encode(), body=body)


def secrets_of(given: dict[str, Any]) -> dict[str, Secret]:
    return {name: Secret(given[name]) for name in ("api_key", "api_secret")}


@pytest.mark.parametrize("vector", SIGNED["vectors"], ids=lambda vector: vector["name"])
def test_a_signature_is_that_of_both_packages(vector: dict[str, Any]) -> None:
    given = vector["input"]
    request, secrets = request_of(given["url"], given["method"]), secrets_of(given)
    steps = dict(SparkUrl().explain(request, secrets, given["unix_time"]))
    assert steps["date"] == vector["date"]
    assert steps["string to sign"] == vector["signature_origin"]
    assert steps["signature"] == vector["signature_base64"]
    told = parse_qs(urlsplit(SparkUrl().sign(request, secrets, given["unix_time"]).url).query)
    wanted = parse_qs(urlsplit(vector["signed_url"]).query)
    if "authorization_base64_second_sdk" in vector:
        wanted["authorization"] = [vector["authorization_base64_second_sdk"]]
    assert told == wanted


def test_the_form_with_a_digest_is_that_of_the_package() -> None:
    form = SIGNED["http_header_digest_form"]
    host = re.search("host: (.*)", form["signature_origin"])
    path = re.search("POST (.*) HTTP", form["signature_origin"])
    assert host and path
    request = request_of(f"https://{host[1]}{path[1]}", "POST", form["body_utf8"].encode())
    signed = SparkUrl(form="header").sign(request, secrets_of(form), form["unix_time"])
    for name, value in signed.headers:
        assert value.decode() == form["headers"][name.decode().capitalize()]


FRAMES = load("iflytek-spark-ws-wire.json")["samples"]


SITE = Site(base_url="wss://spark-api.xf-yun.com", app_id="exampleid")


@pytest.mark.parametrize("sample", FRAMES, ids=lambda sample: sample["name"])
def test_the_frame_is_what_the_package_sends(sample: dict[str, Any]) -> None:
    sent = sample["sent_text_frame"]
    chat = sent["parameter"]["chat"]
    turns = sent["payload"]["message"]["text"]
    functions = sent["payload"].get("functions", {}).get("text", ())
    request = ChatRequest(
        model=chat["domain"],
        messages=tuple([Message(role=turn["role"], content=(Text(text=turn["content"]),)) for turn in turns]),
        tools=tuple([FunctionTool(**function) for function in functions]),
        temperature=chat["temperature"],
        top_k=chat["top_k"],
        max_tokens=chat["max_tokens"],
        user=sent["header"]["uid"],
        extra={"patch_id": sent["header"]["patch_id"]} if "patch_id" in sent["header"] else {},
    )
    wire = DIALECT.encode_request(request, SITE)
    (frame,) = wire.frames
    assert json.loads(frame) == sent
    assert list(json.loads(frame)) == list(sent)
    assert wire.target.decode() == sample["path"]
    read = DIALECT.decode_request(
        SocketRequest(
            origin="ws://h", target=sample["path"].encode(), frames=(sample["sent_text_frame_raw"],)
        )
    )
    assert [message.text for message in read.messages] == [turn["content"] for turn in turns]
    assert (read.temperature, read.top_k, read.max_tokens) == (
        chat["temperature"],
        chat["top_k"],
        chat["max_tokens"],
    )


@pytest.mark.parametrize("sample", FRAMES, ids=lambda sample: sample["name"])
def test_frames_become_what_the_package_made_of_them(sample: dict[str, Any]) -> None:
    decoder = DIALECT.decoder(WireHead(101), SITE)
    frames = [json.dumps(frame, ensure_ascii=False).encode() for frame in sample["server_frames"]]
    events, error = play(decoder, frames)
    response, wanted = fold(events), sample["sdk_result"]
    if "error_code" in wanted:
        assert isinstance(error, ProviderError)
        assert error.provider_code == str(wanted["error_code"])
        assert wanted["message"].endswith(error.message)
        assert (response.choices != ()) == (len(frames) > 1)
        return
    assert error is None
    assert response.text == wanted["text"]
    call = wanted["function_call"]
    assert [(made.name, made.arguments) for made in response.tool_calls] == (
        [(call["name"], call["arguments"])] if call else []
    )
    usage = wanted["token_usage"]
    assert (response.usage.input, response.usage.output) == (
        usage["prompt_tokens"],
        usage["completion_tokens"],
    )
    assert response.request_id is None
    assert response.id == sample["server_frames"][0]["header"]["sid"]


EMBEDDING = load("iflytek-embedding-wire.json")


def test_an_embedding_is_asked_for_as_the_package_does() -> None:
    given = EMBEDDING["input"]
    request = EmbedRequest(
        model=given["domain"], inputs=(given["text"],), user=EMBEDDING["request_body"]["header"]["uid"]
    )
    wire = DIALECT.encode_embed(request, Site(base_url="wss://spark-api.xf-yun.com", app_id=given["app_id"]))
    assert isinstance(wire.body, bytes)
    assert json.loads(wire.body) == EMBEDDING["request_body"]
    assert wire.url == "https://emb-cn-huabei-1.xf-yun.com/"
    assert DIALECT.decode_embed_request(wire) == request
    reply = json.dumps(EMBEDDING["reply"]).encode()
    assert DIALECT.decode_embed(request, WireHead(200), reply).vectors == [EMBEDDING["expected_vector"]]
    with pytest.raises(ProviderError) as caught:
        DIALECT.decode_embed(request, WireHead(200), json.dumps(EMBEDDING["error_reply"]).encode())
    assert caught.value.provider_code == str(EMBEDDING["error_reply"]["header"]["code"])
