"""DeepSeek on your own machine, by both ways of Ollama: python local_deepseek.py deepseek-r1:1.5b

`ollama serve` must run and the model be there: `baimo pull ollama/deepseek-r1:1.5b` fetches it.
"""

import sys

import baimo

PROMPT = "3 乘 7 等于多少？"


def ask_both(config: dict[str, dict[str, dict[str, str]]], model: str) -> dict[str, baimo.ChatResponse]:
    """The answers of /api/chat and of /api/generate. Thinking comes apart from the answer."""
    replies = {}
    for endpoint in ("native", "generate"):
        table = {**config.get("providers", {}).get("ollama", {}), "endpoint": endpoint}
        with baimo.Client(config={"providers": {"ollama": table}}) as client:
            replies[endpoint] = client.chat(f"ollama/{model}", PROMPT)
    return replies


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "deepseek-r1:1.5b"
    try:
        replies = ask_both({}, model)
    except baimo.Error as error:
        sys.exit(str(error))
    for endpoint, reply in replies.items():
        print(f"{endpoint}: {reply.text}  (thought {len(reply.thinking)} characters)")


if __name__ == "__main__":
    main()
