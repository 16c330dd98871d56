"""Is this answer good enough to use? python validate.py deepseek/deepseek-flash

What the provider knows (why the answer ended, whether it was taken back) is asked first; what only you know
(length, words, a form) comes after it. An answer that fails is asked for once more, with the reason.
"""

import json
import sys

import baimo

PROMPT = '给出一个城市，只回答 JSON：{"city": "…", "country": "…"}'


def complaint(reply: baimo.ChatResponse) -> str | None:
    """Why the answer cannot be used; None where it can."""
    if reply.finish_reason == "length":
        return "the answer was cut off at max_tokens"
    if reply.finish_reason in ("content_filter", "refusal"):
        return "the provider took the answer back, or the model did not want to answer"
    if not reply.text.strip():
        return "the answer is empty"
    try:
        found = json.loads(reply.text.strip().removeprefix("```json").removesuffix("```"))
    except json.JSONDecodeError:
        return "the answer is no JSON"
    if not isinstance(found, dict) or not {"city", "country"} <= found.keys():
        return "the answer lacks city or country"
    return None


def ask(client: baimo.Client, model: str, attempts: int = 2) -> baimo.ChatResponse:
    """An answer that can be used. Raises ValueError with the last complaint."""
    messages: list[dict[str, str]] = [{"role": "user", "content": PROMPT}]
    why: str | None = None
    for _ in range(attempts):
        reply = client.chat(model, messages, max_tokens=200)
        why = complaint(reply)
        if why is None:
            return reply
        messages += [
            {"role": "assistant", "content": reply.text or "…"},
            {"role": "user", "content": f"不能使用：{why}。请只回答 JSON。"},
        ]
    raise ValueError(why)


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2"
    with baimo.Client() as client:
        try:
            print(ask(client, model).text)
        except ValueError as error:
            sys.exit(f"no usable answer: {error}")


if __name__ == "__main__":
    main()
