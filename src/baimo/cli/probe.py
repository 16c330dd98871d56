"""Looking at one provider from here: its key, its address, the way to it, the clock, one small call."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from baimo.auth.schemes import KEYS
from baimo.auth.signer import Granting
from baimo.errors import ConfigError, Error, InputError, MissingKeyError
from baimo.steps import Send
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest, split_url

from .codes import code_of, cure, means
from .credentials import doubt_words, missing_words, other_ways, place_lines
from .failures import cure_lines, variable_lines
from .words import language, say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.config.explain import EndpointState
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
    """key, endpoint, service, reach, token, clock, call or balance."""
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
    """What to do about an error: the cure of its code, its own hint, else what its kind needs."""
    known = code_of(error)
    if known is not None:
        code, entry = known
        return f"{say('code.means', code=code, means=means(entry))}\n{cure(entry)}"
    own = say(f"cure.{error.code}" if error.code in _CURED else "cure.other")
    if error.hint and language() == "zh" and error.code in _CURED:
        return f"{own}\n{error.hint}"  # the hint is in English
    return error.hint or own


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
    """The deployment that a call would go to; None, with findings that say why, when there is none."""
    try:
        at = settings.resolve(f"{name}/*")[0][0]
    except (ConfigError, InputError) as error:
        found.append(_no_credentials(settings, name, error))
        seen = {one: secret.reveal() for one, secret in settings.secrets_seen(name).items()}
        found += _doubts(settings, name, seen, several=True)
        return None
    found.append(Finding("key", "ok", _keys(settings, name, at)))
    return at


def _no_credentials(settings: Settings, name: str, error: Error) -> Finding:
    """Which credential or id is missing, what the console calls it, where it shows it, what else would do."""
    states = settings.endpoint_states(name)
    state = next((one for one in states if one.is_begun), states[0])
    lacking = [one.name for one in state.secrets if one.needed and one.source is None]
    if isinstance(error, MissingKeyError) and lacking:
        text = missing_words(state)
        cures = [*place_lines(name, lacking), *_cure_of_setting(error).splitlines()]
        if language() == "zh":  # the English hint names them
            cures += other_ways(states, state)
    elif part := _lacking_part(settings, name, error):
        text, variables = part.text, part.variables
        cures = [*place_lines(name, [part.name]), *variable_lines(variables[:1])]
    else:
        text, cures = error.message, _cure_of_setting(error).splitlines()
    return Finding("key", "fail", f"{text} [{error.code}]", "\n".join(cures))


class _Part(NamedTuple):
    name: str
    text: str
    variables: tuple[str, ...]


def _lacking_part(settings: Settings, name: str, error: Error) -> _Part | None:
    """The parameter that an endpoint needs and that nobody set."""
    for endpoint in settings.row(name).endpoints:
        for part, parameter in endpoint.parameters.items():
            if error.message == endpoint.lacks(part).message:
                text = say("secret.missing", names=part, endpoint=endpoint.name)
                return _Part(part, text, parameter.env)
    return None


def _keys(settings: Settings, name: str, at: Deployment) -> str:
    """Which credentials are used and from where, masked."""
    sources = {one.name: one.source for one in _used(settings, name).secrets if one.source}
    if not sources:
        return say("check.no_key_needed")
    if len(sources) == 1:
        masked = ", ".join(secret.masked() for secret in at.secrets.values())
        return say("check.key", source=next(iter(sources.values())), masked=masked)
    return say("secret.and").join(
        say("secret.set", name=secret, masked=at.secrets[secret].masked(), source=source)
        for secret, source in sources.items()
    )


def _used(settings: Settings, name: str) -> EndpointState:
    """The endpoint that calls go to."""
    return next(one for one in settings.endpoint_states(name) if one.used)


def _cure_of_setting(error: Error) -> str:
    return "\n".join(cure_lines(error)) or say("cure.config")


def _key_shape(settings: Settings, name: str, at: Deployment) -> list[Finding]:
    """What looks wrong: swapped, of another place, not as such credentials look."""
    secrets = _used(settings, name).secrets
    values = {one: secret.reveal() for one, secret in at.secrets.items()}
    if len(values) == 1:
        values = {secrets[0].name: next(iter(values.values()))}
    for part, value in (("project_id", at.site.project), ("app_id", at.site.app_id)):
        if value is not None:
            values[part] = value
    return _doubts(settings, name, values, several=len(values) > 1)


def _doubts(settings: Settings, name: str, values: Mapping[str, str], *, several: bool) -> list[Finding]:
    from baimo.config.keyshape import doubts_of

    found = []
    for doubt in doubts_of(settings.row(name), values):
        verdict: Verdict = "fail" if doubt.certain else "warn"
        cure = [*place_lines(name, [doubt.secret]), say("check.set_again", name=name)]
        found.append(Finding("key", verdict, doubt_words(doubt, several=several), "\n".join(cure)))
    return found


def _endpoint(settings: Settings, name: str) -> list[Finding]:
    from .providers import why

    used = _used(settings, name)
    is_local = settings.row(name).endpoints[0].transport == "local"
    address = say("providers.in_process") if is_local else say("check.at", address=used.address)
    text = say("check.endpoint", name=used.name, address=address, why=why(used.why))
    if used.scheme not in KEYS:
        text += " " + say("secret.signed", scheme=used.scheme)
    if used.address_source and used.address_source != "the catalogue":
        text += " " + say("check.address_from", source=used.address_source)
    found = [Finding("endpoint", "ok", text)]
    endpoint = next((one for one in settings.row(name).endpoints if one.name == used.name), None)
    if endpoint is not None and endpoint.until is not None:
        remark = endpoint.remark.said(language()) if endpoint.remark else ""
        ended = endpoint.until <= datetime.now(UTC).date()
        words = say("check.ended" if ended else "check.until", date=endpoint.until)
        found.append(Finding("endpoint", "warn", words, remark))
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
    found = _reached(at.site.base_url, transport)
    place = _token_place(at)
    if place is not None and place != split_url(at.site.base_url)[0]:
        found += [one._replace(what="token") for one in _reached(place, transport) if one.what == "reach"]
    return found


def _reached(address: str, transport: Transport) -> list[Finding]:
    try:
        origin, path = split_url(address)
        is_socket = origin.startswith("ws")
        request: WireRequest
        if is_socket:  # not signed: a refusal shows that somebody is there as well
            request = SocketRequest(origin=origin, target=(path or "/").encode())
        else:
            agent = ((b"User-Agent", b"baimo"),)
            request = HttpRequest(method="GET", origin=origin, target=(path or "/").encode(), headers=agent)
        sent, begun = time.time(), time.monotonic()
        reply = transport.open(request, connect_s=_CONNECT_S, head_s=_HEAD_S)
        took = time.monotonic() - begun
        reply.abort()
    except Error as error:
        return [Finding("reach", "fail", _said(error), cure_of(error) + _proxies())]
    status = reply.head.status
    words = "check.socket" if is_socket else "check.reached"
    if is_socket and status == 101:
        words = "check.socket_opened"
    found = [Finding("reach", "ok", say(words, origin=origin, status=status, seconds=f"{took:.2f}"))]
    if status == 407 or status in (502, 503, 504):
        found = [Finding("reach", "warn", found[0].text, say("check.gateway") + _proxies())]
    date = reply.head.get(b"date")
    return [*found, *clock(date, sent + took / 2)] if date else found


def _token_place(at: Deployment) -> str | None:
    """Where the signer would have a token or a project's id made; None where it needs none."""
    if not isinstance(at.signer, Granting):
        return None
    shared = at.signer.grant(at.site, at.secrets, None)
    if shared is None:
        return None
    steps = shared.make()
    step = next(steps)
    while not isinstance(step, Send):  # it asks for the time before it signs
        step = steps.send((time.time(), time.monotonic()))
    steps.close()
    return step.wire.origin


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
