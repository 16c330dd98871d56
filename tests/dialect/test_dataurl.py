"""Bytes as addresses that hold them."""

from __future__ import annotations

import pytest

from baimo.dialect.dataurl import decode_data_url, encode_data_url, image_type


def test_an_address_holds_bytes_and_their_type() -> None:
    url = encode_data_url(b"Hi", "text/plain")
    assert url == "data:text/plain;base64,SGk="
    assert decode_data_url(url) == (b"Hi", "text/plain")


def test_base64_alone_has_no_type() -> None:
    assert decode_data_url("SGk=") == (b"Hi", None)
    assert decode_data_url("data:,SGk=") == (b"Hi", None)
    assert decode_data_url("data:;base64,SGk=") == (b"Hi", None)


@pytest.mark.parametrize("url", ["data:image/png;base64,%", "S"])
def test_what_is_no_base64_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        decode_data_url(url)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"%PDF-1.7", "image/png"),
        (b"?", "image/png"),
    ],
)
def test_a_pictures_first_bytes_tell_its_type(data: bytes, kind: str) -> None:
    assert image_type(data) == kind
