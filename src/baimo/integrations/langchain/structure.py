"""Structured output by the provider's own means, without a tool."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel

from baimo.errors import InputError


def formed(
    model: Any, schema: Any, *, method: str, include_raw: bool, strict: bool | None
) -> Runnable[Any, Any]:
    """The model with a response format, and behind it the parser of the schema."""
    if method not in ("json_schema", "json_mode"):
        raise InputError(f"method must be function_calling, json_schema or json_mode; got {method!r}")
    if method == "json_mode":
        wanted: Any = "json_object"
    else:
        told = convert_to_json_schema(schema)
        name = str(told.get("title") or "answer").replace(" ", "_")
        wanted = {"type": "json_schema", "name": name, "schema": told, "strict": strict}
    is_model = isinstance(schema, type) and issubclass(schema, BaseModel)
    parser: Runnable[Any, Any] = (
        PydanticOutputParser(pydantic_object=schema) if is_model else JsonOutputParser()
    )
    bound = model.bind(
        response_format=wanted,
        validate=False,  # the parser looks at it
        ls_structured_output_format={"kwargs": {"method": method}, "schema": schema},
    )
    if not include_raw:
        whole: Runnable[Any, Any] = bound | parser
        return whole
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    kept: Runnable[Any, Any] = RunnableMap(raw=bound) | parsed.with_fallbacks(
        [failed], exception_key="parsing_error"
    )
    return kept
