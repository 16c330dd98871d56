"""Counting tokens as Kimi and Zhipu document it: what is asked, what is read, and both ways round."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import CountDialect, Site
from baimo.dialects.openai_chat import DIALECT, Paths, Quirks
from baimo.dialects.openai_chat.counting import decode_count, encode_count
from baimo.errors import AuthError, InputError, UnsupportedError, WireError
from baimo.types.chat import ChatRequest, Message, Reasoning, Role
from baimo.types.content import Text
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, WireHead

JSON = ((b"content-type", b"application/json"), (b"x-request-id", b"r-1"))
OK = WireHead(200, JSON)
KIMI = Quirks(paths=Paths(count="/tokenizers/estimate-token-count"))
SITE = Site(base_url="https://api.test/v1", provider="acme", quirks=KIMI)


def body(wire: HttpRequest) -> Any:
    assert isinstance(wire.body, bytes)
    return msgspec.json.decode(wire.body)


def test_a_text_is_asked_as_one_message_of_the_user() -> None:
    assert isinstance(DIALECT, CountDialect)
    wire = DIALECT.encode_count(
        CountRequest(model="kimi-k2.6", text="你好", extra={"x": 1}, headers={"X-A": "b"}), SITE
    )
    assert (wire.method, wire.origin, wire.target) == (
        "POST",
        "https://api.test",
        b"/v1/tokenizers/estimate-token-count",
    )
    assert body(wire) == {"model": "kimi-k2.6", "messages": [{"role": "user", "content": "你好"}], "x": 1}
    assert (b"X-A", b"b") in wire.headers


def test_of_a_prompt_the_messages_and_tools_are_counted_and_nothing_else() -> None:
    tool = FunctionTool(name="now", parameters={"type": "object"})
    chat = ChatRequest(
        model="other",
        messages=(
            Message(role=Role.DEVELOPER, content=(Text(text="Be brief."),)),
            Message(role=Role.USER, content=(Text(text="Hi"),)),
        ),
        tools=(tool,),
        temperature=0.5,
        reasoning=Reasoning(enabled=True),
        max_tokens=5,
    )
    said = body(encode_count(CountRequest(model="kimi-k2.6", chat=chat), SITE))
    assert list(said) == ["model", "messages", "tools"]
    assert said["model"] == "kimi-k2.6"
    assert [message["role"] for message in said["messages"]] == ["system", "user"]


def test_whether_a_provider_counts_is_told_by_its_row() -> None:
    assert DIALECT.counts(SITE)
    plain = Site(base_url="https://api.test/v1", provider="acme")
    assert not DIALECT.counts(plain)
    with pytest.raises(UnsupportedError, match="acme is not known to count tokens"):
        DIALECT.encode_count(CountRequest(model="m", text="Hi"), plain)
    with pytest.raises(UnsupportedError, match="this provider is not known to count tokens"):
        DIALECT.encode_count(CountRequest(model="m", text="Hi"), Site(base_url="https://api.test"))


@pytest.mark.parametrize(
    "reply",
    [
        b'{"data":{"total_tokens":80}}',
        b'{"code":0,"data":{"total_tokens":80,"new":1},"scode":"0x0","status":true}',
        b'{"created":1727156815,"id":"2","request_id":"1","usage":{"prompt_tokens":80}}',
        b'{"usage":{"total_tokens":80}}',
    ],
)
def test_the_number_is_found_where_each_tells_it(reply: bytes) -> None:
    assert DIALECT.decode_count(OK, reply, SITE) == TokenCount(tokens=80, request_id="r-1")


@pytest.mark.parametrize(
    "reply",
    [b"{}", b"[]", b'{"data":3}', b'{"data":{"total_tokens":-1}}', b'{"usage":{"prompt_tokens":"8"}}'],
)
def test_what_is_no_count_is_an_error(reply: bytes) -> None:
    with pytest.raises(WireError, match="no count of tokens"):
        decode_count(OK, reply, SITE)


def test_a_refusal_of_a_count_is_the_provider_s() -> None:
    refused = b'{"error":{"message":"Invalid Authentication","type":"invalid_authentication_error"}}'
    with pytest.raises(AuthError, match="Invalid Authentication"):
        decode_count(WireHead(401, JSON), refused, SITE)


def test_what_we_ask_we_can_be_asked() -> None:
    wire = encode_count(CountRequest(model="m", text="Hi there"), SITE)
    assert DIALECT.operation("POST", wire.target, ()) == "count"
    assert DIALECT.operation("POST", b"/api/paas/v4/tokenizer", ()) == "count"
    assert DIALECT.operation("GET", wire.target, ()) is None
    asked = DIALECT.decode_count_request(wire)
    assert (asked.model, asked.text) == ("m", "Hi there")
    assert asked.chat is not None
    told = DIALECT.encode_token_count(TokenCount(tokens=3))
    assert decode_count(OK, told, SITE).tokens == 3
    with pytest.raises(InputError):
        DIALECT.decode_count_request(HttpRequest(method="POST", origin="", target=b"/", body=b"{"))
