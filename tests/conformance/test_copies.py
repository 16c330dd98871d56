"""A large picture on its way from its bytes to the wire costs few copies of memory, whatever the wire."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from baimo import dialects
from baimo.dialect.protocols import Site
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Image, Text

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 6144
BASE64 = len(PICTURE) * 4 // 3
"""Two million characters."""
BLIND = {"pangu", "qianfan_v1"}
"""Wires that take no pictures."""


@pytest.mark.parametrize("name", sorted(set(dialects.names()) - BLIND))
def test_a_picture_of_two_megabytes_costs_at_most_three_copies(name: str) -> None:
    dialect: Any = dialects.get(name)
    site = Site(base_url="https://acme.test/v1", region="us-east-1", app_id="a", quirks=dialect.quirks({}))
    parts = (Text(text="What is this?"), Image(data=PICTURE, media_type="image/png"))
    request = ChatRequest(
        model="image" if name == "spark_ws" else "m",
        messages=(Message(role=Role.USER, content=parts),),
        max_tokens=10,
    )
    dialect.encode_request(request, site)  # what is loaded on first use does not count
    tracemalloc.start()
    try:
        wire = dialect.encode_request(request, site)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 3 * BASE64
    assert wire.origin
