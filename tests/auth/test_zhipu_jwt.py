"""Zhipu's token: the same bytes as its own packages make, and what is said of keys that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from baimo.auth import hs256
from baimo.auth.signer import Explaining, Signer
from baimo.auth.zhipu_jwt import LIFE_S, ZhipuJwt
from baimo.errors import InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest

FROZEN = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "tokens.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = FROZEN["zhipu"]
REQUEST = HttpRequest(
    method="POST", origin="https://h", target=b"/x", headers=((b"authorization", b"old"), (b"a", b"b"))
)
KEY = Secret("0123456789abcdef.fakesecret")


def test_it_meets_the_protocols_and_says_what_it_needs() -> None:
    signer: Signer = ZhipuJwt()
    assert isinstance(signer, Explaining)
    assert (signer.needs, signer.timed) == (("api_key",), True)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["now"]))
def test_the_token_is_the_one_that_the_providers_package_makes(vector: dict[str, Any]) -> None:
    secrets = {"api_key": Secret(vector["api_key"])}
    signed = ZhipuJwt().sign(REQUEST, secrets, vector["now"])
    assert signed.headers == ((b"a", b"b"), (b"Authorization", f"Bearer {vector['token']}".encode()))
    steps = dict(ZhipuJwt().explain(REQUEST, secrets, vector["now"]))
    assert steps["Authorization"] == f"Bearer {vector['token']}"
    assert f"{steps['string to sign']}.{steps['signature']}" == vector["token"]


def test_a_token_is_made_anew_for_each_attempt_and_ends_soon() -> None:
    payloads = [
        json.loads(dict(ZhipuJwt().explain(REQUEST, {"api_key": KEY}, now))["payload"])
        for now in (10.0, 11.5)
    ]
    assert [one["timestamp"] for one in payloads] == [10_000, 11_500]
    assert payloads[0]["exp"] == 10_000 + LIFE_S * 1000
    assert payloads[0]["api_key"] == "0123456789abcdef"


def test_the_secret_half_is_in_nothing_that_is_shown() -> None:
    steps = ZhipuJwt().explain(REQUEST, {"api_key": KEY}, 0)
    assert not any("fakesecret" in step.text for step in steps)


@pytest.mark.parametrize("key", ["nodot", "a.b.c", ".b", "a.", "a b.c", "密.钥"])
def test_a_key_of_another_form_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(InputError, match="key") as caught:
        ZhipuJwt().sign(REQUEST, {"api_key": Secret(key)}, 0)
    assert key not in str(caught.value)


@pytest.mark.parametrize("secrets", [{}, {"api_key": Secret("")}])
def test_a_key_that_is_not_there_is_missed(secrets: dict[str, Secret]) -> None:
    with pytest.raises(MissingKeyError, match="no api_key is set"):
        ZhipuJwt().sign(REQUEST, secrets, 0)


def test_the_texts_of_a_token_come_in_the_order_of_its_making() -> None:
    made = hs256.token("{}", "{}", "s")
    names = [step.name for step in made.steps()]
    assert names == ["header", "payload", "string to sign", "signature", "Authorization"]
    assert made.text.count(".") == 2
    assert "=" not in made.text
