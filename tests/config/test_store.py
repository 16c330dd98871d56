"""Writing a key into the user's file."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from baimo.config.store import set_key
from baimo.errors import ConfigError, InputError
from tests.config.machine import Machine, key_of

KEY = {"api_key": "sk-fake-0123456789"}
LINE = 'api_key = "sk-fake-0123456789"'


def written(tmp_path: Path, before: str | None, provider: str = "deepseek", **secrets: str) -> str:
    path = tmp_path / "config.toml"
    if before is not None:
        path.write_bytes(before.encode())
    set_key(path, provider, secrets or KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_bytes().decode()


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    assert written(tmp_path, None) == f"[providers.deepseek]\n{LINE}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('default_model = "a/b"', f'default_model = "a/b"\n\n[providers.deepseek]\n{LINE}\n'),
        (
            "# mine\n[providers.deepseek]  # here\nmax_queue_s = 1\n\n[models.a]\nmodel = 'x/y'\n",
            f"# mine\n[providers.deepseek]  # here\n{LINE}\nmax_queue_s = 1\n\n[models.a]\nmodel = 'x/y'\n",
        ),
        (
            "[providers.deepseek]\nmax_queue_s = 1\n  api_key = 'old # 1' # from the site\n[models]\n",
            f"[providers.deepseek]\nmax_queue_s = 1\n{LINE}  # from the site\n[models]\n",
        ),
        (
            "[providers.deepseek]\r\napi_key = { env = 'X' }\r\n",
            f"[providers.deepseek]\r\n{LINE}\r\n",
        ),
        (
            "[providers.openai]\napi_key = 'other'\n[ providers . 'deepseek' ]\n\"api_key\"='old'",
            f"[providers.openai]\napi_key = 'other'\n[ providers . 'deepseek' ]\n{LINE}\n",
        ),
        (
            "[providers.deepseek.headers]\nX = 'y'\n",
            f"[providers.deepseek.headers]\nX = 'y'\n\n[providers.deepseek]\n{LINE}\n",
        ),
        ("\ufeff# 备注\n", f"# 备注\n\n[providers.deepseek]\n{LINE}\n"),
    ],
)
def test_everything_else_stays_as_it_was(tmp_path: Path, before: str, after: str) -> None:
    assert written(tmp_path, before) == after


def test_a_second_time_changes_one_line(tmp_path: Path) -> None:
    first = written(tmp_path, "# top\n")
    second = written(tmp_path, first, api_key="sk-fake-second")
    assert second == first.replace("sk-fake-0123456789", "sk-fake-second")


def test_several_secrets_are_written_at_once(tmp_path: Path) -> None:
    text = written(tmp_path, None, "hunyuan", secret_id="AKIDfake", secret_key='a"b\\c')
    assert tomllib.loads(text) == {
        "providers": {"hunyuan": {"secret_id": "AKIDfake", "secret_key": 'a"b\\c'}}
    }


def test_the_name_that_the_file_uses_is_kept(tmp_path: Path) -> None:
    text = written(tmp_path, "[providers.kimi]\nmax_queue_s = 1\n", "moonshot")
    assert text == f"[providers.kimi]\n{LINE}\nmax_queue_s = 1\n"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("[[providers.deepseek.keys]]\napi_key = 'a'\n", "has a pool of keys"),
        ("providers.deepseek.api_key = 'old'\n", r"Write providers\.deepseek by hand"),
        ("providers = { deepseek = { api_key = 'old' } }\n", r"Write providers\.deepseek by hand"),
        ("[providers.deepseek]\napi_key = '''\nold'''\n", r"Write providers\.deepseek by hand"),
        ("x = '''\n[providers.deepseek]\n'''\n", r"Write providers\.deepseek by hand"),
        ("[providers]\ndeepseek = 'x'\n", r"providers\.deepseek must be a table"),
        ("providers = 3\n", "providers must be a table"),
        ("[broken\n", "is no valid TOML"),
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_left_alone(tmp_path: Path, before: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        written(tmp_path, before)
    assert (tmp_path / "config.toml").read_text("utf-8") == before
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("secret", ["", " a", "a b", "a\n", "密钥", "a\x7f"])
def test_what_cannot_be_a_key_is_not_written(tmp_path: Path, secret: str) -> None:
    with pytest.raises(InputError, match="api_key is empty or holds") as raised:
        written(tmp_path, None, api_key=secret)
    assert not secret.strip() or secret not in str(raised.value)
    assert not (tmp_path / "config.toml").exists()


def test_what_was_stored_is_used(machine: Machine) -> None:
    set_key(machine.user_file, "deepseek", KEY)
    assert key_of(machine.at("deepseek/x")) == "sk-fake-0123456789"
