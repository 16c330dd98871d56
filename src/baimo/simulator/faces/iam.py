"""Huawei's IAM beside the services that it guards: tokens, projects, and whether a signature is right.

It has no row of its own in the catalogue: the faces that need it hold one and serve its addresses.
"""

from __future__ import annotations

import hmac
import re
import threading
from calendar import timegm
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from baimo.auth.sdk_hmac import SdkHmac
from baimo.errors import InputError
from baimo.simulator.words import Caller, RefusedError, ServedRequest, Why
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead

SIGNATURE = "verify aksk signature fail"
LOCKED = "AK access failed to reach the limit, forbidden"
BAD_TOKEN = "decrypt token fail"
"""Words of refusals that have one code in common."""

_SKEW_S = 900.0
_WRONG_UNTIL_LOCKED = 5
_LOCKED_S = 300.0
_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=(?P<access>[^,]+), ?SignedHeaders=(?P<names>[^,]+), ?"
    r"Signature=(?P<hex>[0-9a-f]+)"
)
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
}
_STATUSES: Mapping[Why, tuple[int, str]] = {
    Why.WRONG_SECRET: (401, "The username or password is wrong."),
    Why.UNKNOWN_KEY: (401, "The username or password is wrong."),
    Why.MISSING_HEADER: (401, "Authentication required"),
    Why.EXPIRED_TOKEN: (401, "The token must be updated"),
    Why.MISSING_PROJECT_SCOPE: (404, "Could not find {detail}"),
    Why.OVER_RATE: (429, "Too many requests"),
    Why.OVER_CONCURRENCY: (429, "Too many requests"),
    Why.INVALID_REQUEST: (400, "Request body is invalid: {detail}"),
    Why.SERVER_ERROR: (500, "Internal Server Error"),
    Why.OVERLOADED: (503, "Service Unavailable"),
}


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was made."""

    ends: float
    """Unix seconds."""
    project: str | None
    """None for one that is bound to the account."""


class Iam:
    """The service. `token_life_s` is how long tokens live that are made from now on."""

    def __init__(self, credentials: Mapping[str, str], *, region: str, project: str) -> None:
        self.token_life_s = 24 * 3600.0
        self.made = 0
        """How many tokens were made."""
        self.looked_up = 0
        """How often a project was looked up."""
        self._credentials = credentials
        self._region = region
        self._project = project
        self._tokens: dict[str, Issued] = {}
        self._wrong = 0
        self._locked_until = 0.0
        self._lock = threading.Lock()

    def operation(self, request: HttpRequest) -> str | None:
        """`token`, `projects`, or None for addresses that are not IAM's."""
        path = request.target.partition(b"?")[0]
        wanted = {(b"/v3/auth/tokens", "POST"): "token", (b"/v3/projects", "GET"): "projects"}
        return wanted.get((path, request.method))

    def end_all(self) -> None:
        """Tokens that were made by now have ended: as after a change of the password."""
        with self._lock:
            self._tokens = {
                name: Issued(ends=0.0, project=token.project) for name, token in self._tokens.items()
            }

    def check_login(self, request: HttpRequest) -> Caller:
        """Who asks for a token. Raises RefusedError, or InputError for a body that cannot be read."""
        identity = _mapping(_auth(request), "identity")
        method = identity.get("methods")
        if method == ["password"]:
            user = _mapping(_mapping(identity, "password"), "user")
            sent: tuple[str, ...] = (
                _word(user, "name"),
                _word(user, "password"),
                _word(_mapping(user, "domain"), "name"),
            )
            names: tuple[str, ...] = ("iam_user", "iam_password", "iam_domain")
        elif method == ["hw_ak_sk"]:
            pair = _mapping(identity, "hw_ak_sk")
            sent = (_word(_mapping(pair, "access"), "key"), _word(_mapping(pair, "secret"), "key"))
            names = ("access_key", "secret_key")
        else:
            raise InputError("auth.identity.methods must be password or hw_ak_sk")
        if not all(_same(self._credentials[name], text) for name, text in zip(names, sent, strict=True)):
            raise RefusedError(Why.WRONG_SECRET, f"one of {', '.join(names)} is another")
        return Caller(key=sent[0])

    def make_token(self, request: HttpRequest, now: float) -> tuple[WireHead, bytes]:
        """A new token for a caller whose login was checked. Raises RefusedError for an unknown project."""
        project = self._scope(_auth(request))
        with self._lock:
            self.made += 1
            number = self.made
            ends = now + self.token_life_s
            token = _token_text(number, now)
            self._tokens[token] = Issued(ends=ends, project=project)
        account = {"id": "d" * 32, "name": self._credentials["iam_domain"]}
        told: dict[str, Any] = {
            "expires_at": _time(ends),
            "issued_at": _time(now),
            "methods": _mapping(_auth(request), "identity")["methods"],
            "roles": [{"id": "0", "name": "te_agency"}],
            "user": {"id": "e" * 32, "name": self._credentials["iam_user"], "domain": account},
        }
        if project is None:
            told["domain"] = account
        else:
            told["project"] = {"id": project, "name": self._region, "domain": account}
        if b"nocatalog=" not in request.target:
            told["catalog"] = [{"type": "pangu", "name": "pangu", "id": "c" * 32, "endpoints": []}]
        fields = ((b"content-type", b"application/json; charset=UTF-8"), (b"x-subject-token", token.encode()))
        return WireHead(201, fields), msgspec.json.encode({"token": told})

    def list_projects(self, request: HttpRequest) -> tuple[WireHead, bytes]:
        """The projects of the account, those of one name where the query says so."""
        with self._lock:
            self.looked_up += 1
        found = re.search(rb"[?&]name=([^&]*)", request.target)
        name = found[1].decode("ascii", "replace") if found else self._region
        project = {"id": self._project, "name": self._region, "domain_id": "d" * 32, "enabled": True}
        body = {"projects": [project] if name == self._region else [], "links": {}}
        return WireHead(200, ((b"content-type", b"application/json"),)), msgspec.json.encode(body)

    def check_token(self, token: str, now: float) -> Issued:
        """The token that was sent. Raises RefusedError for one that is not known, or has ended."""
        with self._lock:
            issued = self._tokens.get(token)
        if issued is None:
            raise RefusedError(Why.WRONG_SECRET, BAD_TOKEN)
        if issued.ends <= now:
            raise RefusedError(Why.EXPIRED_TOKEN, f"token expires, expires_at:{_time(issued.ends)}")
        return issued

    def check_signature(self, request: HttpRequest, now: float) -> Caller:
        """Recompute the signature. Raises RefusedError; five wrong ones in a row lock the key for a while."""
        fields = {name.lower(): value for name, value in request.headers}
        sent = _AUTHORIZATION.fullmatch(fields[b"authorization"].decode("latin-1").strip())
        if sent is None:
            raise RefusedError(Why.MISSING_HEADER, "Authorization has another form than SDK-HMAC-SHA256's")
        access = sent["access"]
        if not _same(self._credentials["access_key"], access):
            raise RefusedError(Why.UNKNOWN_KEY, f"Get secretKey failed,ak:{access},err:ak not exist")
        with self._lock:
            locked = now < self._locked_until
        if locked:
            raise RefusedError(Why.WRONG_SECRET, LOCKED)
        names = [name.encode() for name in sent["names"].split(";")]
        if missing := [name for name in (b"host", b"x-sdk-date") if name not in names or name not in fields]:
            raise RefusedError(Why.MISSING_HEADER, f"{missing[0].decode()} must be signed")
        _check_date(fields[b"x-sdk-date"].decode("latin-1"), now)
        right = _same(self._signature(request, fields, names), sent["hex"]) and self._has_right_token(fields)
        with self._lock:
            self._wrong = 0 if right else self._wrong + 1
            if self._wrong >= _WRONG_UNTIL_LOCKED:
                self._wrong, self._locked_until = 0, now + _LOCKED_S
        if not right:
            raise RefusedError(Why.WRONG_SECRET, SIGNATURE)
        return Caller(key=access, project=self._project)

    def refuse(self, why: Why, detail: str) -> tuple[WireHead, bytes]:
        """IAM's own words for a refusal."""
        status, words = _STATUSES.get(why, (403, "You are not authorized to perform the requested action."))
        message = words.format(detail=detail)
        error = {"code": status, "message": message, "title": _TITLES.get(status, "Internal Server Error")}
        fields = ((b"content-type", b"application/json; charset=UTF-8"), (b"x-request-id", b"sim-iam"))
        return WireHead(status, fields), msgspec.json.encode({"error": error})

    def _scope(self, auth: Mapping[str, Any]) -> str | None:
        """The project that a token is asked for; None for the account."""
        wanted = auth.get("scope")
        project = wanted.get("project") if isinstance(wanted, dict) else None
        if not isinstance(project, dict):
            return None
        if project.get("name") == self._region or project.get("id") == self._project:
            return self._project
        raise RefusedError(Why.MISSING_PROJECT_SCOPE, "the project of the scope")

    def _signature(self, request: HttpRequest, fields: Mapping[bytes, bytes], names: list[bytes]) -> str:
        """The signature that the request should have, over the fields that its caller signed."""
        secrets = {name: Secret(self._credentials[name]) for name in ("access_key", "secret_key")}
        if b"x-security-token" in names:
            secrets["security_token"] = Secret(fields[b"x-security-token"].decode("latin-1"))
        signed = tuple([(name, fields[name]) for name in names if name in fields])
        bare = msgspec.structs.replace(request, headers=signed)
        steps = dict(SdkHmac(unsigned_payload=False).explain(bare, secrets, 0.0))
        return steps["signature"]

    def _has_right_token(self, fields: Mapping[bytes, bytes]) -> bool:
        """Whether a temporary key's token is the one that belongs to it."""
        token = fields.get(b"x-security-token")
        return token is None or _same(self._credentials["security_token"], token.decode("latin-1"))


def header(request: ServedRequest, name: bytes) -> str | None:
    """A header field as text."""
    return next(
        (value.decode("latin-1").strip() for key, value in request.headers if key.lower() == name), None
    )


def _check_date(text: str, now: float) -> None:
    try:
        sent = timegm(datetime.strptime(text, "%Y%m%dT%H%M%SZ").timetuple())
    except ValueError:
        raise RefusedError(Why.MISSING_HEADER, "x-sdk-date has another form than 20261122T101112Z") from None
    if abs(now - sent) > _SKEW_S:
        raise RefusedError(Why.SKEWED_CLOCK, f"signed {round(now - sent)} s before the server's time")


def _auth(request: HttpRequest) -> dict[str, Any]:
    raw = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError("the body is no JSON") from None
    if not isinstance(body, dict):
        raise InputError("the body is no object")
    return _mapping(body, "auth")


def _mapping(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    if not isinstance(inner, dict):
        raise InputError(f"{name} must be an object")
    return inner


def _word(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise InputError(f"{name} must be a string")
    return text


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _token_text(number: int, now: float) -> str:
    """Long, as real ones are, and another each time."""
    seed = f"{number} {now}"
    return "MIIfake" + "".join([sha256(f"{seed} {part}".encode()).hexdigest() for part in range(24)])
