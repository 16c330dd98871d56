"""`OpenAI` and `AsyncOpenAI` of OpenAI's own package, over any provider: one import is changed, nothing else.

They are the SDK's classes: its types, streams, helpers and errors. Only what it would send goes to a client
of ours in this process in place of the network. Written for openai 3.54.0
(https://github.com/openai/openai-python, November 2026).

    from baimo.integrations.openai import OpenAI
    client = OpenAI()
    client.chat.completions.create(
        model="deepseek/deepseek-flash", messages=[{"role": "user", "content": "Say hello"}]
    ).choices[0].message.content"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self, TypeAlias

from baimo.client.async_client import AsyncClient
from baimo.client.base import Config
from baimo.client.client import Client
from baimo.config.provider import Key
from baimo.errors import InputError
from baimo.integrations.extras import missing
from baimo.integrations.openai_places import Places, find_places

try:
    import httpx2
    import openai

    from .transport import AsyncFaceTransport, FaceTransport
except ImportError as why:
    raise missing("openai", "openai>=3", why) from why

__all__ = ["AsyncOpenAI", "OpenAI"]

_NO_KEY = "kept-by-baimo"
"""What the SDK is told in place of a key: it asks for one, and nobody is sent it."""
_ANEW = ("api_key", "base_url", "max_retries")
"""Options of `with_options` that need another client of ours."""
_REFUSED = ("workload_identity", "provider", "data_residency")
"""The SDK's other ways to say who calls, and where."""
_Arguments: TypeAlias = dict[str, Any]


class _Inside(httpx2.Client):
    """The SDK's way to the network, which ends here."""

    def __del__(self) -> None:
        if not self.is_closed:
            self.close()


class _AsyncInside(httpx2.AsyncClient):
    """The same for asyncio."""


class OpenAI(openai.OpenAI):
    """`openai.OpenAI` over any provider.

    `model` is `provider/model`, an alias of the configuration, or a bare name, which means a model of OpenAI.
    `api_key` is the key for bare names; other providers' keys come from the environment, the configuration or
    `keys`, as for `baimo.Client`. With `base_url` every model is asked for at that address, by whatever name.
    `client` is a client of ours to use, which stays open. `max_retries` bounds how often a failed call is
    made again (2 where nothing is said); `timeout` is the SDK's, in seconds. What a provider cannot be told
    is left out: the header field `x-baimo-notes` says what, `x-baimo-cost` what a whole answer cost.

    Raises MissingExtraError without the package `openai`, ConfigError for a configuration that cannot be
    read; calls raise the SDK's own errors.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | httpx2.URL | None = None,
        keys: Mapping[str, Key] | None = None,
        config: Config = None,
        client: Client | None = None,
        max_retries: int | None = None,
        http_client: httpx2.Client | None = None,
        **options: Any,
    ) -> None:
        self._made: _Arguments = {
            "api_key": api_key,
            "base_url": base_url,
            "keys": keys,
            "config": config,
            "client": client,
            "max_retries": max_retries,
        }
        inside = self._inside(self._made) if http_client is None else http_client
        super().__init__(**_to_sdk(api_key, base_url, inside, options))

    def copy(self, **options: Any) -> Self:
        """As the SDK's: the same client with other options."""
        made, options = _changed(self._made, options)
        if made is not self._made:
            options["http_client"] = self._inside(made)
        copied: Self = super().copy(**options)
        copied._made = made
        return copied

    with_options = copy

    @staticmethod
    def _inside(made: _Arguments) -> _Inside:
        places, ours = _places(made), made["client"]
        owns = ours is None
        if owns:
            ours = Client(config=places.settings, max_retries=made["max_retries"])
        return _Inside(transport=FaceTransport(ours, places, owns=owns))


class AsyncOpenAI(openai.AsyncOpenAI):
    """`openai.AsyncOpenAI` over any provider, on asyncio; the arguments are those of `OpenAI`."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | httpx2.URL | None = None,
        keys: Mapping[str, Key] | None = None,
        config: Config = None,
        client: AsyncClient | None = None,
        max_retries: int | None = None,
        http_client: httpx2.AsyncClient | None = None,
        **options: Any,
    ) -> None:
        self._made: _Arguments = {
            "api_key": api_key,
            "base_url": base_url,
            "keys": keys,
            "config": config,
            "client": client,
            "max_retries": max_retries,
        }
        inside = self._inside(self._made) if http_client is None else http_client
        super().__init__(**_to_sdk(api_key, base_url, inside, options))

    def copy(self, **options: Any) -> Self:
        """As the SDK's: the same client with other options."""
        made, options = _changed(self._made, options)
        if made is not self._made:
            options["http_client"] = self._inside(made)
        copied: Self = super().copy(**options)
        copied._made = made
        return copied

    with_options = copy

    @staticmethod
    def _inside(made: _Arguments) -> _AsyncInside:
        places, ours = _places(made), made["client"]
        owns = ours is None
        if owns:
            ours = AsyncClient(config=places.settings, max_retries=made["max_retries"])
        return _AsyncInside(transport=AsyncFaceTransport(ours, places, owns=owns))


def _places(made: _Arguments) -> Places:
    """Where the names of models lead."""
    client, config = made["client"], made["config"]
    if client is not None:
        for name in ("api_key", "base_url", "keys", "config", "max_retries"):
            if made[name] is not None:
                raise InputError(f"{name} belongs to the client that was given: make it with that")
        config = client.settings
    key, address = made["api_key"], made["base_url"]
    if key is not None and not isinstance(key, str):
        raise InputError(
            f"api_key must be text, got {type(key).__name__}",
            hint="For tokens that change, configure how the provider signs.",
        )
    return find_places(
        api_key=key,
        base_url=None if address is None else str(address),
        keys=made["keys"],
        config=config,
        environ=os.environ,
    )


def _to_sdk(api_key: Any, base_url: Any, inside: Any, options: _Arguments) -> _Arguments:
    """The arguments of the SDK's own class."""
    if not isinstance(inside, (_Inside, _AsyncInside)):
        raise InputError(
            "http_client is no use here: nothing of the SDK's goes over the network",
            hint="Give transport= to a client of baimo, and that as client=.",
        )
    for name in _REFUSED:
        if options.get(name) not in (None, openai.NOT_GIVEN, openai.not_given):
            raise InputError(f"{name} is the SDK's own way to OpenAI and is not followed here")
    told = {**options, "http_client": inside, "max_retries": 0}
    told["api_key"] = api_key or os.environ.get("OPENAI_API_KEY") or _NO_KEY
    if base_url is not None:
        told["base_url"] = base_url
    return told


def _changed(made: _Arguments, options: _Arguments) -> tuple[_Arguments, _Arguments]:
    """What a copy is made with, and what of its options is the SDK's."""
    new = {
        name: options[name]
        for name in _ANEW
        if options.get(name) not in (None, openai.NOT_GIVEN, openai.not_given)
    }
    rest = {name: value for name, value in options.items() if name != "max_retries"}
    return ({**made, **new} if new else made), rest
