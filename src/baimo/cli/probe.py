"""Looking at one provider from here: its key, its address, the way to it, the clock, one small call."""

from __future__ import annotations

import os
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from baimo.errors import ConfigError, Error, InputError
from baimo.wire.http import HttpRequest, split_url

from .words import language, say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.config.settings import Settings
    from baimo.exchange import Deployment
    from baimo.transports.protocol import Transport

    from .console import Console

Verdict: TypeAlias = Literal["ok", "warn", "fail"]

_CONNECT_S = 10.0
_HEAD_S = 15.0
_SKEW_S = 60.0
"""Seconds our clock may be off before it is worth a word: a reply's date has whole seconds only."""
_SKEW_BREAKS_S = 300.0
"""Seconds from which signed requests are refused."""
_PROMPT = "Reply with the word OK."
_MOST_TOKENS = 200


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    """key, endpoint, service, reach, clock or call."""
    verdict: Verdict
    text: str
    cure: str = ""


def look_at(
    settings: Settings, name: str, transport: Transport, client: Client | None, model: str | None
) -> list[Finding]:
    """All findings about a provider; with a client it is called as well."""
    row = settings.row(name)
    found: list[Finding] = []
    if row.retired is not None:
        cure = say("check.use_instead", name=row.successor) if row.successor else ""
        found.append(Finding("service", "fail", say("check.retired", date=row.retired), cure))
    at = _ready(settings, name, found)
    if at is None:
        return found
    found += _key_shape(settings, name, at)
    found += _endpoint(settings, name)
    if at.transport == "local":
        found += _embedded()
    else:
        found += _way(at, transport)
    if client is not None and all(one.verdict != "fail" for one in found):
        found.append(call_finding(client, name, model))
    return found


def call(console: Console, name: str, model: str | None) -> str | None:
    """One small real call, told about; the words of the answer, None when it failed."""
    from .calling import open_client

    with open_client(console) as client:
        finding = call_finding(client, name, model)
    console.tell(f"{finding.text}\n{finding.cure}".strip())
    return finding.text if finding.verdict == "ok" else None


def call_finding(client: Client, name: str, model: str | None) -> Finding:
    """One small real call: what came, how long it took and what it cost."""
    from .answers import summary
    from .calling import Stopwatch

    watch = Stopwatch()
    try:
        asked = model or client.settings.row(name).default_model
        if asked is None:
            listed = client.models(name)
            asked = listed[0].id if listed else None
        if asked is None:
            return Finding("call", "warn", say("check.no_model", name=name), say("check.name_model"))
        full = asked if asked.startswith(f"{name}/") else f"{name}/{asked}"
        response = client.chat(full, _PROMPT, max_tokens=_MOST_TOKENS, unsupported="drop")
    except Error as error:
        return Finding("call", "fail", _said(error), cure_of(error))
    watch.stop()
    return Finding("call", "ok", say("check.called", facts=summary(response, watch)))


def cure_of(error: Error) -> str:
    """What to do about an error: its own hint, else what its kind needs."""
    return error.hint or say(f"cure.{error.code}" if error.code in _CURED else "cure.other")


_CURED = (
    "auth",
    "connect",
    "content_filtered",
    "context_too_long",
    "invalid_request",
    "missing_extra",
    "missing_key",
    "not_found",
    "overloaded",
    "permission_denied",
    "quota",
    "rate_limited",
    "server",
    "timeout",
    "transport",
    "wire",
)


def _ready(settings: Settings, name: str, found: list[Finding]) -> Deployment | None:
    """The deployment that a call would go to; None, with a finding that says why, when there is none."""
    state = settings.key_state(name)
    try:
        at = settings.resolve(f"{name}/*")[0][0]
    except (ConfigError, InputError) as error:
        found.append(Finding("key", "fail", _said(error), _cure_of_setting(error)))
        return None
    if state.sources:
        masked = ", ".join(secret.masked() for secret in at.secrets.values())
        found.append(Finding("key", "ok", say("check.key", source=", ".join(state.sources), masked=masked)))
    else:
        found.append(Finding("key", "ok", say("check.no_key_needed")))
    return at


def _cure_of_setting(error: Error) -> str:
    from .failures import cure_lines

    return "\n".join(cure_lines(error)) or say("cure.config")


def _key_shape(settings: Settings, name: str, at: Deployment) -> list[Finding]:
    from baimo.config.keyshape import doubts

    from .config_set_key import doubt_words

    row = settings.row(name)
    found = []
    for secret in at.secrets.values():
        for doubt in doubts(row, secret.reveal()):
            verdict: Verdict = "fail" if doubt.certain else "warn"
            words = doubt_words(doubt.code, doubt.message)
            found.append(Finding("key", verdict, words, say("check.set_again", name=name)))
    return found


def _endpoint(settings: Settings, name: str) -> list[Finding]:
    from .providers import why

    states = settings.endpoint_states(name)
    used = next((one for one in states if one.used), None)
    if used is None:
        return []
    text = say("check.endpoint", name=used.name, address=used.address, why=why(used.why))
    if used.address_source and used.address_source != "the catalogue":
        text += " " + say("check.address_from", source=used.address_source)
    found = [Finding("endpoint", "ok", text)]
    endpoint = next((one for one in settings.row(name).endpoints if one.name == used.name), None)
    if endpoint is not None and endpoint.until is not None:
        remark = endpoint.remark.said(language()) if endpoint.remark else ""
        found.append(Finding("endpoint", "warn", say("check.until", date=endpoint.until), remark))
    return found


def _embedded() -> list[Finding]:
    from importlib.util import find_spec

    from baimo.local.pull import home_dir
    from baimo.local.store import Store

    found = []
    if find_spec("xllamacpp") is None:
        found.append(Finding("engine", "fail", say("check.no_engine"), "pip install 'baimo[local]'"))
    else:
        found.append(Finding("engine", "ok", say("check.engine")))
    here = ", ".join(record.name for record in Store(home_dir()).all())
    if here:
        found.append(Finding("model", "ok", say("check.pulled", names=here)))
    else:
        found.append(Finding("model", "warn", say("check.none_pulled"), "baimo pull smollm2"))
    return found


def _way(at: Deployment, transport: Transport) -> list[Finding]:
    """Whether an answer of any kind comes from the address, and what its clock says."""
    try:
        origin, path = split_url(at.site.base_url)
        if origin.startswith("ws"):  # the same server answers a plain request, and says what time it has
            origin = "http" + origin.removeprefix("ws")
        request = HttpRequest(
            method="GET", origin=origin, target=(path or "/").encode(), headers=((b"User-Agent", b"baimo"),)
        )
        sent, begun = time.time(), time.monotonic()
        reply = transport.open(request, connect_s=_CONNECT_S, head_s=_HEAD_S)
        took = time.monotonic() - begun
        reply.abort()
    except Error as error:
        return [Finding("reach", "fail", _said(error), cure_of(error) + _proxies())]
    status = reply.head.status
    found = [
        Finding("reach", "ok", say("check.reached", origin=origin, status=status, seconds=f"{took:.2f}"))
    ]
    if status == 407 or status in (502, 503, 504):
        found = [Finding("reach", "warn", found[0].text, say("check.gateway") + _proxies())]
    date = reply.head.get(b"date")
    return [*found, *clock(date, sent + took / 2)] if date else found


def clock(date: str, ours: float) -> list[Finding]:
    """How far our clock is from the one of a reply's Date field."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    off = ours - theirs
    words = say("check.clock", seconds=f"{off:+.0f}") if abs(off) >= 2 else say("check.in_step")
    if abs(off) < _SKEW_S:
        return [Finding("clock", "ok", words)]
    verdict: Verdict = "fail" if abs(off) >= _SKEW_BREAKS_S else "warn"
    return [Finding("clock", verdict, words, say("cure.clock"))]


def _proxies() -> str:
    """The proxy variables that are set, as they may be at fault."""
    names = [
        name
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
        if os.environ.get(name) or os.environ.get(name.lower())
    ]
    return " " + say("check.proxies", names=", ".join(names)) if names else ""


def _said(error: Error) -> str:
    return f"{error.message} [{error.code}]"
