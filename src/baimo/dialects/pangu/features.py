"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later assistant_prefill thinking temperature top_p frequency_penalty
        presence_penalty max_tokens n stream stream_usage user
    """,
    untold="""
        developer refusal thinking_replay
    """,
    remarks={
        "n": ("two at most, and not in a stream", "至多两个，且不支持流式"),
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "thinking_replay": ("left out: there is no place for it", "不送回：没有相应的位置"),
    },
)
