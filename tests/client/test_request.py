"""Options of a call, read in one place."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.client.request import NO_OPTIONS, CallOptions, build
from baimo.errors import InputError
from baimo.types.chat import AudioOutput, ChatRequest, Reasoning, ResponseFormat
from baimo.types.content import Cache
from baimo.types.tools import FunctionTool, Search, ToolChoice


def built(**options: Any) -> ChatRequest:
    return build("Hi", options, stream=False)[0]  # type: ignore[arg-type]


def test_what_is_not_given_is_not_asked_for() -> None:
    request, call = build("Hi", {}, stream=True)
    assert call is NO_OPTIONS
    assert request.stream
    assert request.temperature is None
    assert built(temperature=None, max_tokens=None) == built()


def test_options_of_the_call_are_kept_apart_from_the_request() -> None:
    request, call = build("Hi", {"timeout": 3, "keep_raw": True, "temperature": 0.5}, stream=False)
    assert call == CallOptions(timeout=3.0, keep_raw=True)
    assert request.temperature == 0.5


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"stop": "END"}, {"stop": ("END",)}),
        ({"stop": ["a", "b"]}, {"stop": ("a", "b")}),
        ({"tool_choice": "auto"}, {"tool_choice": ToolChoice(mode="auto")}),
        ({"tool_choice": "look"}, {"tool_choice": ToolChoice(mode="required", allowed=("look",))}),
        ({"response_format": "json_object"}, {"response_format": ResponseFormat(type="json_object")}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
            {"response_format": ResponseFormat(type="json_schema", name="n", schema={})},
        ),
        ({"reasoning": "low"}, {"reasoning": Reasoning(effort="low")}),
        ({"reasoning": "off"}, {"reasoning": Reasoning(enabled=False)}),
        ({"reasoning": True}, {"reasoning": Reasoning(enabled=True)}),
        ({"reasoning": 2048}, {"reasoning": Reasoning(enabled=True, budget=2048)}),
        ({"search": True}, {"search": Search()}),
        ({"prompt_cache": True}, {"prompt_cache": Cache()}),
        ({"prompt_cache": False}, {}),
        ({"prompt_cache": "1h"}, {"prompt_cache": Cache(ttl="1h")}),
        ({"search": False}, {}),
        ({"search": {"max_uses": 2}}, {"search": Search(max_uses=2)}),
        (
            {"audio": {"voice": "alloy", "format": "wav"}},
            {"audio": AudioOutput(voice="alloy", format="wav")},
        ),
    ],
)
def test_short_forms_are_read(given: dict[str, Any], read: dict[str, Any]) -> None:
    request = built(**given)
    assert {name: getattr(request, name) for name in read} == read


def test_tools_are_read_as_openai_writes_them() -> None:
    tool = {
        "type": "function",
        "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
    }
    mine = FunctionTool(name="look", parameters={"type": "object", "properties": {}})
    assert built(tools=[tool]).tools == (mine,)
    assert built(tools=[mine]).tools == (mine,)
    assert built(tool_choice={"type": "function", "function": {"name": "look"}}).tool_choice == ToolChoice(
        mode="required", allowed=("look",)
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"temprature": 1.0}, "unknown option 'temprature'; did you mean temperature"),
        ({"do_sample": True}, r"unknown option 'do_sample'.*extra="),
        ({"temperature": "0.7"}, "temperature must be a number, got str"),
        ({"temperature": True}, "temperature must be a number, got bool"),
        ({"max_tokens": 0}, "max_tokens must be at least 1"),
        ({"max_tokens": 1.5}, "max_tokens must be a whole number"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"stop": [1]}, "stop must be a string or a list of strings"),
        ({"tools": "look"}, "tools must be a list of tools"),
        ({"tools": [5]}, r"tools\[0\]"),
        ({"logprobs": 1}, "logprobs must be true or false"),
        ({"verbosity": "loud"}, "verbosity must be one of low, medium, high"),
        ({"reasoning": "much"}, "reasoning must be one of"),
        ({"extra": [1]}, "extra must be a mapping"),
        ({"prompt_cache": "2h"}, "prompt_cache must be true, false"),
        ({"headers": {"X-A": 5}}, r"headers\['X-A'\] must be a string"),
        ({"audio": {"voice": 5, "format": "wav"}}, "audio:"),
        ({"unsupported": "ignore"}, "unsupported must be one of raise, drop"),
    ],
)
def test_a_wrong_option_is_told_by_name(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        built(**given)


@pytest.mark.parametrize("validate", [True, False, "repair"])
def test_what_concerns_the_answers_form_and_words_is_of_the_call(validate: Any) -> None:
    request, call = build("Hi", {"validate": validate, "mend": False}, stream=False)
    assert (call.validate, call.mend) == (validate, False)
    assert request == build("Hi", {}, stream=False)[0]


def test_left_out_an_answer_is_checked_and_a_call_mended_as_far_as_can_be() -> None:
    _, call = build("Hi", {"temperature": 0.5}, stream=False)
    assert (call.validate, call.mend) == (None, True)


def test_a_stream_cannot_be_asked_for_once_more() -> None:
    with pytest.raises(InputError, match="whole answers"):
        build("Hi", {"validate": "repair"}, stream=True)
    with pytest.raises(InputError, match='true, false or "repair"'):
        build("Hi", {"validate": "twice"}, stream=False)  # type: ignore[typeddict-item]
