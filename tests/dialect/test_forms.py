"""In which form dialects are asked for values."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialect.forms import USUAL, Forms, FormsDialect
from baimo.dialect.protocols import Site
from baimo.dialects import get
from baimo.schema.rules import ANY, BOUNDED, CLOSED, STRICT, UNBOUNDED, SchemaRules

SITE = Site(base_url="https://example.invalid")


def forms(name: str, **quirks: Any) -> Forms:
    dialect = get(name)
    assert isinstance(dialect, FormsDialect)
    return dialect.forms(Site(base_url=SITE.base_url, quirks=dialect.quirks(quirks)) if quirks else SITE)


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("openai_chat", STRICT),
        ("openai_responses", STRICT),
        ("anthropic_messages", CLOSED),
        ("bedrock_converse", CLOSED),
        ("gemini", BOUNDED),
        ("cohere_chat", UNBOUNDED),
        ("dashscope", ANY),
    ],
)
def test_each_wire_tells_what_a_schema_may_hold(name: str, rules: SchemaRules) -> None:
    assert forms(name) == Forms(rules=rules)


def test_rows_say_where_a_schema_is_not_held_to() -> None:
    assert forms("openai_chat", extras=["schema_told"]).first == "json_object"
    assert forms("dashscope", schema_told=True).first == "json_object"
    assert forms("gemini", schemas="openapi").rules == ANY
    assert Forms() == USUAL
