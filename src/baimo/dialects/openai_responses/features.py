"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later developer assistant_prefill refusal image_bytes image_url image_file_id
        image_detail file_bytes file_url file_id tools parallel_calls serial_tools strict_tools
        custom_tools server_tools tool_choice_none tool_choice_auto tool_choice_required
        tool_choice_named tool_choice_allowed tool_result_images thinking thinking_replay
        reasoning_off reasoning_effort temperature top_p max_tokens logprobs json_object json_schema
        verbosity citations stream stream_usage usage_cached usage_reasoning prompt_cache_key
        service_tier store metadata user token_count model_list
    """,
    emulated="""
        tool_result_error
    """,
    untold="""
        reasoning_on search
    """,
    remarks={
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
        "thinking_replay": (
            "as the item that came; without it, it is left out",
            "按原样送回收到的条目；没有则去掉",
        ),
        "reasoning_on": (
            "thoughts are asked to be told; its models think by themselves",
            "要求告知思考；模型自行思考",
        ),
        "search": ("as the tool web_search", "以 web_search 工具表达"),
    },
)
