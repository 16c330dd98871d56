"""Errors as a user of the command line sees them: what happened, what it means, what to do."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from baimo.errors import ConfigError, Error, InputError, MissingKeyError

from .codes import code_of, cure, means
from .words import has, joined, language, say

if TYPE_CHECKING:
    from .console import Console

DONE = 0
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130

_SHELLS = (
    ("bash / zsh", "export {name}='…'"),
    ("PowerShell", "$env:{name} = '…'"),
    ("cmd", "set {name}=…"),
)


def report(failure: BaseException, console: Console) -> int:
    """Tell what went wrong on standard error, and as JSON where a program reads; returns the exit code."""
    if console.debug:
        traceback.print_exception(failure)
    if isinstance(failure, Error):
        if console.as_json:
            console.line(json.dumps({"error": error_facts(failure)}, ensure_ascii=False))
        for line in error_lines(failure):
            console.tell(line)
        return exit_code(failure)
    if isinstance(failure, click.ClickException):
        for line in usage_lines(failure):
            console.tell(line)
        return WRONG_USAGE
    return INTERRUPTED


def exit_code(error: Error) -> int:
    """2 for what the user can mend on this machine, 1 for a call that failed."""
    return WRONG_USAGE if isinstance(error, (ConfigError, InputError)) else FAILED


def error_lines(error: Error) -> list[str]:
    """The error, what its code means or in Chinese its kind, the cure, and for a missing key what to type."""
    text = f"{error.provider}: {error.message}" if error.provider else error.message
    facts = [error.code]
    status = getattr(error, "status", None)
    if status is not None:
        facts.append(f"HTTP {status}")
    provider_code = getattr(error, "provider_code", None)
    if provider_code and provider_code != str(status):
        facts.append(provider_code)
    if error.request_id:
        facts.append(f"request id {error.request_id}")
    if error.attempts > 1:
        facts.append(say("error.attempts", count=error.attempts))
    lines = [f"{say('error')}{text} [{', '.join(facts)}]"]
    known = code_of(error)
    if known is not None:
        lines.append(f"  {say('code.means', code=known[0], means=means(known[1]))}")
    elif language() == "zh" and has(meaning := f"meaning.{error.code}") and not _is_ours(error):
        lines.append(f"  {say(meaning)}")
    return [*lines, *(f"  {line}" for line in cure_lines(error))]


def _is_ours(error: Error) -> bool:
    """Whether the error was worded in Chinese, by a command: then it needs no explanation."""
    return isinstance(error, ConfigError) and any("\u4e00" <= char <= "\u9fff" for char in error.message)


def usage_lines(error: click.ClickException) -> list[str]:
    """A wrong use of the command line, with the command whose help tells more."""
    lines = [f"{say('error')}{_usage(error)}"]
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.UsageError) and ctx is not None:
        lines.append("  " + say("usage.see_help", command=ctx.command_path))
    return lines


def error_facts(error: Error) -> dict[str, Any]:
    """The error for a program to read."""
    facts: dict[str, Any] = {"code": error.code, "message": error.message}
    for name in ("hint", "provider", "request_id", "status", "provider_code", "retry_after"):
        value = getattr(error, name, None)
        if value is not None:
            facts[name] = value
    facts["retryable"] = error.retryable
    known = code_of(error)
    if known is not None:
        facts |= {"means": means(known[1]), "cure": cure(known[1])}
    partial = getattr(error, "partial", None)
    if partial is not None:
        facts["partial"] = partial.text
    return facts


def cure_lines(error: Error) -> list[str]:
    """The cure of its code, else its hint; for a missing key also the lines that set its variables."""
    lines = [error.hint] if error.hint else []
    known = code_of(error)
    if known is not None:  # the hint says the same in English, and maybe more
        more = (error.hint or "").replace(known[1].cure, "").strip()
        lines = [cure(known[1]), *([more] if more else [])]
    if not isinstance(error, MissingKeyError):
        return lines
    if language() == "zh":  # the hint says the same in English
        lines = [say("error.key_home", home=error.home)] if error.home else []
        lines += [say("error.set_key", provider=error.provider)] if error.provider else []
    return [*lines, *variable_lines(error.variables)]


def variable_lines(names: Sequence[str]) -> list[str]:
    """The lines that set environment variables, for each shell."""
    if not names:
        return []
    lines = [say("error.or_variable")]
    for shell, line in _SHELLS:
        first, *rest = [line.format(name=name) for name in names]
        lines += [f"  {shell + ':':<13}{first}", *(f"{'':<15}{more}" for more in rest)]
    return lines


def _usage(error: click.ClickException) -> str:
    if isinstance(error, click.NoSuchOption):
        text = say("usage.no_option", name=error.option_name)
        if error.possibilities:
            text = joined(text, say("usage.near", names=say("or").join(sorted(error.possibilities))))
        return text
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return say("usage.missing", name=error.param.human_readable_name)
    if isinstance(error, click.BadOptionUsage):
        return say("usage.option_value", name=error.option_name)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return say("usage.bad_value", name=error.param.opts[-1], why=error.message)
    return error.format_message()
