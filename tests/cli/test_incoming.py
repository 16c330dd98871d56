"""What a user hands in."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from baimo.cli import incoming
from baimo.types.content import Audio, File, Image, Video
from tests.cli.conftest import Run


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
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "image/bmp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(tmp_path: Path, data: bytes, media_type: str) -> None:
    (tmp_path / "p").write_bytes(data)
    assert incoming.picture(str(tmp_path / "p")).media_type == media_type


def test_an_address_of_a_picture_is_left_alone_and_one_of_data_is_its_bytes() -> None:
    assert incoming.picture("https://a.test/x").url == "https://a.test/x"
    assert incoming.picture("data:image/png;base64,iVBORw0K").data == b"\x89PNG\r\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", b"%PDF-1.7", File),
        ("notes.md", b"# Hi", File),
        ("a.bin", b"ID3\x04", Audio),
        ("a.png", b"\x89PNG\r\n\x1a\n", Image),
        ("a.mp4", b"\0\0\0\x20ftypisom", Video),
    ],
)
def test_a_file_is_sent_as_what_it_is(tmp_path: Path, name: str, data: bytes, kind: type) -> None:
    (tmp_path / name).write_bytes(data)
    part = incoming.medium(str(tmp_path / name))
    assert type(part) is kind and part.data == data
    address = f"https://a.test/{name}?x=1"
    assert type(incoming.medium(address)) is (File if name == "a.bin" else kind)
    assert incoming.medium(address).url == address


def test_a_file_of_which_nothing_is_known_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"??")
    with pytest.raises(click.UsageError, match="cannot be told"):
        incoming.medium(str(tmp_path / "a.bin"))
    with pytest.raises(click.UsageError, match="cannot be read"):
        incoming.medium(str(tmp_path / "missing.pdf"))


def test_a_file_that_is_not_there_is_said_in_the_users_language(run: Run) -> None:
    for option in ("-i", "-f", "--schema"):
        assert "gone.png cannot be read: there is no such file" in run("ask", option, "gone.png", "x").stderr
    assert "没有这个文件" in run("ask", "-f", "没有.png", "x", BAIMO_LANG="zh").stderr
    assert "cannot be read: Is a directory" in run("ask", "-f", ".", "x").stderr
