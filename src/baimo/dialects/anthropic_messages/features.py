"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system assistant_prefill image_bytes image_url image_file_id file_bytes file_url file_id
        tools parallel_calls serial_tools strict_tools server_tools tool_choice_none
        tool_choice_auto tool_choice_required tool_choice_named tool_result_images tool_result_error
        thinking thinking_replay reasoning_off reasoning_on reasoning_effort reasoning_budget
        temperature top_p top_k stop max_tokens json_schema search citations stream stream_usage
        usage_cached usage_reasoning cache_marks service_tier user token_count model_list
    """,
    emulated="""
        system_later refusal tool_choice_allowed
    """,
    untold="""
        developer
    """,
    remarks={
        "system_later": (
            "goes out with the system's text, or as the row says",
            "并入 system 文字，或按行中注明的方式",
        ),
        "developer": ("goes out with the system's text", "并入 system 文字"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "thinking_replay": (
            "with its signature; without one it is left out, with a note",
            "须带签名；没有签名则去掉并留下附注",
        ),
        "reasoning_effort": ("as the model takes it: a word, or a budget", "按模型的方式：等级或预算"),
    },
)
