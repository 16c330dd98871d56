"""Where credentials come from, and reading them."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from baimo.config import credentials
from baimo.errors import ConfigError, MissingKeyError
from baimo.types.secret import Secret
from tests.config.machine import Machine, key_of


def with_key(value: Any) -> dict[str, Any]:
    return {"providers": {"openai": {"api_key": value}}}


def python(code: str) -> dict[str, list[str]]:
    return {"command": [sys.executable, "-c", code]}


def test_a_key_is_text_a_secret_or_the_content_of_a_variable(machine: Machine) -> None:
    machine.environ["X"] = "from-x"
    assert key_of(machine.at("openai/x", with_key("plain"))) == "plain"
    assert key_of(machine.at("openai/x", with_key(Secret("secret")))) == "secret"
    assert key_of(machine.at("openai/x", with_key({"env": "X"}))) == "from-x"


def test_an_empty_secret_is_not_there(machine: Machine) -> None:
    with pytest.raises(MissingKeyError):
        machine.at("openai/x", with_key(Secret("")))


def test_a_variable_that_is_named_but_not_set_is_not_replaced_by_another(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "usual"
    with pytest.raises(MissingKeyError) as raised:
        machine.at("openai/x", with_key({"env": "GONE"}))
    assert raised.value.variables == ("GONE",)


def test_a_file_is_relative_to_the_file_that_names_it(machine: Machine) -> None:
    (machine.config_dir / "key").write_text("\ufefffrom-file\r\n", "utf-8")
    machine.user('[providers.openai]\napi_key = { file = "key" }')
    assert key_of(machine.at("openai/x")) == "from-file"
    (machine.home / "key").write_text("from-home", "utf-8")
    machine.user('[providers.openai]\napi_key = { file = "~/key" }')
    assert key_of(machine.at("openai/x")) == "from-home"


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (None, MissingKeyError, "there is no file"),
        (b" \n", MissingKeyError, "is empty"),
        (b"sk-fake-1\nsk-fake-2\n", ConfigError, "has several lines"),
        ("密".encode("gbk"), ConfigError, "is not UTF-8"),
    ],
)
def test_a_file_that_holds_no_key_is_named(
    machine: Machine, content: bytes | None, kind: type[ConfigError], words: str
) -> None:
    if content is not None:
        (machine.project / "key").write_bytes(content)
    with pytest.raises(kind, match=words) as raised:
        machine.at("openai/x", with_key({"file": "key"}))
    assert str(machine.project / "key") in str(raised.value)
    assert "sk-fake" not in str(raised.value)


def test_a_command_gives_its_output_without_the_line_end(machine: Machine) -> None:
    assert key_of(machine.at("openai/x", with_key(python("print('from-command')")))) == "from-command"


def test_a_command_runs_once_for_all_models_of_a_provider(machine: Machine) -> None:
    counter = machine.project / "count"
    code = f"open({str(counter)!r}, 'a').write('x'); print('k')"
    settings = machine.settings(with_key(python(code)))
    settings.resolve("openai/x")
    settings.resolve("openai/y")
    assert counter.read_text("utf-8") == "x"


def test_a_command_runs_once_however_many_ask_at_the_same_time(machine: Machine) -> None:
    counter = machine.project / "count"
    settings = machine.settings(with_key(python(f"open({str(counter)!r}, 'a').write('x'); print('k')")))
    together = Barrier(8)

    def ask(number: int) -> str:
        together.wait()
        return key_of(settings.resolve(f"openai/{number}")[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"k"}
    assert counter.read_text("utf-8") == "x"


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("print('sk-fake-out'); raise SystemExit(3)", ConfigError, "failed with exit code 3"),
        ("pass", MissingKeyError, "is empty"),
        ("print('sk-fake-out\\nsecond')", ConfigError, "has several lines"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", ConfigError, "is no text"),
    ],
)
def test_a_command_that_gives_no_key_is_told_without_what_it_printed(
    machine: Machine, capfd: pytest.CaptureFixture[str], code: str, kind: type[ConfigError], words: str
) -> None:
    with pytest.raises(kind, match=words) as raised:
        machine.at("openai/x", with_key(python(f"import sys; print('sk-fake-err', file=sys.stderr); {code}")))
    assert "providers.openai.api_key in the argument config" in str(raised.value)
    shown = capfd.readouterr()
    assert "sk-fake" not in str(raised.value) + shown.out + shown.err


def test_a_command_that_is_not_there_is_named(machine: Machine) -> None:
    with pytest.raises(ConfigError, match="cannot be run: No such file"):
        machine.at("openai/x", with_key({"command": [str(machine.project / "gone")]}))


def test_a_command_that_hangs_is_ended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_COMMAND_S", 0.05)
    with pytest.raises(ConfigError, match=r"gave no key within 0\.05 s"):
        machine.at("openai/x", with_key({"command": ["sleep", "30"]}))


def test_nothing_is_read_or_run_before_a_model_is_asked_for(machine: Machine) -> None:
    settings = machine.settings(with_key({"command": [str(machine.project / "gone")]}))
    state = settings.key_state("openai")
    assert (state.complete, state.is_set) == (True, True)


KEY_FILE = '{\n  "type": "service_account",\n  "private_key": "fake"\n}\n'


def account_of(machine: Machine) -> str:
    return machine.at("vertex/gemini-3.8-flash").secrets["service_account"].reveal()


def test_a_variable_may_name_the_file_that_holds_the_secret(machine: Machine) -> None:
    (machine.home / "key.json").write_text(KEY_FILE, "utf-8")
    machine.environ |= {
        "GOOGLE_CLOUD_PROJECT": "p",
        "GOOGLE_APPLICATION_CREDENTIALS": str(machine.home / "key.json"),
    }
    assert account_of(machine) == KEY_FILE.strip()
    machine.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "~/key.json"
    assert account_of(machine) == KEY_FILE.strip()
    machine.environ["GOOGLE_SERVICE_ACCOUNT_JSON"] = "{}"
    assert account_of(machine) == "{}"


def test_a_file_that_a_variable_names_must_be_there(machine: Machine) -> None:
    machine.environ |= {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"}
    with pytest.raises(MissingKeyError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        account_of(machine)
