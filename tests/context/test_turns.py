"""Turns and steps: what of a conversation can go as a whole."""

from __future__ import annotations

from baimo.context.turns import opens_turn, steps, turns
from baimo.types.chat import Message, Role
from baimo.types.content import Text, ToolCall, ToolResult


def say(role: str, text: str = "x", *, calls: tuple[str, ...] = (), results: tuple[str, ...] = ()) -> Message:
    parts: list[object] = [Text(text=text)] if text else []
    parts += [ToolCall(id=one, name="f", arguments="{}") for one in calls]
    parts += [ToolResult(call_id=one, content=(Text(text="r"),)) for one in results]
    return Message(role=Role(role), content=tuple(parts))  # type: ignore[arg-type]


def test_a_turn_begins_with_the_users_words_and_the_systems_are_in_none() -> None:
    talk = [say("system"), say("assistant"), say("user"), say("assistant"), say("developer"), say("user")]
    assert turns(talk) == [(1,), (2, 3), (5,)]
    assert turns([]) == []


def test_results_in_the_users_name_do_not_begin_a_turn() -> None:
    result = say("user", "", results=("a",))
    assert not opens_turn(result)
    assert turns([say("user"), say("assistant", calls=("a",)), result, say("assistant")]) == [(0, 1, 2, 3)]


def test_a_call_and_its_result_are_never_in_two_turns() -> None:
    talk = [
        say("user"),
        say("assistant"),
        say("user"),
        say("assistant", calls=("a", "b")),
        say("tool", results=("b",)),
        say("user"),
        say("assistant"),
        say("user"),
        say("tool", results=("a",)),
        say("user"),
    ]
    assert turns(talk) == [(0, 1), (2, 3, 4, 5, 6, 7, 8), (9,)]


def test_an_id_that_is_used_again_means_the_nearest_call() -> None:
    talk = [
        *(say("user"), say("assistant", calls=("a",)), say("tool", results=("a",))),
        *(say("user"), say("assistant", calls=("a",)), say("tool", results=("a",))),
    ]
    assert turns(talk) == [(0, 1, 2), (3, 4, 5)]


def test_a_result_without_a_call_stays_where_it_is() -> None:
    assert turns([say("tool", results=("z",)), say("user")]) == [(0,), (1,)]


def test_a_step_is_an_answer_with_the_results_of_its_calls() -> None:
    talk = [
        say("user"),
        say("assistant", calls=("a",)),
        say("tool", results=("a",)),
        say("assistant", calls=("b",)),
        say("tool", results=("b",)),
    ]
    assert steps(talk, turns(talk)[0]) == [(0,), (1, 2), (3, 4)]
