from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from baimo.local.models import FOR_CHINESE, KNOWN, KnownModel, megabytes, near

EVERY = pytest.mark.parametrize("model", KNOWN.values(), ids=lambda model: model.name)


@EVERY
def test_every_known_model_can_be_checked_when_it_arrives(model: KnownModel) -> None:
    assert KNOWN[model.name] is model
    assert re.fullmatch(r"[0-9a-f]{64}", model.sha256)
    assert model.size > 1_000_000
    assert model.name == model.name.lower()


@EVERY
def test_every_known_model_comes_from_a_wheel_or_from_https_addresses(model: KnownModel) -> None:
    if model.wheel is not None:
        assert not model.urls
        assert re.fullmatch(r"[0-9a-f]{64}", model.wheel.sha256)
        assert model.wheel.filename.startswith(model.wheel.project.replace("-", "_"))
        assert model.wheel.member.endswith(".gguf")
        return
    assert model.urls
    for url in model.urls:
        assert urlsplit(url).scheme == "https"
        assert url.endswith(".gguf")


def test_only_a_small_model_pulls_itself() -> None:
    assert [model.name for model in KNOWN.values() if model.pulls_itself] == ["smollm2"]
    assert KNOWN["smollm2"].size < 100_000_000


def test_what_is_named_for_chinese_speaks_it() -> None:
    assert not KNOWN[FOR_CHINESE].english_only
    assert KNOWN["smollm2"].english_only


def test_a_wrong_name_gets_its_neighbours_and_a_strange_one_gets_all() -> None:
    assert near("smolm2", tuple(KNOWN)) == "Did you mean smollm2?"
    assert near("zzz", ("a", "b")) == "Known names: a, b."


def test_sizes_are_told_in_megabytes() -> None:
    assert megabytes(2_497_280_256) == "2,497 MB"
