"""Fitting into a budget: laws that hold for every conversation, and the order in which turns go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.context.fitting import Dropping, Fitted, trim
from baimo.context.turns import SYSTEM, opens_turn
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Thinking, ToolCall, ToolResult

from .test_turns import say


def size(message: Message) -> int:
    return 2 + len(message.text) + len(message.thinking) + 3 * len(message.content)


@st.composite
def talks(draw: st.DrawFn) -> list[Message]:
    """Conversations with steps of tools, results in either role, and words that come between."""
    talk: list[Message] = []
    made = 0
    for _ in range(draw(st.integers(0, 2))):
        talk.append(say(draw(st.sampled_from(("system", "assistant", "developer"))), draw(words)))
    for _ in range(draw(st.integers(1, 6))):
        talk.append(say("user", draw(words)))
        for _ in range(draw(st.integers(0, 3))):
            calls = tuple(str(made + at) for at in range(draw(st.integers(0, 2))))
            made += len(calls)
            answer = say("assistant", draw(words), calls=calls)
            talk.append(Message(role=answer.role, content=(Thinking(text="hm"), *answer.content)))
            for call in calls:
                if draw(st.booleans()):
                    talk.append(say("user", "between"))
                talk.append(say(draw(st.sampled_from(("tool", "user"))), "", results=(call,)))
    return talk


words = st.text(alphabet="ab ", min_size=1, max_size=30)
policies: st.SearchStrategy[Dropping] = st.sampled_from(("drop_middle", "drop_oldest"))


def ids(messages: Sequence[Message], kind: type[Any]) -> set[str]:
    names = {ToolCall: "id", ToolResult: "call_id"}
    return {getattr(part, names[kind]) for one in messages for part in one.content if isinstance(part, kind)}


def places(kept: Sequence[Message], whole: Sequence[Message]) -> list[int]:
    """Where the kept ones stood, by identity."""
    at = {id(message): index for index, message in enumerate(whole)}
    return [at[id(message)] for message in kept]


@given(talks(), st.integers(0, 400), policies, st.booleans(), st.integers(0, 3))
def test_what_comes_out_fits_and_is_sound_or_an_error_comes(
    talk: list[Message], budget: int, policy: Dropping, keep_system: bool, keep_last: int
) -> None:
    options: dict[str, Any] = {
        "policy": policy,
        "keep_system": keep_system,
        "keep_last": keep_last,
        "beside": 3,
    }
    try:
        fitted = trim(talk, budget, count=size, **options)
    except InputError:
        assert sum(map(size, talk)) + 3 > budget
        return
    assert fitted.tokens == 3 + sum(map(size, fitted.messages)) <= budget
    kept, gone = places(fitted.messages, talk), places(fitted.dropped, talk)
    assert kept == sorted(kept)
    assert sorted(kept + gone) == list(range(len(talk)))
    assert ids(fitted.messages, ToolCall) == ids(fitted.messages, ToolResult)
    spoken = [message for message in fitted.messages if message.role not in SYSTEM]
    first = next(message for message in talk if message.role not in SYSTEM)
    assert opens_turn(spoken[0]) or spoken[0] is first
    assert [one for one in talk if opens_turn(one)][-1] in fitted.messages
    assert bool(fitted.notes) is bool(fitted.dropped)
    if keep_system:
        assert not any(message.role in SYSTEM for message in fitted.dropped)
    again = trim(fitted.messages, budget, count=size, **options)
    assert (again.messages, again.dropped) == (fitted.messages, ())


@given(talks(), policies)
def test_nothing_goes_where_all_fits(talk: list[Message], policy: Dropping) -> None:
    total = sum(map(size, talk))
    fitted = trim(talk, total, count=size, policy=policy)
    assert fitted == Fitted(messages=tuple(talk), tokens=total, budget=total)


def one(message: Message) -> int:
    return 1


TALK = [say("system", "S"), *[say(role, f"{role}{at}") for at in range(4) for role in ("user", "assistant")]]


def texts(fitted: Fitted) -> list[str]:
    return [message.text for message in fitted.messages]


def test_the_middle_goes_oldest_first_and_the_first_turn_last() -> None:
    assert texts(trim(TALK, 7, count=one)) == [
        *("S", "user0", "assistant0", "user2", "assistant2", "user3", "assistant3")
    ]
    assert texts(trim(TALK, 5, count=one)) == ["S", "user0", "assistant0", "user3", "assistant3"]
    assert texts(trim(TALK, 4, count=one)) == ["S", "user3", "assistant3"]


def test_the_oldest_go_first_where_that_is_asked_for() -> None:
    fitted = trim(TALK, 7, count=one, policy="drop_oldest")
    assert texts(fitted) == ["S", "user1", "assistant1", "user2", "assistant2", "user3", "assistant3"]
    assert fitted.notes[0].message == (
        "2 of 9 messages (1 of them the user's, about 2 tokens) were left out to fit"
    )


def test_what_must_stay_and_does_not_fit_is_an_error_that_says_by_how_much() -> None:
    with pytest.raises(InputError, match="about 3 tokens, 1 more than fit"):
        trim(TALK, 2, count=one)
    with pytest.raises(InputError, match="1 more"):
        trim(TALK, 4, count=one, keep_last=2)
    assert texts(trim(TALK, 2, count=one, keep_system=False)) == ["user3", "assistant3"]


def test_steps_in_the_middle_of_the_last_turn_go_where_turns_are_not_enough() -> None:
    talk = [say("user")]
    for at in range(4):
        talk += [say("assistant", f"step{at}", calls=(str(at),)), say("tool", "", results=(str(at),))]
    fitted = trim(talk, 5, count=one)
    assert [message.role for message in fitted.messages] == [
        *(Role.USER, Role.ASSISTANT, Role.TOOL, Role.ASSISTANT, Role.TOOL)
    ]
    assert [message.text for message in fitted.messages if message.role is Role.ASSISTANT] == [
        "step2",
        "step3",
    ]


def test_the_users_last_words_stay_where_they_stand_between_a_call_and_its_result() -> None:
    talk = [
        say("user", "first"),
        say("assistant", calls=("a",)),
        say("user", "last"),
        say("tool", "", results=("a",)),
        say("assistant", "done"),
    ]
    with pytest.raises(InputError):
        trim(talk, 3, count=one)


def test_a_conversation_of_the_systems_words_alone_may_be_left_empty() -> None:
    assert trim([say("system")], 0, count=one, keep_system=False).messages == ()
