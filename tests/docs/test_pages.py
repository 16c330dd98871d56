"""Pages: links lead somewhere, every page is found from the first one, and exists in both languages."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import PAGES, prose
from tests.house import sources

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(name: str) -> list[str]:
    """Where a page leads inside the project: paths below the root, with their fragment."""
    here = (sources.ROOT / name).parent
    found = []
    for target in _LINK.findall(prose(name)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        place = (here / path).resolve() if path else sources.ROOT / name
        found.append(
            place.relative_to(sources.ROOT.resolve()).as_posix() + (f"#{fragment}" if fragment else "")
        )
    return found


def anchors(name: str) -> set[str]:
    """The fragments that a page's headings make."""
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in _HEADING.findall(prose(name))
    }


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_leads_somewhere(name: str) -> None:
    for link in links(name):
        path, _, fragment = link.partition("#")
        assert (sources.ROOT / path).exists(), link
        if fragment and path in PAGES:
            assert fragment in anchors(path), link


@pytest.mark.parametrize("language", ["docs/", "docs/zh/"])
def test_every_page_is_found_from_the_first_one(language: str) -> None:
    seen: set[str] = set()
    waiting = [f"{language}index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page not in PAGES:
            continue
        seen.add(page)
        waiting += [link.partition("#")[0] for link in links(page)]
    wanted = {name for name in PAGES if name.startswith(language)}
    assert wanted - seen == set()


def test_every_page_exists_in_both_languages() -> None:
    """Decisions are for those who work on Baimo, and are kept in English."""
    english = {
        name.removeprefix("docs/")
        for name in PAGES
        if name.startswith("docs/") and not name.startswith(("docs/zh/", "docs/decisions/"))
    }
    chinese = {name.removeprefix("docs/zh/") for name in PAGES if name.startswith("docs/zh/")}
    assert english == chinese


def test_both_readmes_have_the_same_sections_and_code() -> None:
    """Words differ, what is shown does not."""
    english, chinese = PAGES["README.md"], PAGES["README.zh-CN.md"]
    assert len(_HEADING.findall(prose("README.md"))) == len(_HEADING.findall(prose("README.zh-CN.md")))
    assert re.findall(r"^(pip|baimo|scripts/\w+) .*$", english, re.MULTILINE) == re.findall(
        r"^(pip|baimo|scripts/\w+) .*$", chinese, re.MULTILINE
    )


def test_every_decision_is_listed() -> None:
    decisions = {name for name in PAGES if re.match(r"docs/decisions/\d{4}-", name)}
    assert decisions == {
        link for link in links("docs/decisions/index.md") if link.startswith("docs/decisions/0")
    }
    numbers = sorted(int(name.split("/")[2][:4]) for name in decisions)
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_plan_of_the_house_stays_short() -> None:
    assert len(PAGES["ARCHITECTURE.md"].splitlines()) <= 150
