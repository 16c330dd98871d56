"""The models that a server has, and what it tells of one, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from .request import to_json
from .served_request import body_of, named
from .whole import decode_body
from .words import address, decode_time, encode_time

_GET = ((b"accept", b"application/json"),)
_POST = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

_ARCHITECTURE = "general.architecture"
_CONTEXT = ".context_length"


def encode_models(site: Site) -> HttpRequest:
    """The unsigned request for /api/tags."""
    origin, target = address(site, "/api/tags")
    return HttpRequest(method="GET", origin=origin, target=target, headers=_GET)


def decode_models(head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
    """The models that a server has, in its order. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    entries = content.get("models")
    if entries is None and "models" in content:
        entries = []  # a server without a model
    if not isinstance(entries, list):
        raise WireError("the reply has no field 'models' with a list of models")
    found = [_model(entry, site.provider) for entry in entries if isinstance(entry, dict)]
    return tuple([model for model in found if model is not None])


def _model(entry: dict[str, Any], provider: str) -> ModelInfo | None:
    name = entry.get("model") or entry.get("name")
    if not isinstance(name, str):
        return None
    details = _mapping(entry.get("details"))
    return _info(name, provider, entry, details, _number(details.get("context_length")))


def encode_describe(model: str, site: Site) -> HttpRequest:
    """The unsigned request for /api/show."""
    origin, target = address(site, "/api/show")
    return HttpRequest(
        method="POST", origin=origin, target=target, headers=_POST, body=to_json({"model": model})
    )


def decode_describe(model: str, head: WireHead, body: bytes, site: Site) -> ModelInfo:
    """What the server tells of a model. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    facts = _mapping(content.get("model_info"))
    context = _number(facts.get(f"{facts.get(_ARCHITECTURE)}{_CONTEXT}"))
    if context is None:
        context = next((_number(value) for name, value in facts.items() if name.endswith(_CONTEXT)), None)
    return _info(model, site.provider, content, _mapping(content.get("details")), context)


def _info(
    name: str, provider: str, entry: dict[str, Any], details: dict[str, Any], context: int | None
) -> ModelInfo:
    words = entry.get("capabilities")
    words = [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    seen = [kind for word, kind in (("vision", "image"), ("audio", "audio")) if word in words]
    return ModelInfo(
        id=name,
        provider=provider,
        context=context,
        input_modalities=("text", *seen) if words else (),
        output_modalities=("text",) if "completion" in words else (),
        capabilities=tuple(words),
        size=_number(entry.get("size")),
        parameters=_word(details.get("parameter_size")),
        quantization=_word(details.get("quantization_level")),
        created=decode_time(entry.get("modified_at")),
    )


def encode_model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of /api/tags."""
    return msgspec.json.encode({"models": [_entry(model) for model in models]})


def encode_running(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of /api/ps, with those models loaded."""
    running = []
    for model in models:
        entry = _entry(model)
        size = entry.pop("size")
        entry |= {"size": size, "size_vram": size, "expires_at": entry.pop("modified_at")}
        if model.context is not None:
            entry["context_length"] = model.context
        running.append(entry)
    return msgspec.json.encode({"models": running})


def _entry(model: ModelInfo) -> dict[str, Any]:
    from hashlib import sha256

    details = _details(model)
    if model.context is not None:
        details["context_length"] = model.context
    entry: dict[str, Any] = {
        "name": model.id,
        "model": model.id,
        "modified_at": encode_time(model.created),
        "size": model.size or 0,
        # Of the file, at a real server; clients show its beginning.
        "digest": sha256(model.id.encode("utf-8", "replace")).hexdigest(),
        "details": details,
    }
    if model.capabilities:
        entry["capabilities"] = model.capabilities
    return entry


def _family(model: ModelInfo) -> str:
    """The architecture that a name tells: `qwen3` of `someone/qwen3:8b`."""
    return model.id.rpartition("/")[2].partition(":")[0] or "unknown"


def _details(model: ModelInfo) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": _family(model),
        "families": [_family(model)],
        "parameter_size": model.parameters or "",
        "quantization_level": model.quantization or "",
    }


class _Asked(msgspec.Struct):
    model: str = ""
    name: str = ""


_asked = msgspec.json.Decoder(_Asked)


def decode_describe_request(wire: HttpRequest) -> str:
    """Being the provider: the model that a caller asks about. Raises InputError."""
    return asked_model(body_of(wire))


def asked_model(raw: bytes) -> str:
    """The model that a body names; older callers write `name`. Raises InputError."""
    try:
        asked = _asked.decode(raw)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not (asked.model or asked.name):
        raise InputError("model is required")
    return asked.model or asked.name


def encode_description(info: ModelInfo) -> bytes:
    """Being the provider: the body of /api/show. The official client insists on `model_info`."""
    facts: dict[str, Any] = {_ARCHITECTURE: _family(info)}
    if info.context is not None:
        facts[f"{_family(info)}{_CONTEXT}"] = info.context
    return msgspec.json.encode(
        {
            "modelfile": f"FROM {info.id}\n",
            "parameters": "",
            "template": "{{ .Prompt }}",
            "details": _details(info),
            "model_info": facts,
            "capabilities": info.capabilities or ("completion",),
            "modified_at": encode_time(info.created),
        }
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
