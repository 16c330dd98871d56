"""The key of a call: equal for calls that may have the same answer, different for all others.

Every field of a request, a deployment and a site is named here, as one that counts or as one that does not.
In doubt it counts: fetching once too often is cheap, a wrong answer is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from baimo.dialect.interval import Interval
from baimo.errors import InputError
from baimo.exchange import Deployment
from baimo.remember import VERSION
from baimo.rules import Route
from baimo.types.chat import ChatRequest

SCHEMA = 1
"""Of this module: goes up when a key's meaning changes."""

COUNTS = (
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "seed",
    "stop",
    "max_tokens",
    "n",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "response_format",
    "reasoning",
    "verbosity",
    "audio",
    "modalities",
    "prediction",
    "search",
    "unsupported",  # under "drop" an answer may be to less than was asked
    "extra",
    "headers",
    "foreign",
)
DOES_NOT_COUNT = {
    "model": "stands in the deployments, under its real name",
    "stream": "the same answer, in pieces",
    "include_usage": "whether usage is told, not what is said",
    "prompt_cache": "what the prompt costs, not what is said",
    "service_tier": "how soon and how dear, not what is said",
    "store": "what the provider does afterwards",
    "metadata": "for the provider's own lists",
    "user": "for the provider's watch over misuse; users that must not share are told apart by the scope",
    "prompt_cache_key": "where the provider looks for what it has read before",
}
UNSEEN_FIELDS = frozenset(
    (
        "baggage",
        "idempotency-key",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-client-request-id",
        "x-request-id",
    )
)
"""Header fields that no model sees. They differ from call to call."""

DEPLOYMENT_COUNTS = ("provider", "endpoint", "model", "dialect", "site", "headers", "extra")
DEPLOYMENT_DOES_NOT_COUNT = {
    "signer": "how it is signed",
    "secrets": "all keys see the same models",
    "limits": "how long it may take",
    "transport": "how bytes get there; the embedded model is a provider of its own",
    "weight": "which key is drawn",
    "key": "which key it is",
    "limit": "how many at once",
    "key_limit": "how many at once",
    "row_limit": "how many at once",
    "holidays": "what it costs",
    "facts": "what is known of the model",
    "advice": "what is said of refusals",
    "media": "what is looked at before anything is sent",
}
SITE_COUNTS = ("base_url", "region", "project", "app_id", "api_version", "quirks")
SITE_DOES_NOT_COUNT = {
    "provider": "counts as the deployment's",
    "codes": "how refusals are read",
}
_FRACTIONS = frozenset(
    name for name in COUNTS if name.endswith("_penalty") or name in ("temperature", "top_p", "min_p")
)
"""Fields in which 1 and 1.0 are the same."""


def key_of(request: ChatRequest, route: Route, *, scope: str = "") -> str:
    """The key of a chat: 64 hexadecimal digits, the same in every process and version of Python.

    Calls of different `scope` never share an answer.
    """
    asked = {name: value for name in COUNTS if (value := getattr(request, name)) != _DEFAULTS.get(name)}
    for name in _FRACTIONS & asked.keys():
        asked[name] = float(asked[name])
    if "headers" in asked and (seen := _seen(asked.pop("headers"))):
        asked["headers"] = seen
    pools = [list(dict.fromkeys(map(_place, pool))) for pool in route]
    whole = ["chat", SCHEMA, VERSION, scope, [[msgspec.Raw(one) for one in pool] for pool in pools], asked]
    return sha256(_encoded(whole)).hexdigest()


_DEFAULTS: dict[str, Any] = {
    field.name: field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    for field in msgspec.structs.fields(ChatRequest)
    if not field.required
}


def _place(at: Deployment) -> bytes:
    """All that counts of a deployment. The keys of a pool are often one place."""
    site = [getattr(at.site, name) for name in SITE_COUNTS]
    fields = [[name.decode("latin-1").lower(), text.decode("latin-1")] for name, text in at.headers]
    return _encoded([at.provider, at.endpoint, at.model, at.dialect.name, site, fields, at.extra])


def _seen(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted((name.lower(), text) for name, text in fields.items() if name.lower() not in UNSEEN_FIELDS)


def _encoded(value: Any) -> bytes:
    """JSON with sorted keys."""
    return msgspec.json.encode(value, enc_hook=_plain, order="sorted")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Interval):  # a range that a quirk names
        return value.text
    raise InputError(f"a {type(value).__name__} cannot be sent")
