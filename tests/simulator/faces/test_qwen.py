"""The face of Model Studio: two APIs at one address, its models' own rules, its refusals."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.qwen import REQUEST_ID, QwenFace
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import replies
from baimo.simulator.words import Credentials, Face, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, ChatResponse, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Image, Text, ToolCall, ToolResult
from baimo.types.counting import CountRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, with_headers
from tests.conformance.playing import play
from tests.simulator.faces import test_openai
from tests.simulator.faces.test_openai import answer, post

KEY = QwenFace().credentials()["api_key"]
SITE = Site(base_url="http://127.0.0.1/api/v1", provider="qwen", codes="qwen")
ASK = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}]}
PATH = "/compatible-mode/v1/chat/completions"


def user(text: str = "Hi") -> Message:
    return Message(role=Role.USER, content=(Text(text=text),))


def asked(*messages: Message, model: str = "qwen-plus", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (user(),), **fields)


def signed(wire: HttpRequest, key: str = KEY) -> HttpRequest:
    more = ((b"authorization", f"Bearer {key}".encode()), (b"host", b"127.0.0.1"))
    fields = tuple((name.lower(), value) for name, value in with_headers(wire.headers, more))
    return replace(wire, headers=fields)


def native(request: ChatRequest | None = None, key: str = KEY, **quirks: Any) -> HttpRequest:
    site = replace(SITE, quirks=DIALECT.quirks(quirks)) if quirks else SITE
    return signed(DIALECT.encode_request(request or asked(), site), key)


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([QwenFace()])


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of the answer."""
    head, body = answer(simulation, request)
    events, error = play(DIALECT.decoder(head, SITE), [body])
    return fold(events), error


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request)
    assert isinstance(error, ProviderError)
    assert error.request_id == REQUEST_ID
    return error


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("qwen-intl", Credentials(given={"api_key": "sk-fake-other"}))
    assert (face.name, face.hosts) == ("qwen-intl", ("dashscope-intl.aliyuncs.com",))
    tables = face.configuration("http://h:1")
    assert tables["native"] == {
        "endpoint": "native",
        "base_url": "http://h:1/api/v1",
        "api_key": "sk-fake-other",
    }
    assert tables["chat"]["base_url"] == "http://h:1/compatible-mode/v1"
    for name in ("qwen", "qwen-us", "qwen-hk"):
        assert faces.make(name).name == name


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_is_answered_in_its_own_form(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies([Reply(text="天空很蓝。", thinking="想一想")])
    response, error = read(simulation, native(asked(stream=stream)))
    assert error is None
    assert (response.text, response.thinking) == ("天空很蓝。", "想一想")
    assert response.usage.output


def test_a_picture_is_seen_at_the_address_of_multimodal_models(simulation: Simulation) -> None:
    message = Message(role=Role.USER, content=(Image(url="https://a.example/a.png"), Text(text="What?")))
    response, error = read(simulation, native(asked(message, model="qwen3-vl-plus", stream=True)))
    assert error is None
    assert response.text


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (native(key="sk-fake-wrong"), "Invalid API-key"),
        (native(asked(model="gpt-4")), "Model not exist"),
        (native(asked(model="qwen3-vl-plus")), "url error"),
        (native(asked(), multimodal=True), "url error"),
        (native(asked(model="qwq-plus")), "only support stream"),
        (native(asked(model="qwen3-8b")), "enable_thinking must be set to false"),
        (
            native(
                asked(
                    stream=True,
                    reasoning=Reasoning(enabled=True),
                    extra={"parameters": {"incremental_output": False}},
                )
            ),
            "incremental_output",
        ),
        (native(asked(response_format=ResponseFormat(type="json_object"))), "the word 'json'"),
        (native(asked(extra={"parameters": {"temperature": 2}})), "Temperature"),
        (native(asked(extra={"parameters": {"top_p": 2}})), "top_p"),
        (native(asked(extra={"parameters": {"n": 5}})), "Range of n"),
        (
            native(asked(user(), Message(role=Role.TOOL, content=(ToolResult(call_id="x", content=()),)))),
            'role "tool"',
        ),
        (native(asked(Message(role=Role.SYSTEM, content=(Text(text="a"),)))), "last message"),
    ],
)
def test_a_request_that_is_not_right_meets_its_real_refusal(
    simulation: Simulation, request_: HttpRequest, words: str
) -> None:
    assert words in refused(simulation, request_).message


def test_a_request_without_a_key_is_told_so(simulation: Simulation) -> None:
    bare = replace(native(), headers=((b"host", b"127.0.0.1"),))
    assert refused(simulation, bare).message == "No API-key provided."


@pytest.mark.parametrize(
    "request_",
    [
        native(asked(model="qwq-plus"), stream_only=True),
        native(asked(model="qwen3-8b", reasoning=Reasoning(enabled=False))),
        native(asked(user("as JSON"), response_format=ResponseFormat(type="json_object"))),
        native(
            asked(
                user(),
                Message(role=Role.ASSISTANT, content=(ToolCall(id="c", name="f", arguments="{}"),)),
                Message(role=Role.TOOL, content=(ToolResult(call_id="c", content=(Text(text="1"),)),)),
                tools=(FunctionTool(name="f"),),
            )
        ),
    ],
)
def test_what_the_models_take_is_taken(simulation: Simulation, request_: HttpRequest) -> None:
    assert read(simulation, request_)[1] is None


@pytest.mark.parametrize(
    ("why", "code", "kind"),
    [
        (Why.OVER_QUOTA, "Arrearage", QuotaError),
        (Why.OVER_RATE, "Throttling.RateQuota", RateLimitedError),
        (Why.OVER_CONCURRENCY, "Throttling.RateQuota", RateLimitedError),
        (Why.INPUT_MODERATED, "DataInspectionFailed", ContentFilteredError),
        (Why.MISSING_PROJECT_SCOPE, "AccessDenied", PermissionDeniedError),
        (Why.UNKNOWN_MODEL, "InvalidParameter", NotFoundError),
        (Why.CONTEXT_TOO_LONG, "InvalidParameter", ContextTooLongError),
        (Why.INVALID_REQUEST, "InvalidParameter", InvalidRequestError),
        (Why.SERVER_ERROR, "InternalError", ServerError),
        (Why.OVERLOADED, "ModelServingError", OverloadedError),
        (Why.WRONG_SECRET, "InvalidApiKey", AuthError),
    ],
)
def test_every_reason_has_its_code(
    simulation: Simulation, why: Why, code: str, kind: type[ProviderError]
) -> None:
    simulation.refuse(why)
    error = refused(simulation, native())
    assert (error.provider_code, type(error)) == (code, kind)


@pytest.mark.parametrize("why", list(Why))
def test_there_is_an_answer_to_every_reason_on_every_api(why: Why) -> None:
    face = QwenFace()
    head, body = face.refuse(why, native(), detail="x", retry_after=2.0)
    assert head.status >= 400
    assert msgspec.json.decode(body)["request_id"] == REQUEST_ID
    head, body = face.refuse(why, post(ASK, PATH), detail="x")
    assert head.status >= 400
    assert msgspec.json.decode(body)["error"]
    assert face.interrupt(why, native(), face.encoder(native(), asked(stream=True)))
    served = post(ASK, PATH)
    assert face.interrupt(why, served, face.encoder(served, asked(stream=True)))


@pytest.mark.parametrize("stream", [True, False])
def test_moderated_output_is_an_error_after_what_was_said(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies(["all is well until here"])
    simulation.moderation = Moderation(output=("here",))
    response, error = read(simulation, native(asked(stream=stream)))
    assert isinstance(error, ContentFilteredError)
    assert "here" not in response.text


def test_vectors_have_their_real_length(simulation: Simulation) -> None:
    for model, dimensions, size in (("text-embedding-v4", None, 1024), ("text-embedding-v4", 64, 64)):
        request = EmbedRequest(model=model, inputs=("春", "夏"), dimensions=dimensions)
        wire = signed(DIALECT.encode_embed(request, SITE))
        response = DIALECT.decode_embed(request, *answer(simulation, wire))
        assert [len(vector) for vector in response.vectors] == [size, size]
    old = EmbedRequest(model="text-embedding-v1", inputs=("春",))
    vectors = DIALECT.decode_embed(old, *answer(simulation, signed(DIALECT.encode_embed(old, SITE)))).vectors
    assert len(vectors[0]) == 1536


def test_tokens_are_counted(simulation: Simulation) -> None:
    request = CountRequest(model="qwen-plus", text="Hello, world")
    wire = signed(DIALECT.encode_count(request, SITE))
    count = DIALECT.decode_count(*answer(simulation, wire), SITE)
    assert "".join(count.pieces) == request.text


def test_the_compatible_api_is_beside_it(simulation: Simulation) -> None:
    response, error = test_openai.read(simulation, post(ASK, PATH, key=KEY))
    assert (response.text, error) == ("Hi", None)
    embed = {"model": "text-embedding-v4", "input": ["a"], "dimensions": 4}
    head, body = answer(simulation, post(embed, "/compatible-mode/v1/embeddings", key=KEY))
    assert (head.status, len(msgspec.json.decode(body)["data"])) == (200, 1)
    listing = replace(post(b"", "/compatible-mode/v1/models", key=KEY), method="GET")
    assert b"qwen-plus" in answer(simulation, listing)[1]
    _, error = test_openai.read(simulation, post({**ASK, "model": "qwen3-8b"}, PATH, key=KEY))
    assert isinstance(error, InvalidRequestError)
    off = {**ASK, "model": "qwen3-8b", "enable_thinking": False}
    assert test_openai.read(simulation, post(off, PATH, key=KEY))[1] is None


def test_nothing_is_served_elsewhere() -> None:
    face = QwenFace()
    assert face.operation(post(ASK, "/v1/services/aigc/text-generation/generation")) is None
    assert face.operation(SocketRequest(origin="ws://h", target=b"/")) is None


def test_three_turns_with_tools_and_thinking_go_through_our_own_client() -> None:
    call = ToolCall(id="call_1", name="weather", arguments='{"city":"北京"}')
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": "native"}) as client:
        answers = Reply(thinking="要查", tool_calls=(call,)), Reply(thinking="好", text="晴。")
        simulator.reply(*answers, Reply(text="不客气。"))
        tool = FunctionTool(name="weather", parameters={"type": "object"})
        messages: list[Message] = [user("天气？")]
        first = client.chat("qwen/qwen-plus", messages, tools=[tool], reasoning=True)
        assert first.thinking == "要查"
        result = ToolResult(call_id=first.tool_calls[0].id, content=(Text(text="晴"),))
        messages += [first.message, Message(role=Role.TOOL, content=(result,))]
        with client.stream("qwen/qwen-plus", messages, tools=[tool], reasoning=True) as stream:
            assert "".join(stream.text) == "晴。"
        messages += [stream.response.message, user("谢谢")]
        assert client.chat("qwen/qwen-plus", messages, tools=[tool], reasoning=True).text == "不客气。"


def test_a_model_that_no_row_knows_is_asked_again_where_it_is_served() -> None:
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": "native"}) as client:
        response = client.chat("qwen/qwen3.5-plus", "Hi")
        assert response.text
        assert [note.code for note in response.notes] == ["mended"]
        assert len(simulator.requests) == 2
        client.chat("qwen/qwen3.5-plus", "Hi")
        assert len(simulator.requests) == 3


def test_a_model_that_only_streams_is_streamed_and_joined() -> None:
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": "native"}) as client:
        simulator.reply("one two three")
        assert client.chat("qwen/qwq-plus", "Hi").text == "one two three"
        assert len(simulator.requests) == 1


def test_images_are_a_task_that_is_waited_for() -> None:
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": "native"}) as client:
        made = client.images("qwen/wan2.5-t2i-preview", "a fox", n=2, size="1024x1024")
        assert [one.url for one in made.images] == [
            "https://dashscope-result.example/fake-task-1-0.png",
            "https://dashscope-result.example/fake-task-1-1.png",
        ]
        assert (made.task_id, made.is_pending, len(simulator.requests)) == ("fake-task-1", False, 3)
        with pytest.raises(NotFoundError):
            client.images("qwen/nobody", "a fox")


def test_many_texts_go_in_batches_that_the_model_takes() -> None:
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": "native"}) as client:
        texts = [str(number) for number in range(23)]
        vectors = client.embed("qwen/text-embedding-v4", texts, dimensions=8).vectors
        assert len(simulator.requests) == 3
        assert vectors[22] == client.embed("qwen/text-embedding-v4", "22", dimensions=8).vectors[0]
        client.embed("qwen/text-embedding-v2", texts)
        assert len(simulator.requests) == 5


@pytest.mark.parametrize(
    ("endpoint", "end"),
    [("chat", "/compatible-api/v1/reranks"), ("native", "/services/rerank/text-rerank/text-rerank")],
)
def test_texts_are_ranked_by_both(endpoint: str, end: str) -> None:
    texts = ["Ruby is red", "Paris is the capital of France"]
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": endpoint}) as client:
        ranks = client.rerank("qwen/qwen3-rerank", "capital of France", texts, top_n=1)
        assert [(one.index, one.document) for one in ranks.results] == [(1, texts[1])]
        assert ranks.sent is not None and ranks.sent.url.endswith(end)
        with pytest.raises(ProviderError):
            client.rerank("qwen/qwen-plus", "capital of France", texts)


def test_pictures_are_worked_over_as_a_task() -> None:
    with Simulator("qwen") as simulator, simulator.client(endpoints={"qwen": "native"}) as client:
        made = client.images("qwen/wan2.5-i2i-preview", "at night", image="https://b.example/c.png")
        assert made.images[0].url and made.task_id
        other = {"model": "wan2.5-i2i-preview", "input": {"prompt": "a"}}
        for path, words in (
            ("/services/aigc/text2image/image-synthesis", b"url error"),
            ("/services/aigc/image2image/image-synthesis", b"input.images: is required"),
        ):
            wire = replace(post(other, f"/api/v1{path}", key=KEY))
            wire = replace(wire, headers=(*wire.headers, (b"x-dashscope-async", b"enable")))
            assert words in answer(Simulation([QwenFace()]), wire)[1]
