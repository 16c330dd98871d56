"""The lines of a conversation: with prompt_toolkit history and editing, else as they come.

A line that ends with a backslash goes on in the next one.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from . import incoming
from .words import say

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from .console import Console

PROMPT = "> "
MORE = "… "


class Lines(Protocol):
    """Where questions come from."""

    is_typed: bool
    """True when a person types them."""

    def read(self) -> str | None:
        """The next one, None at the end. Raises KeyboardInterrupt for Ctrl-C."""


def lines_for(console: Console) -> Lines:
    """The best that terminal and installation can do."""
    if incoming.stdin_is_terminal():
        capable = console.out_is_terminal and os.environ.get("TERM") != "dumb"
        if capable and find_spec("prompt_toolkit") is not None:
            return EditedLines(history_file())
        return TypedLines()
    return PipedLines()


def history_file() -> Path:
    """Where questions are remembered, readable by their owner only; made where it is missing."""
    from baimo.config.paths import data_dir

    path = data_dir(os.environ, sys.platform, Path.home()) / "chat_history"
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    return path


class EditedLines:
    """Lines with history and editing; Alt-Enter begins a new line, Enter sends."""

    is_typed = True

    def __init__(self, history: Path) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory

        self._session: PromptSession[str] = PromptSession(
            history=FileHistory(str(history)),
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation=lambda width, number, is_wrapped: "" if is_wrapped else MORE,
        )

    def read(self) -> str | None:
        """As `Lines.read`."""
        try:
            return self._session.prompt(PROMPT)
        except EOFError:
            return None


class TypedLines:
    """Lines typed at a bare prompt."""

    is_typed = True

    def __init__(self) -> None:
        if find_spec("readline") is not None:
            import_module("readline")  # gives `input` its editing keys

    def read(self) -> str | None:
        """As `Lines.read`."""
        lines: list[str] = []
        while True:
            try:
                line = input(MORE if lines else PROMPT)
            except EOFError:
                return "\n".join(lines) if lines else None
            lines.append(incoming.argument(line.removesuffix("\\")))
            if not line.endswith("\\"):
                return "\n".join(lines)


class PipedLines:
    """Lines of a file or a program, one question each."""

    is_typed = False

    def read(self) -> str | None:
        """As `Lines.read`."""
        lines: list[str] = []
        while True:
            data = sys.stdin.buffer.readline()
            if not data:
                return "\n".join(lines) if lines else None
            line = incoming.decode(data, say("incoming.stdin")).rstrip("\r\n")
            lines.append(line.removesuffix("\\"))
            if not line.endswith("\\"):
                return "\n".join(lines)


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
