"""Google's Vertex AI: the wire of Gemini under a project's address, and the service that gives tokens.

A call to a project needs an access token: one that was given for a service account's claim, whose RS256
signature and times are checked, or the one that stands for `gcloud auth print-access-token`. A key opens
the address without a project (express mode) and nothing else.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec

from baimo.dialects.gemini.errors import error_info, wire_error
from baimo.simulator.words import Caller, Credentials, FaceMaker, RefusedError, ServedRequest, Why, names_host
from baimo.wire.http import HttpRequest, WireHead

from .gemini import GeminiFace, key_of, sent_fields
from .gemini_making import JSON

PROJECT = "fake-project-1"
_EMAIL = f"baimo@{PROJECT}.iam.gserviceaccount.com"
_NO_KEYS = (
    "API keys are not supported by this API. Expected OAuth2 access token or other authentication "
    "credentials that assert a principal."
)
_SKEW_S = 300.0


class VertexFace(GeminiFace):
    """Vertex AI. `token_life_s` is how long tokens live that are given from now on."""

    name = "vertex"
    hosts = ("*aiplatform.googleapis.com", "oauth2.googleapis.com")

    def __init__(self, credentials: Credentials | None = None) -> None:
        super().__init__()
        own = {
            "service_account": _key_file(),
            "api_key": "ya29.fake-access-token-1234",
            "express_key": "AQ.FakeFakeFakeFakeFakeFake1234",
        }
        self._keys = (credentials or Credentials()).over({name: key for name, key in own.items() if key})
        self.token_life_s = 3600.0
        self.made = 0
        """How many tokens were given."""
        self._tokens: dict[str, float] = {}

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """A project's address by a service account (else an access token), and express mode."""
        project = f"{origin}/v1beta1/projects/{PROJECT}/locations/global/publishers/google"
        name = "service_account" if "service_account" in self._keys else "api_key"
        native = {"base_url": project, "project": PROJECT, name: self.secret(name, origin)}
        express = {
            "base_url": f"{origin}/v1beta1/publishers/google",
            "express_key": self._keys["express_key"],
        }
        tables = {"native": native, "express": express}
        return {endpoint: {"endpoint": endpoint, **table} for endpoint, table in tables.items()}

    def secret(self, name: str, origin: str) -> str:
        """A credential; a key file names the token service under that origin."""
        text = self._keys[name]
        if name != "service_account":
            return text
        file = {**msgspec.json.decode(text), "token_uri": f"{origin}/token"}
        return msgspec.json.encode(file).decode()

    def forget(self) -> None:
        """No token that was given is good any more."""
        self._tokens.clear()

    def operation(self, request: ServedRequest) -> str | None:
        """Which operation, or a token."""
        if isinstance(request, HttpRequest) and request.target == b"/token":
            return "token" if request.method == "POST" else None
        return super().operation(request)

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check host and token. Raises RefusedError."""
        assert isinstance(request, HttpRequest)
        sent = sent_fields(request)
        host = sent.get(b"host", "127.0.0.1")
        if not names_host(host, self.hosts):
            raise RefusedError(Why.WRONG_HOST, host)
        if request.target == b"/token":
            return Caller(key="token service")
        if b"/projects/" not in request.target:
            given = key_of(request, sent)
            if not hmac.compare_digest(given.encode(), self._keys["express_key"].encode()):
                raise RefusedError(Why.WRONG_SECRET, "the key is another")
            return Caller(key=f"…{given[-4:]}")
        token = sent.get(b"authorization", "").removeprefix("Bearer ").strip()
        if not token:
            raise RefusedError(Why.MISSING_HEADER, "no access token")
        if hmac.compare_digest(token.encode(), self._keys["api_key"].encode()):
            return Caller(key="gcloud", project=PROJECT)
        if self._tokens.get(token, 0.0) <= now:
            raise RefusedError(Why.EXPIRED_TOKEN, "the token has ended, or was never given")
        return Caller(key=_EMAIL, project=PROJECT)

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """Google's error; a call to a project without a token has a reason of its own."""
        if why is Why.MISSING_HEADER:
            error = wire_error(401, "UNAUTHENTICATED", _NO_KEYS, [error_info("CREDENTIALS_MISSING")])
            return WireHead(401, JSON), msgspec.json.encode(error)
        return super().refuse(why, request, detail=detail, retry_after=retry_after)

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """A token; else as the Gemini API."""
        if operation != "token":
            return super().other(operation, request, now)
        assert isinstance(request, HttpRequest)
        fault = self._fault_of(request, now)
        if fault:
            refusal = {"error": "invalid_grant", "error_description": fault}
            return WireHead(400, JSON), [msgspec.json.encode(refusal)]
        self.made += 1
        token = f"ya29.fake-token-{self.made}"
        self._tokens[token] = now + self.token_life_s
        reply = {"access_token": token, "expires_in": int(self.token_life_s), "token_type": "Bearer"}
        return WireHead(200, JSON), [msgspec.json.encode(reply)]

    def _fault_of(self, request: HttpRequest, now: float) -> str:
        """What is wrong with a claim; empty where nothing is."""
        body = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
        form = parse_qs(body.decode("utf-8", "replace"))
        signed, _, signature = "".join(form.get("assertion", [])).rpartition(".")
        try:
            claim = msgspec.json.decode(_decoded(signed.partition(".")[2]), type=dict[str, Any])
            raw = _decoded(signature)
        except ValueError:
            return "Invalid JWT: Failed to parse."
        file = msgspec.json.decode(self._keys["service_account"])
        if claim.get("iss") != file["client_email"]:
            return "Invalid grant: account not found"
        if not is_signed(file["private_key"], signed.encode(), raw):
            return "Invalid JWT Signature."
        begins, ends = claim.get("iat"), claim.get("exp")
        if not isinstance(begins, (int, float)) or not isinstance(ends, (int, float)):
            return "Invalid JWT: no times."
        if not begins - _SKEW_S <= now < ends or ends - begins > 3600:
            return (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            )
        if not str(claim.get("aud")).endswith("/token") or not claim.get("scope"):
            return "Invalid JWT: wrong audience or scope."
        return ""


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache(maxsize=1)  # one fake key for a process: to make one takes time
def _key_file() -> str:
    """A fake service account's key file; empty without the package that makes keys."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ImportError:
        return ""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "fake",
        "private_key": pem.decode(),
        "client_email": _EMAIL,
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return msgspec.json.encode(file).decode()


def is_signed(pem: str, message: bytes, signature: bytes) -> bool:
    """Whether that signature is of that key's and of that message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    try:
        key.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


FACES: Mapping[str, FaceMaker] = {"vertex": VertexFace}
