"""Records out of text: python structured.py deepseek/deepseek-flash

The answer is a value of a type, or an error that says what is wrong with it. The second part shows a list
while it is written.
"""

import sys
from dataclasses import dataclass, field
from typing import Annotated, Literal

import baimo

MAIL = "您好，上周买的台灯（订单 A-1024）一闪一闪的，请尽快换一个。还有，发票怎么开？"


@dataclass
class Request:
    """One thing that a customer asks for."""

    kind: Literal["exchange", "refund", "invoice", "other"]
    summary: Annotated[str, "in the customer's language, at most 20 words"]
    order: Annotated[str | None, "the number of the order, where one is named"] = None


@dataclass
class Mail:
    """What a customer's mail asks for."""

    urgent: bool
    requests: list[Request] = field(default_factory=list)


def read(client: baimo.Client, model: str) -> Mail:
    """What the mail asks for. Raises baimo.AnswerFormatError, with the answer, where none can be had."""
    return client.parse(model, MAIL, into=Mail, repair=True, max_tokens=500).value


def watch(client: baimo.Client, model: str) -> list[str]:
    """Three polite answers, shown while they are written."""
    prompt = f"Three short, polite answers to this mail, in Chinese: {MAIL}"
    with client.parse_stream(model, prompt, into=list[str], max_tokens=500) as stream:
        for answers in stream:
            print("\r" + " / ".join(answers), end="", flush=True)
    print()
    return stream.result.value


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "deepseek/deepseek-flash"
    with baimo.Client() as client:
        try:
            mail = read(client, model)
        except baimo.AnswerFormatError as error:
            sys.exit(f"no usable answer: {error}")
        for request in mail.requests:
            print(f"{request.kind}: {request.summary} ({request.order or 'no order'})")
        watch(client, model)


if __name__ == "__main__":
    main()
