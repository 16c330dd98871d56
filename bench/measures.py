"""What is measured, on whom, and the bars: the table of contents of the bench."""

from __future__ import annotations

from dataclasses import dataclass

from .figures import RATIO, Bar, Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Somebody under measure."""

    title: str
    lock: str
    """Its environment: the name of a lock in `requirements/`."""
    imports: str
    """What its caller imports, for the import measures."""
    module: str = ""
    """Its module in `clients/`; empty for programs that make no calls."""
    installs: tuple[str, ...] = ()
    """The distributions a user asks for; what they need is counted with them."""
    column: bool = True
    """Has a column of the table; else it is there to be a base."""
    peer: bool = False
    """Another library, as against the floor and the bare clients."""
    asked_for: bool = False
    """Measured only when named with --peers."""


CLIENTS = {
    "baimo": Client(title="Baimo", lock="bare", imports="import baimo", module="baimo_face"),
    "stdlib": Client(
        title="json+asyncio+ssl", lock="bare", imports="import json, asyncio, ssl", column=False
    ),
    "floor": Client(title="floor", lock="bare", imports="import asyncio, httptools, msgspec", module="floor"),
    "aiohttp": Client(
        title="aiohttp",
        lock="bare",
        imports="import aiohttp, msgspec",
        module="bare_aiohttp",
        installs=("aiohttp", "msgspec"),
    ),
    "http.client": Client(
        title="http.client",
        lock="bare",
        imports="import http.client, msgspec",
        module="bare_http_client",
        column=False,
    ),
    "websockets": Client(
        title="websockets",
        lock="bare",
        imports="import websockets, msgspec",
        module="bare_websockets",
        column=False,
    ),
    "off": Client(title="all off", lock="bare", imports="import baimo", module="baimo_face", column=False),
    "route": Client(title="all off", lock="bare", imports="import baimo", module="baimo_route", column=False),
    "openai": Client(
        title="openai",
        lock="openai",
        imports="import openai",
        module="openai_sdk",
        installs=("openai",),
        peer=True,
    ),
    "litellm": Client(
        title="litellm",
        lock="litellm",
        imports="import litellm",
        module="litellm_sdk",
        installs=("litellm",),
        peer=True,
    ),
    "langchain": Client(
        title="langchain",
        lock="langchain",
        imports="import langchain_openai",
        module="langchain_sdk",
        installs=("langchain-openai",),
        peer=True,
        asked_for=True,
    ),
    "httpx2": Client(
        title="httpx2",
        lock="httpx2",
        imports="import httpx2, msgspec",
        module="bare_httpx2",
        installs=("httpx2", "msgspec"),
        peer=True,
        asked_for=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing that a client does while it is measured."""

    clients: tuple[str, ...]
    """Who does it beside Baimo and the peers."""
    size: int = 1
    """Calls, streams or chunks; what it counts stands with the job in `worker.py`."""
    peer_size: int = 1
    short_size: int = 1
    peers: bool = True
    rounds: int = 99
    """At most so many rounds: 1 for what does not vary."""
    sockets: bool = False
    """Asks the WebSocket server in place of the other one."""
    module: str = ""
    """Baimo's module in `clients/` where this job has one of its own."""
    in_turns: bool = False
    """All who do it take turns until it is done: a machine that is slower for a while is so for all."""


_SYNC = ("floor", "http.client")
_ASYNC = ("floor", "aiohttp")
_SOCKET = ("websockets",)


def _on(module: str, *, size: int, short_size: int = 1, off: str = "off") -> Job:
    """Baimo with things on, beside the same with all off."""
    return Job(clients=(off,), size=size, short_size=short_size, peers=False, module=module, in_turns=True)


JOBS = {
    "import": Job(clients=("stdlib", "aiohttp")),
    "import_memory": Job(clients=("stdlib", "aiohttp"), rounds=1),
    "cold": Job(clients=_SYNC),
    "sync": Job(clients=_SYNC, size=2000, peer_size=200, short_size=1000),
    "async": Job(clients=_ASYNC, size=2000, peer_size=200, short_size=1000),
    "many": Job(clients=_ASYNC, size=10000, peer_size=600, short_size=2000),
    "burst": Job(clients=_ASYNC, size=100, peer_size=3, short_size=60),
    "burst_sync": Job(clients=_SYNC, size=100, peer_size=3, short_size=60),
    "live": Job(clients=_ASYNC, size=250, peer_size=100, short_size=120),
    "long_stream": Job(clients=_ASYNC, size=100_000, peer_size=100_000, short_size=100_000, rounds=1),
    "map": Job(clients=(), size=20_000, short_size=20_000, peers=False, rounds=1),
    "throughput": Job(clients=_ASYNC, size=2000, peer_size=2000, rounds=3),
    "cancel_calls": Job(clients=_ASYNC, size=100, peer_size=100, rounds=3),
    "cancel_streams": Job(clients=_ASYNC, size=30, peer_size=30, rounds=3),
    "socket": Job(clients=_SOCKET, size=2000, short_size=200, peers=False, sockets=True),
    "socket_sync": Job(clients=_SOCKET, size=2000, short_size=200, peers=False, sockets=True),
    "signing": Job(clients=(), size=500, short_size=500, peers=False, module="baimo_signing"),
    "chunks": Job(clients=(), size=1500, short_size=300, peers=False),
    "on_sync": _on("baimo_attached", size=2000, short_size=1000),
    "on_many": _on("baimo_attached", size=10000, short_size=4000),
    "on_burst": _on("baimo_attached", size=100, short_size=60),
    "on_burst_sync": _on("baimo_attached", size=100, short_size=60),
    "routed_sync": _on("baimo_routed", size=2000, short_size=1000, off="route"),
    "routed_many": _on("baimo_routed", size=10000, short_size=4000, off="route"),
    "metered_sync": _on("baimo_metered", size=2000),
    "metered_many": _on("baimo_metered", size=10000),
    "read_sync": _on("baimo_read", size=2000),
    "installed": Job(clients=("aiohttp",), rounds=1),
}

_DECODED = (
    "anthropic_messages",
    "cohere_chat",
    "dashscope",
    "gemini",
    "hunyuan",
    "minimax",
    "ollama",
    "openai_chat",
    "openai_responses",
    "pangu",
    "qianfan_v1",
    "spark_ws",
)
"""Dialects whose chunks are JSON; the one whose chunks stand in binary frames has lines of its own."""

_EVERYTHING_ON = (
    ("on_sync", "everything on: sync call, CPU", True, True),
    ("on_many", "everything on: async call, 200 in flight, CPU", True, True),
    ("on_burst", "everything on: streamed chunk, async, CPU", True, True),
    ("on_burst_sync", "everything on: streamed chunk, sync, CPU", True, True),
    ("routed_sync", "… over two deployments: sync call, CPU", True, False),
    ("routed_many", "… over two deployments: 200 in flight, CPU", True, False),
    ("metered_sync", "… and metrics: sync call, CPU", False, False),
    ("metered_many", "… and metrics: 200 in flight, CPU", False, False),
    ("read_sync", "… and spans read: sync call, CPU", False, False),
)
"""Job, title, whether it has a bar, and whether it is in the short form."""

MEASURES = (
    Measure(
        title="import in a new process, CPU",
        job="import",
        figure="cpu_ms",
        unit="ms",
        base="stdlib",
        bar=Bar(limit=0.75),
        short=True,
    ),
    Measure(
        title="resident memory after import",
        job="import_memory",
        figure="mb",
        unit="MB",
        bar=Bar(limit=20),
        short=True,
    ),
    Measure(
        title="process start to a first answer, CPU",
        job="cold",
        figure="cpu_ms",
        unit="ms",
        base="http.client",
        bar=Bar(limit=1.5),
        short=True,
    ),
    Measure(
        title="sync call, one after another, CPU",
        job="sync",
        figure="cpu_us",
        unit="us",
        base="http.client",
        bar=Bar(limit=1.0),
        short=True,
    ),
    Measure(
        title="async call, one after another, CPU",
        job="async",
        figure="cpu_us",
        unit="us",
        base="aiohttp",
        bar=Bar(limit=0.6),
        short=True,
    ),
    Measure(
        title="async call, 200 in flight, CPU",
        job="many",
        figure="cpu_us",
        unit="us",
        base="aiohttp",
        bar=Bar(limit=0.5),
        short=True,
    ),
    Measure(
        title="streamed chunk in a burst, async, CPU",
        job="burst",
        figure="cpu_us",
        unit="us",
        base="aiohttp",
        bar=Bar(limit=1.0),
        short=True,
    ),
    Measure(
        title="streamed chunk in a burst, sync, CPU",
        job="burst_sync",
        figure="cpu_us",
        unit="us",
        base="http.client",
    ),
    Measure(
        title="streamed chunk of 100 live streams, CPU",
        job="live",
        figure="cpu_us",
        unit="us",
        base="aiohttp",
        bar=Bar(limit=0.6),
        short=True,
    ),
    Measure(
        title="growth over a stream of 100,000 chunks",
        job="long_stream",
        figure="growth_mb",
        unit="MB",
        bar=Bar(limit=2),
        short=True,
    ),
    Measure(
        title="peak growth of map over 20,000 inputs",
        job="map",
        figure="growth_mb",
        unit="MB",
        bar=Bar(limit=10),
        short=True,
    ),
    Measure(
        title="200 at a time, 200 ms server: of the ideal",
        job="throughput",
        figure="of_ideal",
        unit="%",
        bar=Bar(limit=97, at_least=True),
    ),
    Measure(
        title="200 at a time, 200 ms server: p99 latency",
        job="throughput",
        figure="p99_ms",
        unit="ms",
        bar=Bar(limit=220),
    ),
    Measure(
        title="sockets open 40 ms after 100 calls cancelled",
        job="cancel_calls",
        figure="open",
        unit="",
        bar=Bar(limit=0),
        summary="most",
    ),
    Measure(
        title="the next 100 calls that are right",
        job="cancel_calls",
        figure="right",
        unit="",
        bar=Bar(limit=100, at_least=True),
        summary="least",
    ),
    Measure(
        title="sockets open 40 ms after 30 streams cancelled",
        job="cancel_streams",
        figure="open",
        unit="",
        bar=Bar(limit=0),
        summary="most",
    ),
    Measure(
        title="the next 100 calls that are right (streams)",
        job="cancel_streams",
        figure="right",
        unit="",
        bar=Bar(limit=100, at_least=True),
        summary="least",
    ),
    Measure(
        title="frame of a WebSocket stream, async, CPU",
        job="socket",
        figure="cpu_us",
        unit="us",
        base="websockets",
        bar=Bar(limit=2.0),
        short=True,
    ),
    Measure(
        title="frame of a WebSocket stream, sync, CPU",
        job="socket_sync",
        figure="cpu_us",
        unit="us",
        base="websockets",
        bar=Bar(limit=2.0),
        short=True,
    ),
    *(
        Measure(
            title=f"{scheme} adds to a call, CPU",
            job="signing",
            figure=scheme,
            unit="us",
            bar=Bar(limit=60),
            short=True,
        )
        for scheme in ("tc3", "sdk_hmac_sha256", "spark_url")
    ),
    *(
        Measure(
            title=f"chunk of {dialect}, to typed msgspec",
            job="chunks",
            figure=dialect,
            unit=RATIO,
            bar=Bar(limit=2.5),
            short=True,
        )
        for dialect in _DECODED
    ),
    Measure(
        title="… the worst, to msgspec behind the smallest reader",
        job="chunks",
        figure="read",
        unit=RATIO,
        bar=Bar(limit=2.5),
        short=True,
    ),
    Measure(
        title="chunk of bedrock_converse, to typed msgspec",
        job="chunks",
        figure="bedrock_converse",
        unit=RATIO,
        bar=Bar(limit=4.5),
        short=True,
    ),
    Measure(
        title="… what that is above typed msgspec",
        job="chunks",
        figure="framed",
        unit="us",
        bar=Bar(limit=3),  # a time, no ratio, so in the long form alone: slower machines take longer
    ),
    *(
        Measure(
            title=title,
            job=job,
            figure="cpu_us",
            unit="us",
            base=JOBS[job].clients[0],
            bar=Bar(limit=1.6) if barred else None,
            short=short,
        )
        for job, title, barred, short in _EVERYTHING_ON
    ),
    Measure(title="installed, without .pyc", job="installed", figure="mb", unit="MB", bar=Bar(limit=10)),
    Measure(title="distributions", job="installed", figure="distributions", unit="", bar=Bar(limit=6)),
)
