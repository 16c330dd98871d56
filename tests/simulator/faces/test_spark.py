"""The face of iFlytek Spark: it checks what the real one checks and refuses in its three manners."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec.structs import replace

from baimo.auth.spark_address import SparkUrl, signature_of, string_to_sign
from baimo.dialect import codes
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT as HTTP
from baimo.dialects.spark_ws import DIALECT
from baimo.dialects.spark_ws.pairs import PAIRS
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    Error,
    InputError,
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
from baimo.simulator.faces.spark import REFUSALS, SparkFace
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import fixed
from baimo.simulator.words import (
    CloseSocket,
    Credentials,
    EmbeddingFace,
    Face,
    Head,
    Piece,
    RefusedError,
    Why,
)
from baimo.types.chat import ChatRequest, ChatResponse, Message, Role
from baimo.types.content import Text, ToolCall
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, WireHead, WireRequest
from tests.conformance.playing import play

NOW = 1_790_000_000.0
HERE = b"127.0.0.1:8"
KEYS = SparkFace().credentials()
HI = (Message(role=Role.USER, content=(Text(text="Hi"),)),)
BODY: dict[str, Any] = {"model": "4.0Ultra", "messages": [{"role": "user", "content": "Hi"}]}


def site(**facts: Any) -> Site:
    known: dict[str, Any] = {"base_url": "ws://127.0.0.1:8", "app_id": KEYS["app_id"], "codes": "spark"}
    return Site(**{**known, **facts})


def signed(wire: WireRequest, *, now: float = NOW, host: bytes = HERE, **keys: str) -> Any:
    """As it arrives: signed, with the field that tells the host."""
    secrets = {name: Secret({**KEYS, **keys}[name]) for name in ("api_key", "api_secret")}
    request = SparkUrl().sign(wire, secrets, now)
    return replace(request, headers=(*request.headers, (b"host", host)))


def chat(model: str = "4.0Ultra", **fields: Any) -> SocketRequest:
    return DIALECT.encode_request(ChatRequest(model=model, messages=HI, **fields), site())


def framed(body: Any, target: bytes = b"/v4.0/chat") -> SocketRequest:
    text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    return SocketRequest(origin="ws://127.0.0.1:8", target=target, frames=(text,))


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([SparkFace()])


def talk(simulation: Simulation, request: SocketRequest) -> tuple[WireHead, list[bytes]]:
    """Head and messages of a socket."""
    call = simulation.call("spark", replace(request, frames=()), wall=NOW, mono=0.0)
    acts = list(call.handshake())
    head = next(act.head for act in acts if isinstance(act, Head))
    if head.status == 101:
        acts += call.told(request.frames, wall=NOW, mono=0.0)
        assert isinstance(acts[-1], CloseSocket)
    return head, [act.data for act in acts if isinstance(act, Piece)]


def read(simulation: Simulation, request: SocketRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of it."""
    head, pieces = talk(simulation, request)
    events, error = play(DIALECT.decoder(head, site()), pieces)
    return fold(events), error


def post(body: Any = BODY, base: str = "/v1", *, key: str | None = KEYS["api_password"]) -> HttpRequest:
    fields: tuple[tuple[bytes, bytes], ...] = ((b"host", HERE),)
    if key is not None:
        fields = (*fields, (b"authorization", f"Bearer {key}".encode()))
    return HttpRequest(
        method="POST",
        origin="http://127.0.0.1:8",
        target=f"{base}/chat/completions".encode(),
        headers=fields,
        body=msgspec.json.encode(body),
    )


def answer(simulation: Simulation, request: HttpRequest) -> tuple[WireHead, bytes]:
    acts = list(simulation.call("spark", request, wall=NOW, mono=0.0).acts())
    head = next(act.head for act in acts if isinstance(act, Head))
    return head, b"".join([act.data for act in acts if isinstance(act, Piece)])


def test_the_face_is_found_by_its_name_and_leads_to_every_endpoint() -> None:
    face: Face = faces.make("spark")
    assert isinstance(face, EmbeddingFace)
    assert set(face.credentials()) == {"app_id", "api_key", "api_secret", "api_password"}
    tables = face.configuration("http://127.0.0.1:8")
    assert tables["socket"] == {
        "base_url": "ws://127.0.0.1:8",
        **{name: KEYS[name] for name in ("app_id", "api_key", "api_secret")},
    }
    assert tables["http-x2"] == {"base_url": "http://127.0.0.1:8/x2", "api_password": KEYS["api_password"]}
    assert list(tables) == ["socket", "http", "http-x", "http-x1-preview", "http-x2", "http-x2-flash"]


def test_credentials_may_be_given() -> None:
    face = SparkFace(Credentials(given={"api_secret": "another-fake-secret"}))
    simulation = Simulation([face])
    assert read(simulation, signed(chat()))[1] is not None
    assert read(simulation, signed(chat(), api_secret="another-fake-secret"))[1] is None


@pytest.mark.parametrize("model", [*[pair.model for pair in PAIRS], "maas/xfake1", "assistant/a1"])
def test_every_model_is_answered_on_its_socket(simulation: Simulation, model: str) -> None:
    simulation.script = fixed("你好!")
    response, error = read(simulation, signed(chat(model)))
    assert error is None
    assert (response.text, response.finish_reason) == ("你好!", "stop")
    assert response.usage.input
    assert simulation.log.all()[0].caller == KEYS["app_id"]


def test_a_service_of_ones_own_may_have_any_domain_with_a_resource(simulation: Simulation) -> None:
    assert read(simulation, signed(chat("maas/mine", extra={"patch_id": "r1"})))[1] is None
    assert isinstance(read(simulation, signed(chat("maas/mine")))[1], NotFoundError)


def test_a_function_is_called_in_one_frame(simulation: Simulation) -> None:
    simulation.script = lambda asked: Reply(tool_calls=(ToolCall(id="c", name="clock", arguments='{"a":1}'),))
    response, error = read(simulation, signed(chat(tools=(FunctionTool(name="clock"),))))
    assert error is None
    assert [(call.name, call.arguments) for call in response.tool_calls] == [("clock", '{"a":1}')]


def tampered(old: bytes, new: bytes) -> SocketRequest:
    wire: SocketRequest = signed(chat())
    assert old in wire.target
    return replace(wire, target=wire.target.replace(old, new))


CLOCK = "a valid date or x-date header is required"


@pytest.mark.parametrize(
    ("request_", "status", "words", "cure"),
    [
        (signed(chat(), api_secret="fakewrong"), 401, "HMAC signature does not match", "APISecret"),
        (signed(chat(), api_key="fakewrong"), 401, "HMAC signature cannot be verified", "APIKey"),
        (signed(chat(), now=NOW - 301), 403, CLOCK, "clock"),
        (signed(chat(), now=NOW + 301), 403, CLOCK, "clock"),
        (signed(chat(), host=b"other.example"), 401, "HMAC signature does not match", "host"),
        (tampered(b"/v4.0/chat", b"/v3.5/chat"), 401, "HMAC signature does not match", "path"),
        (tampered(b"&date=", b"&when="), 403, CLOCK, "clock"),
        (tampered(b"authorization=", b"authorization=!"), 401, "HMAC signature cannot be verified", "APIKey"),
        (tampered(b"authorization=", b"auth="), 401, "Unauthorized", "address of the handshake"),
    ],
)
def test_a_bad_signature_is_refused_at_the_handshake(
    simulation: Simulation, request_: SocketRequest, status: int, words: str, cure: str
) -> None:
    _, error = read(simulation, request_)
    assert isinstance(error, AuthError)
    assert error.status == status
    assert words in error.message
    assert cure in (error.hint or "")
    assert not error.retryable


def test_a_clock_that_is_a_little_off_is_good(simulation: Simulation) -> None:
    for off in (-300, 300):
        assert read(simulation, signed(chat(), now=NOW + off))[1] is None


def test_a_right_signature_for_a_strange_host_is_refused(simulation: Simulation) -> None:
    wire = replace(chat(), origin="wss://evil.example")
    assert isinstance(read(simulation, signed(wire, host=b"evil.example"))[1], AuthError)
    real = replace(chat(), origin="wss://spark-api.xf-yun.com")
    assert read(simulation, signed(real, host=b"spark-api.xf-yun.com"))[1] is None


REST = 'algorithm="hmac-sha256", headers="host date request-line"'


def authorized(text: str, date: str = "Mon, 21 Sep 2026 14:13:20 GMT") -> SocketRequest:
    query = {"authorization": b64encode(text.encode()).decode(), "date": date, "host": HERE.decode()}
    wire = chat()
    return replace(wire, target=wire.target + b"?" + urlencode(query).encode(), headers=((b"host", HERE),))


def test_the_form_that_relays_send_is_taken(simulation: Simulation) -> None:
    """`hmac username=` for `api_key=`, and a date that ends in UTC."""
    date = "Mon, 21 Sep 2026 14:13:20 UTC"
    made = signature_of(string_to_sign(HERE.decode(), date, "GET", "/v4.0/chat"), KEYS["api_secret"])
    text = f'hmac username="{KEYS["api_key"]}", {REST}, signature="{made}"'
    assert read(simulation, authorized(text, date))[1] is None
    other = authorized(text.replace("sha256", "sha1"), date)
    assert "cannot be verified" in str(read(simulation, other)[1])


def test_a_date_that_is_none_is_refused(simulation: Simulation) -> None:
    made = signature_of(string_to_sign(HERE.decode(), "today", "GET", "/v4.0/chat"), KEYS["api_secret"])
    text = f'api_key="{KEYS["api_key"]}", {REST}, signature="{made}"'
    assert CLOCK in str(read(simulation, authorized(text, "today"))[1])


def test_an_address_that_is_none_is_refused(simulation: Simulation) -> None:
    wire = signed(replace(chat(), target=b"/v1/chat"))
    head, _ = talk(simulation, wire)
    assert head.status == 404
    assert isinstance(read(simulation, wire)[1], NotFoundError)


def body_of(**changes: Any) -> dict[str, Any]:
    (frame,) = chat().frames
    return {**msgspec.json.decode(frame), **changes}


def chatting(**fields: Any) -> dict[str, Any]:
    return body_of(parameter={"chat": {"domain": "4.0Ultra", **fields}})


@pytest.mark.parametrize(
    ("body", "code", "kind"),
    [
        (body_of(header={"app_id": "somebody"}), "11200", PermissionDeniedError),
        (chatting(domain="lite"), "10404", NotFoundError),
        (chatting(domain="nobody"), "10404", NotFoundError),
        (chatting(temperature=1.5), "10005", InvalidRequestError),
        (chatting(top_k=7), "10005", InvalidRequestError),
        (chatting(max_tokens=8193), "10005", InvalidRequestError),
        (
            body_of(payload={"message": {"text": [{"role": "tool", "content": "a"}]}}),
            "10003",
            InvalidRequestError,
        ),
        (body_of(payload={}), "10004", InvalidRequestError),
        ("{", "10004", InvalidRequestError),
    ],
)
def test_a_bad_frame_is_refused_by_a_frame(
    simulation: Simulation, body: Any, code: str, kind: type[Error]
) -> None:
    _, error = read(simulation, signed(framed(body)))
    assert isinstance(error, ProviderError)
    assert (error.provider_code, error.status, type(error)) == (code, None, kind)
    assert error.request_id


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_its_refusal_in_each_manner(why: Why) -> None:
    face = SparkFace()
    embedding = signed(DIALECT.encode_embed(EmbedRequest(model="para", inputs=("a",)), site()))
    for request in (chat(), post(), embedding):
        head, body = face.refuse(why, request, detail="d")
        fields = msgspec.json.decode(body)
        told = fields.get("header") or fields.get("error") or fields
        assert told["message"]
        if "code" not in told:
            assert head.status in (401, 403, 404)
        elif request is not embedding and isinstance(request, HttpRequest):
            assert (
                (head.status == 500) == (fields.get("error") is not None) == (str(told["code"])[:2] == "11")
            )


KINDS: dict[Why, type[ProviderError]] = {
    Why.OVER_QUOTA: QuotaError,
    Why.OVER_RATE: RateLimitedError,
    Why.OVER_CONCURRENCY: RateLimitedError,
    Why.INPUT_MODERATED: ContentFilteredError,
    Why.MISSING_PROJECT_SCOPE: PermissionDeniedError,
    Why.WRONG_APP_ID: PermissionDeniedError,
    Why.UNKNOWN_MODEL: NotFoundError,
    Why.SERVER_ERROR: ServerError,
    Why.OVERLOADED: OverloadedError,
}


@pytest.mark.parametrize("why", KINDS)
def test_a_refusal_is_understood_on_every_wire(simulation: Simulation, why: Why) -> None:
    simulation.refuse(why)
    assert type(read(simulation, signed(chat()))[1]) is KINDS[why]
    for stream in (False, True):
        head, body = answer(simulation, post({**BODY, "stream": stream}))
        _, error = play(HTTP.decoder(head, site(base_url="http://127.0.0.1:8/v1")), [body])
        assert type(error) is KINDS[why]
    request = EmbedRequest(model="para", inputs=("a",))
    head, body = answer(simulation, signed(DIALECT.encode_embed(request, site())))
    with pytest.raises(KINDS[why]):
        DIALECT.decode_embed(request, head, body)


def test_moderated_output_is_taken_back_in_mid_answer(simulation: Simulation) -> None:
    simulation.script = fixed("one two secret three")
    simulation.moderation = Moderation(output=("secret",))
    response, error = read(simulation, signed(chat()))
    assert isinstance(error, ContentFilteredError)
    assert error.provider_code == "10014"
    assert response.text == "one two"
    assert response.choices[0].withdrawn
    head, body = answer(simulation, post({**BODY, "stream": True}))
    _, error = play(HTTP.decoder(head, site(base_url="http://127.0.0.1:8/v1")), [body])
    assert isinstance(error, ContentFilteredError)
    assert b'"code":10014' in body


@pytest.mark.parametrize(
    ("base", "model"),
    [("/v1", "4.0Ultra"), ("/v1", "lite"), ("/v2", "spark-x"), ("/x2", "spark-x"), ("/agent/v1", "spark-x")],
)
def test_the_http_api_answers_in_its_own_form(simulation: Simulation, base: str, model: str) -> None:
    simulation.script = fixed("好")
    head, body = answer(simulation, post({**BODY, "model": model}, base))
    whole = msgspec.json.decode(body)
    assert head.status == 200
    assert (whole["code"], whole["message"], set(whole["choices"][0])) == (0, "Success", {"message", "index"})
    assert whole["sid"]
    _, stream = answer(simulation, post({**BODY, "model": model, "stream": True}, base))
    assert stream.startswith(b'data:{"code":0,')
    assert stream.endswith(b"data:[DONE]\n\n")


def test_a_call_is_an_object_unless_a_list_was_asked_for(simulation: Simulation) -> None:
    simulation.script = lambda asked: Reply(tool_calls=(ToolCall(id="c", name="clock", arguments="{}"),))
    asked = {**BODY, "tools": [{"type": "function", "function": {"name": "clock"}}]}
    for switch, kind in ((False, dict), (True, list)):
        _, body = answer(simulation, post({**asked, "tool_calls_switch": switch}))
        calls = msgspec.json.decode(body)["choices"][0]["message"]["tool_calls"]
        assert isinstance(calls, kind)


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (post(key=None), 401, "Unauthorized"),
        (post(key="fake:wrong"), 401, "HMAC secret key does not match"),
        (post(key=f"{KEYS['api_key']}:{KEYS['api_secret']}"), 401, "HMAC secret key does not match"),
    ],
)
def test_a_bad_password_meets_the_gateway(
    simulation: Simulation, request_: HttpRequest, status: int, words: str
) -> None:
    head, body = answer(simulation, request_)
    assert (head.status, msgspec.json.decode(body)) == (status, {"message": words})


def test_key_and_secret_open_the_x_models_too(simulation: Simulation) -> None:
    both = f"{KEYS['api_key']}:{KEYS['api_secret']}"
    assert answer(simulation, post({**BODY, "model": "spark-x"}, "/v2", key=both))[0].status == 200


def test_a_model_belongs_to_its_base_address(simulation: Simulation) -> None:
    head, body = answer(simulation, post({**BODY, "model": "spark-x"}))
    assert head.status == 200
    assert msgspec.json.decode(body)["code"] == 10404


@pytest.mark.parametrize(
    ("method", "target"), [("GET", b"/v1/chat/completions"), ("GET", b"/"), ("POST", b"/v9/chat/completions")]
)
def test_nothing_else_is_served(simulation: Simulation, method: str, target: bytes) -> None:
    request = HttpRequest(
        method=method, origin="http://127.0.0.1:8", target=target, headers=((b"host", HERE),)
    )
    assert answer(simulation, request)[0].status == 404
    with pytest.raises(RefusedError):
        SparkFace().other("models", request, NOW)


def test_vectors_are_made_of_one_text(simulation: Simulation) -> None:
    request = EmbedRequest(model="embedding-query", inputs=("火",))
    head, body = answer(simulation, signed(DIALECT.encode_embed(request, site())))
    assert len(DIALECT.decode_embed(request, head, body).vectors[0]) > 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"parameter": {"emb": {"domain": "nobody"}}}, "10404"),
        ({"header": {"app_id": "somebody"}}, "11200"),
        ({"payload": {"messages": {"text": "eyJtZXNzYWdlcyI6W119"}}}, "10004"),
        ({"payload": {}}, "10004"),
    ],
)
def test_a_bad_body_is_refused_by_its_header(
    simulation: Simulation, changes: dict[str, Any], code: str
) -> None:
    request = EmbedRequest(model="para", inputs=("a",), extra={})
    wire = DIALECT.encode_embed(request, site())
    assert isinstance(wire.body, bytes)
    body = msgspec.json.encode({**msgspec.json.decode(wire.body), **changes})
    head, reply = answer(simulation, signed(replace(wire, body=body)))
    assert str(msgspec.json.decode(reply)["header"]["code"]) == code
    with pytest.raises(ProviderError):
        DIALECT.decode_embed(request, head, reply)


def test_an_embeddings_signature_is_for_a_post(simulation: Simulation) -> None:
    wire = DIALECT.encode_embed(EmbedRequest(model="para", inputs=("a",)), site())
    as_get = signed(SocketRequest(origin=wire.origin, target=wire.target))
    head, _ = answer(simulation, replace(wire, target=as_get.target, headers=as_get.headers))
    assert head.status == 401


def test_every_number_that_is_answered_is_documented() -> None:
    for refusal in REFUSALS.values():
        known = codes.find("spark", str(refusal.code)) or codes.find("spark", refusal.message)
        assert known is not None or refusal.code == 404


def test_a_frame_that_cannot_be_read_is_no_question() -> None:
    with pytest.raises(InputError):
        SparkFace().chat_request(framed("{"))
