"""Keys that stand in a header: where they go, and what is said of keys that cannot."""

from __future__ import annotations

import pytest

from baimo.auth.keys import HeaderKey, NoKey
from baimo.auth.signer import Signer
from baimo.errors import InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest

REQUEST = HttpRequest(
    method="POST", origin="https://api.acme.example", target=b"/v1/chat", headers=((b"accept", b"*/*"),)
)
KEY = {"api_key": Secret("fake-key-0123456789")}


def test_a_key_is_a_bearer_token_unless_the_row_says_otherwise() -> None:
    signed = HeaderKey().sign(REQUEST, KEY, now=0.0)
    assert signed.headers == ((b"accept", b"*/*"), (b"Authorization", b"Bearer fake-key-0123456789"))
    assert (signed.target, signed.origin) == (REQUEST.target, REQUEST.origin)
    own = HeaderKey("api-key", "").sign(REQUEST, KEY, now=0.0)
    assert own.headers[-1] == (b"api-key", b"fake-key-0123456789")


def test_a_field_of_the_caller_under_the_same_name_gives_way_to_the_key() -> None:
    request = HttpRequest(
        method="GET", origin="https://a.example", target=b"/", headers=((b"AUTHORIZATION", b"mine"),)
    )
    assert HeaderKey().sign(request, KEY, now=0.0).headers == (
        (b"Authorization", b"Bearer fake-key-0123456789"),
    )


def test_a_signer_serves_one_key_after_the_other() -> None:
    signer = HeaderKey()
    for text in ("fake-key-a", "fake-key-b", "fake-key-a"):
        signed = signer.sign(REQUEST, {"api_key": Secret(text)}, now=0.0)
        assert signed.headers[-1][1] == f"Bearer {text}".encode()


@pytest.mark.parametrize("secrets", [{}, {"api_key": Secret("")}])
def test_no_key_is_told_before_anything_is_sent(secrets: dict[str, Secret]) -> None:
    with pytest.raises(MissingKeyError):
        HeaderKey().sign(REQUEST, secrets, now=0.0)


@pytest.mark.parametrize(
    ("key", "says"),
    [("fake key", "spaces"), ("fake-key\n", "line breaks"), ("\tfake", "spaces"), ("密钥", "outside ASCII")],
)
def test_a_key_that_cannot_stand_in_a_header_is_told_without_showing_it(key: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        HeaderKey().sign(REQUEST, {"api_key": Secret(key)}, now=0.0)
    assert key not in str(caught.value)


def test_where_no_key_is_needed_one_that_is_given_is_sent_all_the_same() -> None:
    assert NoKey().sign(REQUEST, {}, now=0.0) is REQUEST
    assert NoKey().sign(REQUEST, KEY, now=0.0).headers[-1][0] == b"Authorization"


def test_signers_say_what_they_need() -> None:
    signers: list[Signer] = [HeaderKey(), NoKey()]
    assert [signer.needs for signer in signers] == [("api_key",), ()]
