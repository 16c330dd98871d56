"""What an endpoint of this wire may be told besides its address."""

from __future__ import annotations

import msgspec


class GivenPair(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that the table does not know, or knows otherwise."""

    domain: str | None = None
    """`parameter.chat.domain`; None: the model's name."""
    path: str | None = None
    """Behind `url`, or behind the endpoint's `base_url`."""
    url: str | None = None
    """An address of its own, with its path or without."""
    patch_id: tuple[str, ...] = ()
    """Resource ids of a fine-tuned model."""
    max_tokens: int | None = None
    """The most that may be asked for."""
    thinking: bool = False
    """Thinking can be switched."""
    image: bool = False
    """A picture comes before the question."""


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from what the provider documents."""

    pairs: dict[str, GivenPair] = {}
    """Models by name: path, domain and address where the table has none."""

    embed_url: str | None = None
    """Where embeddings are made, when it is neither the provider's own address nor the endpoint's."""

    embed_domains: dict[str, str] = {}
    """Further models of embeddings and their `parameter.emb.domain`."""
