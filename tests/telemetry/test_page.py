"""The page on observability: its code runs, its tables name what there is."""

from __future__ import annotations

import logging
import re
import sys
import tomllib
from typing import Any

import prometheus_client
import pytest

from baimo.config.services import TelemetrySettings
from tests.docs.pages import PAGES, blocks
from tests.house.conftest import run
from tests.telemetry import records
from tests.telemetry.test_log import Kept
from tests.telemetry.watching import Measuring, Watching

NAMES = ["docs/observability.md", "docs/zh/observability.md"]
BOTH = pytest.mark.parametrize("page", NAMES)


def ran(page: str, word: str) -> dict[str, Any]:
    """The names of a block after it ran, up to where its client is made."""
    code = next(code for code in blocks(page, "python") if word in code)
    found: dict[str, Any] = {}
    exec(code.partition("with baimo.Client")[0].replace("(9464", "(0"), found)
    return found


def printed(page: str, word: str, then: str) -> str:
    """What a new process prints that runs a block up to its client, tells of a call, and goes on."""
    code = next(code for code in blocks(page, "python") if word in code).partition("with baimo.Client")[0]
    told = "from tests.telemetry import records\nobserver.ended(records.ANSWERED, observer.began(), None)\n"
    before, _, after = then.partition("|")
    return run(sys.executable, "-c", f"{code}\n{before}\n{told}\n{after}")


@BOTH
def test_the_spans_of_the_page_are_written(page: str) -> None:
    said = printed(page, "TracerProvider()", "|provider.shutdown()")
    assert '"name": "chat deepseek-flash"' in said


@BOTH
def test_the_metrics_of_the_page_are_served(page: str) -> None:
    shown = ran(page, "start_http_server")
    try:
        shown["observer"].ended(records.ANSWERED, None, None)
        assert b"baimo_attempts_total" in prometheus_client.generate_latest()
    finally:
        shown["server"].shutdown()
        shown["server"].server_close()
        shown["thread"].join()


@BOTH
def test_the_lines_of_the_page_are_written_without_secrets(page: str) -> None:
    shown = "import sys\nlogging.getLogger().handlers[0].setStream(sys.stdout)"
    said = printed(
        page, "basicConfig", f"{shown}|logging.getLogger('elsewhere').error('sent %s', records.SECRET)"
    )
    assert "INFO:baimo.call:chat deepseek/deepseek-flash answered" in said
    assert "ERROR:elsewhere:sent ***" in said


@BOTH
def test_the_other_code_of_the_page_runs(page: str) -> None:
    ran(page, "redact(line)")
    observer = ran(page, "class Slowest")["Slowest"]()
    observer.ended(records.ANSWERED, observer.began(), None)
    assert observer.seconds == 0.5


@BOTH
def test_the_configuration_of_the_page_is_all_there_is(page: str) -> None:
    (text,) = blocks(page, "toml")
    table = tomllib.loads(text)["telemetry"]
    assert set(table) == set(TelemetrySettings.__struct_fields__)
    assert TelemetrySettings(**table).log == "info"
    assert all(f"`{key}`" in PAGES[page.replace("observability", "configuration")] for key in table)


@BOTH
def test_every_name_that_is_told_is_on_the_page(page: str) -> None:
    told = set()
    for call in records.ALL.values():
        for span in Watching().tell(call):
            told |= {*(span.attributes or {}), *(event.name for event in span.events)}
    told |= set(Measuring().points(*records.ALL.values()))
    told |= {
        family.name
        for family in prometheus_client.REGISTRY.collect()
        if family.name.startswith(("gen_ai", "baimo"))
    }
    written = PAGES[page]
    known = set(re.findall(r"`([\w.]+)`", written))
    full = {name for name in known if not name.startswith(".")}
    short = {name for name in known if name.startswith(".")}
    lacking = {
        name
        for name in told
        if name not in full
        and f"{name}_total" not in full
        and not any(name.startswith("gen_ai.") and name.endswith(end) for end in short)
    }
    assert lacking == set()


@BOTH
def test_the_fields_of_a_line_are_those_of_the_page(page: str) -> None:
    kept, logger = Kept(), logging.getLogger("baimo")
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    ran(page, "basicConfig")["observer"].ended(records.ANSWERED, None, None)
    logger.removeHandler(kept)
    logger.setLevel(logging.NOTSET)
    written = set(re.findall(r"`(baimo_[a-z_]+)`", PAGES[page].split("baimo_cache_hits_total")[1]))
    assert written - {"baimo_cost_total", "baimo_input", "baimo_output", "baimo_system"} <= set(
        vars(kept.records[0])
    )
