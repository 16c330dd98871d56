"""Refusals about how a request is worded, as providers word them: what helps, and what is left to people."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from baimo.dialect.mending import Mending
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT, Quirks
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    InvalidRequestError,
    ProviderError,
)
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Text, Thinking, ToolCall
from baimo.types.tools import ToolChoice

PLAIN = ChatRequest(model="m", messages=(Message(role=Role.USER, content=(Text(text="Hi"),)),))
CALL = Message(role=Role.ASSISTANT, content=(ToolCall(id="1", name="f", arguments="{}"),))
THOUGHT_CALL = replace(CALL, content=(Thinking(text="I must look."), *CALL.content))
TOLD = Message(role=Role.DEVELOPER, content=(Text(text="Be brief"),))
STREAM_WORDS = [
    "This model only support stream mode, please enable the stream parameter to access the model. ",
    "parameter.enable_thinking must be set to false for non-streaming calls",
    "parameter.enable_thinking only support stream call",
    "enable thinking can not be support when `stream=False`",
    "Streaming is required for this model",
]
NO_MAX = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead."
)
EMPTY = "Invalid request: the message at position 2 with role 'assistant' must not be empty"


def found(
    message: str,
    request: ChatRequest = PLAIN,
    quirks: Quirks | None = None,
    kind: type[ProviderError] = InvalidRequestError,
    **facts: Any,
) -> Mending | None:
    site = Site(base_url="http://a.test", quirks=quirks)
    return DIALECT.mending(kind(message, status=400, **facts), request, site)


def changes(
    message: str, request: ChatRequest = PLAIN, quirks: Quirks | None = None, **facts: Any
) -> dict[str, Any]:
    """The quirks that help; there must be some, and they are told."""
    mending = found(message, request, quirks, **facts)
    assert mending is not None
    assert mending.told
    assert not mending.hint
    return dict(mending.quirks)


def hint(message: str, request: ChatRequest = PLAIN, quirks: Quirks | None = None, **facts: Any) -> str:
    """The words for the user; nothing may be changed beside them."""
    mending = found(message, request, quirks, **facts)
    assert mending is not None
    assert not mending.quirks
    return mending.hint


@pytest.mark.parametrize("words", STREAM_WORDS)
def test_a_model_that_only_streams_is_streamed_inside_and_goes_on_thinking(words: str) -> None:
    assert changes(words) == {"stream_only": True}
    assert found(words, replace(PLAIN, stream=True)) is None
    assert found(words, quirks=Quirks(stream_only=True)) is None


def test_the_limit_goes_by_the_name_that_the_model_knows() -> None:
    limited = replace(PLAIN, max_tokens=5)
    newer = Quirks(max_tokens_field="max_completion_tokens")
    assert changes(NO_MAX, limited) == {"max_tokens_field": "max_completion_tokens"}
    assert found(NO_MAX) is None
    assert found(NO_MAX, limited, newer) is None
    for words in (
        "Unrecognized request argument supplied: max_completion_tokens",
        "body.max_completion_tokens: Extra inputs are not permitted",
    ):
        assert changes(words, limited, newer) == {"max_tokens_field": "max_tokens"}
        assert found(words, limited) is None
    assert found("max_completion_tokens is too large: 9999999", limited, newer) is None


@pytest.mark.parametrize(
    "words",
    [
        "Unsupported value: 'messages[0].role' does not support 'developer' with this model.",
        "'developer' is not one of ['system', 'assistant', 'user', 'tool'] - 'messages.0.role'",
        "messages[0].role: unknown variant `developer`, expected one of `system`, `user`",
    ],
)
def test_a_developers_message_becomes_one_of_the_system(words: str) -> None:
    request = replace(PLAIN, messages=(TOLD, *PLAIN.messages))
    assert changes(words, request, Quirks(developer_role=True)) == {"developer_role": False}
    assert found(words, PLAIN, Quirks(developer_role=True)) is None
    assert found(words, request, Quirks()) is None


def test_an_answer_without_content_becomes_a_blank() -> None:
    request = replace(PLAIN, messages=(*PLAIN.messages, CALL))
    assert changes(EMPTY, request) == {"blank_content": True}
    assert found(EMPTY) is None
    assert found(EMPTY, request, Quirks(blank_content=True)) is None


def test_stream_options_are_left_out_where_they_were_sent() -> None:
    words = "Unrecognized request argument supplied: stream_options"
    streamed = replace(PLAIN, stream=True)
    assert changes(words, streamed) == {"stream_usage": "always"}
    assert changes(words, quirks=Quirks(stream_only=True)) == {"stream_usage": "always"}
    assert found(words) is None
    assert found(words, replace(streamed, include_usage=False)) is None
    assert found(words, streamed, Quirks(stream_usage="none")) is None


SAMPLING: list[tuple[str, str, dict[str, Any]]] = [
    (
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is "
        "supported.",
        "temperature",
        {"temperature": 0.0},
    ),
    ("invalid temperature: only 1 is allowed for this model", "temperature", {"temperature": 0.3}),
    ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p", {"top_p": 0.5}),
    ("`presence_penalty` is not supported by this model", "presence_penalty", {"presence_penalty": 1.0}),
    ("Unknown parameter: frequency_penalty", "frequency_penalty", {"frequency_penalty": 1.0}),
    ("Unrecognized request argument supplied: seed", "seed", {"seed": 0}),
    ("logprobs is not supported", "logprobs", {"logprobs": True}),
    ("`logprobs` are not supported", "logprobs", {"top_logprobs": 0}),
    ("logit_bias is not supported with this model", "logit_bias", {"logit_bias": {"1": 1.0}}),
    ("Unsupported parameter: 'stop' is not supported with this model.", "stop", {"stop": ("x",)}),
    ("'n' is not supported by this model", "n", {"n": 2}),
    ("n is fixed", "", {"n": 2}),
]


@pytest.mark.parametrize(("words", "name", "asked"), SAMPLING)
def test_a_parameter_that_the_model_refuses_is_dropped_only_where_that_is_allowed(
    words: str, name: str, asked: dict[str, Any]
) -> None:
    request = replace(PLAIN, **asked)
    if not name:
        assert found(words, request) is None  # one letter is no name unless it stands in quotes
        return
    assert 'unsupported="drop"' in hint(words, request)
    assert name in hint(words, request)
    dropping = replace(request, unsupported="drop")
    assert changes(words, dropping) == {"refused": (name,)}
    mending = found(words, dropping)
    assert mending is not None
    assert not mending.is_lasting  # another call may not allow it
    assert found(words, PLAIN) is None
    assert found(words, dropping, Quirks(refused=(name,))) is None  # type: ignore[arg-type]


def test_the_field_that_the_body_names_decides_where_the_words_do_not() -> None:
    body = '{"error": {"message": "That does not work here", "param": "top_p", "code": "unsupported_value"}}'
    request = replace(PLAIN, temperature=0.5, top_p=0.5, unsupported="drop")
    facts = {"provider_code": "unsupported_value", "body": body}
    assert changes("That does not work here", request, **facts) == {"refused": ("top_p",)}
    assert found("That does not work here", request, provider_code="other", body=body) is None
    assert found("That does not work here", request, provider_code="unsupported_value") is None


@pytest.mark.parametrize("words", ["temperature must be between 0 and 1", "1.9 is too hot"])
def test_a_value_outside_its_range_is_the_callers_own(words: str) -> None:
    assert found(words, replace(PLAIN, temperature=1.9)) is None


def test_a_choice_of_tools_while_thinking_is_left_to_the_user() -> None:
    words = "The tool_choice parameter does not support being set to required or object in thinking mode"
    request = replace(PLAIN, tool_choice=ToolChoice(mode="required"), reasoning=Reasoning(enabled=True))
    assert 'reasoning="off"' in hint(words, request)
    assert found(words) is None


@pytest.mark.parametrize(
    "words",
    [
        "This response_format type is unavailable now",
        "'response_format' of type 'json_schema' is not supported with this model",
        "Unsupported: json_schema",
    ],
)
def test_a_form_that_the_model_does_not_know_is_left_to_the_user(words: str) -> None:
    request = replace(PLAIN, response_format=ResponseFormat(type="json_schema", name="x", schema={}))
    assert "json_object" in hint(words, request)
    assert found(words) is None


MISSING = [
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
    "The reasoning_content in the thinking mode must be passed back to the API.",
    "Missing `reasoning_content` field in the assistant message at message index 2",
]


@pytest.mark.parametrize("words", MISSING)
def test_reasoning_is_never_made_up(words: str) -> None:
    assert "append the response" in hint(words)
    without = replace(PLAIN, messages=(*PLAIN.messages, THOUGHT_CALL, CALL))
    assert "append the response" in hint(words, without)


@pytest.mark.parametrize("words", MISSING)
def test_reasoning_that_is_there_goes_back_where_it_is_asked_for(words: str) -> None:
    request = replace(PLAIN, messages=(*PLAIN.messages, THOUGHT_CALL))
    assert changes(words, request) == {"reasoning_replay": "tool_turns"}
    assert "append the response" in hint(words, request, Quirks(reasoning_replay="tool_turns"))


def test_reasoning_stays_out_where_it_is_refused() -> None:
    words = (
        "The reasoning_content is an intermediate result for display purposes only and will not be included "
        "in the context for inference. Please remove the reasoning_content from your message to reduce "
        "network traffic."
    )
    assert changes(words, quirks=Quirks(reasoning_replay="always")) == {"reasoning_replay": "never"}
    assert found(words) is None


@pytest.mark.parametrize("kind", [AuthError, ContentFilteredError, ContextTooLongError])
def test_other_errors_are_not_about_words(kind: type[ProviderError]) -> None:
    assert found(STREAM_WORDS[0], kind=kind) is None


def test_what_is_not_known_is_not_touched() -> None:
    assert found("Something is wrong") is None
