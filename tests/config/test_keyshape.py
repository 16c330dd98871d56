"""Whether a text looks like a key."""

from __future__ import annotations

import pytest

from baimo.catalogue import load as catalogue
from baimo.config.keyshape import doubts

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
