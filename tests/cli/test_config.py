"""Keys, where values come from, and which folders are trusted."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run, ScriptedProvider, refusal

KEY = "sk-fake-0123456789abcdef"


def test_every_value_is_shown_with_its_place_and_keys_are_masked(run: Run, folder: Path) -> None:
    result = run("config", "show", DEEPSEEK_API_KEY=KEY)
    assert result.stdout.splitlines()[0].split() == ["key", "value", "from"]
    assert "acme/big" in result.stdout and str(folder / "baimo.toml") in result.stdout
    assert "…cdef" in result.stdout and KEY not in result.stdout
    lines = json.loads(run("config", "show", "--json", DEEPSEEK_API_KEY=KEY).stdout)
    masked = {"key": "providers.deepseek.api_key", "value": "…cdef", "source": "DEEPSEEK_API_KEY"}
    assert masked in lines


def test_nothing_set_says_where_it_would_be(run: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "baimo.toml").unlink()
    assert str(tmp_path / "home" / "config.toml") in run("config", "show").stderr


def test_the_places_of_the_files_are_told(run: Run, folder: Path, tmp_path: Path) -> None:
    places = json.loads(run("config", "path", "--json").stdout)
    assert places["user"] == {"path": str(tmp_path / "home" / "config.toml"), "exists": False}
    assert places["project"] == {"path": str(folder / "baimo.toml"), "exists": True}
    assert "(not there)" in run("config", "path").stdout


def test_a_folder_is_trusted_and_no_longer(run: Run, folder: Path) -> None:
    (folder / "baimo.toml").write_text(
        '[providers.deepseek]\napi_key = { command = ["echo", "sk-fake-0123456789abcdef"] }\n', "utf-8"
    )
    refused = run("ask", "x", "-m", "deepseek/x", "--show")
    assert refused.exit_code == 2
    assert "baimo config trust" in refused.stderr
    trusted = run("config", "trust")
    assert trusted.exit_code == 0
    assert f"{folder} is trusted: baimo.toml" in trusted.stdout
    assert "…cdef" in run("ask", "x", "-m", "deepseek/x", "--show").stdout
    assert "no longer trusted" in run("config", "untrust", str(folder)).stdout
    assert "was not trusted" in run("config", "untrust", str(folder)).stdout
    assert run("ask", "x", "-m", "deepseek/x", "--show").exit_code == 2


def test_a_folder_without_a_file_cannot_be_trusted(run: Run, tmp_path: Path) -> None:
    result = run("config", "trust", str(tmp_path))
    assert result.exit_code == 2
    assert "there is no baimo.toml" in result.stderr


def test_a_key_that_is_piped_in_is_stored(run: Run, tmp_path: Path) -> None:
    result = run("config", "set-key", "deepseek", stdin=KEY + "\n")
    assert result.exit_code == 0
    stored = tmp_path / "home" / "config.toml"
    assert f'api_key = "{KEY}"' in stored.read_text("utf-8")
    assert KEY not in result.output
    assert "providers.deepseek.api_key" in run("config", "show").stdout


def test_what_cannot_be_a_key_is_refused(run: Run, tmp_path: Path) -> None:
    for given, said in (
        (f'"{KEY}"', "quotes"),
        ("", "pipe in 1 line"),
        ("密钥密钥密钥", "ASCII"),
        ("a b", "pipe in 1 line"),
    ):
        result = run("config", "set-key", "deepseek", stdin=given)
        assert result.exit_code == 2
        assert said in result.stderr
    assert not (tmp_path / "home" / "config.toml").exists()


def test_a_key_of_another_shape_is_stored_with_a_word(run: Run, tmp_path: Path) -> None:
    result = run("config", "set-key", "deepseek", stdin="other-fake-0123456789")
    assert result.exit_code == 0
    assert "keys of deepseek begin with sk-" in result.stderr


def test_each_endpoint_asks_for_its_own_secrets(run: Run, tmp_path: Path) -> None:
    assert run("config", "set-key", "spark", stdin="fake:password01234").exit_code == 0
    assert "api_password = " in (tmp_path / "home" / "config.toml").read_text("utf-8")
    result = run("config", "set-key", "hunyuan", "--endpoint", "nowhere", stdin=KEY)
    assert result.exit_code == 2
    assert "it has tokenhub" in result.stderr
    assert run("config", "set-key", "hunyuan", "--endpoint", "compatible", stdin=KEY).exit_code == 0


def test_a_test_call_tells_how_it_went(
    run: Run, folder: Path, tmp_path: Path, provider: ScriptedProvider
) -> None:
    (tmp_path / "home").mkdir()
    (folder / "baimo.toml").rename(tmp_path / "home" / "config.toml")
    provider.will(refusal(401, "wrong key"))
    failed = run("config", "set-key", "acme", "--test", stdin="fake-key-0123456789")
    assert failed.exit_code == 1
    assert "wrong key [auth]" in failed.stderr
    passed = run("config", "set-key", "acme", "--test", stdin="fake-key-0123456789")
    assert passed.exit_code == 0
    assert "answered: acme/" in passed.stderr
    authorization = [
        headers.get("Authorization") for method, _, headers, _ in provider.seen if method == "POST"
    ]
    assert authorization == ["Bearer fake-key-0123456789"] * 2


def test_a_key_that_counts_less_is_told(run: Run) -> None:
    result = run("config", "set-key", "deepseek", "--no-test", stdin=KEY)
    assert "Another key" not in result.stderr
    (Path("baimo.toml")).write_text('[providers.deepseek]\napi_key = "sk-fake-of-the-project"\n', "utf-8")
    assert "Another key counts more here" in run("config", "set-key", "deepseek", stdin=KEY).stderr


AKID, SECRET = "AKIDexample0000000000000000000000001", "exampleSecretKeyOfTencent0000001"


def test_as_many_lines_as_a_set_has_members_choose_it(run: Run, tmp_path: Path) -> None:
    stored = tmp_path / "home" / "config.toml"
    assert run("config", "set-key", "hunyuan", stdin=f"{AKID}\n{SECRET}\n").exit_code == 0
    assert f'secret_id = "{AKID}"' in stored.read_text("utf-8")
    assert f'secret_key = "{SECRET}"' in stored.read_text("utf-8")
    spark = run("config", "set-key", "spark", stdin=f"0a1b2c3d\n{'0' * 32}\n{'Zm' * 16}\n")
    assert (spark.exit_code, spark.stderr) == (0, "")
    assert 'app_id = "0a1b2c3d"' in stored.read_text("utf-8")
    iam = run("config", "set-key", "pangu", stdin="li si\n密 码'x\nacme\n")
    assert iam.exit_code == 0
    assert 'iam_password = "密 码\'x"' in stored.read_text("utf-8")
    assert "endpoint native" not in run("config", "show").stdout
    assert AKID not in run("config", "show").stdout


def test_what_fits_no_set_is_told_with_all_of_them(run: Run, tmp_path: Path) -> None:
    result = run("config", "set-key", "pangu", stdin="a\nb\nc\nd\n")
    assert result.exit_code == 2
    assert "access_key, secret_key, or iam_user, iam_password, iam_domain, or project_id, app_code" in (
        result.stderr
    )
    assert not (tmp_path / "home" / "config.toml").exists()


def test_a_swapped_set_is_stored_with_a_word(run: Run) -> None:
    result = run("config", "set-key", "hunyuan", stdin=f"{SECRET}\n{AKID}\n")
    assert "look swapped" in result.stderr
    assert "填反" in run("config", "set-key", "hunyuan", stdin=f"{SECRET}\n{AKID}\n", BAIMO_LANG="zh").stderr
