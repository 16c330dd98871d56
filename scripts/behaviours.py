"""The page of how providers and families of models behave, made from the rows that calls read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from baimo import dialects
from baimo.catalogue import load
from baimo.catalogue.behaviours import behaviour_of, meanings
from baimo.catalogue.rows import Bilingual, Endpoint, ProviderRow
from baimo.dialect.probing import probed
from baimo.dialect.protocols import ChatDialect, Site

INTRODUCTION = Bilingual(
    en="""# How models behave

[中文](zh/behaviours.md)

Providers of one wire differ, and so do families of models: one always thinks, one wants its reasoning
back, one refuses a temperature. Each such difference is a *quirk* in a row of the catalogue, with its
source and the day on which it was read. Calls read these rows and nothing else; a name that nobody knows
works with the defaults, which are those that are safe.

```console
$ baimo models --why deepseek/deepseek-flash
```

tells all that calls to one model go by and who says each of it, your configuration and prices included;
`client.why("deepseek/deepseek-flash")` gives the same as values, together with what refusals have taught
that client. A quirk can be set in the configuration: `[providers.NAME] quirks = { … }`.

This page is written by `scripts/docs` from `src/baimo/catalogue/providers/`. What error codes mean is
told under [errors](errors.md), what each wire can say under [compatibility](compatibility.md).
""",
    zh="""# 模型的行为

[English](../behaviours.md)

同一种接口的服务商各有不同，模型系列之间也是：有的始终思考，有的要求送回思考内容，有的拒绝温度参数。
每个差异都是目录中某一行的一个 *quirk*，注明来源与核对日期。调用只读取这些行；未收录的模型名按默认值处理，
默认值总是安全的。

```console
$ baimo models --why deepseek/deepseek-flash
```

列出调用某个模型所依据的全部行为以及各自的出处，包括你的配置与价格；
`client.why("deepseek/deepseek-flash")` 以值的形式给出同样的内容，并包含该客户端从拒绝中学到的行为。
quirk 可以在配置中设置：`[providers.名称] quirks = { … }`。

本页由 `scripts/docs` 根据 `src/baimo/catalogue/providers/` 生成。错误码的含义见[错误](errors.md)，
各接口能表达什么见[兼容性](compatibility.md)。
""",
)
AREAS = {
    "thinking": Bilingual(en="thinking", zh="思考"),
    "sampling": Bilingual(en="sampling", zh="采样"),
    "messages": Bilingual(en="messages", zh="消息"),
    "tools": Bilingual(en="tools", zh="工具"),
    "answer": Bilingual(en="the answer", zh="回答"),
    "stream": Bilingual(en="streams", zh="流式"),
    "cache": Bilingual(en="prompt cache", zh="提示缓存"),
    "search": Bilingual(en="search", zh="联网搜索"),
    "call": Bilingual(en="the call", zh="调用"),
    "vectors": Bilingual(en="vectors", zh="向量"),
    "limits": Bilingual(en="limits", zh="限制"),
    "prices": Bilingual(en="prices", zh="价格"),
}
NAMES = Bilingual(en="## What the names mean\n", zh="## 名称的含义\n")
NAMES_HEAD = Bilingual(en="| Name | About | Means |", zh="| 名称 | 类别 | 含义 |")
ROWS = Bilingual(en="## What the rows say\n", zh="## 各行的内容\n")
ROWS_HEAD = Bilingual(
    en="| Endpoint | Models | Behaviour | Source | Checked |",
    zh="| 接入点 | 模型 | 行为 | 来源 | 核对日期 |",
)
ALL = Bilingual(en="all", zh="全部")
REASONING = Bilingual(
    en="""## How `reasoning` is said

What goes out for each way of asking, as the dialects write it. `–`: it cannot be said there, which is an
error before anything is sent, or a note with `unsupported="drop"`, and the nearest that can be said goes
out.
""",
    zh="""## `reasoning` 如何表达

每种写法实际发送的字段（由各方言生成）。`–` 表示无法表达：发送前报错，`unsupported="drop"` 时
留下附注并改用最接近的写法。
""",
)
REASONING_HEAD = Bilingual(
    en='| Models | `"off"` | `True` | `"low"` | `"high"` | `2048` |',
    zh='| 模型 | `"off"` | `True` | `"low"` | `"high"` | `2048` |',
)
_WAYS = ("reasoning_off", "reasoning_on", "reasoning_low", "reasoning_high", "reasoning_budget")


def behaviours_page(language: str) -> str:
    """The page in one language."""
    lines = [INTRODUCTION.said(language), REASONING.said(language), REASONING_HEAD.said(language)]
    lines += ["|---|---|---|---|---|---|", *_reasoning_lines(), "", NAMES.said(language)]
    lines += [NAMES_HEAD.said(language), "|---|---|---|", *_name_lines(language), "", ROWS.said(language)]
    for row in load.providers():
        if found := _row_lines(row, language):
            lines += [f"### {row.title_in(language)} (`{row.name}`)\n", ROWS_HEAD.said(language)]
            lines += ["|---|---|---|---|---|", *found, ""]
    return "\n".join(lines)


def _name_lines(language: str) -> list[str]:
    order = list(AREAS)
    found = sorted(meanings().items(), key=lambda item: order.index(item[1].area))
    return [
        _line(f"`{name}`", AREAS[one.area].said(language), one.zh if language == "zh" else one.en)
        for name, one in found
        if not name.startswith("asked.")
    ]


def _row_lines(row: ProviderRow, language: str) -> list[str]:
    """What each endpoint says of all its models, and of some."""
    lines = []
    for endpoint in row.endpoints:
        told = _told(row, endpoint, "")
        for (source, checked), group in groupby(told, key=lambda one: (one[2], one[3])):
            said = "<br>".join(f"`{name}` = `{_value(value)}`" for name, value, _, _ in group)
            lines.append(_line(endpoint.name, ALL.said(language), said, source, checked))
        for variant in endpoint.variants:
            said = "<br>".join(f"`{name}` = `{_value(value)}`" for name, value in variant.quirks.items())
            models = ", ".join(f"`{pattern}`" for pattern in variant.models)
            source = variant.source or endpoint.source or row.source
            checked = variant.checked or endpoint.checked or row.checked
            lines.append(_line(endpoint.name, models, said, source, str(checked)))
    return lines


def _told(row: ProviderRow, endpoint: Endpoint, model: str) -> list[tuple[str, Any, str, str]]:
    """The quirks of an endpoint, each with its source and day."""
    quirks = dialects.get(endpoint.dialect).quirks(endpoint.quirks)
    found = behaviour_of(row, endpoint, model, quirks=quirks).behaviours
    told = [one for one in found if one.origin == "endpoint" and one.name in endpoint.quirks]
    told.sort(key=lambda one: one.source or "")
    return [(one.name, endpoint.quirks[one.name], one.source or "", str(one.checked)) for one in told]


def _reasoning_lines() -> list[str]:
    """Endpoints and families that say it alike stand in one line."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for row in load.providers():
        for endpoint in row.endpoints:
            for name, model in _families(endpoint):
                fields = _asked(row, endpoint, model)
                if fields is not None:
                    label = f"`{row.name}` {endpoint.name}" + (f" `{name}`" if name else "")
                    alike.setdefault(fields, []).append(label)
    return [_line("<br>".join(models), *fields) for fields, models in alike.items()]


def _families(endpoint: Endpoint) -> list[tuple[str, str]]:
    """A family's pattern with a model of it; first what is true of a name that no pattern knows."""
    usual = endpoint.models[0] if endpoint.models else "any"
    patterns = ["", *dict.fromkeys(one.models[0] for one in endpoint.variants)]
    return [(pattern, example_of(pattern or usual)) for pattern in patterns]


def example_of(pattern: str) -> str:
    """A name that a pattern knows.

    >>> example_of("gemini-[3-9]*")
    'gemini-3x'
    """
    text = pattern.replace("*", "x").replace("?", "1")
    while "[" in text:
        before, _, rest = text.partition("[")
        inside, _, after = rest.partition("]")
        text = before + inside[0] + after
    return text


def _asked(row: ProviderRow, endpoint: Endpoint, model: str) -> tuple[str, ...] | None:
    dialect = dialects.get(endpoint.dialect)
    if not isinstance(dialect, ChatDialect):
        return None
    site = Site(
        base_url="https://provider.invalid",
        project="0" * 32,
        region="region",
        app_id="00000000",
        quirks=dialect.quirks(endpoint.quirks_for(model)),
    )
    found = probed(dialect, site, endpoint.served_as.get(model, model))
    if all("refused" in found[way] for way in _WAYS):
        return None
    return tuple(_fields(found[way]) for way in _WAYS)


def _fields(fields: Mapping[str, Any]) -> str:
    if "refused" in fields:
        return "–"
    return f"`{json.dumps(fields, ensure_ascii=False)[1:-1]}`" if fields else "∅"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
