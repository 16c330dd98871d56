"""A machine to configure, in a test's own folder: a home, a user's file, a project folder, an environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from baimo.config import trust
from baimo.config.settings import Settings, load
from baimo.exchange import Deployment


class Machine:
    """Loads settings as on that machine; nothing of the real one is looked at."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.project = root / "project"
        self.config_dir = self.home / ".config" / "baimo"
        self.environ: dict[str, str] = {}
        for folder in (self.project, self.config_dir):
            folder.mkdir(parents=True)

    @property
    def user_file(self) -> Path:
        return self.config_dir / "config.toml"

    @property
    def record(self) -> Path:
        return self.config_dir / trust.RECORD

    def user(self, text: str) -> None:
        """Write the user's file."""
        self.user_file.write_text(text, "utf-8")

    def here(self, text: str, dotenv: str | None = None) -> None:
        """Write the project's file, and the `.env` beside it."""
        (self.project / "baimo.toml").write_text(text, "utf-8")
        if dotenv is not None:
            (self.project / ".env").write_text(dotenv, "utf-8")

    def trust(self) -> None:
        """What `baimo config trust` does."""
        trust.trust(self.project, self.record)

    def settings(
        self, config: str | Path | Mapping[str, Any] | None = None, keys: Mapping[str, Any] | None = None
    ) -> Settings:
        """The settings as a client started in the project folder finds them."""
        return load(
            config, keys=keys, environ=self.environ, cwd=self.project, platform="linux", home=self.home
        )

    def at(
        self,
        model: str | Sequence[str] | None,
        config: str | Path | Mapping[str, Any] | None = None,
        keys: Mapping[str, Any] | None = None,
    ) -> Deployment:
        """The first deployment that a model name stands for."""
        return self.settings(config, keys).resolve(model)[0][0]


def key_of(at: Deployment) -> str:
    """The key that a deployment would send."""
    return at.secrets["api_key"].reveal()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A new machine."""
    return Machine(tmp_path)
