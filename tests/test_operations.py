"""What can be asked of a deployment, and requests that take several calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from baimo.catalogue import load
from baimo.dialect.protocols import Site
from baimo.errors import ConfigError, ServerError
from baimo.exchange import Operation, exchange
from baimo.notes import Note
from baimo.operations import (
    BalanceOperation,
    ChatOperation,
    CountOperation,
    DescribeOperation,
    EmbedOperation,
    ModelsOperation,
    PullOperation,
    in_batches,
    joined,
)
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Opaque, Text
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo, PullProgress
from baimo.types.money import Money
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play
from tests.scripted import OK, LineDecoder, LineDialect, chat_request, deployment


class Mute:
    """A wire that can do nothing at all."""

    name = "mute"


class Lister(LineDialect):
    """A wire whose requests say what they are, and whose replies are the answer's text."""

    most_inputs = 2

    def encode_count(self, request: CountRequest, site: Site) -> HttpRequest:
        body = f"{request.model} {request.text} {dict(request.extra)}".encode()
        return HttpRequest(method="POST", origin=site.base_url, target=b"/count", body=body)

    def decode_count(self, head: WireHead, body: bytes, site: Site) -> TokenCount:
        return TokenCount(tokens=len(body))

    def encode_describe(self, model: str, site: Site) -> HttpRequest:
        return HttpRequest(method="GET", origin=site.base_url, target=f"/{model}".encode())

    def decode_describe(self, model: str, head: WireHead, body: bytes, site: Site) -> ModelInfo:
        return ModelInfo(id=model, provider=site.provider, remark=body.decode())

    def encode_pull(self, model: str, site: Site) -> HttpRequest:
        return HttpRequest(method="POST", origin=site.base_url, target=b"/pull", body=model.encode())

    def pull_decoder(self, head: WireHead, site: Site) -> Lines:
        return Lines()


class Lines:
    def __init__(self) -> None:
        self.early: list[PullProgress] = []

    def feed(self, piece: bytes) -> list[PullProgress]:
        return [PullProgress(status=line.decode()) for line in piece.split()]

    def end(self) -> list[PullProgress]:
        return []


def asked(operation: Operation, *replies: Any, **changes: Any) -> Play:
    play = Play(OK, *replies)
    at = deployment(**{"dialect": Lister(), **changes})
    play.run(exchange(operation, at, retry=RetryPolicy(attempts=1), limits=TimeLimits()))
    return play


def test_a_count_is_asked_of_the_deployment_s_model_with_its_extras() -> None:
    operation = CountOperation(CountRequest(model="", text="Hi", extra={"a": 1}))
    play = asked(operation, b"12345", extra={"a": 0, "b": 2})
    assert play.sent[0].wire.body == b"m Hi {'a': 1, 'b': 2}"  # type: ignore[union-attr]
    assert play.events == [TokenCount(tokens=5)]
    assert asked(CountOperation(CountRequest(model="", text="Hi")), b"1").sent[0].wire.body == b"m Hi {}"  # type: ignore[union-attr]


class Remembering(LineDialect):
    """Keeps what its decoder was told."""

    told: ChatRequest

    def decoder_for(self, request: ChatRequest, head: WireHead, site: Site) -> LineDecoder:
        self.told = request
        return LineDecoder(head)


def test_a_decoder_is_told_the_request_as_it_was_encoded() -> None:
    dialect = Remembering()
    asked(ChatOperation(chat_request()), b"t:Hi\nend\n", dialect=dialect, extra={"options": {"num_ctx": 9}})
    assert dialect.told.model == "m"
    assert dialect.told.extra == {"options": {"num_ctx": 9}}


def test_a_description_is_of_the_deployment_s_model() -> None:
    play = asked(DescribeOperation(), b"large")
    assert play.events == [ModelInfo(id="m", provider="acme", remark="large")]


def test_a_pull_tells_its_progress_as_it_comes() -> None:
    play = asked(PullOperation(), b"one two", b"three")
    assert [told.status for told in play.events] == ["one", "two", "three"]
    assert play.trace.count("Emit") == 2


@pytest.mark.parametrize(
    "operation",
    [
        ChatOperation(ChatRequest(model="", messages=())),
        EmbedOperation(EmbedRequest(model="", inputs=("a",))),
        ModelsOperation(),
        CountOperation(CountRequest(model="", text="a")),
        DescribeOperation(),
        PullOperation(),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_a_wire_cannot_do_is_said_before_anything_is_sent(operation: Operation) -> None:
    with pytest.raises(ConfigError, match="acme is spoken to by 'mute', which knows no"):
        asked(operation, dialect=Mute())


def test_what_another_wire_told_beside_its_answer_is_left_out_and_ones_own_is_not() -> None:
    sent: list[ChatRequest] = []

    class Keeper(LineDialect):
        def encode_request(self, request: ChatRequest, site: Site) -> HttpRequest:
            sent.append(request)
            return super().encode_request(request, site)

    own, foreign = (Opaque(dialect=name, json=Raw(b"{}")) for name in ("lines", "x"))
    earlier = Message(role=Role.ASSISTANT, content=(Text(text="A"), foreign, own))
    asked = Message(role=Role.USER, content=(Text(text="B"), foreign))
    request = ChatRequest(model="m", messages=(earlier, asked))
    ChatOperation(request).encode(deployment(dialect=Keeper()))
    assert sent[0].messages == (replace(earlier, content=(Text(text="A"), own)), asked)
    plain = ChatRequest(model="m", messages=(asked,))
    ChatOperation(plain).encode(deployment(model="m", dialect=Keeper()))
    assert sent[1] is plain


def test_more_texts_than_a_wire_takes_are_asked_in_batches() -> None:
    request = EmbedRequest(model="", inputs=("a", "b", "c", "d", "e"))
    route = ((deployment(dialect=Lister()),), (deployment(),))
    assert [one.inputs for one in in_batches(request, route)] == [("a", "b"), ("c", "d"), ("e",)]
    assert in_batches(request, ((deployment(),),)) == [request]


def answer(*vectors: float, tokens: int | None, cost: Money | None = None) -> EmbedResponse:
    return EmbedResponse(
        vectors=[[one] for one in vectors],
        usage=Usage(input_uncached=tokens),
        cost=cost,
        notes=(Note(code="same", message="once"),),
    )


def test_batches_are_one_response_in_the_order_of_the_texts() -> None:
    fen = Money(Decimal("0.01"), "CNY")
    whole = joined([answer(1.0, 2.0, tokens=3, cost=fen), answer(3.0, tokens=4, cost=fen)])
    assert whole.vectors == [[1.0], [2.0], [3.0]]
    assert whole.usage.input == 7
    assert whole.cost == Money(Decimal("0.02"), "CNY")
    assert len(whole.notes) == 1
    one = answer(1.0, tokens=1)
    assert joined([one]) is one


def test_what_is_unknown_of_one_batch_is_unknown_of_all() -> None:
    fen, cent = Money(Decimal("0.01"), "CNY"), Money(Decimal("0.01"), "USD")
    whole = joined([answer(1.0, tokens=3, cost=fen), answer(3.0, tokens=None)])
    assert (whole.usage.input, whole.cost) == (None, None)
    assert joined([answer(1.0, tokens=1, cost=fen), answer(2.0, tokens=1, cost=cent)]).cost is None


def test_a_balance_is_asked_for_where_the_row_says_and_with_the_deployment_s_key() -> None:
    at = deployment("acme", site=Site(base_url="https://acme.test/v1/", provider="acme"))
    play = Play(OK, b'{"data": {"available_balance": 4.5}}', b"")
    operation: Operation = BalanceOperation(load.provider("moonshot"))
    play.run(exchange(operation, at, retry=RetryPolicy(), limits=TimeLimits()))
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert (wire.method, wire.origin, wire.target) == ("GET", "https://acme.test", b"/v1/users/me/balance")
    (found,) = play.events
    assert (found.provider, str(found)) == ("acme", "4.5 CNY")


def test_a_refused_balance_is_what_the_dialect_says_it_is() -> None:
    play = Play(WireHead(401), b"no", b"")
    with pytest.raises(ServerError, match="no"):
        play.run(
            exchange(
                BalanceOperation(load.provider("moonshot")),
                deployment(),
                retry=RetryPolicy(attempts=1),
                limits=TimeLimits(),
            )
        )


def test_without_a_documented_place_or_over_a_socket_there_is_no_balance() -> None:
    with pytest.raises(ConfigError, match="documents no way") as caught:
        BalanceOperation(load.provider("openai"))
    assert caught.value.hint is not None and "platform.openai.com" in caught.value.hint
    at = deployment("acme", site=Site(base_url="wss://acme.test/v1", provider="acme"))
    with pytest.raises(ConfigError, match="no balance of an account"):
        BalanceOperation(load.provider("moonshot")).encode(at)
