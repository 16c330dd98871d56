"""In which form a dialect is best asked for an answer that is a value, as its rows and its wire have it."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from baimo.schema.rules import ANY, SchemaRules

from .protocols import Site

AnswerForm: TypeAlias = Literal["json_schema", "json_object"]
"""json_schema: the provider holds the answer to a schema. json_object: it knows no schema, or is known not to
hold to one: only that the answer be JSON is asked of it, and the model is told the schema in words."""


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """Said of one site."""

    first: AnswerForm = "json_schema"
    rules: SchemaRules = ANY
    """What a schema may hold there."""


USUAL = Forms()


@runtime_checkable
class FormsDialect(Protocol):
    """A dialect that has more to say than the usual."""

    def forms(self, site: Site) -> Forms:
        """What is said of a site."""
