"""Access tokens of Google Cloud: how they are asked for and how long used, and what a refusal means."""

from __future__ import annotations

import asyncio
import sys
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from baimo.auth.google import SCOPE, URL, GoogleToken, assertion, read_key_file, rs256
from baimo.auth.schemes import find, scheme_of
from baimo.auth.signer import Grant, Granting, Signer
from baimo.dialect.protocols import Site
from baimo.errors import AuthError, ConfigError, MissingExtraError, MissingKeyError, ServerError, WireError
from baimo.simulator.faces.vertex import VertexFace
from baimo.testing import Simulator
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SITE = Site(base_url="https://aiplatform.example", provider="vertex")
OK = WireHead(200, ((b"content-type", b"application/json"),))
START = 1_000_001_000.0
"""The wall time of a `Play`."""


def pem(key: Any) -> str:
    raw: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return raw.decode()


FILE = {
    "type": "service_account",
    "client_email": "a@p.example",
    "private_key": pem(KEY),
    "private_key_id": "k1",
    "token_uri": "https://tokens.example/token",
}
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "fake", "refresh_token": "fake-r"}


def secrets(file: dict[str, Any]) -> dict[str, Secret]:
    return {"service_account": Secret(msgspec.json.encode(file).decode())}


def fetch(*replies: Any, file: dict[str, Any] = FILE, signer: GoogleToken | None = None) -> tuple[Any, Play]:
    play = Play(*[piece for head, body in replies for piece in (head, body, b"")])
    return play.run((signer or GoogleToken()).grant(SITE, secrets(file), None).make()), play


def form(play: Play) -> tuple[HttpRequest, dict[str, str]]:
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert isinstance(wire.body, bytes)
    return wire, {name: values[0] for name, values in parse_qs(wire.body.decode()).items()}


def decoded(text: str) -> Any:
    return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_it_is_what_the_words_of_signers_say() -> None:
    signer: Signer = GoogleToken()
    assert isinstance(signer, Granting)
    assert not signer.timed
    assert set(signer.needs) == set(find("google_token", {}).needs)
    assert scheme_of(GoogleToken(scope="s")) == ("google_token", {"url": "", "scope": "s"})


def test_a_claim_is_signed_as_the_package_verifies_it() -> None:
    file = read_key_file(msgspec.json.encode(FILE).decode())
    head, claim, signature = assertion(file, URL, SCOPE, 1000.9).split(".")
    assert decoded(head) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert decoded(claim) == {"iss": "a@p.example", "scope": SCOPE, "aud": URL, "iat": 1000, "exp": 4600}
    raw = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    KEY.public_key().verify(raw, f"{head}.{claim}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert rs256(FILE["private_key"], b"m") == KEY.sign(b"m", padding.PKCS1v15(), hashes.SHA256())


def test_a_key_without_an_id_names_none() -> None:
    file = msgspec.structs.replace(read_key_file(msgspec.json.encode(FILE).decode()), private_key_id="")
    assert "kid" not in decoded(assertion(file, URL, SCOPE, 0.0).split(".")[0])


def test_a_token_is_asked_for_with_the_claim() -> None:
    (grant, lives_s), play = fetch((OK, b'{"access_token":"ya29.x","expires_in":3599}'))
    wire, sent = form(play)
    assert wire.url == "https://tokens.example/token"
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert decoded(sent["assertion"].split(".")[1])["iat"] == int(START)
    assert grant.secrets["google_token"].reveal() == "ya29.x"
    assert lives_s == 3299.0


def test_a_login_is_refreshed() -> None:
    (grant, lives_s), play = fetch((OK, b'{"access_token":"t","expires_in":100}'), file=USER)
    wire, sent = form(play)
    assert wire.url == URL
    assert (sent["grant_type"], sent["refresh_token"], sent["client_id"]) == ("refresh_token", "fake-r", "c")
    assert (grant.secrets["google_token"].reveal(), lives_s) == ("t", 50.0)


def test_the_address_may_be_another() -> None:
    _, play = fetch((OK, b'{"access_token":"t"}'), signer=GoogleToken(url="http://127.0.0.1:9/token"))
    assert form(play)[0].url == "http://127.0.0.1:9/token"
    with pytest.raises(ConfigError, match="must begin with https"):
        fetch(signer=GoogleToken(url="http://evil.example/token"))
    with pytest.raises(ConfigError, match="address of the token service is wrong"):
        fetch(signer=GoogleToken(url="nothing"))
    assert (
        form(fetch((OK, b'{"access_token":"t"}'), signer=GoogleToken(url="https://h.example"))[1])[0].target
        == b"/"
    )


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            400,
            b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}',
            AuthError,
            "Invalid JWT",
        ),
        (401, b'{"error":"invalid_client"}', AuthError, "invalid_client"),
        (403, b'{"error":"access_denied"}', AuthError, "access_denied"),
        (503, b"busy", Exception, "HTTP status 503"),
        (500, b"{}", ServerError, "HTTP status 500"),
    ],
)
def test_a_refusal_has_its_class(status: int, body: bytes, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        fetch((WireHead(status), body))


def test_a_reply_without_a_token_is_no_reply() -> None:
    with pytest.raises(WireError, match="no access_token"):
        fetch((OK, b"{}"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AIzaFake", "no key file"),
        ('{"type": "external_account"}', "'external_account' cannot be used"),
        ('{"type": "service_account", "client_email": "a"}', "has no private_key"),
        ('{"type": "authorized_user"}', "has no client_id"),
    ],
)
def test_what_is_no_key_file_is_told_without_its_words(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_key_file(text)
    assert "AIza" not in str(caught.value)


@pytest.mark.parametrize("text", ["no key", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="no RSA key"):
        rs256(text, b"m")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(MissingExtraError, match=r"baimo\[google\]"):
        rs256(FILE["private_key"], b"m")


def test_missing_secrets_are_named() -> None:
    with pytest.raises(MissingKeyError, match="no service_account"):
        GoogleToken().grant(SITE, {}, None)
    request = HttpRequest(method="GET", origin="https://h.example", target=b"/")
    with pytest.raises(MissingKeyError, match="no google_token"):
        GoogleToken().sign(request, {}, 0.0)
    signed = GoogleToken().sign(request, {"google_token": Secret("t")}, 0.0)
    assert signed.headers == ((b"Authorization", b"Bearer t"),)


def test_one_key_is_one_token_and_its_name_tells_nothing() -> None:
    stale = Grant()
    first, second = (GoogleToken().grant(SITE, secrets(FILE), stale) for _ in range(2))
    assert first.key == second.key != GoogleToken(scope="s").grant(SITE, secrets(FILE), None).key
    assert "PRIVATE" not in first.key
    assert first.stale is stale


@pytest.mark.parametrize(
    ("error", "renews"),
    [
        (AuthError("x", status=401, provider_code="ACCESS_TOKEN_EXPIRED"), True),
        (AuthError("x", status=401), True),
        (AuthError("x", status=401, provider_code="CREDENTIALS_MISSING"), False),
        (AuthError("x", status=400, provider_code="API_KEY_INVALID"), False),
        (ServerError("x", status=401), False),
    ],
)
def test_only_an_ended_token_is_renewed(error: Any, renews: bool) -> None:
    assert GoogleToken().renews(error) is renews


def test_many_calls_share_one_token_and_an_ended_one_is_renewed() -> None:
    face = VertexFace()
    with Simulator(face) as sim:

        async def run() -> list[str]:
            async with sim.async_client() as client:
                asks = [client.chat("vertex/gemini-3.8-flash", "Hi") for _ in range(20)]
                first = [one.text for one in await asyncio.gather(*asks)]
                face.forget()
                return [*first, (await client.chat("vertex/gemini-3.8-flash", "Hi")).text]

        assert len(asyncio.run(run())) == 21
        assert face.made == 2
