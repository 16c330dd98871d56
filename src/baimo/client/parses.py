"""The blocking client's calls for values. What they need is loaded with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, overload

from .base import ClientBase
from .options import ChatOptions, Messages, Model

if TYPE_CHECKING:
    from baimo.types.chat import ChatResponse
    from baimo.types.parsed import How, Parsed

    from .parsed_streams import ParsedStream
    from .prepared import Prepared
    from .streams import ChatStream

T = TypeVar("T")


class Parses(ClientBase):
    """Has Client make values of answers."""

    if TYPE_CHECKING:

        def _whole(self, call: Prepared) -> ChatResponse: ...

        def _streamed(self, call: Prepared) -> ChatStream: ...

    @overload
    def parse(
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
    def parse(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        repair: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Parsed[Any]: ...

    def parse(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        repair: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Parsed[Any]:
        """One answer as a value of the type `into`: a struct of msgspec, a dataclass, a TypedDict, a
        NamedTuple, a model of pydantic, an Enum, or whatever is made of these and of builtins.

        The options are those of `chat`, but for `response_format` and `validate`. `how` is chosen for each
        deployment where it is "auto": by a JSON schema, a JSON object, a function, or words in the prompt;
        `Parsed.how` tells it. `repair=True` has an answer that is no such value asked for once more.

        >>> client.parse("openai/gpt-5", "Ann is seven.", into=Person).value    # doctest: +SKIP
        Person(name='Ann', age=7)

        Raises AnswerFormatError, with the response, for an answer that is no such value: refused, cut off,
        or wrong at `.path`. Raises InputError for a type that JSON has no form for, else as `chat` does.
        """
        from .parsing import parsed, prepare

        call, forming = prepare(self, model, messages, options, into=into, how=how, repair=repair)
        return parsed(self._whole(call), call, forming)

    @overload
    def parse_stream(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: type[T],
        how: How | Literal["auto"] = "auto",
        **options: Unpack[ChatOptions],
    ) -> ParsedStream[T]: ...

    @overload
    def parse_stream(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        **options: Unpack[ChatOptions],
    ) -> ParsedStream[Any]: ...

    def parse_stream(
        self,
        model: Model = None,
        messages: Messages = (),
        *,
        into: Any,
        how: How | Literal["auto"] = "auto",
        **options: Unpack[ChatOptions],
    ) -> ParsedStream[Any]:
        """One answer as a value of the type `into`, shown while it is written.

        >>> with client.parse_stream("a/b", "Ann is seven.", into=Person) as stream:    # doctest: +SKIP
        ...     for partial in stream:
        ...         print(partial)      # {'name': 'An'}, {'name': 'Ann'}, {'name': 'Ann', 'age': 7}
        ...     stream.result.value

        The options are those of `parse`, but for `repair`: what was shown cannot be asked for again.
        """
        from .parsed_streams import ParsedStream
        from .parsing import prepare

        call, forming = prepare(self, model, messages, options, into=into, how=how, stream=True)
        return ParsedStream(self._streamed(call), call, forming)
