"""What a tool returned, as the model reads it."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from baimo.tools.results import failure_of, result_of
from baimo.types.content import Image, Text, ToolCall, ToolResult

CALL = ToolCall(id="c1", name="f", arguments="{}")
PICTURE = Image(data=b"png", media_type="image/png")


@dataclasses.dataclass
class Point:
    x: int


class Model:
    """As a model of pydantic writes itself."""

    def model_dump(self, *, mode: str) -> dict[str, str]:
        return {"mode": mode}


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("words", (Text(text="words"),)),
        (None, (Text(text="null"),)),
        ({"温度": 3, "of": [1, Decimal("0.5")]}, (Text(text='{"温度":3,"of":[1,"0.5"]}'),)),
        (Point(1), (Text(text='{"x":1}'),)),
        ([Model()], (Text(text='[{"mode":"json"}]'),)),
        ([], (Text(text="[]"),)),
        (PICTURE, (PICTURE,)),
        (["a map", PICTURE, 3], (Text(text="a map"), PICTURE, Text(text="3"))),
    ],
)
def test_a_value_becomes_parts(value: Any, content: Any) -> None:
    assert result_of(value, CALL) == ToolResult(call_id="c1", name="f", content=content)


def test_a_result_is_taken_over_for_its_call() -> None:
    given = ToolResult(call_id="", content=(Text(text="no"),), is_error=True)
    assert result_of(given, CALL) == msgspec.structs.replace(given, call_id="c1", name="f")
    assert failure_of("no", CALL) == result_of(given, CALL)


def test_what_json_has_no_form_for_is_an_error() -> None:
    with pytest.raises(TypeError, match="it holds a Thing"):
        result_of(type("Thing", (), {})(), CALL)
