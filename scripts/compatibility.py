"""The page of what each dialect carries, emulates and refuses, made from the dialects' own declarations."""

from __future__ import annotations

from itertools import groupby

from baimo import dialects
from baimo.catalogue.rows import Bilingual
from baimo.dialect.features import FEATURES
from baimo.dialect.protocols import FeaturesDialect
from baimo.dialect.support import Features

INTRODUCTION = Bilingual(
    en="""# What each wire can say

[中文](zh/compatibility.md)

A *dialect* is a wire API. This page tells what can be said in each of them, and so what survives when a call
goes [from one to another](translation.md): whatever both carry.

| | means |
|---|---|
| ✓ | carried: it is said on the wire, and reading that gives the same value again |
| ≈ | emulated: it is said in another way, or left to the wire's own rule; how is told below the table |
| – | refused: `UnsupportedError`, or a note with `unsupported="drop"`; a reply has no place for it |

It holds for a provider of whom nothing is known. Rows of the catalogue may say more or less of a provider or
a model, and a model need not be able to do what can be said to it.

This page is written by `scripts/docs` from the declarations in `src/baimo/dialects/*/features.py`, and tests
hold every sign of it to the code.
""",
    zh="""# 各接口能表达什么

[English](../compatibility.md)

“方言”（dialect）指一种接口协议。本页说明每种接口能表达什么，因此也说明一次调用[从一种转换到另一种](translation.md)时
哪些内容能保留：双方都支持的内容。

| | 含义 |
|---|---|
| ✓ | 支持：接口上有相应的表达，读回来是同样的值 |
| ≈ | 变通：以别的方式表达，或按接口自身的规则处理；办法见表下说明 |
| – | 不支持：抛出 `UnsupportedError`，`unsupported="drop"` 时留下附注；回复中没有相应的位置 |

这里针对的是一无所知的服务商。目录中的行可以注明某个服务商或模型支持得更多或更少；能对模型说，不等于模型做得到。

本页由 `scripts/docs` 根据 `src/baimo/dialects/*/features.py` 中的声明生成，并由测试逐项与代码核对。
""",
)
AREAS = {
    "messages": Bilingual(en="Messages", zh="消息"),
    "media": Bilingual(en="Media", zh="多媒体"),
    "tools": Bilingual(en="Tools", zh="工具"),
    "thinking": Bilingual(en="Thinking", zh="思考"),
    "sampling": Bilingual(en="Sampling", zh="采样"),
    "answer": Bilingual(en="The answer", zh="回答"),
    "call": Bilingual(en="The call", zh="调用"),
    "operations": Bilingual(en="Other operations", zh="其他操作"),
}
SIGNS = {"carried": "✓", "emulated": "≈", "refused": "–"}
REMARKS = Bilingual(en="Remarks", zh="说明")
COLON = Bilingual(en=": ", zh="：")


def declarations() -> dict[str, Features]:
    """What every dialect declares."""
    found = {name: dialects.get(name) for name in dialects.names()}
    return {name: one.features() for name, one in found.items() if isinstance(one, FeaturesDialect)}


def compatibility_page(language: str) -> str:
    """One table for each area, and the remarks of each dialect."""
    declared = declarations()
    lines = [INTRODUCTION.said(language)]
    for area, features in groupby(FEATURES, key=lambda feature: feature.area):
        names = " | ".join(f"`{name}`" for name in declared)
        lines += [f"## {AREAS[area].said(language)}\n", f"| | {names} |", "|---|" + ":-:|" * len(declared)]
        for feature in features:
            means = feature.means_zh if language == "zh" else feature.means
            signs = " | ".join(SIGNS[one.support[feature.name]] for one in declared.values())
            lines.append(f"| `{feature.name}`<br>{means} | {signs} |")
        lines.append("")
    lines.append(f"## {REMARKS.said(language)}\n")
    for name, one in declared.items():
        lines += [f"### {name}\n", *_remarks(one, language), ""]
    return "\n".join(lines)


def _remarks(declared: Features, language: str) -> list[str]:
    """In the order of the list."""
    place = 1 if language == "zh" else 0
    return [
        f"- {SIGNS[declared.support[feature.name]]} `{feature.name}`{COLON.said(language)}"
        f"{declared.remarks[feature.name][place]}"
        for feature in FEATURES
        if feature.name in declared.remarks
    ]
