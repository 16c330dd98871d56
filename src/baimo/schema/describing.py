"""Descriptions that msgspec does not look for: texts in Annotated, and the metadata of dataclass fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect


def described_fields(kind: Any, root: dict[str, Any], named: dict[str, Any]) -> None:
    """Lay descriptions into a schema that was just made: its root and the classes that it names."""
    said = _of_annotated(kind)
    if said is not None:
        _add(root, said)
    classes = tuple(_classes(kind))
    references, _ = msgspec.json.schema_components(classes, schema_hook=lambda inner: {"type": "object"})
    for cls, reference in zip(classes, references, strict=True):
        schema = named[reference["$ref"].removeprefix("#/$defs/")]
        fields = _fields(cls)
        for told, description in fields:
            if description is not None and told in schema.get("properties", {}):
                _add(schema["properties"][told], description)
        if "prefixItems" in schema:  # an array has no place for names
            names = ", ".join([told for told, _ in fields])
            _add(schema, f"An array of: {names}")
            for (_, description), item in zip(fields, schema["prefixItems"], strict=True):
                if description is not None:
                    _add(item, description)


def _add(schema: dict[str, Any], description: str) -> None:
    if "description" not in schema:
        rest = dict(schema)
        schema.clear()
        schema.update({"description": description, **rest})


def _classes(kind: Any) -> Iterator[Any]:
    """The classes with fields that a type is made of."""
    seen: set[Any] = set()
    waiting: list[Any] = [inspect.type_info(kind)]
    while waiting:
        info = waiting.pop()
        fields = getattr(info, "fields", None)
        if fields is not None:
            cls = info.cls
            if cls in seen:
                continue
            seen.add(cls)
            if hasattr(cls, "__pydantic_validator__"):
                raise TypeError("a dataclass of pydantic must stand in a model of it, such as RootModel[…]")
            yield cls
            waiting += [field.type for field in fields]
        for name in ("type", "item_type", "key_type", "value_type"):
            inner = getattr(info, name, None)
            if isinstance(inner, inspect.Type):
                waiting.append(inner)
        waiting += getattr(info, "item_types", ())
        waiting += getattr(info, "types", ())


def _fields(cls: Any) -> list[tuple[str, str | None]]:
    """Each field's name in JSON, with its description where there is one."""
    origin = get_origin(cls) or cls
    hints = get_type_hints(origin, include_extras=True)
    metadata = {
        name: field.metadata.get("description")
        for name, field in getattr(origin, "__dataclass_fields__", {}).items()
    }
    told = [(field.encode_name, field.name) for field in inspect.type_info(cls).fields]  # type: ignore[attr-defined]
    return [(shown, _of_annotated(hints.get(name)) or metadata.get(name)) for shown, name in told]


def _of_annotated(hint: Any) -> str | None:
    """The text in an Annotated, or that of an object with `documentation`."""
    if get_origin(hint) is not Annotated:
        for inner in get_args(hint) if _is_wrapper(hint) else ():
            return _of_annotated(inner)
        return None
    for one in hint.__metadata__:
        said = getattr(one, "documentation", one)
        if isinstance(said, str):
            return said
    return None


def _is_wrapper(hint: Any) -> bool:
    """Required[…], NotRequired[…] and the like, which say nothing of the value."""
    return getattr(get_origin(hint), "__name__", getattr(get_origin(hint), "_name", "")) in _WRAPPERS


_WRAPPERS = ("Required", "NotRequired", "ReadOnly", "ClassVar")
