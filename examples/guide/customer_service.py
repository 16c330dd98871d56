"""A bot that remembers the last turns: python customer_service.py deepseek/deepseek-flash spark/lite

The models are tried in order; when none of them answers, the customer hears one polite sentence. What was
said is sent as real roles, never glued into one prompt.
"""

import sys
from collections.abc import Iterator

import baimo

SYSTEM = "你是一家网店的客服，回答简短、礼貌。"
SORRY = "抱歉，我无法处理您的请求。"
TURNS = 3
"""How many questions and answers are remembered."""


class ChatBot:
    """One customer's conversation."""

    def __init__(self, client: baimo.Client, models: list[str], turns: int = TURNS) -> None:
        self.client = client
        self.models = models
        self.turns = turns
        self.history: list[tuple[str, str]] = []

    def answer(self, question: str) -> Iterator[str]:
        """The answer piece by piece. A turn is remembered only when it was answered to its end."""
        asked = {"role": "user", "content": question}
        messages: list[tuple[str, str] | dict[str, str]] = [*self.history[-self.turns :], asked]
        said: list[str] = []
        try:
            with self.client.stream(self.models, messages, system=SYSTEM, max_tokens=300) as stream:
                for piece in stream.text:
                    said.append(piece)
                    yield piece
        except baimo.Error as error:
            print(f"[{error}]", file=sys.stderr)
            yield f"\n{SORRY}" if said else SORRY
            return
        self.history.append((question, "".join(said)))
        del self.history[: -self.turns]


def main() -> None:
    with baimo.Client() as client:
        bot = ChatBot(client, sys.argv[1:] or ["local/smollm2"])
        for line in sys.stdin:
            if question := line.strip():
                for piece in bot.answer(question):
                    print(piece, end="", flush=True)
                print(flush=True)


if __name__ == "__main__":
    main()
