"""Content codings: any cut, live flushes, bounds, and bodies that are cut off or broken."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import TransportError
from baimo.wire.http1_coding import MAX_PIECE_BYTES, BodyDecoder

TEXT = b"one two three " * 40


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODED = {
    "gzip": (b"gzip", gzip.compress(TEXT)),
    "members": (b"gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
    "zlib": (b"deflate", zlib.compress(TEXT)),
    "bare": (b"deflate", bare(TEXT)),
}


def decode(coding: bytes, pieces: list[bytes]) -> bytes:
    decoder = BodyDecoder((coding,))
    out = b""
    for piece in pieces:
        decoder.feed(piece)
        while got := decoder.piece():
            out += got
    decoder.end()
    return out


@pytest.mark.parametrize(("coding", "raw"), CODED.values(), ids=CODED)
def test_the_same_text_however_the_bytes_are_cut(coding: bytes, raw: bytes) -> None:
    for at in range(len(raw) + 1):
        assert decode(coding, [raw[:at], raw[at:]]) == TEXT
    assert decode(coding, [raw[at : at + 1] for at in range(len(raw))]) == TEXT


@pytest.mark.parametrize(("coding", "raw"), CODED.values(), ids=CODED)
def test_a_body_that_is_cut_off_is_an_error(coding: bytes, raw: bytes) -> None:
    for at in (1, len(raw) // 2, len(raw) - 1):
        if at == len(gzip.compress(TEXT[:100])):
            continue
        with pytest.raises(TransportError, match="cut off"):
            decode(coding, [raw[:at]])


def test_an_empty_body_is_whole() -> None:
    assert decode(b"gzip", []) == b""
    assert decode(b"deflate", [b""]) == b""


@pytest.mark.parametrize("padding", [b"\0" * 20, b"trailing", b"\x1e"])
def test_padding_after_the_last_member_is_ignored(padding: bytes) -> None:
    assert decode(b"gzip", [gzip.compress(TEXT) + padding]) == TEXT
    assert decode(b"deflate", [zlib.compress(TEXT) + padding]) == TEXT


@pytest.mark.parametrize(("coding", "raw"), [(b"gzip", b"plain text"), (b"deflate", b"\x78\x9cplain text")])
def test_data_that_is_not_compressed_is_an_error(coding: bytes, raw: bytes) -> None:
    with pytest.raises(TransportError, match="broken"):
        decode(coding, [raw])


@given(st.binary(max_size=200))
def test_any_bytes_end_in_data_or_in_its_own_error(data: bytes) -> None:
    for coding in (b"gzip", b"deflate"):
        try:
            decode(coding, [data])
        except TransportError:
            continue


def test_what_was_flushed_comes_out_at_once() -> None:
    packer = zlib.compressobj(wbits=31)
    decoder = BodyDecoder((b"gzip",))
    for piece in (b"first", b"second"):
        decoder.feed(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH))
        assert decoder.piece() == piece
        assert decoder.piece() == b""
        assert decoder.waiting == 0


def test_no_piece_is_larger_than_the_bound() -> None:
    decoder = BodyDecoder((b"x-gzip",))
    decoder.feed(gzip.compress(bytes(10 * MAX_PIECE_BYTES)))
    sizes = [len(piece) for piece in iter(decoder.piece, b"")]
    assert sum(sizes) == 10 * MAX_PIECE_BYTES
    assert max(sizes) == MAX_PIECE_BYTES


@pytest.mark.parametrize("codings", [(b"br",), (b"gzip", b"deflate"), (b"zstd", b"gzip")])
def test_codings_that_nobody_asked_for_are_named(codings: tuple[bytes, ...]) -> None:
    with pytest.raises(TransportError, match=codings[0].decode()) as caught:
        BodyDecoder(codings)
    assert not caught.value.retryable
