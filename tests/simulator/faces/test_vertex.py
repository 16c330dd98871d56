"""The face of Vertex AI: tokens for a service account's claim, a project's address, express mode."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from baimo.auth.google import URL, assertion, read_key_file
from baimo.dialects.gemini import DIALECT
from baimo.errors import AuthError, Error, NotFoundError
from baimo.simulator import faces
from baimo.simulator.engine import Simulation
from baimo.simulator.faces import vertex
from baimo.simulator.faces.vertex import PROJECT, VertexFace
from baimo.simulator.words import Credentials, Head, Piece
from baimo.testing import Simulator
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.dialects.gemini.asking import site

NOW = 1_790_000_000.0
ASK = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
PLACE = (
    f"/v1beta1/projects/{PROJECT}/locations/global/publishers/google/models/gemini-3.8-flash:generateContent"
)
EXPRESS = "/v1beta1/publishers/google/models/gemini-3.8-flash:generateContent"


@pytest.fixture
def face() -> VertexFace:
    return VertexFace()


def send(
    face: VertexFace, target: str, body: bytes, verb: str = "POST", **fields: str
) -> tuple[WireHead, bytes]:
    """Head and body of what comes back."""
    head = {"host": "127.0.0.1:8", **{name.replace("_", "-"): value for name, value in fields.items()}}
    request = HttpRequest(
        method=verb,
        origin="http://127.0.0.1:8",
        target=target.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in head.items()),
        body=body,
    )
    found, pieces = WireHead(0), []
    for act in Simulation([face]).call("vertex", request, wall=NOW, mono=0.0).acts():
        if isinstance(act, Head):
            found = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return found, b"".join(pieces)


def ask(face: VertexFace, target: str = PLACE, **fields: str) -> Error | None:
    head, body = send(face, target, msgspec.json.encode(ASK), **fields)
    events, error = play(DIALECT.decoder(head, site()), [body])
    assert error is not None or fold(events).text
    return error


def claim(face: VertexFace, **changes: Any) -> bytes:
    """The form that asks for a token; `changes` are of the key file, `now` and `url` of the claim."""
    now, url = changes.pop("now", NOW), changes.pop("url", URL)
    file = msgspec.structs.replace(read_key_file(face.credentials()["service_account"]), **changes)
    return urlencode({"assertion": assertion(file, url, "s", now)}).encode()


def test_the_face_is_found_by_its_name_and_is_one(face: VertexFace) -> None:
    assert faces.make("vertex").name == "vertex"
    tables = face.configuration("http://127.0.0.1:8")
    assert list(tables) == ["native", "express"]
    file = read_key_file(str(tables["native"]["service_account"]))
    assert file.token_uri == "http://127.0.0.1:8/token"
    assert face.secret("api_key", "") == face.credentials()["api_key"]


def test_a_claim_gives_a_token_that_opens_the_project(face: VertexFace) -> None:
    head, body = send(face, "/token", claim(face))
    told = msgspec.json.decode(body)
    assert (head.status, told["expires_in"]) == (200, 3600)
    assert ask(face, authorization=f"Bearer {told['access_token']}") is None
    face.forget()
    error = ask(face, authorization=f"Bearer {told['access_token']}")
    assert isinstance(error, AuthError)
    assert error.provider_code == "ACCESS_TOKEN_EXPIRED"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_email": "other"}, "account not found"),
        ({"now": NOW - 4000}, "short-lived"),
        ({"now": NOW + 4000}, "short-lived"),
        ({"url": "https://h.example/"}, "wrong audience"),
    ],
)
def test_a_wrong_claim_is_refused(face: VertexFace, changes: dict[str, Any], words: str) -> None:
    head, body = send(face, "/token", claim(face, **changes))
    assert (head.status, msgspec.json.decode(body)["error"]) == (400, "invalid_grant")
    assert words in msgspec.json.decode(body)["error_description"]


def test_a_claim_that_somebody_changed_is_refused(face: VertexFace) -> None:
    form = claim(face).decode()
    assert b"Invalid JWT Signature" in send(face, "/token", f"{form[:-8]}AAAAAAAA".encode())[1]
    assert b"Failed to parse" in send(face, "/token", b"assertion=a.b.c")[1]
    assert b"Failed to parse" in send(face, "/token", b"")[1]
    assert send(face, "/token", b"", "GET")[0].status == 404


def test_a_projects_address_takes_tokens_and_no_keys(face: VertexFace) -> None:
    keys = face.credentials()
    assert ask(face, authorization=f"Bearer {keys['api_key']}") is None
    error = ask(face, x_goog_api_key=keys["express_key"])
    assert isinstance(error, AuthError)
    assert error.provider_code == "CREDENTIALS_MISSING"


def test_express_mode_takes_a_key(face: VertexFace) -> None:
    key = face.credentials()["express_key"]
    assert ask(face, EXPRESS, x_goog_api_key=key) is None
    assert ask(face, f"{EXPRESS}?key={key}") is None
    assert isinstance(ask(face, EXPRESS, x_goog_api_key="AQ.wrong"), AuthError)
    assert isinstance(ask(face, EXPRESS, x_goog_api_key=key, host="evil.example"), NotFoundError)


@pytest.mark.parametrize("endpoint", ["native", "express"])
def test_our_client_gets_in_either_way(endpoint: str) -> None:
    with Simulator("vertex") as sim, sim.client(endpoints={"vertex": endpoint}) as client:
        sim.reply("Hello")
        assert client.chat("vertex/google/gemini-3.8-flash", "Hi").text == "Hello"
        assert [one.outcome for one in sim.requests] == ["answered"] * (2 if endpoint == "native" else 1)


def test_vectors_are_predicted() -> None:
    with Simulator("vertex") as sim, sim.client() as client:
        found = client.embed("vertex/text-embedding-005", ["a", "b"], dimensions=4)
        assert [len(vector) for vector in found.vectors] == [4, 4]
        assert sim.last.target.endswith(":predict")


def test_without_the_package_there_is_an_access_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    vertex._key_file.cache_clear()
    try:
        face = VertexFace(Credentials(given={"api_key": "fake-token"}))
        assert "service_account" not in face.credentials()
        assert face.configuration("http://h")["native"]["api_key"] == "fake-token"
    finally:
        vertex._key_file.cache_clear()
