"""Where files are kept on each platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from baimo.config.paths import cache_dir, config_dir, data_dir

HOME = Path("/h")
Kind = Callable[[Mapping[str, str], str, Path], Path]


@pytest.mark.parametrize(
    ("kind", "environ", "platform", "expected"),
    [
        (config_dir, {}, "linux", "/h/.config/baimo"),
        (data_dir, {}, "linux", "/h/.local/share/baimo"),
        (cache_dir, {}, "linux", "/h/.cache/baimo"),
        (config_dir, {"XDG_CONFIG_HOME": "/x"}, "linux", "/x/baimo"),
        (data_dir, {"XDG_DATA_HOME": "/x"}, "linux", "/x/baimo"),
        (cache_dir, {"XDG_CACHE_HOME": "/x"}, "freebsd14", "/x/baimo"),
        (config_dir, {"XDG_CONFIG_HOME": "x"}, "linux", "/h/.config/baimo"),
        (config_dir, {"XDG_CONFIG_HOME": ""}, "linux", "/h/.config/baimo"),
        (config_dir, {}, "darwin", "/h/Library/Application Support/baimo"),
        (data_dir, {}, "darwin", "/h/Library/Application Support/baimo/data"),
        (cache_dir, {}, "darwin", "/h/Library/Caches/baimo"),
        (config_dir, {"APPDATA": "/r"}, "win32", "/r/baimo"),
        (data_dir, {"LOCALAPPDATA": "/l"}, "win32", "/l/baimo/data"),
        (cache_dir, {"LOCALAPPDATA": "/l"}, "win32", "/l/baimo/cache"),
        (config_dir, {}, "win32", "/h/AppData/Roaming/baimo"),
        (cache_dir, {}, "win32", "/h/AppData/Local/baimo/cache"),
        (config_dir, {"BAIMO_HOME": "/b", "XDG_CONFIG_HOME": "/x"}, "linux", "/b"),
        (data_dir, {"BAIMO_HOME": "/b"}, "darwin", "/b/data"),
        (cache_dir, {"BAIMO_HOME": "~/b"}, "win32", "/h/b/cache"),
    ],
)
def test_each_kind_of_file_has_its_folder(
    kind: Kind, environ: dict[str, str], platform: str, expected: str
) -> None:
    assert kind(environ, platform, HOME) == Path(expected)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("environ", [{}, {"BAIMO_HOME": "/b"}])
def test_what_may_be_deleted_never_holds_what_must_be_kept(environ: dict[str, str], platform: str) -> None:
    folders = [kind(environ, platform, HOME) for kind in (config_dir, data_dir, cache_dir)]
    assert len(set(folders)) == 3
    assert not any(folders[2] in other.parents for other in folders[:2])
