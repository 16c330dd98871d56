"""The ways of signing that rows may name: for each the signer, and the secrets it must or may be given."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import msgspec

from baimo.errors import ConfigError

from .signer import Signer


class Scheme(msgspec.Struct, frozen=True):
    """One way of signing."""

    home: str
    """Module and class of the signer; imported when it is first made."""
    needs: tuple[str, ...]
    """The secrets it must be given, in the order in which people are asked for them."""
    may: tuple[str, ...] = ()
    """Those it takes when they are there."""
    grants: tuple[str, ...] = ()
    """Those it fetches itself before it signs."""


_ACCESS = ("access_key", "secret_key")
_TOKEN = ("iam_token",)
KEYS = ("bearer", "header", "none")
"""Schemes that send one key as it is; the row says under which name it is set."""
_SIGNED: Mapping[str, Scheme] = {
    "tc3": Scheme("tc3.TC3", ("secret_id", "secret_key"), ("token",)),
    "sdk_hmac_sha256": Scheme("sdk_hmac.SdkHmac", _ACCESS, ("security_token",)),
    "iam_token": Scheme("iam.IamToken", ("iam_user", "iam_password", "iam_domain"), grants=_TOKEN),
    "entra_token": Scheme(
        "entra.EntraToken", ("tenant_id", "client_id", "client_secret"), grants=("entra_token",)
    ),
    "google_token": Scheme("google.GoogleToken", ("service_account",), grants=("google_token",)),
    "sigv4": Scheme("sigv4.SigV4", _ACCESS, ("session_token",)),
    "spark_url": Scheme("spark_address.SparkUrl", ("api_key", "api_secret")),
    "bce_auth_v1": Scheme("bce.BceAuthV1", _ACCESS),
    "access_token": Scheme("access_token.AccessToken", ("app_key", "app_secret"), grants=("access_token",)),
    "zhipu_jwt": Scheme("zhipu_jwt.ZhipuJwt", ("api_key",)),
    "sensenova_jwt": Scheme("sensenova_jwt.SenseNovaJwt", _ACCESS),
    "volcengine_v4": Scheme("volcengine_v4.VolcengineV4", _ACCESS, ("session_token",)),
    "volcengine_key": Scheme("volcengine_key.VolcengineKey", _ACCESS, ("session_token",), ("api_key",)),
}
_BY_METHOD: Mapping[tuple[str, str], Scheme] = {
    ("iam_token", "hw_ak_sk"): Scheme("iam.IamToken", _ACCESS, grants=_TOKEN),
    ("access_token", "given"): Scheme("access_token.AccessToken", ("access_token",)),
}
NAMES = (*KEYS, *_SIGNED)
"""All schemes."""


def find(name: str, options: Mapping[str, Any], *, key: str = "api_key") -> Scheme:
    """What a scheme needs with those options; `key` is the name of the key that key schemes send.

    Raises ConfigError naming near schemes for one that is not known.
    """
    if name in KEYS:
        return Scheme("", (), (key,)) if name == "none" else Scheme("", (key,))
    found = _BY_METHOD.get((name, str(options.get("method")))) or _SIGNED.get(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, NAMES, n=3, cutoff=0.6)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There is {', '.join(NAMES)}."
        raise ConfigError(f"unknown auth scheme {name!r}", hint=hint)
    return found


def signer(name: str, options: Mapping[str, Any]) -> Signer:
    """The signer of a scheme that is no key scheme. Raises ConfigError for an option it does not know."""
    module, _, kind = find(name, options).home.rpartition(".")
    make = getattr(import_module(f"{__package__}.{module}"), kind)
    try:
        made: Signer = make(**options)
    except TypeError as error:
        raise ConfigError(f"auth scheme {name!r} has no such option: {error}") from error
    return made


def scheme_of(made: Signer) -> tuple[str, dict[str, Any]]:
    """The scheme of a signer that `signer` made, and its options: what makes another one like it.

    Raises ConfigError for a signer of somebody's own.
    """
    home = f"{type(made).__module__.rpartition('.')[2]}.{type(made).__name__}"
    for name, scheme in _SIGNED.items():
        if scheme.home == home:
            code = getattr(type(made).__init__, "__code__", None)  # None: it takes no option
            names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount] if code else ()
            return name, {option: getattr(made, f"_{option}") for option in names}
    raise ConfigError(f"{type(made).__name__} is no signer of a known scheme")
