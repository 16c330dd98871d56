"""Refusals as providers word them: which kind of error they are, and what the user is told to do."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from baimo import errors
from baimo.config.settings import Settings, load_settings
from baimo.errors import Error
from baimo.exchange import Deployment
from baimo.wire.http import WireHead

DATA = Path(__file__).parents[1] / "data" / "refusals" / "documented.toml"
REFUSALS: list[dict[str, Any]] = tomllib.loads(DATA.read_text("utf-8"))["refusal"]
KINDS = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Error)
}

SIGNED = {
    "hunyuan": {"secret_id": "AKIDfake", "secret_key": "fake-0000"},
    "pangu": {"access_key": "fake-0000", "secret_key": "fake-0000"},
    "spark": {"api_key": "fake-0000", "api_secret": "fake-0000"},
}
APP = {"endpoint": "socket", "app_id": "0a1b2c3d"}


@cache
def settings() -> Settings:
    providers = {name.partition("/")[0] for name in (refusal["model"] for refusal in REFUSALS)}
    keys = {**dict.fromkeys(sorted(providers), "fake-0000000000000000"), **SIGNED}
    return load_settings({"providers": {"hunyuan": {"endpoint": "native"}, "spark": APP}}, keys=keys)


def refused(at: Deployment, status: int, body: bytes) -> Error:
    """The error that a call to that deployment raises for such a reply."""
    decoder = at.dialect.decoder(WireHead(status, ((b"content-type", b"application/json"),)), at.site)
    with pytest.raises(Error) as caught:
        decoder.feed(body)
        decoder.end()
    error = caught.value
    if error.hint is None and at.advice is not None:
        error.hint = at.advice(error)
    return error


def name_of(refusal: dict[str, Any]) -> str:
    return f"{refusal['model']} {refusal['status']} {refusal['kind']} {refusal.get('hint', '')}"


@pytest.mark.parametrize("refusal", REFUSALS, ids=name_of)
def test_a_documented_refusal_is_the_error_that_it_means(refusal: dict[str, Any]) -> None:
    at = settings().resolve(refusal["model"])[0][0]
    error = refused(at, refusal["status"], refusal["body"].encode())
    assert type(error) is KINDS[refusal["kind"]]
    assert error.retryable is refusal.get("retryable", KINDS[refusal["kind"]]("").retryable)
    if "hint" in refusal:
        assert refusal["hint"].lower() in (error.hint or "").lower()


def test_there_are_enough_of_them() -> None:
    assert len(REFUSALS) >= 60
    assert len({refusal["model"].partition("/")[0] for refusal in REFUSALS}) >= 15
