"""What the commands say to people, in English or Chinese: `BAIMO_LANG`, else the locale, decides.

Every text stands in a table under a key, as a pair of both languages.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .words_cache import CACHE
from .words_credentials import CREDENTIALS
from .words_errors import ERRORS
from .words_help import HELP
from .words_ledger import LEDGER
from .words_making import MAKING
from .words_messages import MESSAGES
from .words_money import MONEY
from .words_simulate import SIMULATE
from .words_why import WHY

if TYPE_CHECKING:
    from baimo.notes import Note

Language: TypeAlias = Literal["en", "zh"]

TEXTS: Mapping[str, tuple[str, str]] = {
    **HELP,
    **MESSAGES,
    **ERRORS,
    **CREDENTIALS,
    **SIMULATE,
    **CACHE,
    **LEDGER,
    **MONEY,
    **MAKING,
    **WHY,
}
"""Key to (English, Chinese); both have the same fields in braces."""

_CHINESE = ("zh", "chinese", "cn", "中文")


def language() -> Language:
    """The language of this process's user."""
    return choose_language(os.environ, _windows_locale() if sys.platform == "win32" else None)


def choose_language(environ: Mapping[str, str], system: str | None = None) -> Language:
    """`BAIMO_LANG`, else the first locale variable that is set, else the system's own locale."""
    for name in ("BAIMO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if said := environ.get(name, "").strip():
            return _of(said)
    return _of(system or "")


def say(key: str, **facts: Any) -> str:
    """The text of that key in the user's language, its fields filled in."""
    english, chinese = TEXTS[key]
    text = chinese if language() == "zh" else english
    return text.format(**facts) if facts else text


def joined(*sentences: str) -> str:
    """Sentences one after the other: Chinese needs no space between them."""
    return ("" if language() == "zh" else " ").join(sentences)


def note_line(note: Note) -> str:
    """A note on an answer; in Chinese with its kind, for the note itself is in English."""
    kind = f"note.{note.code}"
    if language() == "zh" and has(kind):
        return say("answer.note_of", kind=say(kind), text=note.message)
    return say("answer.note", text=note.message)


def has(key: str) -> bool:
    """Whether there is a text of that key."""
    return key in TEXTS


def _of(said: str) -> Language:
    return "zh" if said.lower().startswith(_CHINESE) else "en"


def _windows_locale() -> str | None:
    import locale

    return locale.getlocale()[0]
