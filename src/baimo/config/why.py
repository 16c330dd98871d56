"""What a model's behaviour comes from: the rows under the user's tables and what refusals taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from msgspec.structs import replace

from baimo.catalogue import load as catalogue
from baimo.catalogue.behaviours import OwnWords, behaviour_of
from baimo.dialect.mending import Mending
from baimo.dialect.probing import probed
from baimo.dialect.protocols import ChatDialect, FeaturesDialect, Site
from baimo.types.behaviours import ModelBehaviour

from .facts import laid_on
from .resolve import Place, unplaced_values

Learned: TypeAlias = Mapping[tuple[str, str, str], Sequence[Mending]]
"""What helped after a refusal, by provider, endpoint and model."""

_BASE, _REGION, _PROJECT, _APP = "https://provider.invalid", "region", "0" * 32, "00000000"
"""Stand in for what nobody has set yet: requests are only written to be looked at."""


def behaviours_of(place: Place, learned: Learned, language: str) -> ModelBehaviour:
    """What calls to one place go by, and who says each of it."""
    provider, endpoint, model = place.provider, place.candidate.endpoint, place.model
    quirks: Any = place.quirks
    taught: dict[str, str] = {}
    for mending in learned.get((provider.name, endpoint.name, endpoint.served_as.get(model, model)), ()):
        quirks = replace(quirks, **mending.quirks)
        taught |= dict.fromkeys(mending.quirks, mending.told)
    values = place.candidate.address.values if place.candidate.address is not None else {}
    site = Site(
        base_url=_BASE,
        provider=provider.name,
        region=values.get("region", _REGION),
        project=values.get("project_id") or values.get("project") or _PROJECT,
        app_id=values.get("app_id", _APP),
        api_version=values.get("api_version"),
        quirks=quirks,
    )
    served = endpoint.served_as.get(model, model)
    asked = probed(place.dialect, site, served) if isinstance(place.dialect, ChatDialect) else {}
    info = catalogue.model(provider.name, model) if provider.known else None
    told: frozenset[str] = frozenset()
    if place.facts is not None:
        own = place.facts
        info = laid_on(info, own, provider=provider.name, model=model)
        told = frozenset(name for name in own.__struct_fields__ if getattr(own, name))
    said = {
        name: layer.label
        for name in getattr(quirks, "__struct_fields__", ())
        if (layer := provider.says_quirk(name)) is not None
    }
    parameters = unplaced_values(provider, endpoint, place.candidate.address)
    return behaviour_of(
        provider.row,
        endpoint,
        model,
        quirks=quirks,
        features=place.dialect.features() if isinstance(place.dialect, FeaturesDialect) else None,
        asked=asked,
        info=info,
        own=OwnWords(
            quirks={**said, **dict.fromkeys(parameters, f"providers.{provider.name}")},
            learned=taught,
            facts=told,
        ),
        language=language,
    )
