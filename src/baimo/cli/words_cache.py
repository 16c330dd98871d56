"""What `baimo cache` says."""

from __future__ import annotations

CACHE: dict[str, tuple[str, str]] = {
    "cache.short": ("Answers that are kept.", "回答缓存。"),
    "cache.help": (
        "What is kept of answers, so that equal requests need not be sent again.",
        "查看或清空回答缓存：相同的请求不必再次发送。",
    ),
    "cache.status.short": ("How much is kept, and of what use.", "缓存了多少，命中多少。"),
    "cache.status.help": (
        "Where answers are kept, how many they are, and how often one was found.",
        "回答缓存的位置、条数、大小和命中次数。",
    ),
    "cache.clear.short": ("Delete all that is kept.", "清空缓存。"),
    "cache.clear.help": (
        "Delete all answers that are kept. Asks first.",
        "删除缓存的全部回答，删除前会询问。",
    ),
    "cache.yes": ("Do not ask.", "不询问。"),
    "cache.state": ("state", "状态"),
    "cache.on": ("on", "已开启"),
    "cache.on_demand": ("for calls that ask for it", "仅用于要求缓存的调用"),
    "cache.off": ("off: there is no table [cache]", "未开启：配置中没有 [cache]"),
    "cache.place": ("place", "位置"),
    "cache.entries": ("answers", "条数"),
    "cache.size": ("size", "大小"),
    "cache.hits": ("found", "命中"),
    "cache.of": ("{hits} of {looked} times", "查找 {looked} 次，命中 {hits} 次"),
    "cache.sure": ("Delete {entries} answers in {place}?", "删除 {place} 中的 {entries} 条回答？"),
    "cache.cleared": ("{deleted} answers deleted from {place}", "已从 {place} 删除 {deleted} 条回答"),
}
