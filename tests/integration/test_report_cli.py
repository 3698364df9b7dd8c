"""`sdforecast report` as a user types it: made, made again to the byte, compared with an earlier one."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdforecast.cli import main

SCENARIO = """\
name: mine
title: "=1+1 <b>mine</b>"
description: A mix of the user's own.
instruments:
  - {instrument: naloxone, intensity: 0.9, start: "2027-01", ramp_months: 6}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    place = tmp_path_factory.mktemp("cli")
    (place / "mine.yaml").write_text(SCENARIO)
    (place / "notes.md").write_text("## Limits\n\nA note *of ours*.\n")
    words = ["report", "-s", "current-course", "-s", "mine.yaml", "--draws", "3", "--authors", "A. Author; B. Other"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("SOURCE_DATE_EPOCH", "1780000000")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert main([*words, "--notes", "notes.md", "-o", "first", "--json"]) == 0
    yield place, out.getvalue()


def test_it_is_made(made: tuple[Path, str]) -> None:
    place, printed = made
    told = json.loads(printed)
    html = (place / "first" / "index.html").read_text(encoding="utf-8")
    assert "A note of ours." in html
    assert "A. Author, B. Other" in html
    assert "=1+1 &lt;b&gt;mine&lt;/b&gt;" in html
    assert "<b>mine" not in html
    record = json.loads((place / "first" / "manifest.json").read_text())
    assert record["created"] == "2026-05-28T20:26:40Z"
    assert told["headline"][0].split("about")[0] in html
    assert "'=1+1 <b>mine</b>" in (place / "first" / "tables" / "comparison.csv").read_text()
    assert (place / "first" / "report.pdf").is_file() != bool(told["lacking"])


def test_it_is_made_again_to_the_byte_from_its_manifest_alone(
    made: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = made
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes((place / "first" / "manifest.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--from", "manifest.json", "-o", "again", "-q"]) == 0
    names = sorted(p.relative_to(place / "first") for p in (place / "first").rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file())
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (place / "first" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "none.json"], "cannot be read"),
        (["--from", "other.json"], "is not the manifest of a report"),
        (["--from", "bad.json"], "says nothing sensible of 'seed'"),
        (["--from", "other.json", "--draws", "3"], "leave away --draws"),
        (["--compare-with", "."], "is not the folder of a report"),
        (["-s", "current-corse"], "current-course"),
        (["--theme", "other.json"], "is not TOML"),
        (["--notes", "none.md"], "cannot be read"),
    ],
)
def test_what_a_user_can_do_wrong_is_told_in_a_line(
    tmp_path: Path, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.json").write_text('{"sdforecast": "0.1.0"}')
    bad = {"scenarios": [], "own_scenarios": {}, "draws": 3, "seed": "x", "horizon": "2035-12", "title": "",
           "authors": [], "notes": "", "theme": None, "compare_with": None}  # fmt: skip
    (tmp_path / "bad.json").write_text(json.dumps({"report": bad, "created": "2026-01-01T00:00:00Z"}))
    assert main(["report", *words, "-o", "x"]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
