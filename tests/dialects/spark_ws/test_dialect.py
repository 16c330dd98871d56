"""What the dialect tells of itself."""

from __future__ import annotations

from baimo import dialects
from baimo.dialect.protocols import ChatDialect, EmbedDialect, ServedDialect
from baimo.dialects.spark_ws import DIALECT, GivenPair, Quirks


def test_it_is_found_by_name_and_can_chat_embed_and_serve() -> None:
    found = dialects.get("spark_ws")
    assert found is DIALECT
    for capability in (ChatDialect, EmbedDialect, ServedDialect):
        assert isinstance(found, capability)


def test_quirks_are_read_from_a_rows_table() -> None:
    fields = {"pairs": {"m": {"path": "/v9/chat", "patch_id": ["r"]}}, "embed_url": "https://e.example"}
    assert DIALECT.quirks(fields) == Quirks(
        pairs={"m": GivenPair(path="/v9/chat", patch_id=("r",))}, embed_url="https://e.example"
    )
