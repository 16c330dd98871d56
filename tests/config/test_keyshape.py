"""Whether a text looks like a key."""

from __future__ import annotations

import pytest

from baimo.catalogue import load as catalogue
from baimo.config.keyshape import doubts, doubts_of

GOOD = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "codes", "certain"),
    [
        (GOOD, [], False),
        ("", ["empty"], True),
        ("  ", ["empty"], True),
        (f'"{GOOD}"', ["quotes"], True),
        (f"“{GOOD}”", ["quotes"], True),
        (f"{GOOD} ", ["spaces"], True),
        (f'"{GOOD} "', ["quotes", "spaces"], True),
        (f"{GOOD}。", ["not_ascii"], True),
        (f"DEEPSEEK_API_KEY={GOOD}", ["assignment"], True),
        ("abcdef0123456789", ["prefix"], False),
        ("sk-1", ["short"], False),
        ("x", ["prefix", "short"], False),
    ],
)
def test_what_people_get_wrong_is_told(key: str, codes: list[str], certain: bool) -> None:
    found = doubts(catalogue.find("deepseek"), key)
    assert [one.code for one in found] == codes
    assert all(one.certain == certain for one in found)
    assert GOOD not in repr(found)


def test_a_key_of_another_provider_is_told_whose_it_is() -> None:
    found = doubts(catalogue.find("qwen-workspace"), "sk-sp-0123456789abcdef")
    assert [one.code for one in found] == ["foreign"]
    assert "qwen-coding" in found[0].message


def test_where_nothing_is_known_of_keys_nothing_is_suspected() -> None:
    assert doubts(catalogue.find("azure"), "0123456789abcdef==") == ()


def said(provider: str, **values: str) -> list[tuple[str, str]]:
    return [(one.secret, one.code) for one in doubts_of(catalogue.find(provider), values)]


AKID, TENCENT_KEY = "AKIDexample0000000000000000000000001", "exampleSecretKeyOfTencent0000001"
AK, SK = "EXAMPLEAK00000000001", "exampleSKofHuawei00000000000000000000001"
HEX, BASE64 = "0123456789abcdef0123456789abcdef", "RXhhbXBsZU9mQW5BUElTZWNyZXQwMDAx"


@pytest.mark.parametrize(
    ("provider", "values"),
    [
        ("hunyuan", {"secret_id": AKID, "secret_key": TENCENT_KEY}),
        ("pangu", {"access_key": AK, "secret_key": SK, "project_id": HEX}),
        ("pangu", {"iam_user": "li si", "iam_password": "'x y", "iam_domain": "acme"}),
        ("spark", {"app_id": "0a1b2c3d", "api_key": HEX, "api_secret": BASE64}),
        ("spark", {"api_password": "fakeFAKEfake:fakeFAKEfake"}),
    ],
)
def test_a_set_as_the_console_gives_it_is_not_suspected(provider: str, values: dict[str, str]) -> None:
    assert said(provider, **values) == []


@pytest.mark.parametrize(
    ("provider", "values", "told"),
    [
        ("hunyuan", {"secret_id": TENCENT_KEY, "secret_key": AKID}, [("secret_id", "swapped")]),
        ("hunyuan", {"secret_id": "sk-0123456789", "secret_key": TENCENT_KEY}, [("secret_id", "mistaken")]),
        ("hunyuan", {"secret_id": "1250000000", "secret_key": TENCENT_KEY}, [("secret_id", "mistaken")]),
        ("hunyuan", {"api_key": AKID}, [("api_key", "mistaken")]),
        ("hunyuan", {"secret_id": "something", "secret_key": TENCENT_KEY}, [("secret_id", "shape")]),
        ("pangu", {"access_key": SK, "secret_key": AK}, [("access_key", "swapped")]),
        ("pangu", {"iam_user": AK, "iam_password": SK, "iam_domain": "acme"}, [("iam_user", "mistaken")]),
        ("pangu", {"iam_user": "acme", "iam_password": "x", "iam_domain": "acme"}, [("iam_user", "same")]),
        ("pangu", {"project_id": "cn-southwest-2"}, [("project_id", "mistaken")]),
        ("spark", {"api_key": BASE64, "api_secret": HEX}, [("api_key", "swapped")]),
        ("spark", {"api_password": HEX}, [("api_password", "mistaken")]),
        ("spark", {"api_key": "user:pass-word", "api_secret": BASE64}, [("api_key", "mistaken")]),
        ("spark", {"app_id": HEX, "api_key": "0a1b2c3d", "api_secret": BASE64}, [("app_id", "swapped")]),
        ("pangu", {"iam_user": ""}, [("iam_user", "empty")]),
        ("hunyuan", {"secret_key": "TENCENTCLOUD_SECRET_KEY=x"}, [("secret_key", "assignment")]),
    ],
)
def test_what_is_swapped_or_set_in_the_wrong_place_is_found_out(
    provider: str, values: dict[str, str], told: list[tuple[str, str]]
) -> None:
    assert said(provider, **values) == told
    for one in doubts_of(catalogue.find(provider), values):
        texts = f"{one.message} {one.message_zh}"
        assert not any(value and value in texts for value in values.values() if len(value) > 8)
        assert one.code in ("empty", "assignment") or one.message_zh


def test_a_key_that_ends_like_base64_is_no_assignment() -> None:
    assert said("spark", api_secret="ABCDEFGHIJKLMNOPQRSTUVWX==") == []
