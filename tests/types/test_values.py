"""The small values: messages, usage, money, secrets."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal

import msgspec
import pytest

from baimo.types.chat import ChatRequest, Message, Reasoning, Role, Sent
from baimo.types.content import Image, Opaque, Part, Text, Thinking, ToolResult
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo, Price
from baimo.types.money import Money
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool, Tool, ToolChoice
from baimo.types.unset import UNSET
from baimo.types.usage import Usage


def test_a_message_may_be_written_in_short() -> None:
    message = Message(role="user", content="Hi")  # type: ignore[arg-type]
    assert message.role is Role.USER
    assert message.content == (Text(text="Hi"),)
    assert message.text == "Hi"


def test_values_do_not_change() -> None:
    with pytest.raises(AttributeError):
        Text(text="a").text = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    "part",
    [
        Text(text="a"),
        Thinking(),
        Image(data=b"\x00\x01"),
        ToolResult(call_id="c", content=(Text(text="a"),)),
        Opaque(dialect="d", json=msgspec.Raw(b'{"a":1}')),
    ],
)
def test_a_part_can_be_stored_and_read_again(part: Part) -> None:
    assert msgspec.json.decode(msgspec.json.encode(part), type=Part) == part


def test_a_request_can_be_stored_and_read_again() -> None:
    tools: tuple[Tool, ...] = (FunctionTool(name="f", parameters={"type": "object"}),)
    request = ChatRequest(
        model="m",
        messages=(Message(role=Role.USER, content=(Text(text="Hi"),)),),
        tools=tools,
        tool_choice=ToolChoice(mode="required", allowed=("f",)),
        reasoning=Reasoning(effort="low"),
    )
    assert msgspec.json.decode(msgspec.json.encode(request), type=ChatRequest) == request


def test_unknown_is_not_nothing() -> None:
    assert (Usage().input, Usage().output, Usage().total) == (None, None, None)
    assert Usage(input_uncached=0).input == 0
    assert Usage(input_uncached=1, cache_read=2, output_visible=4).total == 7
    assert Usage(reasoning=3).total == 3
    assert UNSET is not None


def test_money_prints_without_exponent_and_trailing_zeros() -> None:
    assert str(Money(Decimal("0.0120"), "CNY")) == "0.012 CNY"
    assert str(Money(Decimal("1E+2"), "USD")) == "100 USD"


def test_a_secret_does_not_leave_by_accident() -> None:
    secret = Secret("fake-key-0123456789")
    assert "fake" not in f"{secret} {secret!r} {secret!s} {[secret]}"
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never pickled"):
            leak(secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    assert secret.reveal() == "fake-key-0123456789"
    assert secret.masked() == "…6789"
    assert Secret("short").masked() == "****"


def test_secrets_are_equal_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")
    assert Secret("a")


def test_what_was_sent_shows_its_head_as_text() -> None:
    sent = Sent(
        method="POST", origin="https://a.example", target=b"/", head=((b"accept", b"text/plain"),), body=b"{}"
    )
    assert sent.headers == {"accept": "text/plain"}


def test_a_price_refuses_a_field_it_does_not_know() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"currency": "CNY", "inptu": "1"}, Price)


def test_embeddings_and_models_are_values() -> None:
    assert EmbedRequest(model="m", inputs=("a",)).encoding is None
    assert EmbedResponse(vectors=[[1.0]]).usage == Usage()
    assert ModelInfo(id="m", provider="p").context is None
