"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system assistant_prefill image_bytes audio_in video_bytes file_bytes image_out tools
        parallel_calls strict_tools server_tools tool_choice_auto tool_choice_required
        tool_choice_named tool_result_images tool_result_error thinking thinking_replay temperature
        top_p stop max_tokens json_schema citations stream stream_usage usage_cached cache_marks
        service_tier metadata embeddings token_count
    """,
    emulated="""
        system_later refusal tool_choice_none tool_choice_allowed
    """,
    untold="""
        developer
    """,
    remarks={
        "system_later": ("goes out with the system's text", "并入 system 文字"),
        "developer": ("goes out with the system's text", "并入 system 文字"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "tool_choice_none": ("no tools are offered", "不提供工具"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "thinking_replay": (
            "with its signature; without one it is left out, with a note",
            "须带签名；没有签名则去掉并留下附注",
        ),
    },
)
