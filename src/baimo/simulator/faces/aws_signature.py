"""Checks AWS Signature Version 4 as AWS does: everything is computed anew from what was received."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from baimo.auth.sigv4 import signature
from baimo.simulator.words import RefusedError, Why, names_host
from baimo.wire.http import HttpRequest

SKEW_S = 300
"""How far a date may be off, in seconds."""

_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/\s]+)/(?P<day>\d{8})/(?P<region>[^/\s]+)/(?P<service>[^/\s]+)"
    r"/aws4_request, SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def verify(
    request: HttpRequest,
    now: float,
    *,
    keys: Mapping[str, str],
    service: str,
    region: str,
    hosts: tuple[str, ...],
    token: str,
) -> str:
    """The access key id of the sender. `keys` gives the secret of each. Raises RefusedError."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        low, text = name.lower().decode("latin-1"), " ".join(value.decode("utf-8", "replace").split())
        headers[low] = f"{headers[low]},{text}" if low in headers else text
    if not headers.get("authorization"):
        raise RefusedError(Why.MISSING_HEADER, "there is no Authorization header")
    found = _FORM.fullmatch(headers["authorization"])
    if found is None:
        raise RefusedError(Why.MISSING_HEADER, "Authorization does not follow the form")
    signed = found["signed"].split(";")
    if sorted(signed) != signed or not {"host", "x-amz-date"} <= set(signed) <= set(headers):
        raise RefusedError(Why.MISSING_HEADER, "Authorization names header fields that are not there")
    key = keys.get(found["id"])
    if key is None:
        raise RefusedError(Why.UNKNOWN_KEY, f"there is no access key {found['id'][:8]}…")
    _check_date(headers["x-amz-date"], found["day"], now)
    if (found["service"], found["region"]) != (service, region) or not names_host(headers["host"], hosts):
        place = f"{found['service']} in {found['region']} at {headers['host']}"
        raise RefusedError(Why.WRONG_HOST, f"signed for {place}, this is {service} in {region}")
    assert isinstance(request.body, bytes)  # what a server has received
    wanted = signature(
        secret_key=key,
        region=region,
        service=service,
        date=headers["x-amz-date"],
        method=request.method,
        target=request.target,
        headers={name: headers[name] for name in signed},
        payload_hash=sha256(request.body).hexdigest(),
    )
    if not hmac.compare_digest(wanted.value, found["signature"]):
        raise RefusedError(Why.WRONG_SECRET, f"the service computed {wanted.canonical_request!r}")
    if headers.get("x-amz-security-token", token) != token:
        raise RefusedError(Why.EXPIRED_TOKEN, "the session token is another")
    return found["id"]


def _check_date(text: str, day: str, now: float) -> None:
    try:
        at = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise RefusedError(Why.MISSING_HEADER, "X-Amz-Date does not follow the form") from None
    if abs(now - at) > SKEW_S:
        raise RefusedError(Why.SKEWED_CLOCK, f"the date is {at - now:+.0f} s off")
    if not text.startswith(day):
        raise RefusedError(Why.WRONG_SECRET, f"the scope says {day}, which is not the date's day")
