"""Tokens of IAM: how they are asked for and how long used, what a refusal means, and that one is enough."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo import AsyncClient, Client
from baimo.auth.iam import IamToken
from baimo.auth.signer import Grant, Granting, Signer
from baimo.dialect.protocols import Site
from baimo.dialects.pangu import DIALECT as PANGU
from baimo.errors import (
    AuthError,
    ConfigError,
    Error,
    MissingKeyError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    TransportError,
    WireError,
)
from baimo.simulator.faces.pangu import PanguFace
from baimo.testing.simulator import Simulator
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play

PROJECT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SITE = Site(base_url="https://pangu.example", region="cn-southwest-2", provider="pangu")
USER = {
    "iam_user": Secret("fake-user"),
    "iam_password": Secret("fake-password"),
    "iam_domain": Secret("fake-account"),
}
KEYS = {"access_key": Secret("AKFAKE00000000000001"), "secret_key": Secret("fake-secret-key")}
MADE = WireHead(201, ((b"x-subject-token", b"MIIfake"),))
START = 1_000_001_000.0
"""The wall time of a `Play`."""


def told(
    ends: str | None = "2001-09-10T02:03:20.123000Z", begins: str | None = "2001-09-09T02:03:20.123000Z"
) -> bytes:
    token: dict[str, Any] = {"methods": ["password"], "project": {"id": PROJECT, "name": "cn-southwest-2"}}
    if ends is not None:
        token["expires_at"] = ends
    if begins is not None:
        token["issued_at"] = begins
    return msgspec.json.encode({"token": token})


def fetch(
    *replies: Any, signer: IamToken | None = None, site: Site = SITE, secrets: dict[str, Secret] = USER
) -> tuple[Any, Play]:
    play = Play(*replies)
    return play.run((signer or IamToken()).grant(site, secrets, None).make()), play


def asked(play: Play) -> tuple[HttpRequest, dict[str, Any]]:
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert isinstance(wire.body, bytes)
    return wire, msgspec.json.decode(wire.body)["auth"]


def test_it_is_what_the_words_of_signers_say() -> None:
    signer: Signer = IamToken()
    assert isinstance(signer, Granting)
    assert signer.needs == ("iam_user", "iam_password", "iam_domain")
    assert IamToken(method="hw_ak_sk").needs == ("access_key", "secret_key")
    assert not signer.timed


def test_a_token_is_asked_for_by_password() -> None:
    (grant, _), play = fetch(MADE, told())
    wire, auth = asked(play)
    assert (wire.method, wire.url) == (
        "POST",
        "https://iam.cn-southwest-2.myhuaweicloud.com/v3/auth/tokens?nocatalog=true",
    )
    assert wire.headers == ((b"Content-Type", b"application/json"),)
    user = {"name": "fake-user", "password": "fake-password", "domain": {"name": "fake-account"}}
    assert auth == {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "cn-southwest-2"}},
    }
    assert grant == Grant(secrets={"iam_token": Secret("MIIfake")}, project=PROJECT)
    assert play.trace == ["Now", "Send", "Read", "Read"]


def test_a_token_is_asked_for_by_access_key() -> None:
    _, play = fetch(MADE, told(), signer=IamToken(method="hw_ak_sk"), secrets=KEYS)
    _, auth = asked(play)
    pair = {"access": {"key": "AKFAKE00000000000001"}, "secret": {"key": "fake-secret-key"}}
    assert auth["identity"] == {"methods": ["hw_ak_sk"], "hw_ak_sk": pair}


def test_a_project_that_is_set_is_the_scope() -> None:
    _, play = fetch(MADE, told(), site=replace(SITE, project="p-9"))
    assert asked(play)[1]["scope"] == {"project": {"id": "p-9"}}


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9/v3/auth/tokens?nocatalog=true"),
        ("https://iam.example/v3/", "https://iam.example/v3/auth/tokens?nocatalog=true"),
        (
            "https://{region}.iam.example/v3/auth/tokens",
            "https://cn-southwest-2.iam.example/v3/auth/tokens?nocatalog=true",
        ),
    ],
)
def test_tokens_are_fetched_where_the_configuration_says(url: str, wanted: str) -> None:
    _, play = fetch(MADE, told(), signer=IamToken(url=url))
    assert asked(play)[0].url == wanted


def test_the_token_goes_into_its_header_and_nowhere_else() -> None:
    request = HttpRequest(
        method="POST", origin="https://h", target=b"/", headers=((b"x-auth-token", b"old"),)
    )
    signed = IamToken().sign(request, {"iam_token": Secret("MIIfake")}, 0.0)
    assert signed.headers == ((b"X-Auth-Token", b"MIIfake"),)
    with pytest.raises(MissingKeyError, match="iam_token"):
        IamToken().sign(request, USER, 0.0)


@pytest.mark.parametrize("missing", sorted(USER))
def test_what_is_missing_is_named_with_its_place_in_the_console(missing: str) -> None:
    with pytest.raises(MissingKeyError, match=missing) as caught:
        IamToken().grant(SITE, {name: one for name, one in USER.items() if name != missing}, None)
    assert caught.value.hint


def test_a_set_up_that_cannot_work_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="unknown method 'oidc'"):
        IamToken(method="oidc")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="region or a project_id"):
        IamToken().grant(replace(SITE, region=None), USER, None)
    with pytest.raises(ConfigError, match="address of IAM needs a region"):
        IamToken().grant(replace(SITE, region=None, project="p"), USER, None)
    with pytest.raises(ConfigError, match="address of IAM is wrong"):
        IamToken(url="iam").grant(SITE, USER, None)


def test_what_is_shared_is_named_by_credential_and_scope_without_telling_them() -> None:
    def key(site: Site = SITE, url: str = "http://h", changed: str = "") -> str:
        secrets = {**USER, changed: Secret("another")}
        return IamToken(url=url).grant(site, secrets, None).key

    others = (
        key(replace(SITE, region="cn-north-4")),
        key(replace(SITE, project="p-9")),
        key(url="http://other"),
        *(key(changed=name) for name in USER),
    )
    assert key() == key()
    assert len({key(), *others}) == 7
    assert not any(secret.reveal() in one for one in (key(), *others) for secret in USER.values())


DAY = 24 * 3600.0


@pytest.mark.parametrize(
    ("ends", "begins", "lives"),
    [
        (START + DAY, START, DAY - 300),
        (START + 3600, START - DAY + 3600, 3300),
        (START + 700, START, 400),
        (START + 599, START, 299.5),
        (START + 10, START, 5),
        (START - 3600, START - 3600 - DAY, DAY - 300),  # our clock is far ahead
        (START + DAY + 3600, START + 3600, DAY - 300),  # our clock is behind
        (START + DAY, None, DAY - 300),
        (START - 5, None, 0),
        (None, START, 23 * 3600),
    ],
)
def test_a_token_is_renewed_before_its_end_and_never_kept_beyond(
    ends: float | None, begins: float | None, lives: float
) -> None:
    def text(at: float | None) -> str | None:
        return None if at is None else f"{_iso(at)}.000000Z"

    (_, found), _ = fetch(MADE, told(text(ends), text(begins)))
    assert found == lives


def _iso(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize("ends", ["soon", "2001-13-01T00:00:00Z", ""])
def test_an_end_that_cannot_be_read_is_none(ends: str) -> None:
    assert fetch(MADE, told(ends))[0][1] == 23 * 3600


def test_a_time_without_a_zone_is_utc() -> None:
    assert fetch(MADE, told("2001-09-10T02:03:20", None))[0][1] == pytest.approx(DAY, abs=700)


@pytest.mark.parametrize("body", [b"{}", b"", b"<html>", b'{"token":7}', b"\xff"])
def test_a_body_that_tells_nothing_is_enough_where_no_address_needs_a_project(body: bytes) -> None:
    (grant, lives), _ = fetch(MADE, body)
    assert (grant.secrets["iam_token"].reveal(), grant.project, lives) == ("MIIfake", None, 23 * 3600)


def test_a_token_that_is_bound_to_no_project_is_told_where_one_is_needed() -> None:
    site = replace(SITE, quirks=PANGU.quirks({}))
    with pytest.raises(WireError, match="not bound to"):
        fetch(MADE, b"{}", site=site)
    assert fetch(MADE, b"{}", site=replace(site, project="p-9"))[0][0].project is None


def test_only_201_makes_a_token() -> None:
    with pytest.raises(WireError, match="status 200 where 201"):
        fetch(WireHead(200, MADE.headers), told())
    with pytest.raises(WireError, match="no X-Subject-Token"):
        fetch(WireHead(201), told())


def refusal(status: int, message: str = "no", secrets: dict[str, Secret] = USER, **fields: Any) -> Error:
    body = msgspec.json.encode({"error": {"code": status, "message": message, "title": "?"}, **fields})
    with pytest.raises(Error) as caught:
        fetch(WireHead(status, ((b"x-request-id", b"rq-1"),)), body, secrets=secrets)
    return caught.value


def test_a_wrong_password_is_told_with_iams_own_words_and_what_to_look_at() -> None:
    error = refusal(401, "The username or password is wrong.")
    assert isinstance(error, AuthError)
    assert (error.status, error.provider_code, error.request_id, error.provider) == (
        401,
        "401",
        "rq-1",
        "pangu",
    )
    assert not error.retryable
    for words in ("username or password is wrong", "HUAWEI ID", "IAM user", "account's name"):
        assert words in str(error)
    assert "fake-password" not in str(error) + str(error.body)
    assert not IamToken().renews(error)


def test_an_access_key_in_place_of_a_user_is_recognized() -> None:
    swapped = {**USER, "iam_user": Secret("AKFAKE00000000000001")}
    assert "looks like an access key" in str(refusal(401, secrets=swapped))
    assert "looks like an access key" not in str(refusal(403, secrets=swapped))


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (403, PermissionDeniedError, False),
        (404, NotFoundError, False),
        (429, RateLimitedError, True),
        (500, ServerError, True),
    ],
)
def test_other_refusals_keep_their_kind(status: int, kind: type[Error], retryable: bool) -> None:
    error = refusal(status)
    assert isinstance(error, kind)
    assert error.retryable is retryable


def test_a_broken_connection_is_told_as_it_is() -> None:
    with pytest.raises(TransportError, match="gone"):
        fetch(TransportError("gone"))
    with pytest.raises(TransportError, match="gone"):
        fetch(MADE, b'{"tok', TransportError("gone"))


def test_no_more_of_a_body_is_kept_than_a_token_needs() -> None:
    (grant, _), _ = fetch(MADE, *[b" " * 500_000] * 4, told())
    assert grant.project is None


@pytest.mark.parametrize(
    ("code", "status", "words", "renews"),
    [
        ("APIG.0301", 401, "Incorrect IAM authentication information: token expires, expires_at:x", True),
        ("APIGW.0301", 401, "Incorrect IAM authentication information: decrypt token fail", True),
        ("APIG.0307", 401, "The token must be updated.", True),
        ("APIGW.0307", 401, "The token must be updated.", True),
        (None, 401, "The token has expired", True),
        ("401", 401, "The request you have made requires authentication.", True),
        ("APIG.0301", 401, "Incorrect IAM authentication information: verify aksk signature fail", False),
        ("APIG.0301", 401, "Incorrect IAM authentication information: x-auth-token not found", False),
        ("APIG.0301", 401, "Incorrect IAM authentication information: AK access failed to reach", False),
        ("PANGU.0011", 401, "Authentication failed.", False),
        ("401", 401, "The username or password is wrong.", False),
        (None, 403, "The token has expired", False),
    ],
)
def test_a_fresh_token_is_fetched_for_an_ended_one_only(
    code: str | None, status: int, words: str, renews: bool
) -> None:
    error = AuthError(words, status=status, provider_code=code, body=None)
    assert IamToken().renews(error) is renews
    assert not IamToken().renews(ServerError(words, status=status, provider_code=code))


MODEL = "pangu/11111111-2222-4333-8444-555555555555"


class Pangu:
    """A simulated Pangu that is called by an IAM user."""

    def __init__(self, sim: Simulator, face: PanguFace) -> None:
        self.face = face
        self.sim = sim
        origin = sim.origin_of("pangu")
        table = face.configured_by(origin, "iam_user", "iam_password", "iam_domain")
        self.config = {"providers": {"pangu": table}}

    @property
    def chats(self) -> int:
        return sum(request.operation == "chat" for request in self.sim.requests)


@pytest.fixture
def pangu() -> Any:
    face = PanguFace()
    with Simulator(face) as sim:
        yield Pangu(sim, face)


def test_two_hundred_threads_share_one_token_and_one_renewal(pangu: Pangu) -> None:
    answers: list[str] = []

    def ask(client: Client) -> None:
        answers.append(client.chat(MODEL, "Hi").text)

    with Client(config=pangu.config) as client:
        for made in (1, 2):
            threads = [threading.Thread(target=ask, args=(client,)) for _ in range(200)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert pangu.face.iam.made == made
            pangu.face.iam.end_all()
    assert answers == ["Hi"] * 400


@pytest.mark.anyio
async def test_two_hundred_tasks_share_one_token_and_one_renewal(pangu: Pangu) -> None:
    async with AsyncClient(config=pangu.config) as client:
        for made in (1, 2):
            replies = await asyncio.gather(*[client.chat(MODEL, "Hi") for _ in range(200)])
            assert {reply.text for reply in replies} == {"Hi"}
            assert pangu.face.iam.made == made
            pangu.face.iam.end_all()


def test_a_token_that_ends_while_nobody_looks_is_renewed_without_a_refusal() -> None:
    face = PanguFace()
    face.iam.token_life_s = 3600.0
    with Simulator(face) as sim:
        origin = str(sim.config["providers"]["pangu"]["base_url"])
        config = {
            "providers": {"pangu": face.configured_by(origin, "iam_user", "iam_password", "iam_domain")}
        }
        with sim.client(config=config) as client:
            client.chat(MODEL, "Hi")
            sim.clock.advance(3200)
            client.chat(MODEL, "Hi")
            assert face.iam.made == 1
            sim.clock.advance(200)
            client.chat(MODEL, "Hi")
        assert face.iam.made == 2
        assert [request.outcome for request in sim.requests if request.operation == "chat"] == [
            "answered"
        ] * 3
        assert not any(
            name == "x-auth-token" and len(text) > 8 for one in sim.requests for name, text in one.head
        )


def test_a_password_that_was_changed_ends_with_the_refusal_of_iam(pangu: Pangu) -> None:
    table = {**pangu.config["providers"]["pangu"], "iam_password": "another"}
    with Client(config={"providers": {"pangu": table}}) as client, pytest.raises(AuthError, match="IAM user"):
        client.chat(MODEL, "Hi")
    assert (pangu.chats, len(pangu.sim.requests)) == (0, 1)


def test_a_call_that_is_tried_again_keeps_its_token() -> None:
    """What a token told of its project is not taken for a project that somebody set."""
    face = PanguFace()
    with Simulator(face) as sim:
        origin = str(sim.config["providers"]["pangu"]["base_url"])
        table = face.configured_by(origin, "iam_user", "iam_password", "iam_domain")
        with sim.client(config={"providers": {"pangu": table}}) as client:
            sim.fault("503", times=1, operation="chat")
            client.chat(MODEL, "Hi")
            assert face.iam.made == 1
            face.iam.end_all()
            for _ in range(3):
                client.chat(MODEL, "Hi")
        assert face.iam.made == 2
        assert sum(request.outcome == "refused" for request in sim.requests) == 1
