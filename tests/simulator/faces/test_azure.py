"""The face of Azure OpenAI: keys and tokens, deployments in the body and in the path, its own refusals."""

from __future__ import annotations

from typing import Any

import pytest

from baimo import Client
from baimo.errors import AuthError, ContentFilteredError, NotFoundError, RateLimitedError
from baimo.simulator.faces.azure import AzureFace
from baimo.simulator.scripts import fixed
from baimo.simulator.words import Credentials
from baimo.testing.simulator import Simulator
from baimo.wire.http import HttpRequest, SocketRequest


def playing(face: AzureFace | str = "azure") -> Simulator:
    sim = Simulator(face)
    sim.script(fixed("Hello."))
    return sim


def client(sim: Simulator, endpoint: str = "key", **more: Any) -> Client:
    config = sim.config_for({"azure": endpoint})
    config["providers"]["azure"].update(more)
    return sim.client(config=config, max_retries=0)


@pytest.mark.parametrize(
    ("endpoint", "target"),
    [
        ("key", "/openai/v1/chat/completions"),
        ("entra", "/openai/v1/chat/completions"),
        ("app", "/openai/v1/chat/completions"),
        ("responses", "/openai/v1/responses"),
        ("dated", "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
    ],
)
def test_every_endpoint_answers(endpoint: str, target: str) -> None:
    with playing() as sim, client(sim, endpoint) as one:
        assert one.chat("azure/gpt-4o", "Hi").text == "Hello."
        assert sim.last.target == target


def test_an_application_may_use_the_responses_api() -> None:
    with playing() as sim:
        config = sim.config_for({"azure": "app"})
        config["providers"]["azure"]["endpoint"] = "responses"
        with sim.client(config=config) as one:
            assert one.chat("azure/gpt-4o", "Hi").text == "Hello."


def test_vectors_come_in_both_forms_of_address() -> None:
    with playing() as sim:
        for endpoint in ("key", "dated"):
            with client(sim, endpoint) as one:
                assert len(one.embed("azure/text-embedding-3-small", ["a"]).vectors) == 1


def test_one_token_serves_all_calls_until_it_ends() -> None:
    face = AzureFace()
    with playing(face) as sim, client(sim, "app") as one:
        for _ in range(3):
            one.chat("azure/gpt-4o", "Hi")
        assert face.made == 1
        sim.clock.advance(3400)
        one.chat("azure/gpt-4o", "Hi")
        assert face.made == 2


def test_a_token_that_is_refused_is_renewed_and_the_call_made_again() -> None:
    face = AzureFace()
    with playing(face) as sim, client(sim, "app") as one:
        one.chat("azure/gpt-4o", "Hi")
        face._ends = dict.fromkeys(face._ends, 0.0)
        assert one.chat("azure/gpt-4o", "Hi").text == "Hello."
        assert face.made == 2


@pytest.mark.parametrize(
    ("endpoint", "wrong"), [("key", {"api_key": "fake-other"}), ("entra", {"ad_token": "fake-other"})]
)
def test_a_wrong_credential_is_refused(endpoint: str, wrong: dict[str, str]) -> None:
    with playing() as sim, client(sim, endpoint, **wrong) as one:
        with pytest.raises(AuthError, match="Access denied") as caught:
            one.chat("azure/gpt-4o", "Hi")
        assert (caught.value.status, caught.value.provider_code) == (401, "401")


@pytest.mark.parametrize(
    "wrong",
    [{"client_secret": "fake-other"}, {"client_id": "fake-other"}, {"tenant_id": "fake.example"}],
)
def test_a_wrong_application_gets_no_token(wrong: dict[str, str]) -> None:
    with playing() as sim, client(sim, "app", **wrong) as one:
        with pytest.raises(AuthError, match="AADSTS7000215") as caught:
            one.chat("azure/gpt-4o", "Hi")
        assert caught.value.hint is not None


def test_it_refuses_in_azures_words() -> None:
    with playing() as sim, client(sim) as one:
        with pytest.raises(NotFoundError) as unknown:
            one.chat("azure/nosuch", "Hi")
        assert unknown.value.provider_code == "DeploymentNotFound"
        sim.moderate(input=["forbidden"])
        with pytest.raises(ContentFilteredError):
            one.chat("azure/gpt-4o", "forbidden")
        sim.refuse("over_rate")
        with pytest.raises(RateLimitedError):
            one.chat("azure/gpt-4o", "Hi")


def test_its_address_serves_nothing_else() -> None:
    face = AzureFace(Credentials(given={"api_key": "fake-1"}))
    assert face.credentials()["api_key"] == "fake-1"
    get = HttpRequest(method="GET", origin="http://h", target=b"/t/oauth2/v2.0/token")
    assert face.operation(get) is None
    assert face.operation(SocketRequest(origin="ws://h", target=b"/")) is None
