"""Content codings of HTTP bodies: gzip and deflate, undone as the bytes come and in bounded pieces."""

from __future__ import annotations

import zlib

from baimo.errors import TransportError

MAX_PIECE_BYTES = 256 * 1024
"""A few compressed bytes can stand for very many: no more than this comes out at once."""

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"
_RAW = -zlib.MAX_WBITS
_ZLIB_METHOD = 8
_ZLIB_CHECK = 31


class BodyDecoder:
    """Undoes one content coding. All that the input allows comes out at once: a live stream is not held."""

    def __init__(self, codings: tuple[bytes, ...]) -> None:
        """Raises TransportError for a coding that we never ask for, and for several on top of each other."""
        if codings not in ((b"gzip",), (b"x-gzip",), (b"deflate",)):
            names = ", ".join(coding.decode("latin-1") for coding in codings)
            raise TransportError(f"the body is coded as {names}, which was not asked for", retryable=False)
        self._is_gzip = codings != (b"deflate",)
        self._inflate: zlib._Decompress | None = None
        self._waiting = b""

    @property
    def waiting(self) -> int:
        """Compressed bytes that are in hand and not decoded yet."""
        return len(self._waiting)

    def feed(self, data: bytes) -> None:
        self._waiting += data

    def piece(self) -> bytes:
        """The next decoded bytes, `b""` when more input is needed. Raises TransportError for broken data."""
        while self._waiting:
            inflate = self._inflate or self._begin()
            if inflate is None:
                return b""
            if inflate.eof:
                inflate = self._next_member()
                if inflate is None:
                    return b""
            try:
                out = inflate.decompress(self._waiting, MAX_PIECE_BYTES)
            except zlib.error as error:
                raise _damaged(f"is broken: {error}") from None
            self._waiting = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            if out:
                return out
        return b""

    def end(self) -> None:
        """The body is over. Raises TransportError when the compressed data is not."""
        if self._waiting or (self._inflate is not None and not self._inflate.eof):
            raise _damaged("was cut off")

    def _begin(self) -> zlib._Decompress | None:
        """`deflate` means zlib's wrapping, but some servers send the bare data: the first two bytes tell."""
        if self._is_gzip:
            self._inflate = zlib.decompressobj(_GZIP)
            return self._inflate
        if len(self._waiting) < len(_GZIP_MAGIC):
            return None
        first, second = self._waiting[:2]
        wrapped = first & 0x0F == _ZLIB_METHOD and (first << 8 | second) % _ZLIB_CHECK == 0
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS if wrapped else _RAW)
        return self._inflate

    def _next_member(self) -> zlib._Decompress | None:
        """Several gzip members may follow each other; padding after the last one is no concern of ours."""
        if not self._is_gzip or not _GZIP_MAGIC.startswith(self._waiting[:2]):
            self._waiting = b""
            return None
        if len(self._waiting) < len(_GZIP_MAGIC):
            return None
        self._inflate = zlib.decompressobj(_GZIP)
        return self._inflate


def _damaged(how: str) -> TransportError:
    error = TransportError(f"the compressed body {how}")
    error.damaged = True
    return error
