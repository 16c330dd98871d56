"""Messages as people write them, to neutral ones. Errors name the message and the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Text

from .options import Messages


def parse_messages(messages: Messages, system: str | None = None) -> tuple[Message, ...]:
    """The neutral messages, the system's first. Raises InputError naming index and field."""
    if system is None and type(messages) is str:
        return (Message(role=Role.USER, content=(Text(text=messages),)),)
    head = () if system is None else (_spoken(Role.SYSTEM, _words(system, "system")),)
    if isinstance(messages, str):
        return (*head, _spoken(Role.USER, messages))
    if isinstance(messages, Message):
        return (*head, messages)
    if isinstance(messages, (bytes, Mapping)) or not isinstance(messages, Sequence):
        raise InputError(
            "messages must be a string, a list of messages, or a list of (user, assistant) pairs; "
            f"got {type(messages).__name__}",
            hint="One message stands in a list too: [{…}]." if isinstance(messages, Mapping) else None,
        )
    if not messages:
        raise InputError("messages is empty: give at least one")
    whole: list[Message] = [*head]
    for index, one in enumerate(messages):
        if type(one) is dict and len(one) == 2 and type(one.get("content")) is str:
            role = _PLAIN.get(one.get("role"))  # type: ignore[arg-type]
            if role is not None:
                whole.append(_spoken(role, one["content"]))
                continue
        whole.extend(_one(one, index))
    return tuple(whole)


_PLAIN = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM, "developer": Role.DEVELOPER}


def _one(one: Any, index: int) -> tuple[Message, ...]:
    if isinstance(one, Message):
        return (one,)
    if isinstance(one, Mapping):
        content = one.get("content")
        if isinstance(content, (list, tuple)) and not all(isinstance(part, Mapping) for part in content):
            from .mixed import parse_mixed

            return (parse_mixed(one, content, index),)
        from baimo.dialects.openai_chat.plain import parse_message

        return (parse_message(one, index),)
    if isinstance(one, tuple) and len(one) == 2:
        user, assistant = one
        return (
            _spoken(Role.USER, _words(user, f"messages[{index}][0]")),
            _spoken(Role.ASSISTANT, _words(assistant, f"messages[{index}][1]")),
        )
    hint = "; a single prompt goes in as a plain string" if isinstance(one, str) else ""
    raise InputError(
        f"messages[{index}] must be a Message, a dict with role and content, or a (user, assistant) pair; "
        f"got {type(one).__name__}{hint}"
    )


def _spoken(role: Role, text: str) -> Message:
    return Message(role=role, content=(Text(text=text),))


def _words(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where} must be a string, got {type(value).__name__}")
    return value
