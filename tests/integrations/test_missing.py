"""A face whose library is not installed says what to install."""

from __future__ import annotations

import sys

import pytest

from baimo.errors import ConfigError, MissingExtraError


def absent(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """As if those were not installed, and nothing of the faces had been imported."""
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith("baimo.integrations.")]:
        monkeypatch.delitem(sys.modules, name)


def test_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch, "openai")
    with pytest.raises(MissingExtraError, match=r"pip install 'baimo\[openai\]'") as caught:
        from baimo.integrations.openai import OpenAI  # noqa: F401
    assert isinstance(caught.value, ConfigError)


def test_of_langchain(monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch, "langchain_core")
    with pytest.raises(MissingExtraError, match=r"pip install 'baimo\[langchain\]'"):
        from baimo.integrations.langchain import ChatBaimo  # noqa: F401


def test_of_pydantic_ai(monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch, "pydantic_ai")
    with pytest.raises(MissingExtraError, match=r"pip install 'baimo\[pydantic-ai\]'"):
        from baimo.integrations.pydantic_ai import BaimoModel  # noqa: F401


def test_of_llm(monkeypatch: pytest.MonkeyPatch) -> None:
    absent(monkeypatch, "llm")
    with pytest.raises(MissingExtraError, match=r"pip install 'baimo\[llm\]'"):
        from baimo.integrations.llm import register_models  # noqa: F401
