"""Sound as this wire gives it, samples without a head or a WAV file, to what was asked for.

Samples are 16 bits, one channel, the low byte first whatever their media type says (Google's own examples
write them into a WAV file as they are: https://ai.google.dev/gemini-api/docs/speech-generation, read on
29 November 2026).
"""

from __future__ import annotations

import re
import struct

RAW = "audio/L16;codec=pcm;rate=24000"
"""The media type of samples on this wire."""

_RAW = re.compile(r"(?i)audio/(?:l16|pcm)\b")
_RATE = re.compile(r"rate=(\d+)")
_USUAL_RATE = 24000
_UNKNOWN_LENGTH = 0xFFFFFFFF
"""What stands for the length in the head of a file that is written while it is made."""


def rate_of(kind: str) -> int:
    """Samples a second.

    >>> rate_of("audio/L16;codec=pcm;rate=16000"), rate_of("audio/L16")
    (16000, 24000)
    """
    found = _RATE.search(kind)
    return _USUAL_RATE if found is None else int(found[1])


def is_raw(kind: str) -> bool:
    """Whether that is samples without a head."""
    return _RAW.match(kind) is not None


def wav_head(rate: int, size: int | None) -> bytes:
    """The 44 bytes in front of so many bytes of samples; of a size that is not known yet, None.

    >>> wav_head(24000, 4)[:4], len(wav_head(24000, None))
    (b'RIFF', 44)
    """
    whole, samples = (_UNKNOWN_LENGTH, _UNKNOWN_LENGTH) if size is None else (36 + size, size)
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + form + b"data" + struct.pack("<I", samples)


def samples_of(file: bytes) -> tuple[bytes, int]:
    """The samples of a WAV file, and how many there are a second. Raises ValueError for what is none.

    >>> samples_of(wav_head(16000, 4) + b"abcd")
    (b'abcd', 16000)
    """
    rate, at = _USUAL_RATE, 12
    while file[:4] == b"RIFF" and at + 8 <= len(file):
        name, size = file[at : at + 4], int.from_bytes(file[at + 4 : at + 8], "little")
        if name == b"fmt ":
            rate = int.from_bytes(file[at + 12 : at + 16], "little")
        if name == b"data":
            return file[at + 8 : at + 8 + size], rate
        at += 8 + size + size % 2
    raise ValueError("the sound is no WAV file")
