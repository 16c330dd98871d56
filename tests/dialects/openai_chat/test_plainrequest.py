"""The quick way to make a request says what the general way says, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat.plainrequest import plain_request
from baimo.dialects.openai_chat.quirks import Quirks
from baimo.dialects.openai_chat.request import encode_request
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Cache, Text

SITE = Site(base_url="https://api.acme.example/v1", provider="acme")
HI = Message(role=Role.USER, content=(Text(text="Hi"),))
NUMBER = st.one_of(st.none(), st.floats(-1, 3))


@given(
    messages=st.lists(
        st.builds(
            lambda role, text: Message(role=role, content=(Text(text=text),)),
            st.sampled_from(list(Role)[:4]),
            st.text(st.characters(exclude_categories=["Cs"])),
        ),
        min_size=1,
        max_size=3,
    ),
    temperature=NUMBER,
    top_p=NUMBER,
    max_tokens=st.one_of(st.none(), st.integers(1, 9)),
    quirks=st.sampled_from(
        [
            Quirks(),
            Quirks(max_tokens_field="max_completion_tokens", temperature=Interval("(0, 1]")),
            Quirks(refused=("temperature", "max_tokens")),
            Quirks(renamed={"max_tokens": "limit"}),
            Quirks(extras=("reasoning_parsed",)),
        ]
    ),
)
def test_it_agrees_with_the_general_way_or_leaves_it_to_it(
    messages: list[Message],
    temperature: float | None,
    top_p: float | None,
    max_tokens: int | None,
    quirks: Quirks,
) -> None:
    request = ChatRequest(
        model="m",
        messages=tuple(messages),
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
    )
    quick = plain_request(request, SITE, quirks)
    # Asked to drop what cannot be said, the general way is taken, and here it drops nothing.
    general = encode_request(replace(request, unsupported="drop"), replace(SITE, quirks=quirks))
    assert quick is None or quick == general


@pytest.mark.parametrize(
    "request_",
    [
        ChatRequest(model="m", messages=()),
        ChatRequest(model="m", messages=(HI,), stream=True),
        ChatRequest(model="m", messages=(HI,), seed=1),
        ChatRequest(model="m", messages=(HI,), temperature=9.0),
        ChatRequest(model="m", messages=(replace(HI, role=Role.ASSISTANT),)),
        ChatRequest(model="m", messages=(replace(HI, name="Ann"),)),
        ChatRequest(model="m", messages=(replace(HI, content=(Text(text="Hi", cache=Cache()),)),)),
        ChatRequest(model="m", messages=(replace(HI, content=(Text(text="\ud83d"),)),)),
    ],
)
def test_what_needs_thought_is_left_to_the_general_way(request_: ChatRequest) -> None:
    assert plain_request(request_, SITE, Quirks()) is None


def test_a_limit_that_the_provider_refuses_is_left_to_the_general_way() -> None:
    request = ChatRequest(model="m", messages=(HI,), max_tokens=5)
    assert plain_request(request, SITE, Quirks(refused=("max_tokens",))) is None
    assert plain_request(request, SITE, Quirks()) is not None
