"""An answer as it came, kept beside another library's own message, so that its next turn loses nothing.

Providers want back what those messages have no place for: signatures of thoughts, encrypted reasoning.
"""

from __future__ import annotations

import msgspec

from baimo.types.chat import Message

KEY = "baimo_message"
"""Where it is kept, among what the library lets a message carry."""

_decoder = msgspec.json.Decoder(Message)


def packed(message: Message) -> str:
    """The message as text."""
    return msgspec.json.encode(message).decode()


def unpacked(kept: object, *, text: str, calls: tuple[str, ...]) -> Message | None:
    """The message that was kept, where it still says the same: these words, calls with these ids."""
    if not isinstance(kept, str):
        return None
    try:
        message = _decoder.decode(kept)
    except (msgspec.MsgspecError, ValueError):
        return None
    same = message.text == text and tuple([call.id for call in message.tool_calls]) == calls
    return message if same else None
