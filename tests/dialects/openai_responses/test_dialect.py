"""The dialect's own face: quirks, operations, models, counts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import ChatDialect, CountDialect, ModelsDialect
from baimo.dialects.openai_responses import DIALECT, Quirks
from baimo.errors import AuthError, ConfigError, InputError, ProviderError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance import cases
from tests.dialects.openai_responses.asking import JSON, posted, site


def test_it_can_chat_list_and_count() -> None:
    assert isinstance(DIALECT, ChatDialect)
    assert isinstance(DIALECT, ModelsDialect)
    assert isinstance(DIALECT, CountDialect)


@pytest.mark.parametrize(
    ("fields", "words"), [({"zzz": 1}, "there is developer_role"), ({"summary": "long"}, "Invalid enum")]
)
def test_a_wrong_quirk_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        DIALECT.quirks(fields)


@pytest.mark.parametrize("field", Quirks.__struct_fields__)
def test_each_quirk_has_a_case(field: str) -> None:
    mine = [folder for folder in cases.folders("case.json") if folder.parent.name == DIALECT.name]
    assert [folder for folder in mine if field in cases.load(folder).quirks]


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", b"/v1/responses", "chat"),
        ("POST", b"/openai/responses/?api-version=1", "chat"),
        ("POST", b"/v1/responses/input_tokens", "count"),
        ("GET", b"/v1/models", "models"),
        ("GET", b"/v1/responses", None),
        ("POST", b"/v1/chat/completions", None),
    ],
)
def test_an_address_tells_its_operation(method: str, target: bytes, operation: str | None) -> None:
    assert DIALECT.operation(method, target, ()) == operation


def test_models_are_listed_both_ways() -> None:
    wire = DIALECT.encode_models(site())
    assert (wire.method, wire.target) == ("GET", b"/v1/models")
    listed = (ModelInfo(id="a", provider="example", created=7, owned_by="me"),)
    assert DIALECT.decode_models(JSON, DIALECT.encode_model_list(listed), site()) == listed
    odd = b'{"data":[{"id":""},7,{"id":"b","created":0}]}'
    assert DIALECT.decode_models(JSON, odd, site()) == (ModelInfo(id="b", provider="example"),)
    told = msgspec.json.decode(DIALECT.encode_model_list((ModelInfo(id="b", provider="p"),)))
    assert told["data"] == [{"id": "b", "object": "model", "created": 0, "owned_by": "p"}]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", WireError),
        (b"<html>", WireError),
        (b"[]", WireError),
        (b'{"data":7}', WireError),
        (b'{"error":{"message":"No.","code":"invalid_api_key"}}', AuthError),
    ],
)
def test_what_is_no_list_is_an_error(body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        DIALECT.decode_models(JSON, body, site())


def test_a_refusal_of_the_list_is_raised() -> None:
    with pytest.raises(ProviderError) as caught:
        DIALECT.decode_models(WireHead(401), b"{}", site())
    assert caught.value.status == 401


def test_tokens_are_counted_both_ways() -> None:
    wire = DIALECT.encode_count(
        CountRequest(model="m", text="Hi", extra={"instructions": "x"}, headers={"x-a": "b"}), site()
    )
    assert wire.target == b"/v1/responses/input_tokens"
    assert (b"x-a", b"b") in wire.headers
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(wire.body) == {"model": "m", "input": "Hi", "instructions": "x"}
    assert DIALECT.decode_count_request(wire) == CountRequest(model="m", text="x\nHi")
    head = WireHead(200, ((b"x-request-id", b"r"),))
    count = DIALECT.decode_count(head, DIALECT.encode_token_count(TokenCount(tokens=7)), site())
    assert (count.tokens, count.request_id) == (7, "r")


def test_what_is_no_count_is_an_error() -> None:
    with pytest.raises(WireError, match="no count"):
        DIALECT.decode_count(JSON, b"{}", site())
    with pytest.raises(InputError, match="count"):
        DIALECT.decode_count_request(posted(b'{"model":"m","input":5}'))


def test_a_body_in_pieces_is_read_whole() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Any:
            yield b'{"model":"m",'
            yield b'"input":"Hi"}'

    wire = HttpRequest(method="POST", origin="http://here", target=b"/v1/responses", body=Pieces())
    assert DIALECT.decode_request(wire).messages[0].text == "Hi"
    assert DIALECT.decode_count_request(wire).text == "Hi"
