"""The face of Qianfan: two versions at one address, signatures computed anew, tokens that end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.auth.access_token import PATH
from baimo.auth.bce import BceAuthV1
from baimo.dialect.protocols import Site
from baimo.dialects.qianfan_v1 import DIALECT
from baimo.errors import AuthError, Error, MissingKeyError, NotFoundError, ProviderError
from baimo.simulator import faces
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.qianfan import V1, QianfanFace
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import replies
from baimo.simulator.words import Face, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, Message, Role
from baimo.types.content import Text, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, with_headers
from tests.conformance.playing import play
from tests.simulator.faces import test_openai
from tests.simulator.faces.test_openai import answer, post

NOW = 1_790_000_000.0
SITE = Site(base_url=f"http://127.0.0.1{V1}", provider="qianfan", codes="baidu")
OWN = QianfanFace().credentials()
SECRETS = {name: Secret(OWN[name]) for name in ("access_key", "secret_key")}
ASK = {"model": "ernie-4.5-turbo-128k", "messages": [{"role": "user", "content": "Hi"}]}


def user(text: str = "Hi") -> Message:
    return Message(role=Role.USER, content=(Text(text=text),))


def asked(*messages: Message, model: str = "completions_pro", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (user(),), **fields)


def lower(wire: HttpRequest) -> HttpRequest:
    return replace(wire, headers=tuple((name.lower(), value) for name, value in wire.headers))


def signed(
    request: ChatRequest | None = None, *, now: float = NOW, signer: BceAuthV1 | None = None, **secrets: str
) -> HttpRequest:
    unsigned = DIALECT.encode_request(request or asked(), SITE)
    given = {**SECRETS, **{name: Secret(text) for name, text in secrets.items()}}
    return lower((signer or BceAuthV1()).sign(unsigned, given, now))


def with_token(token: str) -> HttpRequest:
    wire = DIALECT.encode_request(asked(), SITE)
    return replace(lower(wire), target=wire.target + b"?access_token=" + token.encode())


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([QianfanFace()])


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of the answer."""
    head, body = answer(simulation, request)
    events, error = play(DIALECT.decoder(head, SITE), [body])
    return fold(events), error


def refused(simulation: Simulation, request: HttpRequest) -> ProviderError:
    _, error = read(simulation, request)
    assert isinstance(error, ProviderError)
    assert error.status == 200
    return error


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("qianfan")
    tables = face.configuration("http://h:1")
    assert tables["v1"]["base_url"] == f"http://h:1{V1}"
    assert tables["v1"]["access_key"] == OWN["access_key"]
    assert tables["v2"]["base_url"] == "http://h:1/v2"


@pytest.mark.parametrize("stream", [True, False])
def test_a_signed_call_is_answered(simulation: Simulation, stream: bool) -> None:
    simulation.script = replies([Reply(text="天空很蓝。")])
    response, error = read(simulation, signed(asked(stream=stream)))
    assert error is None
    assert response.text == "天空很蓝。"
    assert response.usage.output


def test_a_token_opens_it_too(simulation: Simulation) -> None:
    for token in (OWN["access_token"], QianfanFace().token(NOW)):
        assert read(simulation, with_token(token))[1] is None


def changed(name: bytes, value: bytes) -> HttpRequest:
    good = signed()
    return replace(good, headers=with_headers(good.headers, ((name, value),)))


def unnamed(request: HttpRequest) -> HttpRequest:
    """The same with a signature that does not name what it covers."""
    told = dict(request.headers)[b"authorization"].split(b"/")
    told[4] = b""
    return replace(request, headers=with_headers(request.headers, ((b"authorization", b"/".join(told)),)))


def test_a_signature_that_names_no_fields_is_checked_over_the_usual_ones(simulation: Simulation) -> None:
    assert read(simulation, unnamed(signed()))[1] is None
    assert refused(simulation, unnamed(signed(signer=BceAuthV1(signed=("host",))))).provider_code == "14"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (signed(secret_key="fake-wrong"), "14"),
        (signed(access_key="FAKEother"), "14"),
        (signed(now=NOW - 1801), "14"),
        (signed(now=NOW + 301), "14"),
        (changed(b"content-type", b"text/plain"), "14"),
        (changed(b"authorization", b"Bearer x"), "14"),
        (
            changed(b"authorization", b"bce-auth-v1/" + OWN["access_key"].encode() + b"/soon/1800/host/0"),
            "14",
        ),
        (
            changed(
                b"authorization",
                b"bce-auth-v1/" + OWN["access_key"].encode() + b"/2026-09-21T13:33:20Z/1800/x-own/0",
            ),
            "14",
        ),
        (with_token("24.fake-old"), "110"),
        (signed(asked(model="gpt-4")), "336005"),
        (signed(asked(extra={"messages": [{"role": "assistant", "content": "a"}]})), "336003"),
        (signed(asked(extra={"messages": [{"role": "user", "content": " "}]})), "336003"),
        (signed(asked(extra={"messages": [{"role": "user", "content": "a"}] * 2})), "336003"),
    ],
)
def test_a_request_that_is_not_right_meets_its_real_refusal(
    simulation: Simulation, request_: HttpRequest, code: str
) -> None:
    assert refused(simulation, request_).provider_code == code


@pytest.mark.parametrize("why", list(Why))
def test_there_is_an_answer_to_every_reason_on_every_api(why: Why) -> None:
    face = QianfanFace()
    head, body = face.refuse(why, signed(), detail="x", retry_after=2.0)
    assert head.status == 200
    assert msgspec.json.decode(body)["error_code"]
    head, body = face.refuse(why, post(ASK, "/v2/chat/completions"), detail="x")
    assert head.status >= 400
    assert face.interrupt(why, signed(), face.encoder(signed(), asked(stream=True)))
    served = post(ASK, "/v2/chat/completions")
    assert face.interrupt(why, served, face.encoder(served, asked(stream=True)))


def test_moderated_output_ends_as_filtered(simulation: Simulation) -> None:
    simulation.script = replies(["all is well until here"])
    simulation.moderation = Moderation(output=("here",))
    response, error = read(simulation, signed(asked(stream=True)))
    assert error is None
    assert response.finish_reason is FinishReason.CONTENT_FILTER


def test_vectors_are_made(simulation: Simulation) -> None:
    for model, good in (("embedding-v1", True), ("no-such", False)):
        request = EmbedRequest(model=model, inputs=("春", "夏"))
        wire = lower(BceAuthV1().sign(DIALECT.encode_embed(request, SITE), SECRETS, NOW))
        head, body = answer(simulation, wire)
        if good:
            response = DIALECT.decode_embed(request, head, body)
            assert [len(vector) for vector in response.vectors] == [384, 384]
        else:
            with pytest.raises(NotFoundError):
                DIALECT.decode_embed(request, head, body)


def test_the_second_version_is_beside_it(simulation: Simulation) -> None:
    request = post(ASK, "/v2/chat/completions", key=OWN["api_key"])
    response, error = test_openai.read(simulation, request)
    assert (response.text, error) == ("Hi", None)
    embed = {"model": "embedding-v1", "input": ["a"], "dimensions": 4}
    assert answer(simulation, post(embed, "/v2/embeddings", key=OWN["api_key"]))[0].status == 200
    listing = replace(post(b"", "/v2/models", key=OWN["api_key"]), method="GET")
    assert b"ernie" in answer(simulation, listing)[1]
    assert isinstance(
        test_openai.read(simulation, post(ASK, "/v2/chat/completions", key="bce-v3/x"))[1], AuthError
    )


def test_tokens_are_made_for_the_right_application(simulation: Simulation) -> None:
    def told(query: str) -> dict[str, Any]:
        raw = answer(simulation, post(b"", f"{PATH}?{query}"))[1]
        found: dict[str, Any] = msgspec.json.decode(raw)
        return found

    good = f"grant_type=client_credentials&client_id={OWN['app_key']}&client_secret={OWN['app_secret']}"
    assert told(good)["access_token"] == QianfanFace().token(NOW)
    assert told(good.replace(OWN["app_secret"], "x"))["error"] == "invalid_client"
    assert told(good.replace(OWN["app_key"], "x"))["error_description"] == "unknown client id"
    assert QianfanFace().operation(replace(post(b"", PATH), method="GET")) is None
    assert QianfanFace().operation(SocketRequest(origin="ws://h", target=b"/")) is None
    assert QianfanFace().operation(post(b"", "/other/chat/completions_pro")) is None


def test_our_own_client_fetches_a_token_once_and_again_when_it_ended() -> None:
    with Simulator("qianfan") as simulator:
        table = {"endpoint": "v1", "base_url": simulator.origin_of("qianfan") + V1}
        keys = {name: OWN[name] for name in ("app_key", "app_secret")}
        import baimo

        with baimo.Client(config={"providers": {"qianfan": {**table, **keys}}}) as client:
            assert client.chat("qianfan/ERNIE-4.0-8K", "Hi").text == "Hi"
            assert client.chat("qianfan/ERNIE-4.0-8K", "Hi").text == "Hi"
            assert [one.operation for one in simulator.requests] == ["token", "chat", "chat"]
            simulator.refuse("expired_token", times=1)
            assert client.chat("qianfan/ERNIE-4.0-8K", "Hi").text == "Hi"
            assert [one.operation for one in simulator.requests][3:] == ["chat", "token", "chat"]
        wrong = {**keys, "app_secret": "fake-other"}
        with (
            baimo.Client(config={"providers": {"qianfan": {**table, **wrong}}}) as client,
            pytest.raises(AuthError, match="authentication failed"),
        ):
            client.chat("qianfan/ERNIE-4.0-8K", "Hi")


def test_three_turns_with_tools_go_through_our_own_client() -> None:
    calls = ToolCall(id="a", name="weather", arguments='{"city":"北京"}')
    with Simulator("qianfan") as simulator, simulator.client(endpoints={"qianfan": "v1"}) as client:
        simulator.reply(Reply(thinking="要查", tool_calls=(calls,)), "晴。", "不客气。")
        tool = FunctionTool(name="weather", parameters={"type": "object"})
        messages: list[Message] = [Message(role=Role.SYSTEM, content=(Text(text="简短"),)), user("天气？")]
        first = client.chat("qianfan/ernie-4.0-8k", messages, tools=[tool])
        assert first.thinking == "要查"
        result = ToolResult(call_id=first.tool_calls[0].id, content=(Text(text="晴"),))
        messages += [first.message, Message(role=Role.TOOL, content=(result,))]
        with client.stream("qianfan/ernie-4.0-8k", messages, tools=[tool]) as stream:
            assert "".join(stream.text) == "晴。"
        messages += [stream.response.message, user("谢谢")]
        assert client.chat("qianfan/ernie-4.0-8k", messages, tools=[tool]).text == "不客气。"
        assert "completions_pro" in simulator.last.target
    assert issubclass(MissingKeyError, Error)
