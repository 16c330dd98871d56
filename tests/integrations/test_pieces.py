"""Pieces of a stream, and answers that are kept beside other libraries' messages."""

from __future__ import annotations

from msgspec import Raw

from baimo.integrations.pieces import Piece, Pieces
from baimo.integrations.replayed import packed, unpacked
from baimo.types.chat import FinishReason, Message, Role
from baimo.types.content import Audio, Refusal, Replay, Text, Thinking, ToolCall
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted, Started

CALL = ToolCall(id="call_1", name="look", arguments="{")


def test_words_thoughts_and_calls_are_told_apart_and_all_else_is_passed_over() -> None:
    pieces = Pieces()
    told = [
        pieces.feed(event)
        for event in (
            Started(id="a"),
            PartStarted(index=0, part=Thinking()),
            PartDelta(index=0, text="Hm"),
            PartEnded(index=0),
            PartStarted(index=1, part=Text(text="Yes")),
            PartDelta(index=1, text=", sir"),
            PartStarted(index=2, part=CALL),
            PartDelta(index=2, text="}"),
            PartStarted(index=3, part=Refusal(text="No")),
            PartStarted(index=4, part=Audio()),
            PartDelta(index=4, text="spoken"),
            PartDelta(index=1, text=""),
            PartStarted(index=0, part=Text(text="other"), choice=1),
            PartDelta(index=0, text="other", choice=1),
            Finished(reason=FinishReason.STOP),
        )
    ]
    assert [piece for piece in told if piece is not None] == [
        Piece("thinking", "Hm", 0),
        Piece("text", "Yes", 1),
        Piece("text", ", sir", 1),
        Piece("call", "{", 2, CALL),
        Piece("call", "}", 2),
        Piece("text", "No", 3),
    ]


def test_an_answer_comes_back_whole_while_it_says_the_same() -> None:
    replay = Replay(dialect="anthropic_messages", json=Raw(b'{"signature":"abc"}'))
    message = Message(
        role=Role.ASSISTANT, content=(Thinking(text="Hm", replay=replay), Text(text="Yes"), CALL)
    )
    kept = packed(message)
    assert unpacked(kept, text="Yes", calls=("call_1",)) == message
    assert unpacked(kept, text="No", calls=("call_1",)) is None
    assert unpacked(kept, text="Yes", calls=()) is None
    assert unpacked("{broken", text="Yes", calls=()) is None
    assert unpacked(None, text="Yes", calls=()) is None
