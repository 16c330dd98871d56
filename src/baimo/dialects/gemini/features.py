"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system assistant_prefill image_bytes audio_in video_bytes file_bytes image_out tools
        parallel_calls server_tools tool_choice_none tool_choice_auto tool_choice_required
        tool_choice_named tool_choice_allowed tool_result_error thinking thinking_replay
        reasoning_off reasoning_on reasoning_budget temperature top_p top_k frequency_penalty
        presence_penalty seed stop max_tokens n logprobs json_object json_schema search citations
        stream stream_usage usage_cached usage_reasoning service_tier store embeddings token_count
        model_list images speech
    """,
    emulated="""
        system_later refusal reasoning_effort
        tool_result_images
    """,
    untold="""
        developer image_file_id file_id strict_tools
    """,
    remarks={
        "tool_result_images": (
            "stand in a turn of the user behind the result, unless the row says that results hold them",
            "放在结果之后的 user 消息中，除非行中注明结果可含媒体",
        ),
        "system_later": (
            "goes out with the system's text, or as words of the user",
            "并入 system 文字，或作为用户的话",
        ),
        "developer": ("goes out with the system's text", "并入 system 文字"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "image_file_id": ("goes out as the address of the file", "以文件地址发送"),
        "file_id": ("goes out as the address of the file", "以文件地址发送"),
        "strict_tools": (
            "calls of all tools are held to their schemas (VALIDATED)",
            "所有工具调用都按 schema 检查（VALIDATED）",
        ),
        "reasoning_effort": (
            "goes out as a budget, where the model takes no word",
            "模型不接受等级时，以预算发送",
        ),
    },
)
