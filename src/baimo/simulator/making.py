"""What a simulated provider makes besides words: always the same of the same request.

Sound that it speaks holds the words themselves, so that it can tell them when it is given the sound again.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

from baimo.types.images import ImagesRequest, ImagesResponse, MadeImage
from baimo.types.moderation import Moderated, ModerateRequest, ModerationResponse
from baimo.types.speech import SpeechRequest, SpeechResponse
from baimo.types.transcription import Segment, TranscribeRequest, Transcription, Word
from baimo.types.usage import Usage

from .reply import count

MAKING = ("images", "transcribe", "speak", "moderate")
"""The operations."""

_RISKS = {
    "violence": ("kill", "murder", "杀人"),
    "self-harm": ("suicide", "自杀"),
    "sexual": ("porn", "色情"),
}
_MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00"
_SECOND = 16
"""Letters that are spoken in one."""


def images(request: ImagesRequest) -> ImagesResponse:
    """So many pictures of one colour as were asked for."""
    made = [
        MadeImage(bytes=png(f"{request.prompt} {request.seed} {number}"), media_type="image/png")
        for number in range(request.n or 1)
    ]
    usage = Usage(input_uncached=count(request.prompt), image_in=0, image_out=272 * len(made))
    return ImagesResponse(images=tuple(made), usage=usage, created=1_790_000_000, model=request.model)


def png(text: str) -> bytes:
    """A picture of one point, whose colour is the text's."""
    colour = hashlib.sha256(text.encode("utf-8", "replace")).digest()[:3]

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    points = zlib.compress(b"\0" + colour)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", points) + chunk(b"IEND", b"")


def speech(request: SpeechRequest) -> SpeechResponse:
    """The words as samples, in a container where one was asked for."""
    samples = request.text.encode("utf-8", "replace")
    if request.format == "wav":
        return SpeechResponse(audio=wav(samples), model=request.model)
    return SpeechResponse(
        audio=(_MP3 if request.format in (None, "mp3") else b"") + samples, model=request.model
    )


def wav(samples: bytes, rate: int = 8000) -> bytes:
    """Samples of 8 bits, one channel, as a file."""
    format = struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(format)) + format
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def transcription(request: TranscribeRequest) -> Transcription:
    """The words of sound that was spoken here; of other sound its size."""
    text = heard(request.audio.data or b"")
    seconds = len(text) / _SECOND
    words, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        words.append(Word(start=start / _SECOND, end=at / _SECOND, word=word))
    return Transcription(
        text=text,
        segments=(Segment(start=0.0, end=seconds, text=text),),
        words=tuple(words),
        language=request.language,
        duration=seconds,
        model=request.model,
    )


def heard(sound: bytes) -> str:
    """
    >>> heard(wav(b"Hello"))
    'Hello'
    """
    if sound.startswith(b"RIFF"):
        samples = sound.partition(b"data")[2][4:]
    elif sound.startswith(_MP3):
        samples = sound[len(_MP3) :]
    else:
        return f"{len(sound)} bytes of sound"
    return samples.decode("utf-8", "replace")


def moderation(request: ModerateRequest) -> ModerationResponse:
    """Texts are flagged for words that are known to be bad."""
    results = []
    for text in request.inputs:
        found = {risk: any(word in text.lower() for word in words) for risk, words in _RISKS.items()}
        scores = {risk: 0.99 if is_found else 0.01 for risk, is_found in found.items()}
        results.append(Moderated(flagged=any(found.values()), categories=found, scores=scores))
    return ModerationResponse(results=tuple(results), model=request.model)
