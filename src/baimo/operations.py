"""What can be asked of a deployment: chat, embeddings, ranks, counts, models, pulls, the balance.

Operations know dialects by what they can do, never by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec.structs import replace

from baimo.catalogue.rows import ProviderRow
from baimo.dialect.estimate import likely_size, likely_tokens
from baimo.dialect.mending import MOST, Mending, laid_over
from baimo.dialect.protocols import (
    ChatDialect,
    ContinueDialect,
    CountDialect,
    DescribeDialect,
    EmbedDialect,
    ModelsDialect,
    PullDialect,
    RerankDialect,
    Site,
)
from baimo.errors import ConfigError, ProviderError
from baimo.exchange import Decoder, Deployment
from baimo.notes import Note
from baimo.resilience.timing import Deadline
from baimo.rules import Route
from baimo.steps import Steps
from baimo.types.balance import Balance
from baimo.types.chat import ChatRequest, ChatResponse, Message, Role
from baimo.types.content import Opaque, Part, Text, Thinking
from baimo.types.counting import CountRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.money import Money
from baimo.types.rerank import RerankRequest
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead, WireRequest, split_url

_USUAL_ANSWER = 512
"""Tokens that an answer is reckoned with where nothing bounds it."""
_JSON = ((b"accept", b"application/json"),)

Learned: TypeAlias = dict[tuple[str, str, str], "tuple[Mending, ...]"]
"""What helped before, by provider, endpoint and model."""


Shape: TypeAlias = Callable[[ChatRequest, Deployment], tuple[ChatRequest, tuple[Note, ...]]]
"""How a request is worded for one deployment, and what the caller is told of that."""


class Media(Protocol):
    """The pictures and other media of one call: see `baimo.media.inlining`, which plain calls do not load."""

    def needs(self, request: ChatRequest, at: Deployment) -> tuple[Any, ...]:
        """What must be fetched before the request can be encoded for that deployment."""

    def fetch(self, needed: tuple[Any, ...], at: Deployment, deadline: Deadline) -> Steps:
        """Fetch it."""

    def ready(self, request: ChatRequest, at: Deployment) -> tuple[ChatRequest, tuple[Note, ...], Any]:
        """The request with what was fetched in it, what to tell of it, and who checks what is sent."""


class ChatOperation:
    """Chat, whole or streamed. `conversation` names the one that it belongs to, where the caller knows it.

    What `learned` holds of a deployment is asked for so from the start, and what helps here is put into it.
    """

    def __init__(
        self,
        request: ChatRequest,
        *,
        conversation: str | None = None,
        mends: bool = True,
        learned: Learned | None = None,
        mended: tuple[Mending, ...] = (),
        shape: Shape | None = None,
        media: Media | None = None,
    ) -> None:
        """`mends`: whether it may be asked in other words after a refusal; `mended`: how it already is;
        `shape` words it for each deployment; `media`: the pictures and other media of the call, where it
        has any.
        """
        self._request = request
        self._conversation = conversation
        self._mends = mends
        self._learned = learned
        self._mended = mended
        self._shape = shape
        self._media = media
        self.streams = request.stream
        self.headers = request.headers

    def before(self, at: Deployment) -> Callable[[Deadline], Steps] | None:
        """What must be fetched before it can be encoded for a deployment; None where there is nothing."""
        media = self._media
        if media is None or not (needed := media.needs(self._request, at)):
            return None
        return lambda deadline: media.fetch(needed, at, deadline)

    @property
    def tokens(self) -> int:
        """What the call may use, on the high side: prompt and answer."""
        request = self._request
        return likely_size(request) + (request.max_tokens or _USUAL_ANSWER) * (request.n or 1)

    @property
    def sticky(self) -> str | None:
        """What calls of one conversation have in common: they go to the same deployment while it is there.

        A first question has nothing that a provider could have kept, unless the caller says so: such calls
        are spread by weight.
        """
        named = self._conversation or self._request.prompt_cache_key
        return named if named is not None else _conversation_of(self._request.messages)

    def continued(self, spoken: ChatResponse) -> ChatOperation | None:
        """The same chat, to be gone on from what was said. None where that is more than one plain text, or
        was itself the rest of an answer that the caller had begun.
        """
        if len(spoken.choices) != 1:
            return None
        said = spoken.message
        last = said.content[-1] if said.content else None
        if type(last) is not Text or not last.text or spoken.choices[0].withdrawn is not None:
            return None
        if any(type(part) not in (Text, Thinking) for part in said.content):
            return None
        messages = self._request.messages
        if messages[-1].role is Role.ASSISTANT:
            return None
        request = replace(self._request, messages=(*messages, said))
        return ChatOperation(
            request,
            conversation=self._conversation,
            mends=self._mends,
            learned=self._learned,
            shape=self._shape,
            media=self._media,
        )

    def can_go_on(self, at: Deployment) -> bool:
        """Whether a deployment goes on with an answer that stands at the end of the conversation."""
        if not hasattr(at.dialect, "continues"):
            return False
        dialect: ContinueDialect = at.dialect
        return dialect.continues(self._asked_of(at), at.site)

    def encode(self, at: Deployment) -> WireRequest:
        """The request in the deployment's dialect, for its model."""
        if not hasattr(at.dialect, "encode_request"):
            raise _incapable(at, "chat")
        dialect: ChatDialect = at.dialect
        if self._media is None and self._shape is None:
            return self._encoded(dialect, self._asked_of(at), at)
        asked, told = self._shaped(at)
        if self._media is None:
            wire = self._encoded(dialect, asked, at)
        else:
            asked, fetched, check = self._media.ready(asked, at)
            wire = self._encoded(dialect, asked, at)
            check.check_size(wire)
            told = (*told, *fetched)
        return replace(wire, notes=(*told, *wire.notes)) if told else wire

    def _encoded(self, dialect: ChatDialect, asked: ChatRequest, at: Deployment) -> WireRequest:
        mended = self._how(at) if self._learned else self._mended
        if not mended:
            return dialect.encode_request(asked, at.site)
        known = self._known(at)
        wire = dialect.encode_request(asked, _site(at, mended))
        notes = [
            one.note
            for one in mended
            if one not in known or wire != dialect.encode_request(asked, _without(one, mended, at))
        ]
        return replace(wire, notes=(*wire.notes, *notes)) if notes else wire

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        """A decoder; a dialect with `decoder_for` is told what was asked."""
        dialect: ChatDialect = at.dialect
        site = at.site
        if self._mended:
            site = _site(at, self._mended)
            if self._learned is not None and head.status < 300:
                lasting = tuple([one for one in self._mended if one.is_lasting])
                if lasting:
                    self._learned[at.provider, at.endpoint, at.model] = lasting
        if hasattr(dialect, "decoder_for"):
            decoder: Decoder = dialect.decoder_for(self._shaped(at)[0], head, site)
            return decoder
        return dialect.decoder(head, site)

    def mended(self, error: ProviderError, at: Deployment) -> tuple[ChatOperation, Note] | None:
        """The same, asked in words that the deployment takes, and the note of it; None where there are none.

        An error that only the caller can do something about is given a hint.
        """
        if not hasattr(at.dialect, "mending"):
            return None
        so_far = self._how(at)
        found: Mending | None = at.dialect.mending(error, self._shaped(at)[0], _site(at, so_far))
        if found is None:
            return None
        if not found.quirks:
            error.hint = error.hint or found.hint
            return None
        known = self._known(at)
        if not self._mends or len([one for one in self._mended if one not in known]) >= MOST:
            return None
        other = ChatOperation(
            self._request,
            conversation=self._conversation,
            learned=self._learned,
            mended=(*so_far, found),
            shape=self._shape,
            media=self._media,
        )
        return other, found.note

    def _how(self, at: Deployment) -> tuple[Mending, ...]:
        """How the request is worded for that deployment, besides what its row says."""
        if self._mended or not self._mends:
            return self._mended
        return self._known(at)

    def _known(self, at: Deployment) -> tuple[Mending, ...]:
        """What helped there before."""
        return self._learned.get((at.provider, at.endpoint, at.model), ()) if self._learned else ()

    def _shaped(self, at: Deployment) -> tuple[ChatRequest, tuple[Note, ...]]:
        """The request in the words for that deployment."""
        if self._shape is None:
            return self._asked_of(at), ()
        return self._shape(self._asked_of(at), at)

    def _asked_of(self, at: Deployment) -> ChatRequest:
        """The request for that deployment, without what other wires told beside their answers."""
        request = self._request
        if request.model != at.model or at.extra:
            request = _addressed(request, at)
        for message in request.messages:
            if message.role is Role.ASSISTANT and any(type(part) is Opaque for part in message.content):
                return _without_foreign(request, at.dialect.name)
        return request


def _conversation_of(messages: Sequence[Message]) -> str | None:
    """A conversation is known by how it begins; one that nobody has answered yet is none."""
    if not any(message.role is Role.ASSISTANT for message in messages):
        return None
    begun = []
    for message in messages:
        if message.role not in (Role.ASSISTANT, Role.TOOL):
            begun.append(message.text)
        if message.role is Role.USER:
            break
    if not any(begun):
        return None
    from hashlib import blake2b  # loads a library of ciphers, which only conversations need

    return blake2b("\0".join(begun).encode(errors="surrogatepass"), digest_size=16).hexdigest()


_Asked = TypeVar("_Asked", ChatRequest, EmbedRequest, RerankRequest, CountRequest)


def _addressed(request: _Asked, at: Deployment) -> _Asked:
    """The request for that deployment: its model, and what the row or an alias adds to the body."""
    if request.model != at.model:
        request = replace(request, model=at.model)
    if at.extra:
        request = replace(request, extra={**at.extra, **request.extra})
    return request


def _site(at: Deployment, mended: tuple[Mending, ...]) -> Site:
    """The deployment's site with the quirks that were learned by its refusals."""
    site = at.site
    for one in mended:
        site = laid_over(site, one.quirks, at.dialect.quirks({}))
    return site


def _without(one: Mending, mended: tuple[Mending, ...], at: Deployment) -> Site:
    """The same without one of them: what was learned of a model may not concern this request."""
    return _site(at, tuple([other for other in mended if other is not one]))


def _without_foreign(request: ChatRequest, dialect: str) -> ChatRequest:
    """The request without what other dialects told beside their answers: that goes back to those only."""

    def at_home(part: Part) -> bool:
        return type(part) is not Opaque or part.dialect == dialect

    messages = [
        message
        if message.role is not Role.ASSISTANT
        else replace(message, content=tuple(filter(at_home, message.content)))
        for message in request.messages
    ]
    return replace(request, messages=tuple(messages))


class Whole:
    """Collects a body and decodes it at its end: for operations without events of their own."""

    def __init__(self, decode: Callable[[bytes], Any]) -> None:
        self.early: list[Any] = []
        self._decode = decode
        self._body = bytearray()

    def feed(self, piece: bytes) -> list[Any]:
        self._body += piece
        return []

    def end(self) -> list[Any]:
        return [self._decode(bytes(self._body))]


class EmbedOperation:
    """Embeddings of one batch of texts."""

    streams = False

    def __init__(self, request: EmbedRequest) -> None:
        self._request = request
        self.headers = request.headers

    @property
    def tokens(self) -> int:
        """What the call may use, on the high side."""
        inputs = self._request.inputs
        return sum([likely_tokens(one) if isinstance(one, str) else len(one) for one in inputs])

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_embed"):
            raise _incapable(at, "embeddings")
        dialect: EmbedDialect = at.dialect
        return dialect.encode_embed(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: EmbedDialect = at.dialect
        return Whole(lambda body: dialect.decode_embed(self._request, head, body))


class RerankOperation:
    """Ranks of some texts for one question."""

    streams = False

    def __init__(self, request: RerankRequest) -> None:
        self._request = request
        self.headers = request.headers

    @property
    def tokens(self) -> int:
        """What the call may use, on the high side: the question is read with each text."""
        request = self._request
        texts = sum(map(likely_tokens, request.documents))
        return texts + likely_tokens(request.query) * len(request.documents)

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_rerank"):
            raise _incapable(at, "ranking of texts")
        dialect: RerankDialect = at.dialect
        return dialect.encode_rerank(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: RerankDialect = at.dialect
        return Whole(lambda body: dialect.decode_rerank(self._request, head, body, at.site))


class ModelsOperation:
    """The provider's own list of its models."""

    streams = False
    headers: Mapping[str, str] = MappingProxyType({})

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_models"):
            raise _incapable(at, "list of models")
        dialect: ModelsDialect = at.dialect
        return dialect.encode_models(at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: ModelsDialect = at.dialect
        return Whole(lambda body: dialect.decode_models(head, body, at.site))


class CountOperation:
    """How many tokens a text has."""

    streams = False

    def __init__(self, request: CountRequest) -> None:
        self._request = request
        self.headers = request.headers

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_count"):
            raise _incapable(at, "counting of tokens")
        dialect: CountDialect = at.dialect
        return dialect.encode_count(_addressed(self._request, at), at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: CountDialect = at.dialect
        return Whole(lambda body: dialect.decode_count(head, body, at.site))


class BalanceOperation:
    """What is left on the account, at the place that the provider's row names."""

    streams = False
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, row: ProviderRow) -> None:
        """Raises ConfigError where the row knows of no such place."""
        if row.balance is None:
            raise ConfigError(
                f"{row.name} documents no way to ask for the balance", hint=f"It is shown at {row.home}."
            )
        self._places = row.balance
        self._currency = row.currency

    def encode(self, at: Deployment) -> WireRequest:
        origin, base = split_url(at.site.base_url)
        if not origin.startswith("http"):
            raise _incapable(at, "balance of an account")
        target = f"{base}{self._places.path}".encode()
        return HttpRequest(method="GET", origin=origin, target=target, headers=_JSON)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        """A refusal is read as the dialect reads one."""
        if not 200 <= head.status < 300:
            refusal: Decoder = at.dialect.decoder(head, at.site)
            return refusal
        return Whole(self._read(at.provider))

    def _read(self, provider: str) -> Callable[[bytes], Balance]:
        from baimo.accounting.balance import read_balance  # a call of any other kind needs none of it

        return lambda body: read_balance(body, self._places, provider=provider, currency=self._currency)


class DescribeOperation:
    """What the provider tells of one model."""

    streams = False
    headers: Mapping[str, str] = MappingProxyType({})

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_describe"):
            raise _incapable(at, "description of a model")
        dialect: DescribeDialect = at.dialect
        return dialect.encode_describe(at.model, at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: DescribeDialect = at.dialect
        return Whole(lambda body: dialect.decode_describe(at.model, head, body, at.site))


class PullOperation:
    """Having the server fetch a model; the events are `PullProgress`."""

    streams = True
    headers: Mapping[str, str] = MappingProxyType({})

    def encode(self, at: Deployment) -> WireRequest:
        if not hasattr(at.dialect, "encode_pull"):
            raise _incapable(at, "pulling of models")
        dialect: PullDialect = at.dialect
        return dialect.encode_pull(at.model, at.site)

    def decoder(self, head: WireHead, at: Deployment) -> Decoder:
        dialect: PullDialect = at.dialect
        return dialect.pull_decoder(head, at.site)


def in_batches(request: EmbedRequest, route: Route) -> list[EmbedRequest]:
    """The request, cut into as many as the wires of the route need: each takes so many texts at once."""
    limits = [most for pool in route for at in pool if (most := _most_inputs(at))]
    most = min(limits, default=len(request.inputs))
    if len(request.inputs) <= most:
        return [request]
    inputs = request.inputs
    return [replace(request, inputs=inputs[at : at + most]) for at in range(0, len(inputs), most)]


def _most_inputs(at: Deployment) -> int | None:
    """Texts that one request takes: a number, or what the dialect tells of a model; None where all go."""
    told: Any = getattr(at.dialect, "most_inputs", None)
    most: int | None = told(at.model, at.site) if callable(told) else told
    return most


def joined(responses: Sequence[EmbedResponse]) -> EmbedResponse:
    """The vectors of several batches as one response. Usage is added; what is unknown in one is unknown."""
    first = responses[0]
    if len(responses) == 1:
        return first
    usages = [one.usage.input_uncached for one in responses]
    known = [count for count in usages if count is not None]
    total = sum(known) if len(known) == len(usages) else None
    return replace(
        first,
        vectors=[vector for one in responses for vector in one.vectors],
        usage=Usage(input_uncached=total),
        notes=tuple(dict.fromkeys(note for one in responses for note in one.notes)),
        cost=_added([one.cost for one in responses]),
    )


def _added(costs: Sequence[Money | None]) -> Money | None:
    known = [cost for cost in costs if cost is not None]
    if len(known) != len(costs) or len({cost.currency for cost in known}) != 1:
        return None
    return Money(sum((cost.amount for cost in known), Decimal(0)), known[0].currency)


def _incapable(at: Deployment, what: str) -> ConfigError:
    return ConfigError(f"{at.provider} is spoken to by {at.dialect.name!r}, which knows no {what}")
