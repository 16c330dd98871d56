"""Every error is described in both languages, and what is said of it is what it does."""

from __future__ import annotations

import inspect
import re

import pytest

from baimo import errors
from tests.docs.pages import PAGES

KINDS = {
    kind.code: kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.Error)
}
_SECTION = re.compile(r"^### `(\w+)` · `(\w+)`\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
WORDS = {
    "docs/errors.md": ("Retryable: {}.", "Sent: {}.", "yes", "no"),
    "docs/zh/errors.md": ("可重试：{}。", "已发送：{}。", "是", "否"),
}


def test_codes_are_unique() -> None:
    kinds = [
        kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.Error)
    ]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("page", WORDS)
def test_every_error_has_its_section_and_no_other_has(page: str) -> None:
    sections = {code: name for code, name, _ in _SECTION.findall(PAGES[page])}
    assert sections == {code: kind.__name__ for code, kind in KINDS.items()}


@pytest.mark.parametrize("page", WORDS)
@pytest.mark.parametrize("code", KINDS)
def test_what_is_said_of_retrying_and_sending_holds(page: str, code: str) -> None:
    retryable, sent, yes, no = WORDS[page]
    text = next(text for found, _, text in _SECTION.findall(PAGES[page]) if found == code)
    error = KINDS[code]("something")
    assert retryable.format(yes if error.retryable else no) in text
    assert sent.format(yes if error.sent else no) in text


def test_the_tree_in_the_docstring_names_every_error() -> None:
    tree = errors.__doc__ or ""
    assert [kind.__name__ for kind in KINDS.values() if not re.search(rf"\b{kind.__name__}\b", tree)] == []
