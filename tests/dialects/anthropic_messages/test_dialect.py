"""The dialect as a whole: quirks, counts and models."""

from __future__ import annotations

import msgspec
import pytest

from baimo.dialect.protocols import ChatDialect, ContinueDialect, CountDialect, ModelsDialect, ServedDialect
from baimo.dialects.anthropic_messages import DIALECT
from baimo.dialects.anthropic_messages.counting import decode_count_request, encode_count
from baimo.dialects.anthropic_messages.errors import ErrorDecoder
from baimo.dialects.anthropic_messages.listing import decode_models
from baimo.dialects.anthropic_messages.words import NAME, address
from baimo.errors import AuthError, ConfigError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.models import ModelInfo
from baimo.wire.http import WireHead
from tests.dialects.anthropic_messages.asking import JSON, posted, request, site


def test_it_does_what_the_wire_can() -> None:
    for protocol in (ChatDialect, ContinueDialect, CountDialect, ModelsDialect, ServedDialect):
        assert isinstance(DIALECT, protocol)
    assert DIALECT.name == NAME


def test_unknown_quirks_are_refused_with_near_names() -> None:
    with pytest.raises(ConfigError, match="did you mean prefill"):
        DIALECT.quirks({"prefil": True})
    with pytest.raises(ConfigError, match="there is version"):
        DIALECT.quirks({"zzzz": True})
    for wrong in ({"temperature": "[1"}, {"temperature": 5}, {"paths": {"chats": "/x"}}, {"max_tokens": "x"}):
        with pytest.raises(ConfigError, match="is wrong"):
            DIALECT.quirks(wrong)


def test_a_text_is_counted_as_a_message_of_the_users() -> None:
    asked = CountRequest(model="m", text="Hi", extra={"system": "S"}, headers={"x-a": "b"})
    wire = encode_count(asked, site())
    assert wire.url == "https://api.anthropic.com/v1/messages/count_tokens"
    assert (b"x-a", b"b") in wire.headers
    assert isinstance(wire.body, bytes)
    turn = {"role": "user", "content": "Hi"}
    assert msgspec.json.decode(wire.body) == {"model": "m", "messages": [turn], "system": "S"}
    assert decode_count_request(posted(wire.body)).text == "S\n\nHi"
    assert DIALECT.decode_count_request(posted(wire.body)).model == "m"
    assert DIALECT.encode_count(CountRequest(model="m", text="Hi"), site()).target == wire.target
    raw = DIALECT.encode_token_count(TokenCount(tokens=7))
    assert DIALECT.decode_count(JSON, raw, site()).tokens == 7
    with pytest.raises(WireError, match="input_tokens"):
        DIALECT.decode_count(JSON, b"{}", site())


def test_models_are_listed_both_ways() -> None:
    wire = DIALECT.encode_models(site())
    assert (wire.method, wire.target) == ("GET", b"/v1/models?limit=1000")
    assert b"anthropic-version" in dict(wire.headers)
    models = (
        ModelInfo(id="a", provider="anthropic", context=9, max_output=5, created=1_790_000_000),
        ModelInfo(id="b", provider="anthropic", created=0),
    )
    raw = DIALECT.encode_model_list(models)
    assert DIALECT.decode_models(JSON, raw, site()) == models
    assert msgspec.json.decode(raw)["last_id"] == "b"
    assert msgspec.json.decode(DIALECT.encode_model_list(()))["first_id"] is None
    odd = b'{"data":[{"id":"c","created_at":"then","max_tokens":-1},{"id":5},5]}'
    assert decode_models(JSON, odd, site()) == (ModelInfo(id="c", provider="anthropic"),)
    with pytest.raises(WireError, match="data"):
        decode_models(JSON, b"{}", site())


def test_refusals_go_to_their_own_decoder() -> None:
    for decoder in (
        DIALECT.decoder(WireHead(401), site()),
        DIALECT.decoder_for(request(), WireHead(401), site()),
    ):
        assert isinstance(decoder, ErrorDecoder)
        decoder.feed(b"{}")
        with pytest.raises(AuthError):
            decoder.end()
    head, _ = DIALECT.encode_error(AuthError("x"))
    assert head.status == 401


def test_addresses_may_hold_the_model() -> None:
    assert address(site("https://h/v1"), "/{model}:rawPredict", "claude-x@1") == (
        "https://h",
        b"/v1/claude-x@1:rawPredict",
    )
