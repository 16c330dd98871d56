"""JSON that is still being written: what of it can be said already.

A text shows as far as it came; a number, true, false and null only when they have ended; a property when its
value has begun. So what was shown only grows. Time is linear in the length of the text, however it is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from .bare import BLANKS

_END_OF_TEXT = re.compile(r'["\\]')
_SCALAR = re.compile(r"[-+.0-9a-zA-Z]*")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LOST = "\N{REPLACEMENT CHARACTER}"

_Step: TypeAlias = Callable[[str, int], int]


class PartialJson:
    """Reads one JSON value piece by piece.

    `value` is what is known of it, UNSET before anything is. Its dicts and lists are the same objects all
    along, and grow: who wants to keep one of its states copies it.

    >>> reader = PartialJson()
    >>> reader.feed('{"name": "An'), reader.value
    (True, {'name': 'An'})
    >>> reader.feed('n", "age": 1'), reader.value
    (True, {'name': 'Ann'})
    """

    def __init__(self) -> None:
        self.value: Any = UNSET
        self.is_over = False
        """The value is whole, or what came is no JSON; nothing more is read."""
        self._step: _Step = self._read_value
        self._open: list[Any] = []
        self._key = ""
        self._is_key = False
        self._writes = False
        """A text is being written that is a value."""
        self._pieces: list[str] = []
        self._hex = ""
        self._high = 0
        """The first half of a pair of escapes that make one letter."""
        self._changed = False

    def feed(self, text: str) -> bool:
        """Read on. Whether `value` has changed."""
        self._changed = False
        at = 0
        while at < len(text) and not self.is_over:
            at = self._step(text, at)
        if self._writes:
            self._grow()
        return self._changed

    def end(self) -> bool:
        """The text is over: a number that stands alone has ended with it."""
        self._changed = False
        if self._step == self._read_scalar and not self._open:
            self._ended_scalar()
        return self._changed

    # What may come next.

    def _read_value(self, text: str, at: int) -> int:
        at = _past_blanks(text, at)
        if at == len(text):
            return at
        first = text[at]
        if first == "{":
            self._begin({}, self._read_first_key)
        elif first == "[":
            self._begin([], self._read_first_item)
        elif first == '"':
            self._put("")
            self._is_key, self._writes = False, True
            self._step = self._read_text
        else:
            self._step = self._read_scalar
            return at
        return at + 1

    def _read_first_item(self, text: str, at: int) -> int:
        at = _past_blanks(text, at)
        if at < len(text):
            if text[at] == "]":
                self._ended()
                return at + 1
            self._step = self._read_value
        return at

    def _read_first_key(self, text: str, at: int) -> int:
        at = _past_blanks(text, at)
        if at < len(text) and text[at] == "}":
            self._ended()
            return at + 1
        self._step = self._read_key
        return at

    def _read_key(self, text: str, at: int) -> int:
        at = self._expect('"', text, at)
        if self._seen:
            self._is_key = True
            self._step = self._read_text
        return at

    def _read_colon(self, text: str, at: int) -> int:
        at = self._expect(":", text, at)
        if self._seen:
            self._step = self._read_value
        return at

    def _read_after(self, text: str, at: int) -> int:
        at = _past_blanks(text, at)
        if at == len(text):
            return at
        is_object = isinstance(self._open[-1], dict)
        if text[at] == ",":
            self._step = self._read_key if is_object else self._read_value
        elif text[at] == ("}" if is_object else "]"):
            self._ended()
        else:
            self.is_over = True
        return at + 1

    def _read_text(self, text: str, at: int) -> int:
        found = _END_OF_TEXT.search(text, at)
        end = found.start() if found is not None else len(text)
        if end > at:
            self._say(text[at:end])
        if found is None:
            return end
        if text[end] == "\\":
            self._step = self._read_escape
        elif self._is_key:
            self._say("")
            self._key = "".join(self._pieces)
            self._pieces.clear()
            self._step = self._read_colon
        else:
            self._say("")
            self._grow()
            self._writes = False
            self._value_ended()
        return end + 1

    def _read_escape(self, text: str, at: int) -> int:
        if text[at] == "u":
            self._hex = ""
            self._step = self._read_hex
        elif text[at] in _ESCAPES:
            self._say(_ESCAPES[text[at]])
            self._step = self._read_text
        else:
            self.is_over = True
        return at + 1

    def _read_hex(self, text: str, at: int) -> int:
        end = min(len(text), at + 4 - len(self._hex))
        self._hex += text[at:end]
        if len(self._hex) < 4:
            return end
        try:
            code = int(self._hex, 16)
        except ValueError:
            self.is_over = True
            return end
        if 0xDC00 <= code < 0xE000 and self._high:
            high, self._high = self._high, 0
            self._say(chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00))
        elif 0xD800 <= code < 0xDC00:
            self._say("")
            self._high = code
        else:
            self._say(_LOST if 0xDC00 <= code < 0xE000 else chr(code))
        self._step = self._read_text
        return end

    def _read_scalar(self, text: str, at: int) -> int:
        found = _SCALAR.match(text, at)
        assert found is not None  # it matches nothing as well
        self._pieces.append(found.group())
        if found.end() < len(text):
            self._ended_scalar()
        return found.end()

    # What comes of it.

    def _begin(self, value: Any, step: _Step) -> None:
        self._put(value)
        self._open.append(value)
        self._step = step

    def _put(self, value: Any) -> None:
        self._changed = True
        if not self._open:
            self.value = value
        elif isinstance(self._open[-1], dict):
            self._open[-1][self._key] = value
        else:
            self._open[-1].append(value)

    def _say(self, words: str) -> None:
        """Letters of a text; a half letter before them is lost."""
        if self._high:
            self._high = 0
            self._pieces.append(_LOST)
        if words:
            self._pieces.append(words)

    def _grow(self) -> None:
        """Lay the new letters to the text that is being written.

        The text is taken out of its place for that: nobody else holds it then, and it grows where it is.
        """
        if not self._pieces:
            return
        self._changed = True
        more = "".join(self._pieces)
        self._pieces.clear()
        if not self._open:
            said, self.value = self.value, None
            said += more
            self.value = said
            return
        inside = self._open[-1]
        at: Any = self._key if isinstance(inside, dict) else -1
        said, inside[at] = inside[at], None
        said += more
        inside[at] = said

    def _ended_scalar(self) -> None:
        said = "".join(self._pieces)
        self._pieces.clear()
        try:
            value = msgspec.json.decode(said)
        except msgspec.DecodeError:
            self.is_over = True
            return
        self._put(value)
        self._value_ended()

    def _ended(self) -> None:
        """A list or an object was closed."""
        self._open.pop()
        self._value_ended()

    def _value_ended(self) -> None:
        self._step = self._read_after
        self.is_over = not self._open

    def _expect(self, sign: str, text: str, at: int) -> int:
        """Past a sign that must come; `_seen` tells whether it did."""
        at = _past_blanks(text, at)
        self._seen = at < len(text) and text[at] == sign
        if at < len(text) and not self._seen:
            self.is_over = True
        return at + 1 if self._seen else at

    _seen = False


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


class JsonStart:
    """Lets a model's words through from where the JSON begins: after thinking aloud, or in a code fence.

    Where they begin with anything else nothing is let through.
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinks = False
        self._is_through = False
        self._is_none = False

    def feed(self, text: str) -> str:
        """What of it is JSON."""
        if self._is_through:
            return text
        if self._is_none:
            return ""
        self._held += text
        if self._thinks:
            _, found, after = self._held.partition("</think")
            if not found or ">" not in after:
                self._held = found + after if found else self._held[-len("</think") :]
                return ""
            self._thinks, self._held = False, after.partition(">")[2]
        return self._begun(self._held.lstrip(BLANKS))

    def _begun(self, said: str) -> str:
        if said[:1] in ("{", "["):
            self._is_through = True
            return said
        if said.startswith("```"):
            _, line_end, after = said.partition("\n")
            self._is_through = bool(line_end)
            return after
        if said.startswith(("<think>", "<thinking>")):
            self._thinks, self._held = True, ""
            return self.feed(said.partition(">")[2])
        self._is_none = not any(mark.startswith(said) for mark in ("```", "<think>", "<thinking>"))
        return ""
