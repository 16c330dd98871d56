"""An answer that is a value."""

from __future__ import annotations

import pytest

from baimo.types.chat import ChatResponse
from baimo.types.parsed import Parsed


def test_a_value_stands_beside_its_response_and_stays() -> None:
    response = ChatResponse(choices=())
    parsed = Parsed(value=[1], response=response, how="tool")
    assert (parsed.value, parsed.response, parsed.how) == ([1], response, "tool")
    with pytest.raises(AttributeError):
        parsed.value = [2]  # type: ignore[misc]
