"""The guide's scenarios run: against every simulated provider, and against the embedded model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.testing import Reply, Simulator
from tests.examples.loading import GUIDE, load, run, toml
from tests.local.weights import baimo_home, data_home

__all__ = ["baimo_home", "data_home"]

MODELS = {
    "deepseek": "deepseek/deepseek-flash",
    "hunyuan": "hunyuan/hy3-preview",
    "maas": "maas/deepseek-v3.2",
    "ollama": "ollama/deepseek-r1:1.5b",
    "openai": "openai/gpt-4o-mini",
    "pangu": "pangu/0f6b0d6e-0000-4000-8000-00000000fake",
    "spark": "spark/4.0Ultra",
}


def each() -> list[Any]:
    """Every endpoint of every simulated provider, with a model of it."""
    with Simulator(*MODELS) as sim:
        faces = {name: sim.endpoints(name) for name in sim.providers}
    return [
        pytest.param(provider, endpoint, id=f"{provider}-{endpoint}")
        for provider, endpoints in faces.items()
        for endpoint in endpoints
    ]


@pytest.mark.parametrize(("provider", "endpoint"), each())
def test_one_call_reaches_every_endpoint(provider: str, endpoint: str, baimo_simulator: Simulator) -> None:
    baimo_simulator.reply("我是一个模型。")
    model = model_of(provider, endpoint)
    with baimo_simulator.client(endpoints={provider: endpoint}) as client:
        assert load("one_call").ask_each(client, [model]) == {model: "我是一个模型。"}


SERVED_ELSEWHERE = {
    ("hunyuan", "compatible"): "hunyuan/hunyuan-lite",
    ("hunyuan", "native"): "hunyuan/hunyuan-lite",
    ("spark", "http-x"): "spark/spark-x",
    ("spark", "http-x1-preview"): "spark/x1-preview",
    ("spark", "http-x2"): "spark/spark-x",
    ("spark", "http-x2-flash"): "spark/spark-x",
}


def model_of(provider: str, endpoint: str) -> str:
    """A model that the endpoint serves."""
    return SERVED_ELSEWHERE.get((provider, endpoint), MODELS[provider])


def test_one_call_tells_which_provider_failed_and_goes_on(baimo_simulator: Simulator) -> None:
    baimo_simulator.refuse("wrong_secret", provider="deepseek")
    with baimo_simulator.client() as client:
        answers = load("one_call").ask_each(client, [MODELS["deepseek"], MODELS["ollama"]])
    assert answers[MODELS["deepseek"]].startswith("failed: deepseek: ")
    assert not answers[MODELS["ollama"]].startswith("failed")


def test_a_batch_over_all_providers_keeps_its_order_and_loses_nothing(baimo_simulator: Simulator) -> None:
    batch = load("batch")
    baimo_simulator.script("echo")
    baimo_simulator.refuse("over_quota", provider="deepseek")

    async def answers() -> list[baimo.ChatResponse | baimo.Error]:
        async with baimo_simulator.async_client() as client:
            found: list[baimo.ChatResponse | baimo.Error] = await batch.answer_all(
                client, [MODELS["openai"], MODELS["deepseek"], MODELS["spark"], MODELS["pangu"]]
            )
            return found

    first, second, third, fourth = asyncio.run(answers())
    assert isinstance(second, baimo.QuotaError)
    replies = [reply for reply in (first, third, fourth) if isinstance(reply, baimo.ChatResponse)]
    assert [reply.text for reply in replies] == [batch.QUESTIONS[at] for at in (0, 2, 3)]
    assert [reply.provider for reply in replies] == ["openai", "spark", "pangu"]


def test_retrying_sees_a_provider_s_own_errors(
    baimo_simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    retrying = load("retrying")
    baimo_simulator.reply("好")
    baimo_simulator.refuse("over_rate", times=2, provider="spark")
    with baimo_simulator.client(max_retries=3, on_retry=retrying.tell) as client:
        assert retrying.ask(client, MODELS["spark"], "你好") == "好"
    assert capsys.readouterr().out.count("spark: rate_limited, attempt") == 2


def test_a_wrong_key_is_never_tried_again(baimo_simulator: Simulator) -> None:
    retrying = load("retrying")
    baimo_simulator.refuse("wrong_secret", provider="hunyuan")
    with baimo_simulator.client(max_retries=3) as client:
        assert "asking again cannot help" in retrying.ask(client, MODELS["hunyuan"], "你好")
    assert len(baimo_simulator.requests) == 1


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (Reply(text='{"city": "上海", "country": "中国"}'), None),
        (Reply(text='{"city": "上海"}'), "lacks"),
        (Reply(text="上海"), "no JSON"),
        (Reply(text=" "), "empty"),
        (Reply(text='{"city": "上', finish=baimo.FinishReason.LENGTH), "cut off"),
        (Reply(text="", finish=baimo.FinishReason.CONTENT_FILTER), "took the answer back"),
    ],
    ids=["good", "a field missing", "words", "empty", "cut", "filtered"],
)
def test_an_answer_is_checked(reply: Reply, complaint: str | None, baimo_simulator: Simulator) -> None:
    validate = load("validate")
    baimo_simulator.reply(reply)
    with baimo_simulator.client() as client:
        found = validate.complaint(client.chat(MODELS["openai"], "?"))
    assert found is None if complaint is None else complaint in found


def test_records_come_out_of_text(baimo_simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    structured = load("structured")
    baimo_simulator.reply(
        '{"urgent": 1}',
        '{"urgent": true, "requests": [{"kind": "invoice", "summary": "发票"}]}',
        '{"value": ["好的", "谢谢您"]}',
    )
    with baimo_simulator.client() as client:
        mail = structured.read(client, MODELS["deepseek"])
        assert (mail.urgent, [request.kind for request in mail.requests]) == (True, ["invoice"])
        assert structured.watch(client, MODELS["deepseek"]) == ["好的", "谢谢您"]
    assert "好的 / 谢谢您" in capsys.readouterr().out


def test_a_bad_answer_is_asked_for_once_more_with_the_reason(baimo_simulator: Simulator) -> None:
    validate = load("validate")
    baimo_simulator.reply("上海", '{"city": "上海", "country": "中国"}')
    with baimo_simulator.client() as client:
        assert "中国" in validate.ask(client, MODELS["deepseek"]).text
        asked = baimo_simulator.last.asked
        assert isinstance(asked, baimo.ChatRequest)
        assert [message.role for message in asked.messages] == ["user", "assistant", "user"]
        baimo_simulator.reply("上海")
        with pytest.raises(ValueError, match="no JSON"):
            validate.ask(client, MODELS["deepseek"])


@pytest.mark.parametrize("provider", MODELS)
def test_the_bot_remembers_three_turns_as_real_roles(provider: str, baimo_simulator: Simulator) -> None:
    service = load("customer_service")
    baimo_simulator.script("echo")
    with baimo_simulator.client() as client:
        bot = service.ChatBot(client, [MODELS[provider]])
        for turn in range(1, 6):
            assert "".join(bot.answer(f"问题{turn}")) == f"问题{turn}"
    asked = baimo_simulator.last.asked
    assert isinstance(asked, baimo.ChatRequest)
    said = [(message.role.value, message.text) for message in asked.messages]
    assert said == [
        ("system", service.SYSTEM),
        *[(role, f"问题{turn}") for turn in (2, 3, 4) for role in ("user", "assistant")],
        ("user", "问题5"),
    ]


def test_the_bot_goes_to_the_next_provider_and_says_sorry_when_none_answers(
    baimo_simulator: Simulator,
) -> None:
    service = load("customer_service")
    baimo_simulator.reply("您好！")
    with baimo_simulator.client() as client:
        bot = service.ChatBot(client, [MODELS["spark"], MODELS["hunyuan"]])
        baimo_simulator.refuse("server_error", provider="spark")
        assert "".join(bot.answer("在吗？")) == "您好！"
        baimo_simulator.refuse("server_error", provider="hunyuan")
        assert "".join(bot.answer("在吗？")) == "抱歉，我无法处理您的请求。"
    assert bot.history == [("在吗？", "您好！")]


def test_an_answer_that_breaks_off_is_no_answer(baimo_simulator: Simulator) -> None:
    service = load("customer_service")
    baimo_simulator.reply("您好，很高兴为您服务，请问有什么可以帮您？")
    baimo_simulator.fault("cut@8", provider="deepseek")
    with baimo_simulator.client() as client:
        bot = service.ChatBot(client, [MODELS["deepseek"]])
        assert "".join(bot.answer("在吗？")).endswith(service.SORRY)
    assert bot.history == []


def test_local_deepseek_answers_through_both_endpoints(baimo_simulator: Simulator) -> None:
    local = load("local_deepseek")
    baimo_simulator.reply(Reply(text="21", thinking="3 乘 7"))
    with baimo_simulator.start():
        replies = local.ask_both(baimo_simulator.config_for(loopback=True), "deepseek-r1:1.5b")
    assert {name: (reply.text, reply.thinking) for name, reply in replies.items()} == {
        "native": ("21", "3 乘 7"),
        "generate": ("21", "3 乘 7"),
    }
    targets = [one.target for one in baimo_simulator.requests]
    assert targets == ["/api/chat", "/api/generate"]


PROGRAMS = {
    "one_call": ("", "deepseek/deepseek-flash: 好的。\nspark/4.0Ultra: 好的。\n"),
    "retrying": ("", "好的。\n"),
    "customer_service": ("在吗？\n发货了吗？\n", "好的。\n好的。\n"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_as_its_first_line_says(name: str, tmp_path: Path) -> None:
    with Simulator("deepseek", "spark") as sim:
        sim.reply("好的。")
        (tmp_path / "baimo.toml").write_text(toml(sim.config_for(loopback=True)), encoding="utf-8")
        said, told = PROGRAMS[name]
        done = run(name, "deepseek/deepseek-flash", "spark/4.0Ultra", folder=tmp_path, said=said)
    assert (done.returncode, done.stdout) == (0, told), done.stderr


def test_the_batch_and_the_validation_run_as_programs(tmp_path: Path) -> None:
    with Simulator("ollama", "pangu") as sim:
        sim.reply('{"city": "上海", "country": "中国"}')
        (tmp_path / "baimo.toml").write_text(toml(sim.config_for(loopback=True)), encoding="utf-8")
        done = run("batch", MODELS["ollama"], MODELS["pangu"], folder=tmp_path)
        assert (done.returncode, done.stdout.count("上海")) == (0, 4), done.stderr
        assert run("validate", MODELS["pangu"], folder=tmp_path).returncode == 0
        sim.reply("?")
        assert run("validate", MODELS["pangu"], folder=tmp_path).returncode == 1
        sim.refuse("wrong_secret", provider="ollama")
        assert run("batch", MODELS["ollama"], folder=tmp_path).returncode == 1


def test_the_embedded_model_answers_the_examples_too(
    baimo_home: Path, data_home: Path, tmp_path: Path
) -> None:
    env = {"BAIMO_HOME": str(baimo_home), "XDG_DATA_HOME": str(data_home)}
    one = run("one_call", folder=tmp_path, **env)
    assert one.returncode == 0, one.stderr
    assert one.stdout.startswith("local/smollm2: ")
    assert "failed" not in one.stdout
    bot = run("customer_service", folder=tmp_path, said="你好\n", **env)
    assert bot.stdout.strip(), bot.stderr
    assert "抱歉，我无法处理您的请求。" not in bot.stdout


def test_every_example_is_tried_here() -> None:
    assert {path.stem for path in GUIDE.glob("*.py")} == {
        "batch",
        "customer_service",
        "local_deepseek",
        "one_call",
        "retrying",
        "structured",
        "tools",
        "validate",
    }
    for path in GUIDE.glob("*.py"):
        assert f"python {path.name}" in path.read_text(encoding="utf-8")
