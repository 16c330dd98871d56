"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later assistant_prefill image_bytes image_url audio_in video_bytes video_url
        tools parallel_calls serial_tools server_tools tool_choice_none tool_choice_auto
        tool_choice_named tool_result_images thinking reasoning_off reasoning_on reasoning_budget
        temperature top_p top_k presence_penalty repetition_penalty seed stop max_tokens n logprobs
        json_object json_schema search citations stream stream_usage usage_cached usage_reasoning
        cache_marks embeddings ranks token_count images transcription speech
    """,
    emulated="""
        file_id tool_choice_allowed tool_result_error
    """,
    untold="""
        developer refusal thinking_replay
    """,
    remarks={
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "file_id": ("goes out in a system message, fileid://…", "写在 system 消息中：fileid://…"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
        "thinking_replay": (
            "left out, unless the row says that it is wanted back",
            "不送回，除非行中注明需要",
        ),
    },
)
