"""Google's packages and we sign the same claims, and get tokens and answers from the simulated Vertex AI."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from google import genai
from google.auth import crypt, jwt
from google.auth.transport.requests import Request
from google.genai import types
from google.oauth2 import service_account

from baimo.auth.google import SCOPE, URL, assertion, read_key_file, rs256
from baimo.simulator.faces.vertex import PROJECT, VertexFace
from baimo.testing import Reply, Simulator

MODEL = "gemini-3.8-flash"


@pytest.fixture
def face() -> VertexFace:
    return VertexFace()


@pytest.fixture
def simulator(face: VertexFace) -> Iterator[Simulator]:
    with Simulator(face) as made:
        yield made


def public_key(pem: str) -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem.encode(), password=None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def test_our_claim_is_one_that_googles_package_takes(face: VertexFace) -> None:
    text = face.credentials()["service_account"]
    ours = assertion(read_key_file(text), URL, SCOPE, time.time())
    claim = jwt.decode(ours, certs=public_key(json.loads(text)["private_key"]), audience=URL)
    assert (claim["iss"], claim["scope"]) == (json.loads(text)["client_email"], SCOPE)
    theirs = json.loads(json.dumps(claim))
    assert theirs["exp"] - theirs["iat"] == 3600


def test_our_signature_is_googles(face: VertexFace) -> None:
    info = json.loads(face.credentials()["service_account"])
    signer = crypt.RSASigner.from_service_account_info(info)
    assert rs256(info["private_key"], b"message") == signer.sign(b"message")


def credentials(simulator: Simulator, face: VertexFace) -> service_account.Credentials:
    info = json.loads(face.secret("service_account", simulator.origin_of("vertex")))
    return service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])


def test_googles_package_gets_a_token(simulator: Simulator, face: VertexFace) -> None:
    made = credentials(simulator, face)
    made.refresh(Request())
    assert made.token.startswith("ya29.")
    assert face.made == 1


def test_the_official_client_calls_the_simulated_vertex(simulator: Simulator, face: VertexFace) -> None:
    client = genai.Client(
        vertexai=True,
        project=PROJECT,
        location="global",
        credentials=credentials(simulator, face),
        http_options=types.HttpOptions(base_url=simulator.origin_of("vertex"), timeout=10_000),
    )
    simulator.reply(Reply(text="one two", thinking="Hm."))
    assert client.models.generate_content(model=MODEL, contents="Hi").text == "one two"
    pieces = list(client.models.generate_content_stream(model=MODEL, contents="Hi"))
    assert "".join(piece.text or "" for piece in pieces) == "one two"
    assert client.models.count_tokens(model=MODEL, contents="two words").total_tokens == 2
    seen = client.models.embed_content(model="text-embedding-005", contents=["a", "b"])
    assert len(seen.embeddings or []) == 2
    client.close()


def test_an_express_key_opens_the_address_without_a_project(simulator: Simulator, face: VertexFace) -> None:
    client = genai.Client(
        vertexai=True,
        api_key=face.credentials()["express_key"],
        http_options=types.HttpOptions(base_url=simulator.origin_of("vertex"), timeout=10_000),
    )
    simulator.reply("Hello")
    assert client.models.generate_content(model=MODEL, contents="Hi").text == "Hello"
    client.close()
