"""Media in results of tools, moved to where a wire can say them: what moves, whither, and what is told."""

from __future__ import annotations

from baimo.dialect.aside import is_picture, set_aside
from baimo.dialect.complaints import Complaints
from baimo.types.chat import Message, Role
from baimo.types.content import Audio, Image, Part, Text, ToolCall, ToolResult

PNG = Image(data=b"png", media_type="image/png")
OTHER = Image(url="https://example.com/b.png")
SOUND = Audio(data=b"wav")
HI = Message(role=Role.USER, content=(Text(text="Hi"),))
CALL = Message(
    role=Role.ASSISTANT,
    content=tuple([ToolCall(id=one, name="shot", arguments="{}") for one in ("c1", "c2")]),
)
NOTE = "image content of a tool's result was sent in a message of the user behind it"
POINTER = Text(text="[image of this result: see the next message of the user]")


def result(ident: str, *content: Part, name: str | None = None) -> Message:
    return Message(role=Role.TOOL, content=(ToolResult(call_id=ident, content=content, name=name),))  # type: ignore[arg-type]


def moved(*messages: Message) -> tuple[tuple[Message, ...], list[str]]:
    complaints = Complaints(drop=False, who="x")
    found = set_aside(messages, is_picture, complaints)
    assert {note.code for note in complaints.notes} <= {"emulated"}
    return found, [note.message for note in complaints.notes]


def test_a_conversation_without_any_is_left_as_it_is() -> None:
    talk = (HI, CALL, result("c1", Text(text="a")), result("c2", SOUND))
    assert moved(*talk) == (talk, [])


def test_pictures_stand_behind_the_last_of_results_that_belong_together() -> None:
    found, notes = moved(HI, CALL, result("c1", Text(text="a"), PNG, name="shot"), result("c2", OTHER, SOUND))
    assert found[:2] == (HI, CALL)
    first, second, behind = found[2:]
    assert first == result("c1", Text(text="a"), name="shot")
    assert second == result("c2", SOUND, POINTER), "what cannot be moved stays, to be complained of"
    assert behind.role is Role.USER
    assert behind.content == (
        Text(text="[From the result of shot:]"),
        PNG,
        Text(text="[From the result of c2:]"),
        OTHER,
    )
    assert notes == [NOTE]


def test_a_result_of_words_beside_one_with_a_picture_is_left_as_it_is() -> None:
    words = result("c2", Text(text="b"))
    found, _ = moved(HI, CALL, result("c1", PNG), words)
    assert found[3] == words
    assert found[4].content == (Text(text="[From the result of c1:]"), PNG)


def test_the_user_s_own_next_message_takes_them_in() -> None:
    found, _ = moved(CALL, result("c1", PNG), HI)
    assert [message.role for message in found] == [Role.ASSISTANT, Role.TOOL, Role.USER]
    assert found[2].content == (Text(text="[From the result of c1:]"), PNG, Text(text="Hi"))


def test_an_answer_between_has_them_before_it() -> None:
    answer = Message(role=Role.ASSISTANT, content=(Text(text="So."),))
    found, _ = moved(CALL, result("c1", PNG), answer, HI)
    assert [message.role for message in found] == [
        Role.ASSISTANT,
        Role.TOOL,
        Role.USER,
        Role.ASSISTANT,
        Role.USER,
    ]
    assert found[2].content[-1] == PNG and found[3:] == (answer, HI)


def test_a_result_in_a_message_of_the_user_has_them_behind_it() -> None:
    both = Message(role=Role.USER, content=(ToolResult(call_id="c1", content=(PNG,)), Text(text="Well?")))
    (found,), _ = moved(both)
    assert found.content == (
        ToolResult(call_id="c1", content=(POINTER,)),
        Text(text="Well?"),
        Text(text="[From the result of c1:]"),
        PNG,
    )
