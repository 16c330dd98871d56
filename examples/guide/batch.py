"""Many questions to many providers at once: python batch.py deepseek/deepseek-flash spark/lite …

Answers come in the order of the questions. One that fails is an error in its place; nothing else is lost.
"""

import asyncio
import sys

import baimo

QUESTIONS = ["什么是大语言模型？", "什么是词元？", "什么是提示词？", "什么是温度参数？"]


async def answer_all(client: baimo.AsyncClient, models: list[str]) -> list[baimo.ChatResponse | baimo.Error]:
    """An answer or an error for each question; the models take turns."""
    rows = [
        {"prompt": question, "model": models[index % len(models)]} for index, question in enumerate(QUESTIONS)
    ]
    return [answer async for answer in client.map(models[0], rows, concurrency=8, max_tokens=200)]


async def run(models: list[str]) -> int:
    async with baimo.AsyncClient() as client:
        answers = await answer_all(client, models)
    for question, answer in zip(QUESTIONS, answers, strict=True):
        told = f"failed: {answer}" if isinstance(answer, baimo.Error) else answer.text
        print(f"{question}\n  {told}")
    return sum(isinstance(answer, baimo.Error) for answer in answers)


if __name__ == "__main__":
    sys.exit(1 if asyncio.run(run(sys.argv[1:] or ["local/smollm2"])) else 0)
