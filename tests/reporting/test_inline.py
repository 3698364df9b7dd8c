"""A report in a notebook."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

import sdforecast as sdf
from sdforecast.errors import InputError
from tests.reporting.conftest import parse
from tests.sample_forecast import SCRIPT, sample


def test_it_stands_in_a_frame_of_its_own() -> None:
    made = sdf.report(sample(variables=["fentanyl share"]), title=f'A "title" {SCRIPT}', notes="## Limits\n\nOurs.")
    assert made.folder is None
    (frame,) = parse(made._repr_html_()).every("iframe")
    assert frame.attributes["srcdoc"] == made.html
    assert "allow-same-origin" not in frame.attributes["sandbox"]
    assert html.unescape(frame.attributes["title"]).startswith('A "title"')
    assert "Ours." in parse(made.html).text


def test_it_is_written_where_a_folder_is_named(tmp_path: Path) -> None:
    made = sdf.report(sample(variables=["fentanyl share"]), tmp_path / "report")
    assert made.folder == tmp_path / "report"
    assert (made.folder / "index.html").read_text(encoding="utf-8") == made.html
    assert repr(made).startswith("<report: Scenario projection")


def test_notes_with_faults_are_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no section 'Nowhere'"):
        sdf.report(sample(variables=["fentanyl share"]), tmp_path / "report", notes="## Nowhere\n\nX")
    assert not (tmp_path / "report").exists()
