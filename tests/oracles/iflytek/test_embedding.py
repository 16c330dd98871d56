"""iFlytek's embedding client, as it comes, reads the vectors that the simulated Spark makes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Generic, TypeVar

import pytest

from baimo.simulator import faces
from baimo.testing import Simulator

KEYS = faces.make("spark").credentials()
_T = TypeVar("_T")


class _EmbeddingFunction(Generic[_T]):
    """The one class of chromadb that the package's module names as a base."""


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package's module. It imports chromadb, a whole data base, for three names of types."""
    chromadb = ModuleType("chromadb")
    for name, value in (("Documents", list), ("Embeddings", list), ("EmbeddingFunction", _EmbeddingFunction)):
        setattr(chromadb, name, value)
    monkeypatch.setitem(sys.modules, "chromadb", chromadb)
    from sparkai.embedding import spark_embedding

    return spark_embedding


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("spark") as made:
        yield made


def client(package: Any, simulator: Simulator, domain: str = "para", **keys: str) -> Any:
    given = {**KEYS, **keys}
    made = package.Embeddingmodel(
        spark_embedding_app_id=given["app_id"],
        spark_embedding_api_key=given["api_key"],
        spark_embedding_api_secret=given["api_secret"],
        spark_embedding_domain=domain,
    )
    made.client.app_url = simulator.origin_of("spark") + "/"  # a constant of the package
    return made


@pytest.mark.parametrize("domain", ["para", "query"])
def test_a_text_becomes_a_vector(package: Any, simulator: Simulator, domain: str) -> None:
    vector = client(package, simulator, domain).embedding({"content": "这是一段文本", "role": "user"})
    assert len(vector) > 1
    assert sum(number * number for number in vector) == pytest.approx(1, abs=1e-5)
    asked = simulator.last.asked
    assert (asked.inputs, asked.model, asked.user) == (("这是一段文本",), domain, "39769795890")


def test_a_refusal_is_the_packages_error(package: Any, simulator: Simulator) -> None:
    simulator.refuse("over_rate")
    with pytest.raises(ValueError, match="11202"):
        client(package, simulator).embedding({"content": "a", "role": "user"})


def test_another_applications_id_is_refused(package: Any, simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="11200"):
        client(package, simulator, app_id="someapp1").embedding({"content": "a", "role": "user"})
