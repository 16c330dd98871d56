"""The words of limits: what is not said is not bounded, and what nobody knows is refused."""

from __future__ import annotations

import msgspec
import pytest

from baimo.types.limits import Claim, Hold, Learned, Limit, Receipt, Settlement


def test_what_is_not_said_is_not_bounded() -> None:
    assert set(msgspec.structs.asdict(Limit()).values()) == {None}
    assert Hold("k") == Hold("k", Limit(), Limit())
    assert Claim((Hold("k"),)).tokens == 0


def test_a_limit_of_another_name_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="requests_per_hour"):
        msgspec.convert({"requests_per_hour": 5}, Limit)


def test_a_settlement_that_knows_nothing_teaches_nothing() -> None:
    assert Settlement() == Settlement(tokens=None, verdict="unknown", learned=None)
    assert Learned().requests_window_s == 60.0
    assert Receipt(1).ticket is None
