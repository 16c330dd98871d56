"""The order of messages: what is joined, and what cannot stand where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialect.complaints import Complaints
from baimo.dialects.hunyuan import DIALECT
from baimo.dialects.hunyuan.turns import in_turn
from baimo.errors import UnsupportedError
from baimo.types.chat import Message, Role
from baimo.types.content import File, Image, Text, ToolCall
from tests.dialects.hunyuan.asking import SITE, encoded, request, user

PICTURE = Image(url="https://i.example/x.png")


def said(text: str) -> Message:
    return Message(role=Role.ASSISTANT, content=(Text(text=text),))


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ((user("a"), user("b")), {"Role": "user", "Content": "a\n\nb"}),
        ((user("a"), user(""), user("b")), {"Role": "user", "Content": "a\n\nb"}),
        (
            (user("a"), user("b", PICTURE)),
            {
                "Role": "user",
                "Contents": [
                    {"Type": "text", "Text": "a"},
                    {"Type": "text", "Text": "b"},
                    {"Type": "image_url", "ImageUrl": {"Url": PICTURE.url}},
                ],
            },
        ),
        (
            (user("", PICTURE), user("")),
            {
                "Role": "user",
                "Contents": [
                    {"Type": "text", "Text": ""},
                    {"Type": "image_url", "ImageUrl": {"Url": PICTURE.url}},
                ],
            },
        ),
        (
            (user("a", File(file_id="f1")), user("b", File(file_id="f2"))),
            {"Role": "user", "Content": "a\n\nb", "FileIDs": ["f1", "f2"]},
        ),
    ],
)
def test_messages_of_one_role_in_a_row_go_out_as_one(
    messages: tuple[Message, ...], told: dict[str, Any]
) -> None:
    wire = DIALECT.encode_request(request(*messages), SITE)
    assert {note.message for note in wire.notes} == {"messages of one role in a row went out as one"}
    assert encoded(request(*messages))["Messages"] == [told]


def test_messages_in_their_order_are_left_alone() -> None:
    complaints = Complaints(who="hunyuan", drop=False)
    wire = [{"Role": role, "Content": "x"} for role in ("system", "user", "assistant", "user")]
    assert in_turn(wire, complaints) == wire
    assert complaints.notes == []


def test_a_message_with_calls_stays_by_itself() -> None:
    call = Message(role=Role.ASSISTANT, content=(ToolCall(id="c", name="f", arguments="{}"),))
    told = encoded(request(user("a"), said("b"), call, user("c")))["Messages"]
    assert [message["Role"] for message in told] == ["user", "assistant", "assistant", "user"]


@pytest.mark.parametrize(
    ("messages", "says", "left"),
    [
        ((user("a"), said("b")), "an answer to go on with", ["user"]),
        ((said("b"), user("a")), "an answer before the first question", ["user"]),
        (
            (Message(role=Role.SYSTEM, content=(Text(text="s"),)), said("b"), user("a")),
            "an answer before the first question",
            ["system", "user"],
        ),
    ],
)
def test_an_answer_that_cannot_stand_there_is_told_of(
    messages: tuple[Message, ...], says: str, left: list[str]
) -> None:
    with pytest.raises(UnsupportedError, match=says):
        encoded(request(*messages))
    told = encoded(request(*messages, unsupported="drop"))["Messages"]
    assert [message["Role"] for message in told] == left
