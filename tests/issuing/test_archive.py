"""The archive: nothing is replaced, and whatever is changed afterwards is named."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from sdforecast.errors import CheckError, InputError
from sdforecast.forecasting import Forecast
from sdforecast.issuing import described, editions, faults, issue, ready

DAYS = {"2026-11-27": "1795780800", "2026-12-14": "1797249600", "2027-01-15": "1800000000"}


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda day: monkeypatch.setenv("SOURCE_DATE_EPOCH", DAYS[day])


@pytest.fixture
def archive(tmp_path: Path, written: Path, made: Forecast, on: Callable[[str], None]) -> Path:
    """Three editions."""
    for day in DAYS:
        on(day)
        about = described(made.manifest, "2025-04-30", "current-course")
        issue(tmp_path / "forecasts", written, about, {"note.json": "{}"})
    return tmp_path / "forecasts"


def test_editions_lie_by_day_and_form_a_chain(archive: Path) -> None:
    found = editions(archive)
    assert [each.day for each in found] == list(DAYS)
    assert found[0].manifest["previous"] is None
    for before, after in pairwise(found):
        assert after.manifest["previous"] == {"edition": before.day, "sha256": before.sha256}
    assert list(faults(archive)) == []
    assert (found[0].hub / "hub-config" / "tasks.json").is_file()
    assert "note.json" in found[0].manifest["files"]


def test_an_edition_is_never_replaced(archive: Path, on: Callable[[str], None]) -> None:
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    for day in DAYS:  # the newest day, and days before it
        on(day)
        with pytest.raises(InputError, match="2027-01-15 already, and editions are never replaced"):
            ready(archive)
    assert {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()} == before


def test_no_edition_follows_a_broken_one(archive: Path, on: Callable[[str], None], written: Path) -> None:
    (archive / "2026-12-14" / "note.json").write_text("{ }")
    with pytest.raises(CheckError, match=r"note\.json: was changed"):
        issue(archive, written, {})


def changed(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b" ")


def gone(file: Path) -> None:
    file.unlink()


def swapped(file: Path) -> None:
    """A link to a file of the same bytes: the bytes can change behind it."""
    elsewhere = file.parents[4] / "same"
    elsewhere.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(elsewhere)


@pytest.mark.parametrize(("change", "words"), [(changed, "was changed"), (gone, "is gone"), (swapped, "was changed")])
def test_a_changed_file_is_named(archive: Path, change: Callable[[Path], None], words: str) -> None:
    file = archive / "2026-12-14" / "hub" / "hub-config" / "admin.json"
    change(file)
    (found,) = faults(archive)
    assert found.file == str(file)
    assert words in found.what


def test_an_added_file_is_named(archive: Path) -> None:
    file = archive / "2026-11-27" / "hub" / "later.csv"
    file.write_text("x")
    assert [(found.file, "was added" in found.what) for found in faults(archive)] == [(str(file), True)]


def test_a_rewritten_manifest_is_told_by_the_next(archive: Path) -> None:
    """Whoever changes a file and its hash changes the manifest, whose hash the next edition has."""
    manifest = archive / "2026-11-27" / "manifest.json"
    told = json.loads(manifest.read_text())
    told["reference_scenario"] = "military-only"
    manifest.write_text(json.dumps(told))
    (found,) = faults(archive)
    assert found.file == str(manifest)
    assert "was changed after the edition of 2026-12-14" in found.what


def test_an_edition_that_is_gone_is_told(archive: Path, tmp_path: Path) -> None:
    (archive / "2026-12-14").rename(tmp_path / "away")
    (found,) = faults(archive)
    assert "follows the edition of 2026-12-14, which is gone" in found.what


@pytest.mark.parametrize("name", ["2026-13-01", "latest", "2026-11-27b"])
def test_what_is_no_edition_is_refused(archive: Path, name: str) -> None:
    (archive / name).mkdir()
    with pytest.raises(InputError, match=f"{name}: is not an edition"):
        editions(archive)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"edition": 3}', "[" * 100_000])
def test_a_manifest_that_is_none(archive: Path, text: str) -> None:
    (archive / "2026-11-27" / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json: is no manifest of an edition"):
        editions(archive)
    assert any("is no manifest" in found.what for found in faults(archive))


def test_a_run_that_was_broken_off_leaves_no_edition(archive: Path) -> None:
    (archive / ".2027-02-01.abc").mkdir()
    assert len(editions(archive)) == 3


def test_there_need_be_no_archive_yet(tmp_path: Path) -> None:
    assert editions(tmp_path / "forecasts") == []
    assert list(faults(tmp_path / "forecasts")) == []
