"""The tables of codes as one: how they are found and what each entry must say."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.errors import ConfigError, ContextTooLongError, ProviderError, RateLimitedError


def test_an_unknown_table_is_an_error_that_names_the_tables() -> None:
    with pytest.raises(ConfigError, match=r"no table of error codes 'spork'; there is anthropic, .*huawei"):
        codes.table("spork")


@pytest.mark.parametrize("name", codes.NAMES)
def test_every_code_says_what_it_means_and_how_to_mend_it_in_both_languages(name: str) -> None:
    table = codes.table(name)
    assert table.sources
    for code, entry in table.table.items():
        assert issubclass(entry.kind, ProviderError)
        assert all((code, entry.means, entry.means_zh, entry.cure, entry.cure_zh))
        assert not entry.means.endswith(".")
        assert not entry.cure_zh.isascii()
        assert entry.is_retryable in (True, False)


def test_a_code_falls_back_on_what_stands_before_its_last_dot() -> None:
    known = codes.table("tencent").table["AuthFailure.SignatureFailure"]
    assert codes.find("tencent", "AuthFailure.SignatureFailure.New") is known
    assert codes.find("tencent", "Unheard") is None
    assert codes.find(None, "x") is None
    assert codes.find("spark", None) is None


def test_a_family_of_codes_has_one_entry() -> None:
    known = codes.table("baidu").table["QUOTA_*"]
    assert codes.find("baidu", "QUOTA_DAILY_SEARCH") is known
    assert codes.find("baidu", "BILLING_DAILY") is None


def test_the_words_tell_which_of_several_things_a_code_means() -> None:
    limit = codes.table("minimax").table["1039"]
    assert limit.told("token limit: TPM") == (RateLimitedError, True)
    assert limit.told("the context is too long") == (ContextTooLongError, False)
