"""The program as a whole: exit codes, faults, what it imports, and readers that go away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

import baimo
from baimo.cli import (
    ask,
    chat,
    check,
    compare,
    config,
    config_path,
    config_set_key,
    config_show,
    config_trust,
    config_untrust,
    embed,
    image,
    models,
    moderate,
    providers,
    pull,
    speak,
    transcribe,
)
from baimo.cli.command import Group
from baimo.cli.main import PROGRAM, show_fault
from tests.cli.conftest import (
    START,
    WITHOUT_EXTRAS,
    Run,
    ScriptedProvider,
    Spawn,
    endless,
    environment,
    words,
)

COMMANDS = [*PROGRAM.lazy, *(f"config {name}" for name in ("set-key", "show", "trust", "untrust", "path"))]
HEAVY = {"msgspec", "asyncio", "ssl", "baimo.client", "baimo.config", "rich", "prompt_toolkit"}


def imported_by(spawn: Spawn, *args: str) -> set[str]:
    """What the command loads beside what this interpreter starts with, which may be a tracer of coverage."""
    tell = "import atexit, sys\nbefore = set(sys.modules)\n"
    tell += "atexit.register(lambda: print(*set(sys.modules) - before, file=sys.stderr))\n"
    done = spawn(*args, before=tell)
    assert done.returncode == 0
    return set(done.stderr.decode().split())


@pytest.mark.parametrize(
    "args", [("--version",), ("--help",), ("ask", "--help"), ("config", "show", "--help"), ()]
)
def test_help_and_version_answer_without_the_client(spawn: Spawn, args: tuple[str, ...]) -> None:
    assert imported_by(spawn, *args) & HEAVY == set()


def test_the_version_is_the_installed_one(run: Run) -> None:
    assert run("--version").stdout == f"baimo {baimo.__version__}\n"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("ask", ask),
        ("chat", chat),
        ("compare", compare),
        ("embed", embed),
        ("image", image),
        ("speak", speak),
        ("transcribe", transcribe),
        ("moderate", moderate),
        ("models", models),
        ("providers", providers),
        ("pull", pull),
        ("check", check),
        ("config", config),
        ("config set-key", config_set_key),
        ("config show", config_show),
        ("config trust", config_trust),
        ("config untrust", config_untrust),
        ("config path", config_path),
    ],
)
def test_a_command_stands_in_a_module_of_its_own(name: str, module: ModuleType) -> None:
    group: Group = PROGRAM
    *above, own = name.split()
    for one in above:
        inner = group.get_command(click.Context(group), one)
        assert isinstance(inner, Group)
        group = inner
    assert group.get_command(click.Context(group), own) is module.run
    assert (module.__doc__ or "").startswith(f"`baimo {name}`: ")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_command_has_a_help_page_in_the_users_language(run: Run, command: str, lang: str) -> None:
    result = run(*command.split(), "--help", BAIMO_LANG=lang)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: baimo {command}" if lang == "en" else f"用法：baimo {command}")
    assert all(len(line) <= 96 for line in result.stdout.splitlines())
    if lang == "en":
        assert result.stdout.isascii()


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    for name in PROGRAM.lazy:
        assert f"\n  {name} " in result.stdout
    assert run("config").stdout.startswith("Usage: baimo config")


@pytest.mark.parametrize(
    ("args", "lang", "said"),
    [
        (("aks",), "en", "there is no command 'aks'. Did you mean ask?"),
        (("aks",), "zh", "错误：没有命令 'aks'。是否想用 ask？"),
        (("ask", "--modal", "x"), "en", "there is no option --modal. Did you mean --model?"),
        (("ask", "--modal", "x"), "zh", "没有选项 --modal。是否想用 --model？"),
        (("ask", "-t", "warm", "x"), "en", "--temperature:"),
        (("ask", "x", "-m"), "en", "-m needs a value."),
        (("config", "set-key"), "zh", "缺少 PROVIDER。"),
        (("config", "nothing"), "en", "there is no command 'nothing'."),
        (("models", "a", "b"), "en", "unexpected extra argument"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    run: Run, args: tuple[str, ...], lang: str, said: str
) -> None:
    result = run(*args, BAIMO_LANG=lang)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_broken_configuration_ends_with_2(run: Run, folder: Path) -> None:
    (folder / "baimo.toml").write_text("defualt_model = 'x'", "utf-8")
    result = run("ask", "hi")
    assert result.exit_code == 2
    assert "Did you mean default_model?" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_debug_shows_where_an_error_comes_from(run: Run, how: str) -> None:
    flags = ("--debug",) if how == "flag" else ()
    env = {"BAIMO_DEBUG": "1"} if how == "variable" else {}
    result = run("ask", *flags, "-m", "nobody/x", "hi", **env)
    assert result.exit_code == 2
    assert "Traceback (most recent call last)" in result.stderr
    assert "error: no provider is called 'nobody'" in result.stderr


def test_a_fault_of_ours_is_one_line_unless_it_is_looked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAIMO_LANG", "en")
    fault = ZeroDivisionError("division by zero")
    show_fault(ZeroDivisionError, fault, None)
    assert capsys.readouterr().err.startswith("error: a fault in baimo itself: ZeroDivisionError: division")
    monkeypatch.setattr(sys, "argv", ["baimo", "--debug"])
    show_fault(ZeroDivisionError, fault, None)
    assert capsys.readouterr().err == "ZeroDivisionError: division by zero\n"


def test_a_fault_ends_a_process_with_1_and_without_a_traceback(spawn: Spawn) -> None:
    broken = "import baimo.cli.incoming as i\ni.prompt_of = lambda words: 1 / 0\n"
    done = spawn("ask", "x", before=broken)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: a fault in baimo itself: ZeroDivisionError")
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_ends_the_command_quietly(folder: Path, provider: ScriptedProvider) -> None:
    provider.will(endless("word "))
    program = subprocess.Popen(
        [sys.executable, "-c", START, "ask", "hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert program.stdout is not None and program.stderr is not None
    assert program.stdout.read(9) == b"word word"
    program.stdout.close()
    assert program.wait(20) == 0
    assert program.stderr.read() == b""
    program.stderr.close()
    assert provider.gone.wait(10)


def test_everything_works_without_the_extras(spawn: Spawn, provider: ScriptedProvider) -> None:
    provider.will(words("**Plain**"))
    assert spawn("ask", "hi", before=WITHOUT_EXTRAS).stdout == b"**Plain**\n"
    both = spawn("compare", "hi", "-m", "acme/big", "-m", "acme/small", before=WITHOUT_EXTRAS)
    assert (both.returncode, both.stdout.count(b"Hello.")) == (0, 2)
    assert spawn("chat", stdin=b"hi\n", before=WITHOUT_EXTRAS).stdout == b"Hello.\n"
    for args in (("models", "deepseek"), ("providers",), ("pull",), ("config", "show"), ("check", "acme")):
        assert spawn(*args, before=WITHOUT_EXTRAS).returncode == 0


def test_a_command_that_needs_an_extra_says_what_to_install(spawn: Spawn) -> None:
    for args in (("ask", "hi", "-m", "local/smollm2"), ("embed", "hi")):
        done = spawn(*args, before=WITHOUT_EXTRAS)
        assert done.returncode == 2
        assert b"pip install 'baimo[local]'" in done.stderr
        assert b"fetching" not in done.stderr
