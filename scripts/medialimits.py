"""The page of what providers take of pictures and other media, made from their rows."""

from __future__ import annotations

from baimo.catalogue import load
from baimo.catalogue.rows import Bilingual, ProviderRow
from baimo.types.medialimits import KindLimits

INTRODUCTION = Bilingual(
    en="""# What providers take of media

[中文](zh/media-limits.md)

A request is held against this before it is sent; [media](media.md) tells how. What is not in the table is not
known, and not checked. Sizes are in bytes, before base64 where nothing else is said.

This page is written by `scripts/docs` from the tables `[media]` in `src/baimo/catalogue/providers/`.
""",
    zh="""# 各服务商对媒体的限制

[English](../media-limits.md)

请求发出前会按本表核对，方法见[媒体](media.md)。表中没有的项目即未知，不做检查。
大小以字节计，未注明时指 base64 编码之前。

本页由 `scripts/docs` 根据 `src/baimo/catalogue/providers/` 中的 `[media]` 表生成。
""",
)
COLUMNS = Bilingual(
    en="| Provider | Kind | Types | Limits | Source | Checked |",
    zh="| 服务商 | 种类 | 类型 | 限制 | 来源 | 核对日期 |",
)
KINDS = {
    "image": Bilingual(en="picture", zh="图片"),
    "audio": Bilingual(en="sound", zh="音频"),
    "video": Bilingual(en="film", zh="视频"),
    "file": Bilingual(en="document", zh="文件"),
}
WORDS = {
    "max_bytes": Bilingual(en="{:,} bytes each", zh="每个 {:,} 字节"),
    "max_base64": Bilingual(en="{:,} bytes each as base64", zh="每个 base64 后 {:,} 字节"),
    "max_count": Bilingual(en="{:,} in a request", zh="每个请求 {:,} 个"),
    "max_side": Bilingual(en="{:,} pixels a side", zh="边长至多 {:,} 像素"),
    "min_side": Bilingual(en="at least {:,} pixels a side", zh="边长至少 {:,} 像素"),
    "max_ratio": Bilingual(en="sides of 1 to {:g} at the most", zh="边长之比至多 1:{:g}"),
}
REQUEST = Bilingual(en="request", zh="请求")
WHOLE = Bilingual(en="{:,} bytes in all", zh="总共 {:,} 字节")


def media_limits_page(language: str) -> str:
    """The table of all rows that tell of media."""
    lines = [line for row in load.providers() for line in _lines(row, language)]
    return "\n".join(
        (INTRODUCTION.said(language), COLUMNS.said(language), "|---|---|---|---|---|---|", *lines, "")
    )


def _lines(row: ProviderRow, language: str) -> list[str]:
    media = row.media
    if media is None:
        return []
    told = [(KINDS[kind], getattr(media, kind)) for kind in KINDS]
    cells = [
        (name.said(language), "<br>".join(f"`{one}`" for one in limits.types), _limits(limits, language))
        for name, limits in told
        if limits != KindLimits()
    ]
    if media.request_bytes is not None:
        cells.append((REQUEST.said(language), "", WHOLE.said(language).format(media.request_bytes)))
    return [f"| `{row.name}` | {' | '.join(one)} | {media.source} | {media.checked} |" for one in cells]


def _limits(limits: KindLimits, language: str) -> str:
    found = [(words, getattr(limits, name)) for name, words in WORDS.items()]
    return "<br>".join(words.said(language).format(value) for words, value in found if value is not None)
