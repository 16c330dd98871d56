"""What can be asked of a deployment, and requests that take several calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from baimo import dialects
from baimo.catalogue import load
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.errors import ConfigError, InvalidRequestError, ServerError
from baimo.exchange import Deployment, Operation, exchange
from baimo.notes import Note
from baimo.operations import (
    BalanceOperation,
    ChatOperation,
    CountOperation,
    DescribeOperation,
    EmbedOperation,
    Learned,
    ModelsOperation,
    PullOperation,
    RerankOperation,
    in_batches,
    joined,
)
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.types.chat import ChatRequest, ChatResponse, Choice, Message, ResponseFormat, Role
from baimo.types.content import Opaque, Refusal, Text, Thinking, ToolCall
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo, PullProgress
from baimo.types.money import Money
from baimo.types.rerank import RerankRequest
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
        RerankOperation(RerankRequest(model="", query="q", documents=("a",))),
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


def said(role: str, *parts: Any) -> Message:
    return Message(
        role=Role(role), content=tuple(Text(text=part) if isinstance(part, str) else part for part in parts)
    )


def talk(*messages: Message, conversation: str | None = None, **facts: Any) -> ChatOperation:
    return ChatOperation(ChatRequest(model="", messages=messages, **facts), conversation=conversation)


ONE = (said("system", "Be brief."), said("user", "Hi"))


def test_a_first_question_sticks_to_nobody() -> None:
    assert talk(*ONE).sticky is None
    assert talk(said("user", "Hi"), said("user", "there")).sticky is None


def test_a_conversation_sticks_by_how_it_begins() -> None:
    second = (*ONE, said("assistant", "Hello"), said("user", "How are you?"))
    third = (*second, said("assistant", "Well."), said("user", "Good."))
    assert talk(*second).sticky == talk(*third).sticky is not None
    others = [
        (said("system", "Be long."), *second[1:]),
        (said("developer", "Be brief."), said("user", "Ho"), *second[2:]),
        (said("user", "Be brief.Hi"), *second[2:]),
    ]
    assert len({talk(*messages).sticky for messages in [second, *others]}) == 4


def test_a_conversation_without_words_and_half_characters_are_no_trouble() -> None:
    assert talk(said("user"), said("assistant", "Hello"), said("user", "?")).sticky is None
    assert talk(said("assistant", "Hello"), said("user", "Hi")).sticky is not None
    assert talk(said("system", "Be brief."), said("assistant", "Hello")).sticky is not None
    assert talk(said("user", "\ud83d"), said("assistant", "Hello"), said("user", "?")).sticky is not None


def test_who_names_his_conversation_is_taken_at_his_word() -> None:
    assert talk(*ONE, conversation="c-7").sticky == "c-7"
    assert talk(*ONE, prompt_cache_key="p-1").sticky == "p-1"
    assert talk(*ONE, conversation="c-7", prompt_cache_key="p-1").sticky == "c-7"


def spoken(*parts: Any, **facts: Any) -> ChatResponse:
    return ChatResponse(choices=(Choice(message=said("assistant", *parts), **facts),))


def test_what_was_said_stands_at_the_end_of_what_is_continued() -> None:
    begun = talk(*ONE, conversation="c-7", stream=True).continued(spoken(Thinking(text="Hm"), "Well, "))
    assert begun is not None
    play = asked(begun, b"t:Hi\nend\n", dialect=LineDialect())
    assert play.sent[0].wire.body == b"Be brief.\nHi\nWell, "  # type: ignore[union-attr]
    assert (begun.sticky, begun.streams) == ("c-7", True)
    assert talk(*ONE).continued(spoken("Well, ")).sticky is not None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "cut",
    [
        ChatResponse(choices=()),
        spoken(),
        spoken(""),
        spoken("Well", Thinking(text="Hm")),
        spoken("Well", ToolCall(id="1", name="f", arguments="{")),
        spoken(ToolCall(id="1", name="f", arguments="{}"), "Well"),
        spoken(Refusal(text="No")),
        spoken("Well", withdrawn="moderation"),
        ChatResponse(choices=(*spoken("a").choices, *spoken("b").choices)),
    ],
)
def test_what_is_more_than_one_plain_text_is_not_continued(cut: ChatResponse) -> None:
    assert talk(*ONE).continued(cut) is None


def test_the_rest_of_an_answer_that_the_caller_began_is_not_continued() -> None:
    assert talk(*ONE, said("assistant", "Well, ")).continued(spoken("hello")) is None


def test_whether_a_deployment_goes_on_is_for_its_dialect_to_say() -> None:
    begun = talk(*ONE, said("assistant", "Well, "))
    assert not begun.can_go_on(deployment(dialect=LineDialect()))

    def openai(**quirks: Any) -> Any:
        site = Site(base_url="http://acme.test/v1", quirks=OPENAI.quirks(quirks))
        return deployment(dialect=OPENAI, site=site)

    beta = {"prefix": "/beta/chat/completions"}
    assert begun.can_go_on(openai(paths=beta))
    assert begun.can_go_on(openai(extras=["partial"]))
    assert not begun.can_go_on(openai(extras=["prefix"]))  # the answer repeats it
    assert not begun.can_go_on(openai())
    assert not begun.can_go_on(deployment(dialect=OPENAI, site=Site(base_url="http://acme.test/v1")))
    assert not talk(*ONE).can_go_on(openai(paths=beta))
    json = ResponseFormat(type="json_object")
    assert not talk(*ONE, said("assistant", "{"), response_format=json).can_go_on(openai(extras=["partial"]))
    schema = ResponseFormat(type="json_schema", name="n", schema={})
    assert talk(*ONE, said("assistant", "{"), response_format=schema).can_go_on(openai(extras=["partial"]))


@pytest.mark.parametrize(
    ("name", "goes_on"),
    [
        ("deepseek/deepseek-flash", True),
        ("moonshot/kimi-k2.6", True),
        ("moonshot-intl/kimi-k2.6", True),
        ("qwen/qwen-plus", True),
        ("qwen-intl/qwen3-max", True),
        ("qwen/qwq-plus", False),
        ("qwen/qwen3-30b-a3b-thinking-2507", False),
        ("qwen/deepseek-v3", False),
        ("qwen-coding/qwen3-coder-plus", False),
        ("mistral/mistral-small-latest", False),
        ("openai/gpt-5", False),
        ("ollama/qwen3", False),
    ],
)
def test_which_providers_go_on_with_an_answer_that_was_begun(name: str, goes_on: bool) -> None:
    provider, _, model = name.partition("/")
    row = load.provider(provider)
    endpoint = next(one for one in row.endpoints if one.dialect in ("openai_chat", "ollama"))
    dialect = dialects.get(endpoint.dialect)
    site = Site(base_url="http://acme.test", quirks=dialect.quirks(endpoint.quirks_for(model)))
    at = deployment(provider, model, dialect=dialect, site=site)
    assert talk(*ONE, said("assistant", "Well, ")).can_go_on(at) is goes_on


def test_more_texts_than_a_wire_takes_are_asked_in_batches() -> None:
    request = EmbedRequest(model="", inputs=("a", "b", "c", "d", "e"))
    route = ((deployment(dialect=Lister()),), (deployment(),))
    assert [one.inputs for one in in_batches(request, route)] == [("a", "b"), ("c", "d"), ("e",)]
    assert in_batches(request, ((deployment(),),)) == [request]


class Telling(LineDialect):
    """Tells how many texts its models take at once."""

    def most_inputs(self, model: str, site: Site) -> int:
        return 3 if model == "small" and site.base_url else 100


def test_how_many_texts_go_at_once_may_be_told_for_the_model_and_its_site() -> None:
    request = EmbedRequest(model="", inputs=("a", "b", "c", "d", "e"))
    sizes = [
        [len(one.inputs) for one in in_batches(request, ((deployment("acme", model, dialect=Telling()),),))]
        for model in ("small", "large")
    ]
    assert sizes == [[3, 2], [5]]


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("openai/text-embedding-3-small", 2048),
        ("zhipu/embedding-3", 64),
        ("siliconflow/BAAI/bge-m3", 32),
        ("qwen/text-embedding-v4", 10),
        ("voyage/voyage-4", 1000),
        ("cohere/embed-v4.0", 96),
        ("gemini/gemini-embedding-001", 100),
        ("vertex/gemini-embedding-001", 1),
        ("vertex/text-embedding-005", 250),
        ("ollama/bge-m3", 700),
        ("nobody-knows/model", 700),
    ],
)
def test_texts_go_in_batches_of_the_size_that_the_provider_takes(name: str, most: int) -> None:
    provider, _, model = name.partition("/")
    if provider == "nobody-knows":
        at = deployment(provider, model)
    else:
        endpoint = next(one for one in load.provider(provider).endpoints if one.serves(model))
        dialect = dialects.get(endpoint.dialect)
        site = Site(base_url="http://acme.test", quirks=dialect.quirks(endpoint.quirks_for(model)))
        at = deployment(provider, model, dialect=dialect, site=site)
    texts = tuple(str(number) for number in range(2500 if most > 1000 else 700 if most == 700 else 1200))
    batches = in_batches(EmbedRequest(model="", inputs=texts), ((at,),))
    assert len(batches[0].inputs) == most
    assert sum([one.inputs for one in batches], ()) == texts


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


STREAM_ONLY = InvalidRequestError("This model only support stream mode", status=400)
COMPATIBLE = deployment(dialect=OPENAI, site=Site(base_url="http://acme.test"))


def body_of(operation: ChatOperation, at: Deployment = COMPATIBLE) -> dict[str, Any]:
    wire = operation.encode(at)
    assert isinstance(wire, HttpRequest)
    assert isinstance(wire.body, bytes)
    body: dict[str, Any] = msgspec.json.decode(wire.body)
    return body


def test_a_refusal_of_the_wording_gives_the_same_in_other_words() -> None:
    operation = ChatOperation(chat_request())
    found = operation.mended(STREAM_ONLY, COMPATIBLE)
    assert found is not None
    other, note = found
    assert note.code == "mended"
    assert body_of(other)["stream"] is True
    assert other.encode(COMPATIBLE).notes == (note,)
    assert not other.streams  # the caller still gets the whole
    assert "stream" not in body_of(operation)


def test_a_mending_may_be_forbidden_but_its_words_are_still_said() -> None:
    operation = ChatOperation(replace(chat_request(), temperature=0.5), mends=False)
    assert operation.mended(STREAM_ONLY, COMPATIBLE) is None
    fixed = InvalidRequestError("invalid temperature: only 1 is allowed for this model", status=400)
    assert operation.mended(fixed, COMPATIBLE) is None
    assert 'unsupported="drop"' in (fixed.hint or "")
    told = InvalidRequestError(fixed.message, status=400, hint="read this")
    assert operation.mended(told, COMPATIBLE) is None
    assert told.hint == "read this"


def test_a_wire_that_knows_no_mending_and_a_refusal_of_something_else_stay_as_they_are() -> None:
    assert ChatOperation(chat_request()).mended(STREAM_ONLY, deployment()) is None
    other = InvalidRequestError("Something is wrong", status=400)
    assert ChatOperation(chat_request()).mended(other, COMPATIBLE) is None


def test_a_call_is_mended_twice_at_the_most() -> None:
    request = replace(chat_request(), max_tokens=5, temperature=0.5, top_p=0.5, unsupported="drop")
    operation = ChatOperation(request)
    for name in ("temperature", "top_p"):
        found = operation.mended(InvalidRequestError(f"{name} is not supported", status=400), COMPATIBLE)
        assert found is not None
        operation = found[0]
    assert body_of(operation).keys() == {"model", "messages", "max_tokens"}
    assert [note.code for note in operation.encode(COMPATIBLE).notes].count("mended") == 2
    assert operation.mended(STREAM_ONLY, COMPATIBLE) is None


def test_what_helped_is_what_the_next_call_begins_with() -> None:
    learned: Learned = {}
    found = ChatOperation(chat_request(), learned=learned).mended(STREAM_ONLY, COMPATIBLE)
    assert found is not None
    found[0].decoder(WireHead(400), COMPATIBLE)
    assert learned == {}  # it did not help
    found[0].decoder(WireHead(200), COMPATIBLE)
    following = ChatOperation(chat_request(), learned=learned)
    assert body_of(following)["stream"] is True
    assert [note.code for note in following.encode(COMPATIBLE).notes] == ["mended"]
    elsewhere = replace(COMPATIBLE, model="other")
    assert "stream" not in body_of(following, elsewhere)
    assert "stream" not in body_of(ChatOperation(chat_request(), learned=learned, mends=False))
    assert following.mended(STREAM_ONLY, COMPATIBLE) is None  # it was asked so already


def test_what_was_dropped_is_not_remembered() -> None:
    learned: Learned = {}
    request = replace(chat_request(), seed=1, unsupported="drop")
    error = InvalidRequestError("seed is not supported", status=400)
    found = ChatOperation(request, learned=learned).mended(error, COMPATIBLE)
    assert found is not None
    found[0].decoder(WireHead(200), COMPATIBLE)
    assert body_of(ChatOperation(request, learned=learned))["seed"] == 1


def test_what_a_call_may_use_is_prompt_and_answer_of_all_choices() -> None:
    request = replace(chat_request(text="word " * 100), max_tokens=50, n=2)
    bare = ChatOperation(replace(request, max_tokens=None, n=None)).tokens
    assert ChatOperation(request).tokens - bare == 2 * 50 - 512
    assert bare > 512 + 100
    texts = EmbedOperation(EmbedRequest(model="", inputs=("a" * 40, "b" * 40)))
    assert texts.tokens == 20
    assert EmbedOperation(EmbedRequest(model="", inputs=((1, 2, 3),))).tokens == 3
    ranks = RerankOperation(RerankRequest(model="", query="q" * 8, documents=("a" * 40, "b" * 40)))
    assert ranks.tokens == 24
