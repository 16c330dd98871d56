"""A dialect is loaded when a model of it is first called, and nothing of the others with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from baimo import dialects

MODELS = {
    "anthropic_messages": ("anthropic/m", {"api_key": "fake"}),
    "bedrock_converse": ("bedrock/m", {"access_key": "fake", "secret_key": "fake", "region": "us-east-1"}),
    "cohere_chat": ("cohere/m", {"api_key": "fake"}),
    "dashscope": ("qwen/m", {"api_key": "fake", "endpoint": "native"}),
    "gemini": ("gemini/m", {"api_key": "fake"}),
    "hunyuan": ("hunyuan/m", {"endpoint": "native", "secret_id": "fake", "secret_key": "fake"}),
    "minimax": ("minimax/m", {"api_key": "fake", "endpoint": "native"}),
    "ollama": ("ollama/m", {}),
    "openai_chat": ("deepseek/m", {"api_key": "fake"}),
    "openai_responses": ("openai/m", {"api_key": "fake", "endpoint": "responses"}),
    "pangu": (
        "pangu/m",
        {
            "endpoint": "v1",
            "access_key": "fake",
            "secret_key": "fake",
            "region": "cn-southwest-2",
            "project_id": "fake",
        },
    ),
    "qianfan_v1": ("qianfan/m", {"endpoint": "v1", "access_key": "fake", "secret_key": "fake"}),
    "spark_ws": (
        "spark/lite",
        {"endpoint": "socket", "app_id": "fake", "api_key": "fake", "api_secret": "fake"},
    ),
}
"""By dialect: a model that speaks it, and what its provider is given."""

LOADED = """
import sys
print(*{n.split(".")[2] for n in sys.modules if n.startswith("baimo.dialects.")}, sep=" ", end=";")
print(*sorted(n.split(".")[2] for n in sys.modules if n.startswith("baimo.auth.")))
"""


def loaded(code: str) -> tuple[set[str], set[str]]:
    """The dialects and the modules of `auth` that a new process has after this code."""
    command = [sys.executable, "-P", "-c", code + LOADED]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found, _, signers = said.strip().rpartition("\n")[2].partition(";")
    return set(found.split()), set(signers.split())


def test_each_dialect_has_a_model() -> None:
    assert tuple(sorted(MODELS)) == dialects.names()


def test_importing_and_making_a_client_loads_no_dialect_and_no_signer() -> None:
    assert loaded("import baimo\n") == (set(), set())
    config = {"providers": {model.partition("/")[0]: given for model, given in MODELS.values()}}
    assert loaded(f"import baimo\nclient = baimo.Client(config={config!r})\n") == (set(), set())


@pytest.mark.parametrize("dialect", sorted(MODELS))
def test_a_call_loads_its_own_dialect_alone(dialect: str) -> None:
    model, given = MODELS[dialect]
    config = {"providers": {model.partition("/")[0]: given}}
    code = f"import baimo\nclient = baimo.Client(config={config!r})\n"
    found, signers = loaded(code + f"call = client._chat({model!r}, 'Hi', {{}}, stream=False)\n")
    assert found == {dialect}
    assert len(signers - {"signer", "schemes", "keys"}) <= 2, signers
