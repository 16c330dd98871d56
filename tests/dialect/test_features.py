"""The list of features, and declarations."""

from __future__ import annotations

import pytest

from baimo.dialect.features import FEATURES, declare


def test_every_feature_is_named_once_and_explained_in_both_languages() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names) > 60
    assert all(feature.means and feature.means_zh and feature.area for feature in FEATURES)


def test_what_is_not_declared_is_refused() -> None:
    found = declare(carried="system", emulated="stop", remarks={"stop": ("held on our side", "由本库执行")})
    assert found.named("carried") == ("system",)
    assert found.named("emulated") == ("stop",)
    assert set(found.named("refused")) == {feature.name for feature in FEATURES} - {"system", "stop"}
    assert found.remarks == {"stop": ("held on our side", "由本库执行")}


def test_what_no_note_tells_is_emulated_as_well() -> None:
    found = declare(carried="", untold="stop", remarks={"stop": ("held on our side", "由本库执行")})
    assert found.named("emulated") == found.untold == ("stop",)


@pytest.mark.parametrize("field", ["carried", "emulated", "untold"])
def test_a_name_that_is_no_feature_is_an_error(field: str) -> None:
    with pytest.raises(ValueError, match="no feature 'colour'"):
        declare(**{"carried": "", field: "colour"})


def test_a_remark_on_no_feature_is_an_error() -> None:
    with pytest.raises(ValueError, match="no feature 'colour'"):
        declare(carried="", remarks={"colour": ("blue", "蓝")})


def test_a_feature_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        declare(carried="stop", emulated="stop", remarks={"stop": ("a", "b")})


def test_an_emulation_says_how() -> None:
    with pytest.raises(ValueError, match="seed is emulated"):
        declare(carried="", emulated="seed")
