"""The way of a request through the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import baimo
from baimo.errors import Error
from baimo.simulator.engine import Simulation
from baimo.simulator.faces import HOMES, Faces, make, names
from baimo.simulator.faces.openai import OpenAIFace
from baimo.simulator.timing import Timing
from baimo.simulator.words import (
    Credentials,
    Head,
    Pause,
    Piece,
    RefusedError,
    Why,
    names_host,
    without_fault,
)
from baimo.testing import Rate, Reply, Simulator
from baimo.types.chat import ChatRequest
from baimo.wire.http import HttpRequest

MODEL = "openai/gpt-4o-mini"
SPARK = "spark/4.0Ultra"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("openai", "spark", "deepseek") as simulator:
        yield simulator


def failure(sim: Simulator, model: str = MODEL, prompt: str = "Hi", **more: Any) -> Error:
    """The error of one call."""
    with sim.client(max_retries=0, endpoints={"spark": "socket"}) as client:
        with pytest.raises(Error) as caught:
            client.chat(model, prompt, **more)
        return caught.value


def test_a_fault_is_asked_for_by_a_header_and_by_the_models_name(sim: Simulator) -> None:
    with sim.client(max_retries=0) as client:
        with pytest.raises(baimo.OverloadedError):
            client.chat(MODEL, "Hi", headers={"X-Baimo-Fault": "503"})
        assert sim.last.fault == "503"
        with pytest.raises(baimo.RateLimitedError):
            client.chat(f"{MODEL}!429", "Hi")
        assert (sim.last.chat.model, sim.last.fault) == ("gpt-4o-mini", "429")
        assert client.chat(MODEL, "Hi").text == "Hi"


@pytest.mark.parametrize("how", [{"headers": {"x-baimo-fault": "cats"}}, {}])
def test_an_unknown_fault_is_an_invalid_request_that_says_so(sim: Simulator, how: dict[str, Any]) -> None:
    error = failure(sim, MODEL if how else f"{MODEL}!cats", **how)
    assert isinstance(error, baimo.InvalidRequestError)
    assert "'cats'" in str(error)


def test_on_a_socket_a_header_strikes_the_handshake_and_a_name_what_follows(sim: Simulator) -> None:
    error = failure(sim, SPARK, headers={"x-baimo-fault": "503"})
    assert (type(error), error.status) == (baimo.OverloadedError, 503)  # type: ignore[attr-defined]
    assert isinstance(failure(sim, SPARK, headers={"x-baimo-fault": "close@4000"}), baimo.TransportError)
    assert sim.last.fault == "close@4000"


def test_rates_are_counted_by_key_and_the_wait_is_told(sim: Simulator) -> None:
    sim.rate(requests_per_minute=1, provider="openai")
    waits: list[float] = []
    with sim.client(on_retry=lambda why: waits.append(why.wait_s)) as client:
        client.chat(MODEL, "one")
        client.chat(SPARK, "another provider is another matter")
        assert client.chat(MODEL, "two").text == "two"
    assert waits == [60.0]
    assert [one.why for one in sim.requests] == [None, None, Why.OVER_RATE, None]


def test_a_limit_may_hold_for_one_key(sim: Simulator) -> None:
    sim.rate(Rate(quota_requests=0), key="…1234")
    assert isinstance(failure(sim), baimo.QuotaError)
    assert sim.last.caller == "…1234"
    sim.rate(Rate(), key="…1234")
    with sim.client() as client:
        client.chat(MODEL, "the last rule counts")


async def test_calls_at_once_are_counted_until_their_end(sim: Simulator) -> None:
    sim.rate(concurrency=1)
    async with sim.async_client(max_retries=0) as client:
        async with client.stream(MODEL, "one two three") as first:
            await first.__anext__()
            with pytest.raises(baimo.RateLimitedError):
                await client.chat(MODEL, "two")
        assert (await client.chat(MODEL, "three")).text == "three"
    assert [one.outcome for one in sim.requests] == ["left", "refused", "answered"]


def test_tokens_of_an_answer_count_for_the_key(sim: Simulator) -> None:
    sim.rate(quota_tokens=20)
    sim.reply("word " * 30)
    with sim.client() as client:
        client.chat(MODEL, "Hi")
    assert isinstance(failure(sim), baimo.QuotaError)


def test_a_word_in_the_request_is_refused_in_the_providers_words(sim: Simulator) -> None:
    sim.moderate(input=["bomb"])
    for model in (MODEL, SPARK):
        assert isinstance(failure(sim, model, "a bomb"), baimo.ContentFilteredError)
        assert sim.last.why is Why.INPUT_MODERATED


@pytest.mark.parametrize("stream", [True, False])
def test_a_word_in_the_answer_stops_it_before_the_word_is_out(sim: Simulator, stream: bool) -> None:
    sim.moderate(output="secret")
    sim.reply("one two secret three")
    with sim.client() as client:
        if stream:
            with client.stream(MODEL, "Hi") as running:
                text = "".join(running.text)
            response = running.response
        else:
            response = client.chat(MODEL, "Hi")
            text = response.text
    assert text == "one two"
    assert response.finish_reason is baimo.FinishReason.CONTENT_FILTER
    assert (sim.last.outcome, sim.last.why) == ("interrupted", Why.OUTPUT_MODERATED)


def test_a_script_may_refuse_and_fail_before_and_in_the_middle(sim: Simulator) -> None:
    def refuse(request: ChatRequest) -> str:
        raise RefusedError(Why.OVER_QUOTA, "mine")

    sim.script(refuse)
    assert isinstance(failure(sim), baimo.QuotaError)
    assert sim.last.detail == "mine"

    def break_off(request: ChatRequest) -> Iterator[str]:
        yield "one "
        raise baimo.RateLimitedError("the model behind is busy", status=429)

    sim.script(break_off)
    with sim.client(max_retries=0) as client, pytest.raises(baimo.StreamInterrupted) as caught:
        "".join(client.stream(MODEL, "Hi").text)
    assert isinstance(caught.value.__cause__, baimo.RateLimitedError)
    assert caught.value.partial.text == "one "
    assert (sim.last.outcome, sim.last.why) == ("interrupted", Why.OVER_RATE)
    assert isinstance(failure(sim), baimo.RateLimitedError)
    assert sim.last.outcome == "refused"


def test_what_a_script_raises_by_mistake_is_not_hidden(sim: Simulator) -> None:
    def bad(request: ChatRequest) -> str:
        raise LookupError("mine")

    sim.script(bad)
    with sim.client() as client, pytest.raises(LookupError, match="mine"):
        client.chat(MODEL, "Hi")


def test_the_same_seed_paces_the_same_and_pauses_are_where_tokens_are() -> None:
    def elapsed(seed: int, stream: bool = True) -> float:
        with Simulator("openai", seed=seed) as sim, sim.client() as client:
            sim.timing(ttft=1.0, tokens_per_second=10, jitter=0.5)
            sim.timing(ttft=2.0)
            sim.reply("one two three four five")
            if stream:
                list(client.stream(MODEL, "Hi"))
            else:
                client.chat(MODEL, "Hi")
            return float(sim.clock.elapsed)

    assert elapsed(1) == elapsed(1) != elapsed(2)
    assert elapsed(1) == pytest.approx(elapsed(1, stream=False))
    assert 1.2 < elapsed(1) < 3.6


def test_pauses_come_between_the_pieces_of_a_stream() -> None:
    simulation = Simulation(Faces(("openai",)))
    simulation.script = lambda request: "a b"
    simulation.timing = Timing(ttft=1.0, tokens_per_second=2)
    body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "stream": true}'
    fields = ((b"authorization", b"Bearer sk-fake-0000000000000000000000001234"),)
    request = HttpRequest(
        method="POST", origin="http://127.0.0.1", target=b"/v1/chat/completions", headers=fields, body=body
    )
    acts = list(simulation.call("openai", request, wall=0.0, mono=0.0).acts())
    assert [type(act) for act in acts if not isinstance(act, Piece)] == [Head, Pause, Pause]
    assert [act.seconds for act in acts if isinstance(act, Pause)] == [1.0, 0.5]


def test_embeddings_and_lists_take_the_same_way(sim: Simulator) -> None:
    with sim.client(max_retries=0) as client:
        found = client.embed("openai/text-embedding-3-small", ["a", "b"], dimensions=4)
        assert [len(vector) for vector in found.vectors] == [4, 4]
        assert (sim.last.operation, sim.last.outcome) == ("embed", "answered")
        assert client.models("openai")
        assert (sim.last.operation, sim.last.outcome) == ("models", "answered")
        sim.fault("500")
        with pytest.raises(baimo.ServerError):
            client.models("openai")
        with pytest.raises(baimo.ServerError):
            client.embed("openai/text-embedding-3-small", "a")


def test_nothing_is_served_elsewhere(sim: Simulator) -> None:
    request = HttpRequest(method="GET", origin="http://127.0.0.1:1", target=b"/none")
    reply = sim.transport.open(request, connect_s=1, head_s=1)
    assert reply.head.status == 404
    reply.abort()
    assert (sim.last.operation, sim.last.why) == (None, Why.NO_SUCH_ADDRESS)


def test_somebody_may_be_told_of_each_request_when_it_is_over() -> None:
    told = []
    simulation = Simulation([OpenAIFace()])
    simulation.on_answered = told.append
    request = HttpRequest(method="GET", origin="http://127.0.0.1:1", target=b"/none")
    list(simulation.call("openai", request, wall=0.0, mono=0.0).acts())
    assert [one.outcome for one in told] == ["refused"]


def test_reset_forgets_all(sim: Simulator) -> None:
    sim.fault("500")
    sim.reply("mine")
    sim.rate(quota_requests=0)
    failure(sim)
    sim.reset()
    assert sim.requests == ()
    with sim.client() as client:
        assert client.chat(MODEL, "echo again").text == "echo again"
    assert sim.last.number == 1


def test_secrets_are_nowhere_in_what_is_kept(sim: Simulator) -> None:
    with sim.client(endpoints={"spark": "socket"}) as client:
        for model in (MODEL, SPARK, "deepseek/deepseek-flash"):
            client.chat(model, "Hi")
    shown = repr(sim.requests)
    for provider in sim.providers:
        for name, secret in sim.credentials_of(provider).items():
            assert secret not in shown or name == "app_id", name


def test_every_face_is_at_home_where_the_table_says() -> None:
    from importlib import import_module

    declared: dict[str, str] = {}
    for module in set(HOMES.values()):
        for name in import_module(f"baimo.simulator.faces.{module}").FACES:
            declared[name] = module
    assert declared == dict(HOMES)
    assert list(names()) == sorted(declared)


def test_every_module_of_faces_is_in_the_table() -> None:
    import pkgutil
    from importlib import import_module

    import baimo.simulator.faces as room

    found = {one.name for one in pkgutil.iter_modules(room.__path__)}
    with_faces = {name for name in found if hasattr(import_module(f"{room.__name__}.{name}"), "FACES")}
    assert with_faces == set(HOMES.values())


@pytest.mark.parametrize("name", names())
def test_a_face_is_made_with_the_credentials_that_were_given(name: str) -> None:
    own = make(name).credentials()
    first = next(iter(own))
    face = make(name, Credentials(given={first: "fake-other-value"}))
    assert face.credentials() == {**own, first: "fake-other-value"}
    assert face.name == name


def test_unknown_providers_are_named_with_near_ones() -> None:
    with pytest.raises(baimo.ConfigError, match="deepseek"):
        Simulator("depseek")
    with pytest.raises(baimo.ConfigError, match="spark"):
        Simulator("openai", credentials={"spark": {"api_key": "x"}})


def test_a_face_of_ones_own_is_simulated_like_the_others() -> None:
    face = OpenAIFace(name="acme", key="fake-key-of-acme", models=("*",))
    with Simulator(face) as sim:
        assert sim.providers == ("acme",)
        table = {**sim.config["providers"]["acme"], "dialect": "openai_chat"}
        with baimo.Client(config={"providers": {"acme": table}}, transport=sim.transport) as client:
            assert client.chat("acme/any", "Hi").text == "Hi"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("api.acme.test", True),
        ("API.acme.test:443", True),
        ("127.0.0.1:80", True),
        ("127.8.8.8", True),
        ("[::1]:99", True),
        ("localhost", True),
        ("x.localhost:1", True),
        ("a.b.test", True),
        ("evil.test", False),
        ("127.0.0.1.evil.test", False),
    ],
)
def test_hosts_are_told_apart(host: str, is_ours: bool) -> None:
    assert names_host(host, ("api.acme.test", "*.b.test")) is is_ours


def test_a_models_name_is_judged_without_its_fault() -> None:
    assert without_fault("a!b!cut@4") == "a!b"
    assert without_fault("plain") == "plain"
    assert Reply(text="x") == Reply(text="x")


def test_what_a_provider_refuses_before_a_socket_stands_is_refused_there() -> None:
    with Simulator("spark") as sim, sim.client(endpoints={"spark": "socket"}, max_retries=2) as client:
        sim.refuse("wrong_secret")
        with pytest.raises(baimo.AuthError) as caught:
            client.chat("spark/4.0Ultra", "在吗")
        assert (caught.value.status, len(sim.requests)) == (401, 1)
        sim.reset()
        sim.refuse("over_quota")
        with pytest.raises(baimo.QuotaError):
            client.chat("spark/4.0Ultra", "在吗")
