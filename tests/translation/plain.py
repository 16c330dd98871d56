"""A dialect of somebody else's package that declares nothing of features, and something that has no chat."""

from __future__ import annotations

from typing import Any

from baimo.dialects import openai_chat


class Plain:
    """OpenAI's wire, without a declaration."""

    name = "plain_chat"

    def __getattr__(self, name: str) -> Any:
        if name == "features":
            raise AttributeError(name)
        return getattr(openai_chat.DIALECT, name)


class Silent:
    """No chat at all."""

    name = "silent"

    def quirks(self, fields: Any) -> None:
        """There are none."""


DIALECT = Plain()
SILENT = Silent()
