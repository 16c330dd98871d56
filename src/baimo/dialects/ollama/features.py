"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later assistant_prefill image_bytes tools parallel_calls thinking
        thinking_replay reasoning_off reasoning_on reasoning_effort temperature top_p top_k min_p
        frequency_penalty presence_penalty repetition_penalty seed stop max_tokens logprobs
        json_object json_schema stream stream_usage embeddings model_list
        images
    """,
    emulated="""
        refusal tool_choice_none tool_choice_allowed tool_result_error
        tool_result_images
    """,
    untold="""
        developer audio_in tool_choice_auto
    """,
    remarks={
        "tool_result_images": (
            "stand in a message of the user behind the result",
            "放在结果之后的 user 消息中",
        ),
        "developer": ("goes out as a system message", "作为 system 消息发送"),
        "refusal": ("goes out as the text of its message", "作为普通文字发送"),
        "audio_in": (
            "goes out among the images, where the server takes sound",
            "放在 images 中发送（服务器如此接收音频）",
        ),
        "tool_choice_none": ("no tools are offered", "不提供工具"),
        "tool_choice_auto": ("is what the wire always does", "该接口一贯如此"),
        "tool_choice_allowed": ("only the allowed tools are offered", "只提供允许的工具"),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
    },
)
