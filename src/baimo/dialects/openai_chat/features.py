"""What this wire can say: carried or emulated; everything else is refused."""

from __future__ import annotations

from baimo.dialect.features import declare

FEATURES = declare(
    carried="""
        system system_later name assistant_prefill refusal image_bytes image_url image_detail
        audio_in file_bytes file_id image_out audio_out tools parallel_calls serial_tools
        strict_tools custom_tools server_tools tool_choice_none tool_choice_auto
        tool_choice_required tool_choice_named thinking reasoning_off reasoning_on reasoning_effort
        temperature top_p frequency_penalty presence_penalty seed stop logit_bias max_tokens n
        logprobs json_object json_schema verbosity prediction citations stream stream_usage
        usage_cached usage_reasoning prompt_cache_key service_tier store metadata user embeddings
        ranks token_count model_list images transcription speech moderation
    """,
    emulated="""
        tool_choice_allowed tool_result_error
        tool_result_images
    """,
    untold="""
        developer thinking_replay
    """,
    remarks={
        "tool_result_images": (
            "stand in a message of the user behind the result",
            "放在结果之后的 user 消息中",
        ),
        "developer": (
            "goes out as a system message, unless the row says that the role is known",
            "作为 system 消息发送，除非行中注明支持该角色",
        ),
        "assistant_prefill": (
            "most models answer anew; some rows say that theirs go on",
            "多数模型会另起回答；部分行注明可续写",
        ),
        "video_bytes": ("some rows can be told", "部分服务商支持"),
        "video_url": ("some rows can be told", "部分服务商支持"),
        "tool_choice_allowed": (
            "only the allowed tools are offered, unless the row says that the choice is known",
            "只提供允许的工具，除非行中注明支持",
        ),
        "tool_result_error": ('the result begins with "Error: "', "结果前加上 “Error: ”"),
        "thinking_replay": (
            "left out, unless the row says that it is wanted back",
            "不送回，除非行中注明需要",
        ),
        "reasoning_budget": ("some rows can be told", "部分服务商支持"),
        "top_k": ("some rows can be told", "部分服务商支持"),
        "min_p": ("some rows can be told", "部分服务商支持"),
        "repetition_penalty": ("some rows can be told", "部分服务商支持"),
        "token_count": ("some providers count", "部分服务商支持"),
        "cache_marks": ("some rows can be told", "部分服务商支持"),
    },
)
