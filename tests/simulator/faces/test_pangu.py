"""The faces of Pangu, IAM and MaaS check what the real ones check, and refuse in their words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.auth.sdk_hmac import SdkHmac
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.dialects.pangu import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Simulation
from baimo.simulator.faces.pangu import MaasFace, PanguFace
from baimo.simulator.scripts import fixed
from baimo.simulator.words import Credentials, Face, Head, Piece, Why
from baimo.testing.simulator import Simulator
from baimo.types.chat import ChatResponse, FinishReason
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.conformance.playing import play

NOW = 1_790_000_000.0
PROJECT = PanguFace.project
CHAT = f"/v1/{PROJECT}/deployments/pangu-n1/chat/completions"
V2 = "/api/v2/chat/completions"
ASK = {"messages": [{"role": "user", "content": "你好"}]}
FAKE = PanguFace().credentials()
KEYS = {name: Secret(FAKE[name]) for name in ("access_key", "secret_key")}


def post(path: str = CHAT, body: Any = ASK, **fields: str) -> HttpRequest:
    own = {name.replace("_", "-"): text for name, text in fields.items()}
    sent = {"host": "127.0.0.1:8", "content-type": "application/json", **own}
    return HttpRequest(
        method="POST",
        origin="http://127.0.0.1:8",
        target=path.encode(),
        headers=tuple((name.encode(), text.encode()) for name, text in sent.items()),
        body=body if isinstance(body, bytes) else msgspec.json.encode(body),
    )


def signed(
    request: HttpRequest | None = None, secrets: dict[str, Secret] = KEYS, *, at: float = NOW
) -> HttpRequest:
    made = SdkHmac().sign(request or post(), secrets, at)
    assert isinstance(made, HttpRequest)
    return replace(made, headers=tuple((name.lower(), text) for name, text in made.headers))


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation([PanguFace()])
    made.script = fixed("好")
    return made


def face_of(simulation: Simulation) -> PanguFace:
    face = simulation.faces["pangu"]
    assert isinstance(face, PanguFace)
    return face


def answer(simulation: Simulation, request: HttpRequest, *, at: float = NOW) -> tuple[WireHead, bytes]:
    (name,) = simulation.faces
    head, pieces = WireHead(0), []
    for act in simulation.call(name, request, wall=at, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head, b"".join(pieces)


def read(
    simulation: Simulation, request: HttpRequest, *, at: float = NOW
) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of it."""
    head, body = answer(simulation, request, at=at)
    dialect: Any = DIALECT if b"/deployments/" in request.target else OPENAI
    events, error = play(dialect.decoder(head, Site(base_url="http://h/v1", codes="huawei")), [body])
    return fold(events), error


def refused(simulation: Simulation, request: HttpRequest, *, at: float = NOW) -> ProviderError:
    _, error = read(simulation, request, at=at)
    assert isinstance(error, ProviderError)
    return error


def test_the_faces_are_found_by_their_names() -> None:
    for name in ("pangu", "maas", "maas-intl"):
        face: Face = faces.make(name)
        assert face.name == name
        assert face.hosts
    other = faces.make("pangu", Credentials(given={"access_key": "AKMINE"}))
    assert other.credentials() == {**FAKE, "access_key": "AKMINE"}


def test_a_configuration_leads_pangu_and_iam_to_one_address() -> None:
    tables = PanguFace().configuration("http://h")
    assert tables["v1"] == {
        "base_url": "http://h",
        "iam_endpoint": "http://h",
        "region": "cn-southwest-2",
        "access_key": FAKE["access_key"],
        "secret_key": FAKE["secret_key"],
    }
    assert tables["v2"] == {
        "base_url": "http://h/api/v2",
        "region": "cn-southwest-2",
        "api_key": FAKE["api_key"],
    }
    assert PanguFace().configured_by("http://h", "app_code")["project_id"] == PROJECT


WAYS = [("access_key", "secret_key"), ("iam_user", "iam_password", "iam_domain"), ("app_code",)]


@pytest.mark.parametrize("secrets", WAYS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_way_of_v1_is_called_by_our_own_client(secrets: tuple[str, ...], stream: bool) -> None:
    face = PanguFace()
    with Simulator(face) as sim:
        sim.reply("春风拂面。")
        origin = str(sim.config["providers"]["pangu"]["base_url"])
        with sim.client(config={"providers": {"pangu": face.configured_by(origin, *secrets)}}) as client:
            if stream:
                with client.stream("pangu/pangu-n1", "写一首诗") as reply:
                    assert "".join(reply.text) == "春风拂面。"
                    assert reply.response.usage.total
            else:
                assert client.chat("pangu/pangu-n1", "写一首诗").text == "春风拂面。"
        shown = str(sim.requests)
        assert not any(
            secret in shown for name, secret in FAKE.items() if name not in ("iam_user", "access_key")
        )
    assert (face.iam.made, face.iam.looked_up) == {2: (0, 1), 3: (1, 0), 1: (0, 0)}[len(secrets)]


def test_v2_is_called_by_our_own_client() -> None:
    with Simulator("pangu") as sim, sim.client(endpoints={"pangu": "v2"}) as client:
        assert client.chat("pangu/pangu-n1", "Hi").text == "Hi"
        with client.stream("pangu/pangu-n1", "Hi") as reply:
            assert "".join(reply.text) == "Hi"
            assert reply.response.usage.total


@pytest.mark.parametrize("provider", ["maas", "maas-intl"])
def test_maas_is_called_by_our_own_client(provider: str) -> None:
    with Simulator(provider) as sim, sim.client() as client:
        assert client.chat(f"{provider}/deepseek-v3.1", "Hi").text == "Hi"
        assert client.models(provider=provider)[0].id == "deepseek-v3.1"
        with client.stream(f"{provider}/deepseek-v3.1", "Hi") as reply:
            assert "".join(reply.text) == "Hi"


def test_the_form_with_a_pool_and_a_prefix_are_served(simulation: Simulation) -> None:
    for target in (f"/v2/{PROJECT}/pools/o/deployments/pangu-n1/chat/completions", f"/v1/infers/s{CHAT}"):
        response, error = read(simulation, signed(post(target)))
        assert error is None
        assert response.text == "好"


TEMPORARY = {**KEYS, "security_token": Secret(FAKE["security_token"])}


def test_a_right_signature_opens(simulation: Simulation) -> None:
    assert read(simulation, signed())[1] is None
    assert read(simulation, signed(secrets=TEMPORARY))[1] is None
    assert read(simulation, signed(post(CHAT + "?b=2&a=1", content_type="text/plain")))[1] is None


def changed(request: HttpRequest, name: str, text: str) -> HttpRequest:
    kept = [(one, value) for one, value in request.headers if one != name.encode()]
    return replace(request, headers=(*kept, (name.encode(), text.encode())))


def header_of(request: HttpRequest, name: str) -> str:
    return dict(request.headers)[name.encode()].decode()


BROKEN = {
    "another secret key": signed(secrets={**KEYS, "secret_key": Secret("another")}),
    "another body": replace(signed(), body=b"{}"),
    "another path": replace(signed(), target=CHAT.replace("n1", "n2").encode()),
    "another header": changed(signed(), "content-type", "application/json; charset=utf-8"),
    "another security token": signed(secrets={**KEYS, "security_token": Secret("another")}),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_wrong_signature_does_not_open(simulation: Simulation, why: str) -> None:
    error = refused(simulation, BROKEN[why])
    assert type(error) is AuthError
    assert (error.status, error.provider_code) == (401, "APIG.0301")
    assert "verify aksk signature fail" in error.message
    assert not error.retryable


def test_five_wrong_signatures_in_a_row_lock_the_key_for_five_minutes(simulation: Simulation) -> None:
    wrong = BROKEN["another secret key"]
    for _ in range(4):
        refused(simulation, wrong)
    assert read(simulation, signed())[1] is None  # not in a row
    for _ in range(5):
        assert "verify aksk" in refused(simulation, wrong).message
    locked = refused(simulation, signed())
    assert "AK access failed to reach the limit" in locked.message
    assert "locked for five minutes" in str(locked.hint)
    assert "reach the limit" in refused(simulation, signed(at=NOW + 299), at=NOW + 299).message
    assert read(simulation, signed(at=NOW + 300), at=NOW + 300)[1] is None


@pytest.mark.parametrize("skew", [-901, 901])
def test_a_clock_that_is_off_is_refused(simulation: Simulation, skew: int) -> None:
    error = refused(simulation, signed(at=NOW + skew))
    assert "signature expired" in error.message
    assert "clock is off" in str(error.hint)
    assert read(simulation, signed(at=NOW + skew // abs(skew) * 899))[1] is None


def unsigned(name: str) -> HttpRequest:
    made = signed()
    text = header_of(made, "authorization")
    return changed(made, "authorization", text.replace(f"{name};", "").replace(f";{name}", ""))


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (post(), "x-auth-token not found"),
        (post(authorization="Bearer fake"), "x-auth-token not found"),
        (unsigned("host"), "x-auth-token not found"),
        (unsigned("x-sdk-date"), "x-auth-token not found"),
        (changed(signed(), "x-sdk-date", "today"), "x-auth-token not found"),
        (signed(secrets={**KEYS, "access_key": Secret("AKOTHER")}), "ak not exist"),
        (post(x_auth_token="fake"), "decrypt token fail"),
        (post(x_apig_appcode="fake"), "app not found"),
    ],
)
def test_other_credentials_do_not_open(simulation: Simulation, request_: HttpRequest, words: str) -> None:
    error = refused(simulation, request_)
    assert type(error) is AuthError
    assert words in error.message


def login(**changes: Any) -> HttpRequest:
    user = {
        "name": FAKE["iam_user"],
        "password": FAKE["iam_password"],
        "domain": {"name": FAKE["iam_domain"]},
    }
    auth: dict[str, Any] = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "cn-southwest-2"}},
    }
    return post("/v3/auth/tokens", {"auth": {**auth, **changes}})


def token_of(simulation: Simulation, request: HttpRequest, *, at: float = NOW) -> str:
    head, _ = answer(simulation, request, at=at)
    assert head.status == 201
    return head.get(b"x-subject-token") or ""


def test_a_token_tells_its_end_and_its_project(simulation: Simulation) -> None:
    head, body = answer(simulation, login())
    token = msgspec.json.decode(body)["token"]
    assert head.status == 201
    assert len(head.get(b"x-subject-token") or "") > 1000
    assert token["project"]["id"] == PROJECT
    assert (token["issued_at"], token["expires_at"]) == (
        "2026-09-21T14:13:20.000000Z",
        "2026-09-22T14:13:20.000000Z",
    )
    assert token["user"]["domain"]["name"] == FAKE["iam_domain"]
    assert "catalog" in token
    bare = replace(login(), target=b"/v3/auth/tokens?nocatalog=true")
    assert "catalog" not in msgspec.json.decode(answer(simulation, bare)[1])["token"]


def test_each_token_is_another_and_all_of_them_open(simulation: Simulation) -> None:
    pair = {"access": {"key": FAKE["access_key"]}, "secret": {"key": FAKE["secret_key"]}}
    by_key = login(identity={"methods": ["hw_ak_sk"], "hw_ak_sk": pair})
    by_id = login(scope={"project": {"id": PROJECT}})
    tokens = {token_of(simulation, request) for request in (login(), login(), by_key, by_id)}
    assert len(tokens) == 4
    for token in tokens:
        assert read(simulation, post(x_auth_token=token))[1] is None
    assert face_of(simulation).iam.made == 4


def test_a_token_ends_after_its_life_or_when_it_is_ended(simulation: Simulation) -> None:
    iam = face_of(simulation).iam
    iam.token_life_s = 60.0
    token = token_of(simulation, login())
    assert read(simulation, post(x_auth_token=token), at=NOW + 59)[1] is None
    error = refused(simulation, post(x_auth_token=token), at=NOW + 60)
    assert error.provider_code == "APIG.0301"
    assert "token expires, expires_at:2026-09-21T14:14:20.000000Z" in error.message
    fresh = token_of(simulation, login())
    iam.end_all()
    assert "token expires" in refused(simulation, post(x_auth_token=fresh)).message


@pytest.mark.parametrize("scope", [{}, {"domain": {"name": FAKE["iam_domain"]}}, None])
def test_a_token_without_a_project_opens_no_chat(simulation: Simulation, scope: Any) -> None:
    token = token_of(simulation, login(scope=scope))
    error = refused(simulation, post(x_auth_token=token))
    assert (type(error), error.provider_code) == (AuthError, "PANGU.0011")
    head, body = answer(simulation, listing(post(x_auth_token=token)))
    assert (head.status, PROJECT in body.decode()) == (200, True)


def listing(request: HttpRequest, name: str = "cn-southwest-2") -> HttpRequest:
    target = f"/v3/projects?name={name}" if name else "/v3/projects"
    return replace(request, method="GET", target=target.encode(), body=b"")


def test_projects_are_listed_by_name(simulation: Simulation) -> None:
    assert PROJECT in answer(simulation, signed(listing(post())))[1].decode()
    assert PROJECT in answer(simulation, signed(listing(post(), "")))[1].decode()
    assert PROJECT not in answer(simulation, signed(listing(post(), "cn-north-4")))[1].decode()
    head, _ = answer(simulation, listing(post(x_apig_appcode=FAKE["app_code"])))
    assert head.status == 401


def without(**changes: Any) -> dict[str, Any]:
    user: dict[str, Any] = {"name": FAKE["iam_user"], "password": FAKE["iam_password"]}
    user["domain"] = {"name": FAKE["iam_domain"]}
    return {"methods": ["password"], "password": {"user": {**user, **changes}}}


@pytest.mark.parametrize(
    ("request_", "status", "title"),
    [
        (login(identity=without(name="x")), 401, "Unauthorized"),
        (login(identity=without(password="x")), 401, "Unauthorized"),
        (login(identity=without(domain={"name": "x"})), 401, "Unauthorized"),
        (login(identity=without(name=7)), 400, "Bad Request"),
        (login(identity={"methods": ["token"]}), 400, "Bad Request"),
        (login(identity=None), 400, "Bad Request"),
        (post("/v3/auth/tokens", b"{"), 400, "Bad Request"),
        (post("/v3/auth/tokens", b"[]"), 400, "Bad Request"),
        (login(scope={"project": {"name": "cn-north-1"}}), 404, "Not Found"),
    ],
)
def test_a_wrong_login_is_refused_in_iams_own_form(
    simulation: Simulation, request_: HttpRequest, status: int, title: str
) -> None:
    head, body = answer(simulation, request_)
    error = msgspec.json.decode(body)["error"]
    assert (head.status, error["code"], error["title"]) == (status, status, title)
    if status == 401:
        assert error["message"] == "The username or password is wrong."
    assert head.get(b"x-subject-token") is None


def test_a_body_in_pieces_is_read() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Any:
            yield login().body

    assert PanguFace().iam.check_login(replace(login(), body=Pieces())).key == FAKE["iam_user"]


def opened(path: str = CHAT, body: Any = ASK, **fields: str) -> HttpRequest:
    return post(path, body, x_apig_appcode=FAKE["app_code"], **fields)


@pytest.mark.parametrize(
    "target",
    [CHAT.replace("pangu-n1", "other"), CHAT.replace(PROJECT, "f" * 32)],
)
def test_another_project_or_deployment_does_not_exist(simulation: Simulation, target: str) -> None:
    token = token_of(simulation, login())
    for request in (opened(target), post(target, x_auth_token=token), signed(post(target))):
        error = refused(simulation, request)
        assert (type(error), error.status, error.provider_code) == (NotFoundError, 404, "PANGU.3254")


def test_a_host_that_is_none_of_its_own_is_refused(simulation: Simulation) -> None:
    assert refused(simulation, opened(host="pangu.example")).provider_code == "APIG.0101"
    assert read(simulation, opened(host="pangu.cn-southwest-2.myhuaweicloud.com"))[1] is None


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/api/v2/models", "/v3/users", "/"])
def test_other_addresses_are_not_published(simulation: Simulation, target: str) -> None:
    head, body = answer(simulation, opened(target))
    assert head.status == 404
    assert msgspec.json.decode(body)["error_code"] == "APIG.0101"
    assert PanguFace().operation(SocketRequest(origin="ws://h", target=CHAT.encode())) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "PANGU.3278"), ({**ASK, "temperature": 7}, "PANGU.0010"), (b"{", "PANGU.0010")],
)
def test_a_request_that_cannot_be_understood_is_refused(simulation: Simulation, body: Any, code: str) -> None:
    error = refused(simulation, opened(body=body))
    assert (type(error), error.provider_code) == (InvalidRequestError, code)


def test_a_fault_in_the_model_is_no_part_of_its_name(simulation: Simulation) -> None:
    head, _ = answer(simulation, opened(CHAT.replace("pangu-n1", "pangu-n1!429")))
    assert head.status == 429


def v2(body: Any = None, **fields: str) -> HttpRequest:
    return post(V2, body or {"model": "pangu-n1", **ASK}, **fields)


BEARER = f"Bearer {FAKE['api_key']}"


def test_v2_takes_a_bearer_key_only(simulation: Simulation) -> None:
    assert read(simulation, v2(authorization=BEARER))[1] is None
    token = token_of(simulation, login())
    codes = [
        refused(simulation, request).provider_code
        for request in (v2(), v2(x_auth_token=token), signed(v2()), v2(authorization="Bearer other"))
    ]
    assert codes == ["PANGU.0012", "PANGU.0012", "PANGU.0012", "PANGU.0011"]
    error = refused(simulation, v2({"model": "other", **ASK}, authorization=BEARER))
    assert (type(error), error.provider_code) == (NotFoundError, "PANGU.3254")


KINDS: dict[Why, type[ProviderError]] = {
    Why.WRONG_SECRET: AuthError,
    Why.UNKNOWN_KEY: AuthError,
    Why.SKEWED_CLOCK: AuthError,
    Why.WRONG_HOST: NotFoundError,
    Why.MISSING_HEADER: AuthError,
    Why.EXPIRED_TOKEN: AuthError,
    Why.WRONG_APP_ID: AuthError,
    Why.UNKNOWN_MODEL: NotFoundError,
    Why.UNKNOWN_DOMAIN: NotFoundError,
    Why.UNKNOWN_DEPLOYMENT: NotFoundError,
    Why.MISSING_PROJECT_SCOPE: AuthError,
    Why.OVER_QUOTA: QuotaError,
    Why.CONTEXT_TOO_LONG: ContextTooLongError,
    Why.OVER_RATE: RateLimitedError,
    Why.OVER_CONCURRENCY: RateLimitedError,
    Why.INPUT_MODERATED: ContentFilteredError,
    Why.OUTPUT_MODERATED: ContentFilteredError,
    Why.INVALID_REQUEST: InvalidRequestError,
    Why.NO_SUCH_ADDRESS: NotFoundError,
    Why.SERVER_ERROR: ServerError,
    Why.OVERLOADED: OverloadedError,
}


def maas(**fields: str) -> HttpRequest:
    return post("/v1/chat/completions", {"model": "deepseek-v3.1", **ASK}, **fields)


@pytest.mark.parametrize("why", list(Why))
@pytest.mark.parametrize(
    ("face", "request_"),
    [(PanguFace(), opened()), (PanguFace(), v2(authorization=BEARER)), (MaasFace(), maas())],
    ids=["v1", "v2", "maas"],
)
def test_every_reason_has_a_refusal_that_is_read_as_what_it_is(
    face: PanguFace | MaasFace, request_: HttpRequest, why: Why
) -> None:
    head, body = face.refuse(why, request_, detail="why", retry_after=2.5)
    told = msgspec.json.decode(body)
    assert set(told) == {"error_code", "error_msg", "request_id"}
    assert (head.get(b"retry-after"), head.get(b"x-request-id")) == ("2.5", "sim-request")
    for dialect in (DIALECT, OPENAI):
        _, error = play(dialect.decoder(head, Site(base_url="http://h", codes="huawei")), [body])
        assert type(error) is KINDS[why]
        assert error.provider_code == told["error_code"]


@pytest.mark.parametrize("why", list(Why))
def test_iam_refuses_in_its_own_form_whatever_the_reason(why: Why) -> None:
    head, body = PanguFace().refuse(why, login(), detail="why")
    assert head.status >= 400
    assert msgspec.json.decode(body)["error"]["code"] == head.status


def test_a_token_that_is_refused_without_a_reason_must_be_updated() -> None:
    _, body = PanguFace().refuse(Why.EXPIRED_TOKEN, opened())
    assert msgspec.json.decode(body)["error_code"] == "APIG.0307"


def test_the_checks_of_maas(simulation: Simulation) -> None:
    made = Simulation([MaasFace()])
    key = MaasFace().credentials()["api_key"]
    codes = [
        refused(made, request).provider_code
        for request in (
            maas(),
            maas(authorization="Bearer other"),
            post("/v1/chat/completions", {"model": "gpt-x", **ASK}, authorization=f"Bearer {key}"),
            post("/v1/chat/completions", b"{", authorization=f"Bearer {key}"),
        )
    ]
    assert codes == ["ModelArts.81002", "ModelArts.81003", "ModelArts.81009", "ModelArts.81001"]
    head, body = answer(made, maas(authorization=f"Bearer {key}"))
    assert (head.status, msgspec.json.decode(body)["model"]) == (200, "deepseek-v3.1")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("face", "request_"),
    [
        (PanguFace(), opened),
        (PanguFace(), lambda body: v2({"model": "pangu-n1", **body}, authorization=BEARER)),
        (MaasFace(), lambda body: post("/v1/chat/completions", {"model": "qwen3", **body})),
    ],
    ids=["v1", "v2", "maas"],
)
def test_an_answer_breaks_off_as_the_real_one_does(face: Any, request_: Any, stream: bool) -> None:
    body = {**ASK, "stream": stream}
    request = request_(body=body) if request_ is opened else request_(body)
    asked = face.chat_request(request)
    dialect: Any = DIALECT if b"/deployments/" in request.target else OPENAI
    site = Site(base_url="http://h", codes="huawei")
    encoder = face.encoder(request, asked)
    items = face.interrupt(Why.SERVER_ERROR, request, encoder)
    _, error = play(dialect.decoder(encoder.head(), site), items)
    assert type(error) is ServerError
    encoder = face.encoder(request, asked)
    items = face.interrupt(Why.OUTPUT_MODERATED, request, encoder)
    events, error = play(dialect.decoder(encoder.head(), site), items)
    assert error is None
    assert fold(events).finish_reason is FinishReason.CONTENT_FILTER
