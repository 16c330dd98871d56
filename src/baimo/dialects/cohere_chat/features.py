"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later assistant_prefill image_bytes image_url image_detail tools
        parallel_calls strict_tools server_tools tool_choice_none tool_choice_required thinking
        thinking_replay reasoning_off reasoning_on reasoning_budget temperature top_p top_k
        frequency_penalty presence_penalty seed stop max_tokens json_object json_schema citations
        stream stream_usage usage_cached usage_reasoning embeddings ranks token_count
        model_list transcription
    """,
    emulated="""
        refusal tool_choice_named tool_choice_allowed tool_result_error
        tool_result_images
    """,
    untold="""
        developer tool_choice_auto
    """,
    remarks={
        "tool_result_images": (
            "stand in a message of the user behind the result",
            "放在结果之后的 user 消息中",
        ),
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "tool_choice_auto": ("is what the wire always does", "该接口一贯如此"),
        "tool_choice_named": ("only that tool is offered, and one must be called", "只提供该工具并要求调用"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
    },
)
