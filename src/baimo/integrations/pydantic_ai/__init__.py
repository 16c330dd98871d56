"""`BaimoModel`: a model of pydantic-ai, over any provider.

Written for pydantic-ai-slim 2.68 (https://github.com/pydantic/pydantic-ai, November 2026).

    from pydantic_ai import Agent
    from baimo.integrations.pydantic_ai import BaimoModel
    Agent(BaimoModel("deepseek/deepseek-flash")).run_sync("Say hello").output
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from baimo.client.async_client import AsyncClient
from baimo.client.base import Config
from baimo.config.provider import Key
from baimo.errors import Error, ProviderError
from baimo.integrations.extras import missing

try:
    from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
    from pydantic_ai.settings import ModelSettings

    from .answers import BaimoStream, response_of
    from .asking import messages_of, options_of
except ImportError as why:
    raise missing("pydantic-ai", "pydantic-ai-slim>=2", why) from why

__all__ = ["BaimoModel"]

_PROFILE = {
    "supports_tools": True,
    "supports_json_schema_output": True,
    "supports_json_object_output": True,
    "supports_thinking": True,
}
"""What a client of ours can ask for; what a provider cannot be told is left out with a note."""


class BaimoModel(Model[Any]):
    """A model of pydantic-ai, over any provider.

    `name` is `provider/model` or an alias. `options` are any others of `baimo.Client.chat` for every call;
    pydantic-ai's own settings stand above them. `keys`, `config` and `max_retries` are as for
    `baimo.AsyncClient`; `client` stands for the client that would be made, and stays open. Thoughts are
    parts of the answer, and go back to the provider as it wants them.

    Calls raise pydantic-ai's ModelHTTPError for a refusal and ModelAPIError for any other failure; the error
    of ours is its cause.
    """

    def __init__(
        self,
        name: str,
        *,
        keys: Mapping[str, Key] | None = None,
        config: Config = None,
        max_retries: int | None = None,
        client: AsyncClient | None = None,
        options: Mapping[str, Any] = {},
        profile: Any = None,
        settings: ModelSettings | None = None,
    ) -> None:
        super().__init__(settings=settings, profile={**_PROFILE, **(profile or {})})
        self._name = name
        self._options = dict(options)
        self._owns = client is None
        self._baimo = client or AsyncClient(keys=keys, config=config, max_retries=max_retries)

    @property
    def model_name(self) -> str:
        """The name without the provider."""
        provider, _, model = self._name.partition("/")
        return model or provider

    @property
    def system(self) -> str:
        """The provider, as the name tells it."""
        provider, found, _ = self._name.partition("/")
        return provider if found else "baimo"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """One whole answer."""
        settings, asked = self.prepare_request(model_settings, model_request_parameters)
        with _told(self.model_name):
            said, options = self._said(messages, settings, asked)
            return response_of(await self._baimo.chat(self._name, said, **options))

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: Any = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """One answer as it is made. Leaving early closes the provider's connection at once."""
        settings, asked = self.prepare_request(model_settings, model_request_parameters)
        with _told(self.model_name):
            said, options = self._said(messages, settings, asked)
            stream = self._baimo.stream(self._name, said, **options)
        async with stream:
            yield BaimoStream(
                model_request_parameters=asked,
                stream=stream,
                told=_told,
                name=self.model_name,
                provider=self.system,
            )

    async def aclose(self) -> None:
        """Close the client where it was made here."""
        if self._owns:
            await self._baimo.close()

    def _said(
        self, messages: list[ModelMessage], settings: ModelSettings | None, asked: ModelRequestParameters
    ) -> tuple[Any, Any]:
        instructions = self._get_instruction_parts(messages, asked) or []
        said = messages_of(messages, [part.content for part in instructions])
        return said, {"unsupported": "drop", **self._options, **options_of(settings or {}, asked)}


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of ours as pydantic-ai's own."""
    try:
        yield
    except ProviderError as error:
        raise ModelHTTPError(
            status_code=error.status or 500,
            model_name=name,
            body={"message": str(error), "code": error.provider_code or error.code},
            retry_after=error.retry_after,
        ) from error
    except Error as error:
        raise ModelAPIError(name, str(error)) from error
