"""Nothing is ever half-written, and nothing of the user's is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sdforecast.errors import MachineError
from sdforecast.writing import replaced_folder, write_bytes, write_text

HOLDS = ("a", "one", "two", "manifest.json")
OURS = '{"sdforecast": "0.1.0"}'


class TestFiles:
    def test_bytes_are_written_as_they_are(self, tmp_path: Path) -> None:
        write_text(tmp_path / "new" / "a.csv", "µ\r\nb\n")
        assert (tmp_path / "new" / "a.csv").read_bytes() == b"\xc2\xb5\r\nb\n"
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]

    def test_others_may_read_it(self, tmp_path: Path) -> None:
        write_bytes(tmp_path / "a", b"x")
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644

    def test_when_it_fails_the_old_file_stands_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a").write_text("old")

        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "chmod", refuse)
        monkeypatch.setattr(Path, "replace", refuse)
        monkeypatch.setattr(Path, "chmod", refuse)
        with pytest.raises(MachineError, match="a: cannot write here: No space left on device"):
            write_text(tmp_path / "a", "new")
        assert (tmp_path / "a").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_a_parent_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(MachineError, match="cannot write here"):
            write_text(tmp_path / "file" / "a", "new")


class TestFolders:
    def test_a_new_folder_appears_whole(self, tmp_path: Path) -> None:
        target = tmp_path / "deep" / "results"
        with replaced_folder(target, HOLDS) as fresh:
            (fresh / "a").write_text("x")
            assert not target.exists()
        assert [path.name for path in target.iterdir()] == ["a"]
        assert [path.name for path in target.parent.iterdir()] == ["results"]

    def test_ours_is_replaced_as_a_whole(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            with replaced_folder(tmp_path / "results", HOLDS) as fresh:
                (fresh / name).write_text(name)
                (fresh / "manifest.json").write_text(OURS)
        assert {path.name for path in (tmp_path / "results").iterdir()} == {"two", "manifest.json"}
        assert [path.name for path in tmp_path.iterdir()] == ["results"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, BrokenPipeError])
    def test_an_error_leaves_what_was_there(self, tmp_path: Path, error: type[BaseException]) -> None:
        old = tmp_path / "results"
        old.mkdir()
        (old / "manifest.json").write_text(OURS)
        with pytest.raises(error), replaced_folder(old, HOLDS) as fresh:
            (fresh / "manifest.json").write_text("new")
            raise error
        assert (old / "manifest.json").read_text() == OURS
        assert [path.name for path in tmp_path.iterdir()] == ["results"]

    def test_an_empty_folder_is_anyones(self, tmp_path: Path) -> None:
        (tmp_path / "results").mkdir()
        with replaced_folder(tmp_path / "results", HOLDS) as fresh:
            (fresh / "a").write_text("x")
        assert (tmp_path / "results" / "a").is_file()

    def test_a_folder_of_the_users_a_file_and_a_link_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").write_text("x")
        (tmp_path / "file").write_text("x")
        (tmp_path / "link").symlink_to(tmp_path / "mine")
        for name, message in (
            ("mine", "not ours, nothing was changed"),
            ("file", "not a folder"),
            ("link", "not a folder"),
        ):
            with pytest.raises(MachineError, match=message), replaced_folder(tmp_path / name, HOLDS):
                pytest.fail("no work may begin")
        assert {path.name for path in tmp_path.iterdir()} == {"mine", "file", "link"}

    @pytest.mark.parametrize(
        "files",
        [
            {"manifest.json": OURS, "thesis.txt": "x"},
            {"manifest.json": '{"name": "a web page"}', "a": "x"},
            {"manifest.json": "[]"},
            {"manifest.json": "not JSON"},
            {"a": "x"},
        ],
    )
    def test_a_manifest_alone_does_not_make_a_folder_ours(self, tmp_path: Path, files: dict[str, str]) -> None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        with pytest.raises(MachineError, match="not ours, nothing was changed"), replaced_folder(tmp_path, HOLDS):
            pytest.fail("no work may begin")
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files

    def test_what_a_desktop_leaves_behind_is_no_file_of_the_users(self, tmp_path: Path) -> None:
        old = tmp_path / "results"
        old.mkdir()
        (old / ".DS_Store").write_text("x")
        (old / "manifest.json").write_text(OURS)
        with replaced_folder(old, HOLDS) as fresh:
            (fresh / "a").write_text("x")
        assert [path.name for path in old.iterdir()] == ["a"]

    @pytest.mark.parametrize("named", [".", "../here", ".."])
    def test_nobody_loses_the_folder_they_stand_in(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
    ) -> None:
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        with pytest.raises(MachineError, match="is the folder you are in"), replaced_folder(Path(named), HOLDS):
            pytest.fail("no work may begin")
        assert Path.cwd() == tmp_path / "here"
