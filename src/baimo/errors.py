"""The errors that Baimo raises: one tree, each kind answering "what can I do now?".

Error                          `.code` `.retryable` `.retry_after` `.provider` `.request_id` `.sent`
├── ConfigError                the set-up cannot work; nothing was sent
│   ├── MissingKeyError        no credential for the provider
│   ├── UnknownProviderError   no such provider, with near names
│   └── MissingExtraError      an optional package is not installed
├── InputError                 what the caller gave is not valid; nothing was sent
│   ├── UnsupportedError       the dialect cannot say what was asked
│   └── FetchError             a medium could not be fetched from its address
├── TransportError             no whole answer came; `.sent` tells whether the request may have arrived
│   ├── ConnectError           no connection to the address
│   ├── StaleConnectionError   a kept connection ended before any byte of the reply
│   └── TimedOutError          a time limit ran out
├── LimitReachedError          a limit of one's own would make the call wait too long; nothing was sent
├── BudgetError                the next request could cost more than the call or a budget may; it was not sent
├── WireError                  bytes that do not follow the dialect
├── AnswerFormatError          a whole answer that is not in the form that was asked for; `.response` holds it
├── ToolError                  a tool failed so that its run cannot go on; tools raise it themselves, too
├── StepLimitError             a run took all its steps, and the model wants more; `.run` holds all of it
├── StreamInterrupted          a reply stopped before its end; `.partial` holds what came
├── LocalModelError            the embedded model could not be fetched, loaded or run
├── CacheError                 the cache of answers cannot be read or written; calls go on without it
└── ProviderError              the provider answered no: `.status` `.provider_code` `.body`
    ├── InvalidRequestError    ├── ContextTooLongError   ├── ContentFilteredError
    ├── AuthError              ├── PermissionDeniedError ├── NotFoundError
    ├── QuotaError             ├── RateLimitedError      ├── OverloadedError
    ├── ServerError            └── EmptyAnswerError
"""

from __future__ import annotations

from typing import Any, ClassVar


class Error(Exception):
    """Root of everything that Baimo raises on purpose.

    `code` is a stable word for programs; the text is for people and may change. `attempts` tells how many
    requests were made, `maybe_billed` how many of them gave no answer and may have been billed all the same,
    `earlier` what other deployments of the call had failed with before. `run` is the `RunResult` of all that
    was done before, where the error ended a run of tools.
    """

    code: ClassVar[str] = "error"

    task_id: str | None = None
    """The provider's own id of work that goes on, where waiting for it failed."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        provider: str | None = None,
        request_id: str | None = None,
        sent: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retryable = self._retryable if retryable is None else retryable
        self.retry_after = retry_after
        self.provider = provider
        self.request_id = request_id
        self.sent = self._sent if sent is None else sent
        self.attempts = 0
        self.maybe_billed = 0
        self.earlier: tuple[Error, ...] = ()
        self.run: Any = None

    _retryable: ClassVar[bool] = False
    _sent: ClassVar[bool] = False

    def __str__(self) -> str:
        where = f"{self.provider}: " if self.provider else ""
        stop = "" if self.message.endswith((".", "!", "?", ":")) else "."
        how = f"{stop} {self.hint}" if self.hint else ""
        which = f" (request id {self.request_id})" if self.request_id else ""
        tried = f" (after {self.attempts} attempts)" if self.attempts > 1 else ""
        return f"{where}{self.message}{how}{which}{tried} [{self.code}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(kind: type[Error], args: tuple[Any, ...], state: dict[str, Any]) -> Error:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigError(Error):
    """The configuration cannot work; nothing was sent."""

    code = "config"


class MissingKeyError(ConfigError):
    """No credential is set for the provider; the message says which variable and where to get one.

    `variables` are the environment variables that would be read, `home` the page where a key is made.
    """

    code = "missing_key"

    def __init__(
        self, message: str, *, variables: tuple[str, ...] = (), home: str | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.variables = variables
        self.home = home


class UnknownProviderError(ConfigError):
    """The model name names no known provider; the message lists near names."""

    code = "unknown_provider"


class MissingExtraError(ConfigError):
    """An optional package is needed; the message says what to install."""

    code = "missing_extra"


class InputError(Error, ValueError):
    """What the caller gave is not valid; nothing was sent."""

    code = "invalid_input"


class UnsupportedError(InputError):
    """The dialect cannot say what was asked; nothing was sent.

    Pass `unsupported="drop"` to leave such things out with a note instead.
    """

    code = "unsupported"


class FetchError(InputError):
    """A picture or another medium could not be fetched from its address; nothing was sent to the provider.

    Where `sent` is true it is what the provider made that could not be fetched from where it keeps it.

    `url` is the address without its query, `status` what its server answered.
    """

    code = "fetch"

    def __init__(self, message: str, *, url: str = "", status: int | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.url = url
        self.status = status


class TransportError(Error):
    """No whole answer came. `sent` tells whether the request may have reached the provider."""

    code = "transport"
    damaged = False
    """Bytes of the body are wrong or missing: nothing that was read of it is sure to be what was sent."""
    _retryable = True
    _sent = True


class ConnectError(TransportError):
    """No connection to the address could be made; nothing was sent."""

    code = "connect"
    _sent = False


class StaleConnectionError(TransportError):
    """A connection that was kept open ended before any byte of the reply came.

    Most likely the provider closed it while idle, but the request may have been taken all the same.
    """

    code = "stale_connection"


class TimedOutError(TransportError, TimeoutError):
    """A time limit ran out; `limit` names it: connect, head, first_event, idle or total."""

    code = "timeout"

    def __init__(self, message: str, *, limit: str = "total", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.limit = limit


class LimitReachedError(Error):
    """A limit that was set for one's own calls, or learned from the provider, leaves no room in time.

    Nothing was sent. `retry_after` tells in how many seconds there will be room, where that is known.
    """

    code = "limit_reached"
    _retryable = True


class BudgetError(Error):
    """The next request could cost more than the call or a budget has left; it was not sent.

    `needed` and `left` are amounts (`Money`), None where they are not known: without a price nothing can be
    promised. `attempts` tells how many requests were sent before.
    """

    code = "budget"

    def __init__(self, message: str, *, needed: Any = None, left: Any = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.needed = needed
        self.left = left


class WireError(Error):
    """The answer's bytes do not follow the dialect."""

    code = "wire"
    _sent = True


class AnswerFormatError(Error):
    """The answer is whole, but it is not the JSON that `response_format` asked for.

    `response` is the whole answer, so nothing is lost; `path` is where in it the fault was found, "$" being
    the root, and `fault` says what it is, without words of the answer; `detail` says more, and may have some.
    """

    code = "answer_format"
    _sent = True

    def __init__(
        self,
        message: str,
        *,
        response: Any = None,
        path: str = "$",
        fault: str = "",
        detail: str = "",
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.response = response
        self.path = path
        self.fault = fault
        self.detail = detail


class ToolError(Error):
    """A tool failed.

    A tool raises it to choose the words that the model is told; with `stop=True` the run ends there, and the
    caller gets the error. Raised by a run itself with `on_tool_error="raise"`; `tool` is the tool's name.

    >>> raise ToolError("that account is closed", stop=True)      # doctest: +SKIP
    """

    code = "tool"

    def __init__(self, message: str, *, stop: bool = False, tool: str | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.stop = stop
        self.tool = tool


class StepLimitError(Error):
    """A run made as many calls of the model as `max_steps` allows, and the model still asks for tools.

    `run` holds all of it: give `error.run.messages` to another run to go on.
    """

    code = "step_limit"
    _sent = True


class StreamInterrupted(Error):  # noqa: N818 - a public name of the plan; it is a state of a stream
    """A reply stopped before its end mark.

    `ended` is "cut", "stalled" or "error"; `partial` is the response that came so far, with the same
    word. The cause, where there is one, is chained.
    """

    code = "stream_interrupted"
    _sent = True

    def __init__(self, message: str, *, ended: str = "cut", partial: Any = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.ended = ended
        self.partial = partial


class LocalModelError(Error):
    """The embedded model could not be fetched, verified, loaded or run."""

    code = "local_model"


class CacheError(Error):
    """The cache of answers cannot be read or written. A call goes on without it and says so in a note."""

    code = "cache"


class ProviderError(Error):
    """The provider answered no.

    `status` is the HTTP status (200 where the error stood inside a good one), `provider_code` the
    provider's own code as text, `body` its own words about the error, without secrets.
    """

    code = "provider"
    _sent = True

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        provider_code: str | None = None,
        body: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.status = status
        self.provider_code = provider_code
        self.body = body

    def __str__(self) -> str:
        facts = [str(self.status)] if self.status is not None else []
        if self.provider_code and self.provider_code != str(self.status):
            facts.append(self.provider_code)
        text = super().__str__()
        return f"{text} [{' '.join(facts)}]" if facts else text


class InvalidRequestError(ProviderError):
    """The provider refuses the request as it stands; sending it again cannot help."""

    code = "invalid_request"


class ContextTooLongError(InvalidRequestError):
    """The prompt, or prompt and answer together, exceed what the model can hold."""

    code = "context_too_long"


class ContentFilteredError(InvalidRequestError):
    """The provider refuses the content on grounds of policy."""

    code = "content_filtered"


class AuthError(ProviderError):
    """The credential is missing, wrong, expired, or belongs to another site."""

    code = "auth"


class PermissionDeniedError(ProviderError):
    """The credential is good but may not do this."""

    code = "permission_denied"


class NotFoundError(ProviderError):
    """No such model, deployment or address at the provider."""

    code = "not_found"


class QuotaError(ProviderError):
    """The account has no money or quota left; waiting does not help, another key may."""

    code = "quota"


class RateLimitedError(ProviderError):
    """Too many requests or tokens at this moment."""

    code = "rate_limited"
    _retryable = True


class OverloadedError(ProviderError):
    """The provider has no capacity at this moment."""

    code = "overloaded"
    _retryable = True


class ServerError(ProviderError):
    """The provider failed while it worked on the request."""

    code = "server"
    _retryable = True


class EmptyAnswerError(ProviderError):
    """The provider ended an answer well that holds nothing: no words, no call of a tool, no reason for it."""

    code = "empty_answer"
    _retryable = True
