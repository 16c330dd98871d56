"""Functions as tools: what the model is told, what it may say, and how the function is called with it."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import msgspec
import pytest

from baimo.errors import AnswerFormatError, InputError
from baimo.tools.function import PythonTool, tool
from baimo.tools.runnable import ToolContext, ToolUse
from baimo.types.content import ToolCall

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


@dataclasses.dataclass
class Place:
    """A place on a map."""

    name: str
    latitude: float = 0.0


class Span(TypedDict, total=False):
    days: int


class Order(msgspec.Struct):
    item: str


def call(made: PythonTool[..., Any], arguments: str) -> Any:
    """What the tool gives for arguments as a model writes them."""
    asked = ToolCall(id="c1", name=made.name, arguments=arguments)
    context = ToolContext(call=asked, step=1, messages=(), value="given")
    return made.call(ToolUse(call=asked, tool=made, arguments=made.read(arguments), context=context))


def test_the_model_is_told_name_words_and_parameters() -> None:
    @tool
    def weather(city: str, unit: Unit = Unit.CELSIUS, days: Annotated[int, "from 1 to 7"] = 1) -> Unknown:
        """The weather of a city.

        Args:
            city: Its name.
            days: not this
        """
        return city, unit, days

    spec = weather.spec
    assert (spec.name, spec.description, spec.strict) == ("weather", "The weather of a city.", None)
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "city": {"description": "Its name.", "type": "string"},
            "unit": {"$ref": "#/$defs/Unit"},
            "days": {"description": "from 1 to 7", "type": "integer", "default": 1},
        },
        "required": ["city"],
        "additionalProperties": False,
        "$defs": {"Unit": {"title": "Unit", "enum": ["c", "f"]}},
    }
    assert weather("北京") == ("北京", Unit.CELSIUS, 1)
    assert call(weather, '{"city": "x", "unit": "f"}') == ("x", Unit.FAHRENHEIT, 1)
    assert weather.__doc__ is not None and weather.__name__ == "weather"  # type: ignore[attr-defined]


def test_what_is_said_of_a_tool_stands_before_what_its_function_says() -> None:
    @tool(
        name="look", description="Looks.", strict=True, timeout=3, needs_approval=lambda given: given["n"] > 1
    )
    def look_up(n: int) -> int:
        """Not this."""
        return n

    assert (look_up.name, look_up.spec.description, look_up.spec.strict) == ("look", "Looks.", True)
    assert look_up.timeout == 3
    assert [look_up.asks_first({"n": n}) for n in (1, 2)] == [False, True]


def test_a_strict_tool_has_a_strict_schema() -> None:
    @tool(strict=True)
    def look(city: str, days: int = 1) -> Any:
        return city, days

    assert look.spec.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["city", "days"],
        "additionalProperties": False,
    }
    assert call(look, '{"city": "x", "days": null}') == ("x", 1)

    def keep(values: dict[str, int]) -> None:
        """Any names."""

    with pytest.raises(InputError, match="the tool keep cannot be strict: "):
        tool(strict=True)(keep)


def test_arguments_become_values_of_their_types() -> None:
    def book(
        place: Place, span: Span, order: Order, how: Literal["fast", "slow"], more: list[int] | None = None
    ) -> Any:
        return place, span, order, how, more

    made = PythonTool(book)
    text = (
        '{"place": {"name": "a"}, "span": {"days": 2}, "order": {"item": "b"}, "how": "fast", "more": null}'
    )
    assert call(made, text) == (Place("a"), {"days": 2}, Order("b"), "fast", None)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [('{"n": "x"}', "$.n"), ("{}", "$"), ('{"n": 1, "m": 2}', "$"), ('{"n": 1', "$"), ("[1]", "$")],
)
def test_arguments_that_do_not_fit_are_refused_with_their_place(arguments: str, path: str) -> None:
    def double(n: int) -> int:
        return 2 * n

    with pytest.raises(AnswerFormatError) as caught:
        PythonTool(double).read(arguments)
    assert caught.value.path == path


@pytest.mark.parametrize("arguments", ["", " ", "{}"])
def test_no_arguments_may_be_said_by_nothing(arguments: str) -> None:
    def now() -> str:
        return "noon"

    assert call(PythonTool(now), arguments) == "noon"


def test_a_context_is_filled_in_and_never_shown() -> None:
    def search(query: str, context: ToolContext, *, other: ToolContext | None = None) -> Any:
        return query, context.value, context.step, context.call.id, other

    made = PythonTool(search)
    assert made.spec.parameters is not None
    assert list(made.spec.parameters["properties"]) == ["query"]
    assert call(made, '{"query": "q"}')[:4] == ("q", "given", 1, "c1")


def test_defaults_of_any_kind_stay_as_they_are() -> None:
    kept = Place("home")

    def where(place: Place = kept, days: list[int] = [1, 2]) -> Any:  # noqa: B006 - what people write
        return place, days

    found = call(PythonTool(where), "{}")
    assert found[0] is kept and found[1] == [1, 2]


def test_methods_callables_classes_and_partials() -> None:
    class Shop:
        """A shop."""

        def __init__(self, owner: str) -> None:
            self.owner = owner

        @tool(timeout=2)
        def sell(self, item: str) -> str:
            """Sell something."""
            return f"{self.owner}: {item}"

        @staticmethod
        @tool
        def rule(number: int) -> int:
            return number

        def __call__(self, item: str) -> str:
            """Look at something."""
            return item

    shop = Shop("Wang")
    assert Shop.sell.is_method and not shop.sell.is_method
    assert (shop.sell.name, shop.sell.timeout) == ("sell", 2)
    assert call(shop.sell, '{"item": "tea"}') == "Wang: tea"
    assert call(shop.rule, '{"number": 3}') == 3
    look = PythonTool(shop, name="look")
    assert (call(look, '{"item": "tea"}'), look.spec.description) == ("tea", "Look at something.")
    made = PythonTool(Shop)
    assert (made.spec.name, made.spec.description, call(made, '{"owner": "Li"}').owner) == (
        "Shop",
        "A shop.",
        "Li",
    )
    held = PythonTool(functools.partial(functools.partial(divide, 8), scale=10))
    assert held.spec.parameters is not None
    assert (held.name, list(held.spec.parameters["properties"])) == ("divide", ["by"])
    assert call(held, '{"by": 2}') == 40
    assert call(PythonTool(divide), '{"n": 8, "by": 2}') == 4


def divide(n: int, /, by: int, scale: int = 1) -> float:
    return n / by * scale


def test_whether_it_must_be_awaited_is_known() -> None:
    async def fetch(url: str) -> str:
        return url

    class Fetcher:
        async def __call__(self, url: str) -> str:
            return url

    def plain() -> None:
        pass

    assert PythonTool(fetch).is_async
    assert PythonTool(Fetcher()).is_async
    assert PythonTool(functools.partial(fetch, "x")).is_async
    assert not PythonTool(plain).is_async


def test_a_wrapped_function_is_known_by_what_it_wraps() -> None:
    def logged(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def around(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return around

    @tool
    @logged
    def add(a: int, b: int) -> int:
        return a + b

    assert call(add, '{"a": 1, "b": 2}') == 3


def unannotated(city):  # type: ignore[no-untyped-def]  # that is the point
    return city


def starred(*words: str) -> None:
    """Takes any number."""


def keyed(**words: str) -> None:
    """Takes any name."""


def strange(what: math) -> None:  # type: ignore[valid-type]
    """Takes a module."""


def odd(what: object = None, *, call: Callable[[], None]) -> None:
    """Takes what JSON cannot say."""


def lost(what: Unknown) -> None:
    """Takes what is known to checkers only."""


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (unannotated, "parameter 'city' of the tool unannotated has no annotation"),
        (starred, r"takes \*words"),
        (keyed, r"takes \*\*words"),
        (odd, "cannot be told"),
        (lost, "name 'Unknown' is not defined"),
        (lambda: 1, "'<lambda>' is no name for a tool"),
        ("text", "a tool must be a function, got str"),
        (dict.fromkeys, "has no annotation"),
        (type, "are not known"),
    ],
)
def test_what_cannot_be_told_is_an_error_when_it_is_made(function: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        PythonTool(function)


def test_a_timeout_is_more_than_nothing() -> None:
    with pytest.raises(InputError, match="more than 0 seconds"):
        tool(timeout=0)(divide)


def test_names_are_those_that_wires_take() -> None:
    with pytest.raises(InputError, match="no name for a tool"):
        tool(name="查天气")(divide)
