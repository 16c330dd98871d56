"""A text as a few counts: how many characters of which kind it has, and which kinds stand side by side.

Tokens are pieces of words, so a text's count of them is close to a sum over its words, digits, marks and
characters of each script. The counts are taken from bytes that stand for kinds of characters, all at the
speed of `bytes.count`; what each counts for in a family of tokenizers is data.
"""

from __future__ import annotations


def _table(rest: str, *kinds: tuple[bytes, str]) -> bytes:
    made = bytearray(rest.encode() * 256)
    for members, kind in kinds:
        for byte in members:
            made[byte] = ord(kind)
    return bytes(made)


_LOWER = bytes(range(0x61, 0x7B))
_UPPER = bytes(range(0x41, 0x5B))
_DIGITS = bytes(range(0x30, 0x3A))
_FOLLOWING = bytes(range(0x80, 0xC0))
"""The bytes after a character's first one; without them each is one byte, which tells its script."""

_KINDS = _table(
    ".",
    (_LOWER, "a"),
    (_UPPER, "A"),
    (_DIGITS, "0"),
    (b" ", " "),
    (b"\n\r", "n"),
    (b"\t", "t"),
    (bytes(range(0xC2, 0xCC)), "x"),  # Latin letters with marks
    (bytes(range(0xCC, 0xD0)), "o"),  # Greek
    (bytes(range(0xD0, 0xD5)), "c"),  # Cyrillic
    (bytes(range(0xD5, 0xE0)), "b"),  # Hebrew, Arabic
    (bytes(range(0xE0, 0xE2)), "i"),  # scripts of India, Thai; Vietnamese letters
    (b"\xe2", "p"),  # dashes, quotes, arrows, signs
    (b"\xe3", "k"),  # kana, and marks of Chinese and Japanese
    (bytes(range(0xE4, 0xEA)), "h"),  # Chinese characters
    (bytes(range(0xEA, 0xEE)), "g"),  # Korean
    (bytes(range(0xEE, 0xF0)), "f"),  # wide forms
    (bytes(range(0xF0, 0xF5)), "e"),  # emoji, rare characters
)
_WORDS = _table(" ", (_LOWER + _UPPER, "a"))
_NUMBERS = _table(" ", (_DIGITS, "0"))

ALONE = ("A", "0", " ", "n", "t", ".", "x", "o", "c", "b", "i", "p", "k", "h", "g", "f", "e")
TOGETHER = ("aA", "AA", "    ", "n ", "nn", "....", ".a", "a.", " .", ".0", " c", " 0", "0A", "hh", "hhhh")
RUNS = ("hf", "word", "word of 8", "number")
NAMES = (*ALONE, *TOGETHER, *RUNS)
"""What the figures of `shape` are, in their order."""

_PATTERNS = tuple([name.encode() for name in (*ALONE, *TOGETHER, "hf")])


def shape(text: str) -> list[int]:
    """The counts of a text, in the order of `NAMES`.

    >>> shape("Hello 你好")[NAMES.index("h")], shape("Hello 你好")[NAMES.index("word")]
    (2, 1)
    """
    raw = text.encode("utf-8", "surrogatepass")
    kinds = raw.translate(_KINDS, _FOLLOWING)
    words = b" " + raw.translate(_WORDS)
    numbers = b" " + raw.translate(_NUMBERS)
    return [
        *map(kinds.count, _PATTERNS),
        words.count(b" a"),
        words.count(b"aaaaaaaa"),
        numbers.count(b" 0"),
    ]
