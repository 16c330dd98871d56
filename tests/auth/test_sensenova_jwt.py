"""SenseNova's token: the same bytes as its own package makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from baimo.auth.sensenova_jwt import EARLY_S, LIFE_S, SenseNovaJwt
from baimo.auth.signer import Explaining, Signer
from baimo.errors import InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest

FROZEN = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "tokens.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = FROZEN["sensenova"]
REQUEST = HttpRequest(method="POST", origin="https://h", target=b"/x")
SECRETS = {"access_key": Secret("FAKEAK"), "secret_key": Secret("fake-sk")}


def test_it_meets_the_protocols_and_says_what_it_needs() -> None:
    signer: Signer = SenseNovaJwt()
    assert isinstance(signer, Explaining)
    assert (signer.needs, signer.timed) == (("access_key", "secret_key"), True)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["now"]))
def test_the_token_is_the_one_that_the_providers_package_makes(vector: dict[str, Any]) -> None:
    secrets = {name: Secret(vector[name]) for name in ("access_key", "secret_key")}
    signed = SenseNovaJwt().sign(REQUEST, secrets, vector["now"])
    assert signed.headers == ((b"Authorization", f"Bearer {vector['token']}".encode()),)
    steps = dict(SenseNovaJwt().explain(REQUEST, secrets, vector["now"]))
    assert steps["Authorization"] == f"Bearer {vector['token']}"


def test_times_are_seconds_and_cut() -> None:
    payload = json.loads(dict(SenseNovaJwt().explain(REQUEST, SECRETS, 999.999))["payload"])
    assert payload == {"iss": "FAKEAK", "exp": 999 + LIFE_S, "nbf": 999 - EARLY_S}


def test_the_secret_is_in_nothing_that_is_shown() -> None:
    assert not any("fake-sk" in step.text for step in SenseNovaJwt().explain(REQUEST, SECRETS, 0))


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_a_half_that_is_missing_is_named(missing: str) -> None:
    secrets = {name: one for name, one in SECRETS.items() if name != missing}
    with pytest.raises(MissingKeyError, match=f"no {missing} is set"):
        SenseNovaJwt().sign(REQUEST, secrets, 0)


@pytest.mark.parametrize("text", ["a b", "密钥", "a\n"])
def test_a_half_copied_wrongly_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(InputError, match="secret access key") as caught:
        SenseNovaJwt().sign(REQUEST, {**SECRETS, "secret_key": Secret(text)}, 0)
    assert text not in str(caught.value)
