"""The providers' own error codes: what each means, which class of error it is, and how to mend it.

One module a provider, so that all wires of one provider read the same table; the pages in `docs/errors` are
made from it. A row of the catalogue names its table, `Site.codes` carries the name to the dialect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module

import msgspec

from baimo.errors import ConfigError, ProviderError

NAMES = (
    "anthropic",
    "aws",
    "baidu",
    "cohere",
    "deepseek",
    "google",
    "huawei",
    "minimax",
    "moonshot",
    "ollama",
    "qwen",
    "siliconflow",
    "spark",
    "tencent",
    "volcengine",
    "zhipu",
)
"""The tables there are."""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One documented code."""

    kind: type[ProviderError]
    means: str
    """What the provider says with it: half a sentence without a full stop."""
    means_zh: str
    cure: str
    """What to do, as whole sentences."""
    cure_zh: str
    retryable: bool | None = None
    """None: as its class says."""
    renews: bool = False
    """A fresh token may cure it: fetched once, then the call is made again."""
    words: tuple[tuple[str, type[ProviderError]], ...] = ()
    """Patterns of the message that make it another class of error: one code stands for several things."""

    @property
    def is_retryable(self) -> bool:
        """Whether trying again, unchanged, may help."""
        return self.kind("").retryable if self.retryable is None else self.retryable

    def told(self, message: str) -> tuple[type[ProviderError], bool]:
        """The class of a refusal in these words, and whether trying again may help."""
        for pattern, kind in self.words:
            if re.search(pattern, message):
                return kind, kind("").retryable
        return self.kind, self.is_retryable


class Codes(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of one provider."""

    title: str
    title_zh: str
    sources: tuple[str, ...]
    """Addresses or packages where the codes are told."""
    table: Mapping[str, Code]

    def find(self, code: str | None) -> Code | None:
        """The entry of a code, else of its family `NAME_*`, else of the part before its last dot, and so on.

        >>> table("tencent").find("AuthFailure.SomethingNew") is table("tencent").table["AuthFailure"]
        True
        """
        while code:
            found = self.table.get(code)
            if found is not None:
                return found
            family = self.table.get(f"{code.partition('_')[0]}_*") if "_" in code else None
            if family is not None:
                return family
            code = code.rpartition(".")[0]
        return None


def table(name: str) -> Codes:
    """A provider's codes, loaded when they are first asked for. Raises ConfigError for an unknown name."""
    if name not in NAMES:
        raise ConfigError(f"there is no table of error codes {name!r}; there is {', '.join(NAMES)}")
    codes: Codes = import_module(f"{__name__}.{name}").CODES
    return codes


def find(name: str | None, code: str | None) -> Code | None:
    """The entry of a code in the table of that name; None where either is not known."""
    return table(name).find(code) if name and code else None
