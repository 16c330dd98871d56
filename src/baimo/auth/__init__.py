"""Signers: what turns a wire request into one the provider accepts. Pure; the time is an argument.

The names that this package offers are for people's own HTTP code: `sign`, `explain`, `spark_url`,
`iam_token`, `aiam_token`. They look at the clock or call a service, so they live with the client and are
loaded when they are first used.
"""

from typing import Any

_HOMES = {
    "baimo.client.signing": "SignedRequest explain sign spark_url",
    "baimo.client.tokens": "Token aiam_token iam_token",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["SignedRequest", "Token", "aiam_token", "explain", "iam_token", "sign", "spark_url"]


def __getattr__(name: str) -> Any:
    """Loads a public name on first use and keeps it."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'baimo.auth' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
