"""Checks TC3-HMAC-SHA256 as Tencent Cloud does: everything is computed anew from what was received."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from baimo.auth.tc3 import UNSIGNED, signature
from baimo.simulator.words import RefusedError, Why, names_host
from baimo.wire.http import HttpRequest

SKEW_S = 300
"""How far a timestamp may be off, in seconds."""

_FORM = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/\s]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[^/\s]+)/tc3_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)

NEEDED = ("x-tc-action", "x-tc-version", "x-tc-timestamp")
"""Header fields without which nothing is looked at."""


def verify(
    request: HttpRequest,
    now: float,
    *,
    keys: Mapping[str, str],
    service: str,
    hosts: tuple[str, ...],
    token: str,
) -> str:
    """The SecretId of the sender. `keys` gives the SecretKey of each SecretId. Raises RefusedError."""
    headers = {
        name.lower().decode("latin-1"): value.decode("latin-1").strip() for name, value in request.headers
    }
    for name in NEEDED:
        if not headers.get(name):
            raise RefusedError(Why.MISSING_HEADER, f"the header {name} is missing")
    found = _FORM.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise RefusedError(Why.MISSING_HEADER, "Authorization does not follow the form")
    signed = found["signed"].split(";")
    if sorted(signed) != signed or not {"content-type", "host"} <= set(signed) <= set(headers):
        raise RefusedError(Why.MISSING_HEADER, "Authorization names header fields that are not there")
    key = keys.get(found["id"])
    if key is None:
        raise RefusedError(Why.UNKNOWN_KEY, f"there is no SecretId {found['id'][:8]}…")
    timestamp = _timestamp(headers["x-tc-timestamp"], found["date"], now)
    if found["service"] != service or not names_host(headers["host"], hosts):
        place = f"{found['service']} at {headers['host']}"
        raise RefusedError(Why.WRONG_HOST, f"signed for {place}, this is {service}")
    wanted = signature(
        secret_key=key,
        service=service,
        timestamp=timestamp,
        method=request.method,
        query="" if request.method == "POST" else request.target.partition(b"?")[2].decode("latin-1"),
        headers=headers,
        signed=signed,
        payload_hash=_payload_hash(request, headers),
    )
    if not hmac.compare_digest(wanted.value, found["signature"]):
        raise RefusedError(Why.WRONG_SECRET, f"the service computed {wanted.canonical_request!r}")
    if headers.get("x-tc-token", token) != token:
        raise RefusedError(Why.EXPIRED_TOKEN, "the token is another")
    return found["id"]


def _timestamp(text: str, date: str, now: float) -> int:
    if not (text.isascii() and text.isdigit()):
        raise RefusedError(Why.INVALID_REQUEST, "X-TC-Timestamp must be Unix seconds")
    timestamp = int(text)
    if abs(now - timestamp) > SKEW_S:
        raise RefusedError(Why.SKEWED_CLOCK, f"the timestamp is {timestamp - now:+.0f} s off")
    if datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d") != date:
        raise RefusedError(Why.WRONG_SECRET, f"the scope says {date}, which is not the day in UTC")
    return timestamp


def _payload_hash(request: HttpRequest, headers: Mapping[str, str]) -> str:
    assert isinstance(request.body, bytes)  # what a server has received
    free = headers.get("x-tc-content-sha256") == UNSIGNED
    return sha256(UNSIGNED.encode() if free else request.body).hexdigest()
