"""A conversation: who said what, with which model, and saving it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from baimo.types.chat import Message, Role
from baimo.types.content import Text

if TYPE_CHECKING:
    from baimo.client.options import ChatOptions


class Conversation:
    """The turns so far. A question without any answer is forgotten, so that the next one can be asked."""

    def __init__(self, model: str, *, system: str | None = None) -> None:
        self.model = model
        self.system = system
        self.options: ChatOptions = {}
        self._turns: list[Message] = []

    @property
    def messages(self) -> list[Message]:
        """What is sent: the system message, then the turns."""
        head = [_said(Role.SYSTEM, self.system)] if self.system else []
        return [*head, *self._turns]

    def asked(self, text: str) -> None:
        """A question."""
        self._turns.append(_said(Role.USER, text))

    def answered(self, message: Message | None) -> None:
        """What came of the last question."""
        if message is not None and message.content:
            self._turns.append(message)
        else:
            self._turns.pop()

    def clear(self) -> None:
        """Forget the turns; the system message stays."""
        self._turns.clear()

    def save(self, path: str) -> None:
        """Write the conversation as UTF-8: JSON messages for a name that ends in .json, else Markdown."""
        target = Path(path).expanduser()
        if target.suffix.lower() == ".json":
            turns = [{"role": message.role.value, "content": message.text} for message in self.messages]
            text = json.dumps(turns, ensure_ascii=False, indent=2) + "\n"
        else:
            text = "\n".join(
                f"## {message.role.value}\n\n{message.text.strip()}\n" for message in self.messages
            )
        target.write_text(text, "utf-8")


def _said(role: Role, text: str) -> Message:
    return Message(role=role, content=(Text(text=text),))
