"""One call to each model that is named: python one_call.py deepseek/deepseek-flash spark/4.0Ultra …

Keys come from the usual variables or from baimo.toml. Without a name the built-in model answers.
"""

import sys

import baimo

PROMPT = "用一句话介绍你自己。"
PARAMETERS: baimo.ChatOptions = {
    "temperature": 0.7,
    "max_tokens": 100,
    "top_p": 0.9,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
}
"""The same block for every provider: a penalty of 0 is what all of them do anyway."""


def ask_each(client: baimo.Client, models: list[str]) -> dict[str, str]:
    """What each model answers, or why it did not."""
    answers = {}
    for model in models:
        try:
            reply = client.chat(model, [{"role": "user", "content": PROMPT}], **PARAMETERS)
        except baimo.Error as error:
            answers[model] = f"failed: {error}"
        else:
            answers[model] = reply.text
    return answers


def main() -> None:
    with baimo.Client() as client:
        for model, answer in ask_each(client, sys.argv[1:] or ["local/smollm2"]).items():
            print(f"{model}: {answer}")


if __name__ == "__main__":
    main()
