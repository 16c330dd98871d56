"""Which address belongs to which model: every version has a path and a domain of its own.

A model may be named by its domain, by its version, or as the console names it. Where `base_url` is the
provider's own address (`OFFICIAL`), services that live on other hosts are found there; any other address is
where everything goes. An address that holds a path of the table is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import quote, unquote

import msgspec
from msgspec.structs import replace

from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.wire.http import split_url

from .quirks import Quirks

NAME = "spark_ws"

OFFICIAL = "wss://spark-api.xf-yun.com"

_USUAL = Interval("(0, 1]")
_FROM_ZERO = Interval("[0, 1]")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A path, the domain that belongs to it, and what the version takes."""

    domain: str
    path: str
    names: tuple[str, ...] = ()
    """What a request may call it, in lower case; the first is the one it is served under."""
    older: tuple[str, ...] = ()
    """Domains that the path took earlier."""
    origin: str = OFFICIAL
    max_tokens: int | None = None
    """The most that may be asked for; None: not told by any source."""
    temperature: Interval = _USUAL
    thinking: bool = False
    """Thinking can be switched."""
    image: bool = False
    """A picture comes before the question."""
    patch_id: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """The name it is served under."""
        return self.names[0] if self.names and self.names[0] != self.domain.lower() else self.domain


_CHAT = "/v1.1/chat"
_NORTH = "cn-huabei-1.xf-yun.com"

PAIRS: tuple[Pair, ...] = (
    Pair(domain="lite", path=_CHAT, names=("lite", "spark-lite", "v1.1"), max_tokens=4096),
    Pair(domain="general", path=_CHAT, names=("general",), max_tokens=4096),
    # A fine-tuned model as the provider's package asks for it: header.patch_id says which.
    Pair(domain="patch", path=_CHAT, names=("patch",)),
    Pair(domain="generalv2", path="/v2.1/chat", names=("generalv2", "v2", "v2.1", "spark-v2")),
    Pair(
        domain="generalv3",
        path="/v3.1/chat",
        names=("generalv3", "pro", "v3.1", "spark-pro"),
        max_tokens=8192,
    ),
    Pair(domain="pro-128k", path="/chat/pro-128k", names=("pro-128k", "spark-pro-128k"), max_tokens=4096),
    Pair(
        domain="generalv3.5",
        path="/v3.5/chat",
        names=("generalv3.5", "max", "v3.5", "spark-max"),
        max_tokens=8192,
    ),
    Pair(domain="max-32k", path="/chat/max-32k", names=("max-32k", "spark-max-32k"), max_tokens=8192),
    Pair(
        domain="4.0Ultra",
        path="/v4.0/chat",
        names=("4.0ultra", "ultra", "v4.0", "spark-4.0-ultra", "spark-ultra"),
        max_tokens=8192,
    ),
    Pair(
        domain="spark-x",
        path="/v1/x1",
        names=("spark-x", "x1", "x1.5", "spark-x1", "spark-x1.5"),
        older=("x1",),
        temperature=_FROM_ZERO,
        thinking=True,
    ),
    Pair(
        domain="spark-x",
        path="/x2",
        names=("x2", "spark-x2"),
        temperature=_FROM_ZERO,
        thinking=True,
    ),
    Pair(
        domain="x1",
        path="/v1/reasoner-x1-preview",
        names=("x1-preview", "reasoner-x1-preview"),
        temperature=_FROM_ZERO,
    ),
    Pair(
        domain="kjwx",
        path="/v1.1/chat_kjwx",
        names=("kjwx", "spark-kjwx"),
        origin=f"wss://spark-openapi-n.{_NORTH}",
    ),
    Pair(
        domain="image",
        path="/v2.1/image",
        names=("image", "spark-image"),
        origin=f"wss://spark-api.{_NORTH}",
        image=True,
    ),
)
"""The versions that have an address of their own. X2's is that of several clients, told by no page."""

_BY_NAME = {name: pair for pair in PAIRS for name in pair.names}
_BY_PATH = {(pair.path, domain): pair for pair in PAIRS for domain in (pair.domain, *pair.older)}
PATHS = frozenset(pair.path for pair in PAIRS)
DOMAINS = frozenset(pair.domain for pair in PAIRS)

_ASSISTANTS = "/v1/assistants/"

_PREFIXES = {
    "maas/": f"wss://maas-api.{_NORTH}",
    "maas-lite/": "wss://spark-api-n.xf-yun.com",
}
"""Services that are fine-tuned or hosted: the rest of the model's name is the service's id."""


class Place(msgspec.Struct, frozen=True):
    """Where a request goes."""

    origin: str
    path: str
    pair: Pair


def place_of(model: str, site: Site) -> Place:
    """Where a model of a site is asked. Raises InputError naming near models for one that is not known."""
    quirks: Quirks = site.quirks or Quirks()
    origin, base = socket_origin(site.base_url)
    given = quirks.pairs.get(model)
    if given is not None:
        pair = Pair(
            domain=given.domain or model,
            path=given.path or "",
            max_tokens=given.max_tokens,
            temperature=_FROM_ZERO if given.thinking else _USUAL,
            thinking=given.thinking,
            image=given.image,
            patch_id=given.patch_id,
        )
        if given.url is not None:
            origin, base = socket_origin(given.url)
        return Place(origin, _joined(base, pair.path), pair)
    found = marked(model)
    if is_whole(base):
        return Place(origin, base, _at_whole(found, model, origin, base))
    if found is None:
        raise _unknown(model, quirks)
    if origin == OFFICIAL and not base:
        origin = found.origin
    return Place(origin, _joined(base, found.path), found)


def known(model: str) -> Pair | None:
    """The pair of a model's name; of services and assistants the name holds their id."""
    pair = _BY_NAME.get(model.lower())
    if pair is not None:
        return pair
    for prefix, origin in _PREFIXES.items():
        if model.startswith(prefix) and len(model) > len(prefix):
            return Pair(domain=model[len(prefix) :], path=_CHAT, names=(model,), origin=origin)
    ident = model.removeprefix("assistant/")
    if ident and ident != model:
        path = _ASSISTANTS + quote(ident, safe="")
        return Pair(domain="general", path=path, names=(model,), origin=f"wss://spark-openapi.{_NORTH}")
    return None


def marked(model: str) -> Pair | None:
    """The pair of a name; a mark behind its last `!`, as simulators take it, goes with the domain."""
    found = known(model)
    name, mark, rest = model.rpartition("!")
    pair = known(name) if found is None and mark else None
    return found if pair is None else replace(pair, domain=f"{pair.domain}!{rest}")


def served_at(path: str, domain: str) -> Pair | None:
    """Being the provider: the pair of a path and a domain; None where they do not belong together."""
    pair = _BY_PATH.get((path, domain))
    if pair is not None:
        return pair
    if path.startswith(_ASSISTANTS):
        return known("assistant/" + unquote(path[len(_ASSISTANTS) :])) if domain == "general" else None
    return known("maas/" + domain) if path == _CHAT and domain not in DOMAINS else None


def is_whole(path: str) -> bool:
    """Whether that path is one at which a version is asked."""
    return path in PATHS or (path.startswith(_ASSISTANTS) and path != _ASSISTANTS)


def socket_origin(url: str) -> tuple[str, str]:
    """Origin and path of an address, for a socket: `https` becomes `wss`."""
    origin, base = split_url(url)
    scheme, _, host = origin.partition("://")
    return f"{ {'http': 'ws', 'https': 'wss'}.get(scheme, scheme) }://{host}", base


def _at_whole(found: Pair | None, model: str, origin: str, base: str) -> Pair:
    """The pair of an address that is whole: of a host that is not in the table any domain may be asked."""
    if found is not None and found.path == base:
        return found
    if found is None and origin != OFFICIAL:
        return Pair(domain=model, path=base)
    owners = ", ".join(pair.domain for pair in PAIRS if pair.path == base)
    raise InputError(
        f"the address ends in {base}, which belongs to {owners or 'an assistant'}, not to {model!r}",
        hint=f"Leave the path out of base_url ({OFFICIAL}): it is chosen by the model.",
    )


def _unknown(model: str, quirks: Quirks) -> InputError:
    names = [*quirks.pairs, *_proper_names()]
    near = get_close_matches(model.lower(), [name.lower() for name in names], n=3)
    shown = [name for name in names if name.lower() in near]
    told = f"did you mean {' or '.join(shown)}?" if shown else f"there is {', '.join(names)}"
    return InputError(
        f"the WebSocket API of Spark has no model {model!r}; {told}",
        hint=(
            "A service of your own is 'maas/SERVICE_ID', an assistant 'assistant/ID'; for any other pair set "
            'quirks.pairs = { my-model = { path = "/v9/chat", domain = "general9" } } at the endpoint.'
        ),
    )


def _proper_names() -> Iterator[str]:
    """Models as people write them, each once."""
    for pair in PAIRS:
        yield pair.model
        for name in pair.names[1:2]:
            if not name.startswith("spark-"):
                yield name


def _joined(base: str, path: str) -> str:
    return base + path if path.startswith("/") or not path else f"{base}/{path}"
