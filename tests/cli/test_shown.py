"""What would be sent, shown without sending it."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from baimo.cli.shown import as_curl
from baimo.wire.http import HttpRequest
from tests.cli.conftest import Run, ScriptedProvider, environment, words

KEY = "sk-fake-0123456789abcdef"


def test_nothing_is_sent_and_the_whole_request_is_shown(run: Run, provider: ScriptedProvider) -> None:
    result = run("ask", "--show", "hello", "-t", "0.5")
    assert result.exit_code == 0
    assert provider.seen == []
    assert result.stdout.startswith(f"POST {provider.url}/chat/completions\n")
    assert '  "temperature": 0.5' in result.stdout
    assert "\n# curl\ncurl -N " in result.stdout
    assert "\n# Python\nimport baimo\n" in result.stdout


def test_a_key_is_masked_everywhere(run: Run) -> None:
    for flags in ((), ("--json",)):
        result = run("ask", "--show", "hello", "-m", "deepseek/x", *flags, DEEPSEEK_API_KEY=KEY)
        assert KEY not in result.output
        assert "…cdef" in result.stdout
        assert "${DEEPSEEK_API_KEY}" in result.stdout


def test_a_key_that_is_not_set_is_stood_for_by_its_variable(run: Run) -> None:
    result = run("ask", "--show", "hello", "-m", "deepseek/x")
    assert "Authorization: Bearer $DEEPSEEK_API_KEY\n" in result.stdout
    assert '-H "Authorization: Bearer ${DEEPSEEK_API_KEY}"' in result.stdout


def test_the_curl_line_says_the_same_to_a_shell(run: Run) -> None:
    prompt = 'it\'s "quoted" $HOME `x` \\ 你好'
    shown = json.loads(run("ask", "--show", "--json", prompt).stdout)
    parts = shlex.split(shown["curl"].replace("\\\n", ""))
    assert parts[:3] == ["curl", "-N", shown["url"]]
    assert json.loads(parts[parts.index("-d") + 1]) == shown["body"]
    headers = dict(word.split(": ", 1) for at, word in enumerate(parts) if parts[at - 1] == "-H")
    assert headers == shown["headers"]


def test_a_body_too_long_for_a_command_line_is_named_as_a_file() -> None:
    request = HttpRequest(method="POST", origin="http://127.0.0.1:1", target=b"/")
    assert "@body.json" in as_curl(request, [], b"x" * 30_000, {})


@pytest.mark.parametrize("stream", [True, False])
def test_the_python_makes_the_very_same_request(
    run: Run, provider: ScriptedProvider, folder: Path, stream: bool
) -> None:
    (folder / "a.gif").write_bytes(b"GIF89a" + bytes(8))
    provider.will(words("{}"), words("{}"))
    args = ["ask", "a 'b' \"c\"\n你", "-i", "a.gif", "-i", "https://x.example/y", "--max-tokens", "5"]
    args += ["-s", "sys", "--schema", '{"type": "object"}', "--stream" if stream else "--no-stream"]
    provider.will(words("{}"), words("{}"))
    shown = run(*args, "--show").stdout
    snippet = shown.partition("# Python\n")[2]
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, env=environment(), timeout=30)
    assert done.stdout.decode().strip() == "{}"
    run(*args)
    by_python, by_command = provider.bodies
    assert by_python == by_command


def test_long_values_are_shortened_where_they_are_shown(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(3000))
    shown = run("ask", "--show", "x", "-i", "a.png").stdout
    assert "… (4,034 characters)" in shown


def test_the_embedded_model_has_no_address_to_call(run: Run) -> None:
    assert "there is no address to call" in run("ask", "--show", "x", "-m", "local/smollm2").stdout


def test_a_wrong_name_is_told_as_ever(run: Run) -> None:
    result = run("ask", "--show", "x", "-m", "depseek/x")
    assert result.exit_code == 2
    assert "Did you mean deepseek" in result.stderr


TENCENT = {
    "TENCENTCLOUD_SECRET_ID": "AKIDexample0000000000000000000000001",
    "TENCENTCLOUD_SECRET_KEY": "exampleSecretKeyOfTencent0000001",
    "TENCENTCLOUD_TOKEN": "example-session-token-0000000001",
}
IAM = {
    "HUAWEICLOUD_IAM_USER": "u",
    "HUAWEICLOUD_IAM_PASSWORD": "example-password",
    "HUAWEICLOUD_IAM_DOMAIN": "acme",
}


def test_every_step_of_a_signature_is_shown_and_gives_the_signature_that_is_sent(run: Run) -> None:
    shown = json.loads(run("ask", "--show", "--json", "-m", "hunyuan/hunyuan-lite", "hi", **TENCENT).stdout)
    steps = {step["name"]: step["text"] for step in shown["signing"]["steps"]}
    assert shown["signing"]["scheme"] == "tc3"
    digest = hashlib.sha256(steps["canonical request"].encode()).hexdigest()
    assert steps["string to sign"].endswith(digest)
    assert shown["headers"]["Authorization"].endswith(f"Signature={steps['signature']}")
    assert (
        hashlib.sha256(json.dumps(shown["body"], separators=(",", ":")).encode()).hexdigest()
        in (steps["canonical request"])
    )
    assert "Credential=${TENCENTCLOUD_SECRET_ID}/" in shown["curl"]
    text = run("ask", "--show", "-m", "hunyuan/hunyuan-lite", "hi", **TENCENT).stdout
    assert "\n# how it is signed: tc3\ncanonical request:\n  POST\n  /\n" in text
    assert not any(secret in text or secret in str(shown) for secret in TENCENT.values())


def test_a_socket_is_shown_with_its_frames_and_without_what_was_signed(run: Run) -> None:
    spark = {"SPARKAI_APP_ID": "0a1b2c3d", "SPARKAI_API_KEY": "0" * 32, "SPARKAI_API_SECRET": "Zm" * 16}
    shown = json.loads(run("ask", "--show", "--json", "-m", "spark/lite", "hi", **spark).stdout)
    assert shown["url"].startswith("wss://spark-api.xf-yun.com/v1.1/chat?authorization=****&date=")
    (frame,) = shown["frames"]
    assert frame["header"]["app_id"] == "0a1b2c3d"
    assert (shown["curl"], [step["name"] for step in shown["signing"]["steps"]][-1]) == (
        None,
        "authorization",
    )
    text = run("ask", "--show", "-m", "spark/lite", "hi", **spark).stdout
    assert "\n# frame 1\n{" in text and "curl cannot speak WebSocket" in text
    for secret in (spark["SPARKAI_API_KEY"], spark["SPARKAI_API_SECRET"]):
        assert secret not in text and secret not in str(shown)


def test_what_would_be_fetched_first_is_named_and_not_fetched(run: Run) -> None:
    text = run("ask", "--show", "-m", "pangu/my-deployment", "hi", **IAM).stdout
    assert "POST https://iam.cn-southwest-2.myhuaweicloud.com/v3/auth/tokens" in text
    assert "X-Auth-Token: $IAM_TOKEN" in text and '-H "X-Auth-Token: ${IAM_TOKEN}"' in text
    assert "example-password" not in text
    shown = json.loads(run("ask", "--show", "--json", "-m", "pangu/x", "hi", **IAM).stdout)
    assert shown["before"]["method"] == "POST"
    assert "/v1/:project_id/deployments/x/" in shown["url"]


def test_all_that_is_not_set_is_stood_for_by_its_variables(run: Run) -> None:
    shown = json.loads(run("ask", "--show", "--json", "-m", "spark/4.0Ultra", "hi").stdout)
    assert shown["frames"][0]["header"]["app_id"] == "$SPARKAI_APP_ID"
    code = run("ask", "--show", "-m", "pangu/x", "hi", PANGU_APP_CODE="x1").stdout
    assert "%24HUAWEICLOUD_SDK_PROJECT_ID" in code
    assert "X-Apig-AppCode: ****" in code
    assert '-H "X-Apig-AppCode: ${PANGU_APP_CODE}"' in code


def test_what_no_stand_in_can_mend_is_told(run: Run, folder: Path) -> None:
    (folder / "baimo.toml").write_text(
        '[providers.openai]\napi_key = { file = "gone" }\nbase_url = "nowhere"\n', "utf-8"
    )
    result = run("ask", "--show", "-m", "openai/x", "hi")
    assert (result.exit_code, "no absolute address" in result.stderr) == (2, True)
    (folder / "baimo.toml").write_text('unsupported = "drop"\n', "utf-8")
    shown = run("ask", "--show", "-m", "hunyuan/x", "hi", "--max-tokens", "5", **TENCENT)
    assert shown.exit_code == 0
    assert "note:" in shown.stderr
