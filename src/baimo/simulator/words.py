"""Words of the simulator: refusals, the acts of a reply, and what a provider's face does.

A module in `simulator/faces/` holds the faces of one wire and ends with `FACES`: a mapping from the
provider's name to what makes its face of `Credentials` (the class itself will do); see `FaceMaker`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from baimo.dialect.protocols import ChatEncoder
from baimo.errors import InputError
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HttpRequest, SocketRequest, WireHead


class Why(StrEnum):
    """Why a provider refuses; each face knows the real status, body and code of its own."""

    WRONG_SECRET = "wrong_secret"
    UNKNOWN_KEY = "unknown_key"
    SKEWED_CLOCK = "skewed_clock"
    WRONG_HOST = "wrong_host"
    MISSING_HEADER = "missing_header"
    EXPIRED_TOKEN = "expired_token"
    WRONG_APP_ID = "wrong_app_id"
    UNKNOWN_MODEL = "unknown_model"
    UNKNOWN_DOMAIN = "unknown_domain"
    UNKNOWN_DEPLOYMENT = "unknown_deployment"
    MISSING_PROJECT_SCOPE = "missing_project_scope"
    OVER_QUOTA = "over_quota"
    OVER_RATE = "over_rate"
    OVER_CONCURRENCY = "over_concurrency"
    INPUT_MODERATED = "input_moderated"
    OUTPUT_MODERATED = "output_moderated"
    CONTEXT_TOO_LONG = "context_too_long"
    INVALID_REQUEST = "invalid_request"
    NO_SUCH_ADDRESS = "no_such_address"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"


class RefusedError(Exception):
    """Raised where a check fails; `detail` is what a person who debugs wants to know (no secret)."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}" if detail else why.value)
        self.why = why
        self.detail = detail


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends, as far as the checks told."""

    key: str
    """Names the credential without being it: an id, an app, `…1234`. Rates are counted by it."""
    project: str | None = None


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials that a simulated provider takes, by the names that the configuration uses.

    A face gives fake ones by default; `given` replaces single ones.
    """

    given: Mapping[str, str] = {}

    def over(self, own: Mapping[str, str]) -> dict[str, str]:
        """A face's own credentials with the given ones in their places. Raises InputError for a name that it
        does not have."""
        if unknown := sorted(set(self.given) - set(own)):
            raise InputError(f"no credential {', '.join(unknown)} here; there is {', '.join(own)}")
        return {**own, **self.given}


def without_fault(model: str) -> str:
    """A model's name without the fault that may hang on it: `m!cut@40` is `m`.

    A face judges this name (is it known?), and leaves the whole one in the request that it gives back.
    """
    name, mark, _ = model.rpartition("!")
    return name if mark else model


_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}")


def names_host(host: str, patterns: tuple[str, ...]) -> bool:
    """Whether the value of a Host field (a port may follow) is one of those, or this very machine."""
    name = host.strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name in ("localhost", "::1") or name.endswith(".localhost") or _LOOPBACK.fullmatch(name):
        return True
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class Head(msgspec.Struct, frozen=True):
    """Send status and header fields. Of a socket, 101 accepts the handshake."""

    head: WireHead


class Piece(msgspec.Struct, frozen=True):
    """Send bytes of the body; of a socket one text message."""

    data: bytes


class Pause(msgspec.Struct, frozen=True):
    """Let time go by."""

    seconds: float


class RawBytes(msgspec.Struct, frozen=True):
    """Send bytes past all framing: what a broken server does."""

    data: bytes


class Abort(msgspec.Struct, frozen=True):
    """Break the connection off at once, without an end of the body."""


class CloseSocket(msgspec.Struct, frozen=True):
    """Close a socket with a code."""

    code: int = 1000
    reason: str = ""


Act: TypeAlias = Head | Piece | Pause | RawBytes | Abort | CloseSocket
"""One thing that a server does; a reply is a run of them. Without Abort it ends well."""

ServedRequest: TypeAlias = HttpRequest | SocketRequest


class Face(Protocol):
    """What one provider looks like from outside: its addresses, its checks, its refusals."""

    @property
    def name(self) -> str:
        """The provider's name in the catalogue."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The real hosts that it answers for (patterns with `*`); loopback is always right."""

    def credentials(self) -> dict[str, str]:
        """Every credential that it takes, by the names that the configuration uses. Fake, stable."""

    def configuration(self, origin: str) -> dict[str, dict[str, object]]:
        """For each endpoint's name the provider table that leads a client here: base_url, keys, parameters.

        `origin` is `http://127.0.0.1:PORT`; a face that serves sockets writes `ws://` itself.
        """

    def operation(self, request: ServedRequest) -> str | None:
        """Which operation is asked for; None where nothing is served at that address."""

    def identify(self, request: ServedRequest, now: float) -> Caller:
        """Check signature, token, date, host and app id at wall time `now`. Raises RefusedError.

        Header names are lower case, as servers see them; Host is there. Of a socket it is asked twice: of
        the handshake alone (`frames` is empty), and once the caller's first frame is here.
        """

    def chat_request(self, request: ServedRequest) -> ChatRequest:
        """What is asked for, neutrally. Raises InputError, or RefusedError (unknown model, domain, …).

        The model may end with a fault (`m!cut@40`): see `without_fault`.
        """

    def encoder(self, request: ServedRequest, asked: ChatRequest) -> ChatEncoder:
        """Writes the reply."""

    def refuse(
        self, why: Why, request: ServedRequest, *, detail: str = "", retry_after: float | None = None
    ) -> tuple[WireHead, bytes]:
        """The provider's real refusal. Of a socket: 101 and a frame that says no, or a refused handshake."""

    def interrupt(self, why: Why, request: ServedRequest, encoder: ChatEncoder) -> list[bytes]:
        """What the provider sends when a reply must stop in the middle (moderated output, a failure)."""

    def other(self, operation: str, request: ServedRequest, now: float) -> tuple[WireHead, list[bytes]]:
        """Answers the operations that are neither chat nor embeddings: models, tokens, pulls, projects."""


@runtime_checkable
class EmbeddingFace(Protocol):
    """What a face has besides where its provider makes vectors; the operation is called `embed`."""

    def embed_request(self, request: ServedRequest) -> EmbedRequest:
        """What is asked for. Raises InputError or RefusedError, as `Face.chat_request` does."""

    def embed_reply(
        self, request: ServedRequest, asked: EmbedRequest, response: EmbedResponse
    ) -> tuple[WireHead, bytes]:
        """Head and body that hold the vectors."""


class FaceMaker(Protocol):
    """Makes a face that takes those credentials."""

    def __call__(self, credentials: Credentials, /) -> Face: ...
