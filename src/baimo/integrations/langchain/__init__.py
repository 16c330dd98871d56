"""`ChatBaimo`: a chat model of LangChain, over any provider.

Written for langchain-core 1.8 (https://github.com/langchain-ai/langchain, November 2026), and tried with
LangChain's own standard tests.

    from baimo.integrations.langchain import ChatBaimo
    ChatBaimo(model="deepseek/deepseek-flash").invoke("Say hello").content
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from baimo.client.async_client import AsyncClient
from baimo.client.client import Client
from baimo.integrations.extras import missing

try:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.outputs import ChatGenerationChunk, ChatResult
    from langchain_core.runnables import Runnable
    from langchain_core.utils.function_calling import convert_to_openai_tool
    from pydantic import Field, PrivateAttr

    from .answers import Chunks, result
    from .messages import messages_of
    from .structure import formed
except ImportError as why:
    raise missing("langchain", "langchain-core>=1", why) from why

__all__ = ["ChatBaimo"]


class ChatBaimo(BaseChatModel):
    """A chat model of LangChain, over any provider.

    `model` is `provider/model` or an alias. `options` are any others of `baimo.Client.chat`; those, and
    `model`, may be given to a single call as well: a bare name then is one of the same provider. `keys`,
    `config` and `max_retries` are as for `baimo.Client`; `client` and `async_client` stand for the clients
    that would be made, and stay open.
    Thoughts stand in `additional_kwargs["reasoning_content"]`, and go back to the provider as it wants them.

    Raises what clients of ours raise.
    """

    model: str
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None
    seed: int | None = None
    timeout: float | None = None
    reasoning: Any = None
    options: dict[str, Any] = Field(default_factory=dict)
    max_retries: int | None = None
    keys: Any = Field(default=None, exclude=True, repr=False)
    config: Any = Field(default=None, exclude=True, repr=False)
    client: Any = Field(default=None, exclude=True, repr=False)
    async_client: Any = Field(default=None, exclude=True, repr=False)
    _made: Client | None = PrivateAttr(default=None)
    _async_made: AsyncClient | None = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "baimo"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, **self._settings()}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        params = super()._get_ls_params(stop=stop, **kwargs)
        provider, _, name = str(kwargs.get("model", self.model)).partition("/")
        params["ls_provider"] = provider if name else "baimo"
        params["ls_model_name"] = name or provider
        return params

    def _generate(
        self, messages: Any, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        model, options = self._call(stop, kwargs)
        return result(self._client().chat(model, messages_of(messages), **options))

    async def _agenerate(
        self, messages: Any, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        model, options = self._call(stop, kwargs)
        return result(await self._async_client().chat(model, messages_of(messages), **options))

    def _stream(
        self, messages: Any, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        model, options = self._call(stop, kwargs)
        chunks = Chunks()
        with self._client().stream(model, messages_of(messages), **options) as stream:
            for event in stream:
                chunk = chunks.feed(event)
                if chunk is not None:
                    if run_manager is not None:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
            yield chunks.last(stream.response)

    async def _astream(
        self, messages: Any, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        model, options = self._call(stop, kwargs)
        chunks = Chunks()
        async with self._async_client().stream(model, messages_of(messages), **options) as stream:
            async for event in stream:
                chunk = chunks.feed(event)
                if chunk is not None:
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
            yield chunks.last(stream.response)

    def bind_tools(
        self,
        tools: Sequence[Mapping[str, Any] | type | Callable[..., Any] | Any],
        *,
        tool_choice: str | bool | Mapping[str, Any] | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, Any]:
        """The same model with tools. `tool_choice`: a tool's name, "auto", "none", or "any" (also True)."""
        offered = [convert_to_openai_tool(tool, strict=strict) for tool in tools]
        if tool_choice in ("any", True):
            tool_choice = "required"
        if tool_choice:
            kwargs["tool_choice"] = tool_choice
        bound: Runnable[Any, Any] = self.bind(tools=offered, **kwargs)
        return bound

    def with_structured_output(
        self, schema: Any, *, method: str = "function_calling", include_raw: bool = False, **kwargs: Any
    ) -> Runnable[Any, Any]:
        """Answers in a form: through a tool, or with "json_schema" or "json_mode" by the provider's own."""
        if method == "function_calling":
            made: Runnable[Any, Any] = super().with_structured_output(
                schema, include_raw=include_raw, **kwargs
            )
            return made
        return formed(self, schema, method=method, include_raw=include_raw, strict=kwargs.get("strict"))

    def close(self) -> None:
        """Close the client that was made here; one that was given stays open."""
        made, self._made = self._made, None
        if made is not None:
            made.close()

    async def aclose(self) -> None:
        """The same for asyncio."""
        made, self._async_made = self._async_made, None
        if made is not None:
            await made.close()

    def _settings(self) -> dict[str, Any]:
        names = ("temperature", "top_p", "max_tokens", "stop", "seed", "timeout", "reasoning")
        own = {name: value for name in names if (value := getattr(self, name)) not in (None, [])}
        return {**self.options, **own}

    def _call(self, stop: list[str] | None, kwargs: Mapping[str, Any]) -> tuple[str, Any]:
        """Model and options of one call."""
        options = {"unsupported": "drop", **self._settings(), **kwargs}
        options.pop("ls_structured_output_format", None)
        if stop:
            options["stop"] = stop
        return _named(options.pop("model", self.model), self.model), options

    def _client(self) -> Client:
        if self.client is not None:
            given: Client = self.client
            return given
        if self._made is None:
            self._made = Client(keys=self.keys, config=self.config, max_retries=self.max_retries)
        return self._made

    def _async_client(self) -> AsyncClient:
        if self.async_client is not None:
            given: AsyncClient = self.async_client
            return given
        if self._async_made is None:
            self._async_made = AsyncClient(keys=self.keys, config=self.config, max_retries=self.max_retries)
        return self._async_made


def _named(model: str, usual: str) -> str:
    """A bare name for one call is another model of the same provider."""
    provider, found, _ = usual.partition("/")
    return f"{provider}/{model}" if found and "/" not in model and ":" not in model else model
