"""The ways of signing that rows may name."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.auth import schemes
from baimo.auth.keys import NoKey
from baimo.auth.signer import Signer
from baimo.errors import ConfigError

SIGNED = [name for name in schemes.NAMES if name not in schemes.KEYS]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signer_needs_what_its_scheme_says(name: str) -> None:
    signer: Signer = schemes.signer(name, {})
    assert set(signer.needs) == set(schemes.find(name, {}).needs)


def test_the_method_of_a_token_decides_what_it_needs() -> None:
    assert schemes.find("iam_token", {"method": "password"}).needs == (
        "iam_user",
        "iam_password",
        "iam_domain",
    )
    options = {"method": "hw_ak_sk"}
    assert schemes.find("iam_token", options).needs == ("access_key", "secret_key")
    assert set(schemes.signer("iam_token", options).needs) == {"access_key", "secret_key"}


def test_a_key_scheme_sends_the_key_of_its_row() -> None:
    assert schemes.find("bearer", {}, key="api_password").needs == ("api_password",)
    assert schemes.find("header", {}).needs == ("api_key",)
    none = schemes.find("none", {})
    assert (none.needs, none.may) == ((), ("api_key",))


def test_temporary_credentials_are_taken_and_not_needed() -> None:
    assert schemes.find("tc3", {}).may == ("token",)
    assert schemes.find("sdk_hmac_sha256", {}).may == ("security_token",)


def test_an_unknown_scheme_is_told_with_near_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown auth scheme 'tc2'. Did you mean tc3\?"):
        schemes.find("tc2", {})
    with pytest.raises(ConfigError, match="There is bearer, header, none, tc3"):
        schemes.signer("zzz", {})


def test_an_option_that_a_signer_does_not_know_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"'spark_url' has no such option.*colour"):
        schemes.signer("spark_url", {"colour": "red"})


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tc3", {"service": "hunyuan"}),
        ("sdk_hmac_sha256", {"unsigned_payload": False}),
        ("iam_token", {"method": "hw_ak_sk", "url": "https://iam.test"}),
        ("spark_url", {"form": "header"}),
        ("zhipu_jwt", {}),
        ("sensenova_jwt", {}),
        ("volcengine_v4", {"service": "cv", "region": "cn-north-1"}),
        ("volcengine_key", {"resource": "ep-1", "url": "https://ark.test"}),
    ],
)
def test_a_signer_tells_what_makes_another_one_like_it(name: str, options: dict[str, Any]) -> None:
    scheme, told = schemes.scheme_of(schemes.signer(name, options))
    assert scheme == name
    assert options.items() <= told.items()
    assert schemes.scheme_of(schemes.signer(scheme, told)) == (scheme, told)


def test_a_signer_of_somebodys_own_has_no_scheme() -> None:
    with pytest.raises(ConfigError, match="NoKey is no signer of a known scheme"):
        schemes.scheme_of(NoKey())
