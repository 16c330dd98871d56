"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later name assistant_prefill image_bytes image_url tools parallel_calls
        server_tools tool_choice_none tool_choice_auto thinking thinking_replay temperature top_p
        max_tokens json_schema citations stream stream_usage usage_cached usage_reasoning
        service_tier embeddings
    """,
    emulated="""
        tool_choice_allowed tool_result_error
        tool_result_images
    """,
    untold="""
        developer refusal
    """,
    remarks={
        "tool_result_images": (
            "stand in a message of the user behind the result",
            "放在结果之后的 user 消息中",
        ),
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
    },
)
