"""The asynchronous client's calls for values. What they need is loaded with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from .base import ClientBase
from .options import ChatOptions, Messages, Model

if TYPE_CHECKING:
    from baimo.types.chat import ChatResponse
    from baimo.types.parsed import How, Parsed

    from .async_streams import AsyncChatStream
    from .parsed_streams import AsyncParsedStream
    from .prepared import Prepared

T = TypeVar("T")


class AsyncParses(ClientBase):
    """Has AsyncClient make values of answers."""

    if TYPE_CHECKING:

        async def _whole(self, call: Prepared) -> ChatResponse: ...

        def _streamed(self, call: Prepared) -> AsyncChatStream: ...

    @overload
    async def parse(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: type[T],
        how: How | Literal["auto"] = "auto",
        repair: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Parsed[T]: ...

    @overload
    async def parse(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        repair: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Parsed[Any]: ...

    async def parse(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        repair: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Parsed[Any]:
        """As `Client.parse`, awaited."""
        from .parsing import parsed, prepare

        call, forming = prepare(self, model, messages, options, into=into, how=how, repair=repair)
        return parsed(await self._whole(call), call, forming)

    @overload
    def parse_stream(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: type[T],
        how: How | Literal["auto"] = "auto",
        **options: Unpack[ChatOptions],
    ) -> AsyncParsedStream[T]: ...

    @overload
    def parse_stream(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        **options: Unpack[ChatOptions],
    ) -> AsyncParsedStream[Any]: ...

    def parse_stream(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        **options: Unpack[ChatOptions],
    ) -> AsyncParsedStream[Any]:
        """As `Client.parse_stream`; not awaited itself."""
        from .parsed_streams import AsyncParsedStream
        from .parsing import prepare

        call, forming = prepare(self, model, messages, options, into=into, how=how, stream=True)
        return AsyncParsedStream(self._streamed(call), call, forming)
