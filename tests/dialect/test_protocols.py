"""What a dialect is."""

from __future__ import annotations

from baimo.dialect.protocols import ChatDialect, Dialect, EmbedDialect, ModelsDialect, Site
from baimo.dialects import get


def test_a_dialect_is_known_by_what_it_can_do() -> None:
    dialect = get("openai_chat")
    assert isinstance(dialect, Dialect)
    assert isinstance(dialect, ChatDialect)
    assert isinstance(dialect, EmbedDialect)
    assert isinstance(dialect, ModelsDialect)
    assert not isinstance(object(), ChatDialect)


def test_a_site_holds_no_secret() -> None:
    assert not {"key", "api_key", "secret", "token"} & set(Site.__struct_fields__)
