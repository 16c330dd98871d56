"""What a picture costs: the memory of encoding and of reading a request, in copies of its base64 text."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import pytest

from baimo import dialects
from baimo.dialect.protocols import ChatDialect, Site
from baimo.errors import UnsupportedError
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Image, Text

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(248)) + bytes(range(256)) * 6143
BASE64 = len(PICTURE) // 3 * 4
COPIES = 3
WITHOUT = {"pangu", "qianfan_v1"}
"""Dialects that carry no pictures."""

Made = TypeVar("Made")
SITE = Site(base_url="https://api.example", region="us-east-1", app_id="fake")


def dialect_of(name: str) -> ChatDialect:
    found = dialects.get(name)
    assert isinstance(found, ChatDialect)
    return found


def request(picture: bytes) -> ChatRequest:
    """Of the model that takes pictures where a wire has only one; elsewhere any name does."""
    parts = (Text(text="What is this?"), Image(data=picture, media_type="image/png"))
    return ChatRequest(model="image", messages=(Message(role=Role.USER, content=parts),), max_tokens=9)


def copies(make: Callable[[], Made]) -> tuple[Made, float]:
    """What was made, and how much memory it took at the peak, in sizes of the base64 text."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        made = make()
        return made, (tracemalloc.get_traced_memory()[1] - before) / BASE64
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", [name for name in dialects.names() if name not in WITHOUT])
def test_a_picture_of_two_megabytes_is_copied_three_times_at_most(name: str) -> None:
    assert BASE64 == 2 * 1024 * 1024
    dialect = dialect_of(name)
    dialect.decode_request(dialect.encode_request(request(PICTURE[:99]), SITE))  # what is imported once
    wire, sending = copies(lambda: dialect.encode_request(request(PICTURE), SITE))
    served, serving = copies(lambda: dialect.decode_request(wire))
    pictures = [part for message in served.messages for part in message.content if isinstance(part, Image)]
    assert [part.data for part in pictures] == [PICTURE]
    assert sending <= COPIES
    assert serving <= COPIES


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_the_others_refuse_pictures(name: str) -> None:
    with pytest.raises(UnsupportedError, match="image"):
        dialect_of(name).encode_request(request(PICTURE[:99]), SITE)
