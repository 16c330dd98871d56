"""What a user hands in."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from baimo.cli import incoming


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_or_without_a_mark_is_read(encoding: str) -> None:
    assert incoming.decode("百模 ok".encode(encoding), "it") == "百模 ok"


def test_what_is_no_text_is_named() -> None:
    with pytest.raises(click.UsageError, match=r"notes\.txt"):
        incoming.decode(b"\xff\x81\x00", "notes.txt")


def test_a_word_in_bytes_of_another_encoding_is_refused_in_words() -> None:
    assert incoming.argument("百模") == "百模"
    with pytest.raises(click.UsageError, match=r"command line|命令行"):
        incoming.argument(os.fsdecode(b"\xff\xfe\xfd"[::-1]))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"BM\0\0", "image/bmp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(tmp_path: Path, data: bytes, media_type: str) -> None:
    (tmp_path / "p").write_bytes(data)
    assert incoming.picture(str(tmp_path / "p")).media_type == media_type


def test_an_address_of_a_picture_is_left_alone() -> None:
    assert incoming.picture("data:image/png;base64,AA").url == "data:image/png;base64,AA"
