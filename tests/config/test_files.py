"""Reading and writing the files of a configuration."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from baimo.config import files
from baimo.errors import ConfigError


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert files.read(tmp_path / "no" / "such") is None
    (tmp_path / "file").write_bytes(b"x")
    assert files.read(tmp_path / "file" / "below") is None


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        files.read(tmp_path)


def test_a_file_of_many_megabytes_is_not_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(bytes(5 * 1024 * 1024))
    with pytest.raises(ConfigError, match="larger than 4 MB"):
        files.read(tmp_path / "model.gguf")


def test_a_byte_order_mark_is_left_out() -> None:
    assert files.parse_toml("\ufeffname = '百模'".encode(), "x") == {"name": "百模"}


def test_gbk_is_told_from_utf8_with_its_line_and_a_cure() -> None:
    with pytest.raises(ConfigError) as raised:
        files.parse_toml(b"a = 1\nb = '" + "中文".encode("gbk") + b"'", "/c/baimo.toml")
    assert "/c/baimo.toml is not UTF-8 (line 2)" in str(raised.value)
    assert "Save it as UTF-8" in str(raised.value)


@pytest.mark.parametrize(("mark", "encoding"), [("", "utf-16"), ("\ufeff", "utf-16-be")])
def test_utf16_is_named(mark: str, encoding: str) -> None:
    with pytest.raises(ConfigError, match="UTF-16"):
        files.as_text((mark + "a = 1").encode(encoding), "x")


def test_bad_toml_is_named_with_line_and_column() -> None:
    with pytest.raises(ConfigError, match=r"/c/x\.toml is no valid TOML: .*line 2, column"):
        files.parse_toml(b"a = 1\nb = = 2", "/c/x.toml")


def test_what_is_written_is_the_owners_alone_even_over_an_open_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    files.write_private(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    files.write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_bytes(b"one")
    link.symlink_to(real)
    files.write_private(link, b"two")
    assert link.is_symlink()
    assert real.read_bytes() == b"two"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "config.toml"
    folder.mkdir()
    (folder / "inside").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        files.write_private(folder, b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]
