"""The JSON in what a model said: without a code fence, and without thinking aloud before it."""

from __future__ import annotations

import re

_FENCED = re.compile(
    r"^[ \t]*```[a-zA-Z0-9_-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE
)
_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
BLANKS = " \t\r\n\ufeff"


def bare(text: str) -> str:
    """The JSON in a text: all of it, or its only code block, words around that or not.

    What holds no such thing, or two of them, is given back as it is: nothing is guessed.

    >>> bare('Here it is:\\n```json\\n{"a": 1}\\n```')
    '{"a": 1}'
    """
    said = _THOUGHT.sub("", text, count=1).strip(BLANKS)
    if said[:1] in ("{", "["):
        return said
    blocks = _FENCED.findall(said)
    return blocks[0].strip(BLANKS) if len(blocks) == 1 else said
