"""Words for names and addresses that are known to be dead, mistaken, or never to have existed.

They are shown when a provider refuses a call or cannot be reached; a name that is not listed is never judged.
"""

from __future__ import annotations

import tomllib
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import msgspec

from baimo.errors import UnknownProviderError

from . import load
from .rows import AddressRemark, ModelRow, ProviderRow


def advice(
    provider: str,
    model: str | None = None,
    base_url: str | None = None,
    *,
    dialect: str | None = None,
    language: str = "en",
    today: date | None = None,
) -> str | None:
    """What is known to be wrong with a provider, a model's name or an address; None when nothing is.

    `dialect` is the wire that is spoken there; None: any. `language` "zh" gives Chinese; `today` tells
    whether an end has passed or is announced.
    """
    zh = language.lower().startswith("zh")
    try:
        row = load.find(provider)
    except UnknownProviderError:
        row = None
    found = [_of_address(base_url, dialect, language) if base_url else None]
    if row is not None:
        found.append(_of_provider(row, zh=zh, today=today))
        if model and (known := load.model_row(row.name, model.lower()) or load.model_row(row.name, model)):
            found.append(_of_model(row, model, known, zh=zh, today=today))
    return _joined(found, zh=zh)


def _of_provider(row: ProviderRow, *, zh: bool, today: date | None) -> str | None:
    if row.retired is None:
        return None
    ended = _ended(_title(row, zh=zh), row.retired, zh=zh, today=today)
    return _joined([ended, _use(row.successor, zh=zh)], zh=zh)


def _of_model(row: ProviderRow, model: str, known: ModelRow, *, zh: bool, today: date | None) -> str | None:
    """Words for a model whose block tells an end or a mistake; ordinary models hold none."""
    if known.told_by is None:
        return None
    title = _title(row, zh=zh)
    told = None
    if known.never:
        told = f"{title}从未有过名为 {model} 的模型。" if zh else f"{title} never had a model called {model}."
    elif known.retired is not None:
        subject = f"{title}的 {model} " if zh else f"{model} of {title}"
        told = _ended(subject, known.retired, zh=zh, today=today)
    remark = known.remark.said("zh" if zh else "en") if known.remark else None
    return _joined([told, remark, _use(known.successor, zh=zh)], zh=zh)


def _title(row: ProviderRow, *, zh: bool) -> str:
    """The title; before Chinese words a Latin one is followed by a blank."""
    title = row.title_in("zh" if zh else "en")
    return f"{title} " if zh and title[-1].isascii() else title


def _ended(subject: str, day: date, *, zh: bool, today: date | None) -> str:
    if today is None:
        return f"{subject}的停止服务日期为 {day}。" if zh else f"{subject} has {day} as its last day."
    if today < day:
        return f"{subject}将于 {day} 停止服务。" if zh else f"{subject} is announced to stop on {day}."
    return f"{subject}已于 {day} 停止服务。" if zh else f"{subject} stopped on {day}."


def _use(successor: str | None, *, zh: bool) -> str | None:
    if successor is None:
        return None
    return f"请改用 {successor}。" if zh else f"Use {successor} instead."


def _joined(texts: list[str | None], *, zh: bool) -> str | None:
    return ("" if zh else " ").join(text for text in texts if text) or None


def _of_address(base_url: str, dialect: str | None, language: str) -> str | None:
    address = base_url.strip().lower().rstrip("/")
    for known in _address_remarks():
        if dialect and known.dialects and dialect not in known.dialects:
            continue
        if any(fnmatchcase(address, pattern) for pattern in known.matches):
            return known.remark.said(language)
    return None


@cache
def _address_remarks() -> tuple[AddressRemark, ...]:
    text = Path(__file__).with_name("addresses.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["addresses"], tuple[AddressRemark, ...])
