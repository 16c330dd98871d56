"""Reading a `.env` file: KEY=VALUE lines, as data. Nothing is expanded and nothing is run."""

from __future__ import annotations

import re

from baimo.errors import ConfigError

_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(.*)", re.DOTALL)
_ENDING = re.compile(r"\r\n|\n|\r")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "'": "'"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str, *, where: str = ".env") -> dict[str, str]:
    r"""The variables of a `.env` file; a name that stands twice has its last value.

    Single quotes keep everything, double quotes know `\n`, `\t`, `\"` and `\\`, without quotes a value ends
    before ` #`. Raises ConfigError naming `where` and the line, never the value.

    >>> parse("export A='x y'  # why\nB=2")
    {'A': 'x y', 'B': '2'}
    """
    found = {}
    for number, line in enumerate(_ENDING.split(text.removeprefix("\ufeff")), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        form = _LINE.fullmatch(stripped)
        if form is None:
            raise ConfigError(f"{where}, line {number}: this is no KEY=VALUE line")
        found[form[1]] = _value(form[2], f"{where}, line {number}")
    return found


def _value(text: str, where: str) -> str:
    if not text or text[0] not in "'\"":
        return _before_comment(text)
    quote = text[0]
    pattern = r"'([^']*)'" if quote == "'" else r'"((?:[^"\\]|\\.)*)"'
    form = re.match(pattern, text)
    if form is None:
        raise ConfigError(f"{where}: the closing {quote} is missing")
    rest = text[form.end() :].strip()
    if rest and not rest.startswith("#"):
        raise ConfigError(f"{where}: there is something behind the closing {quote}")
    if quote == "'":
        return form[1]
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[0]), form[1])


def _before_comment(text: str) -> str:
    if text.startswith("#"):
        return ""
    cut = re.search(r"[ \t]#", text)
    return text[: cut.start()].rstrip() if cut else text
