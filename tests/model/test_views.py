"""The views of a Vensim file, against PySD's own parser of drawings."""

from __future__ import annotations

from pathlib import Path

from sdforecast.model.groups import groups
from sdforecast.model.views import views
from tests.small import MODELS

TEXT = (MODELS / "views.mdl").read_text(encoding="utf-8")


def test_each_variable_is_at_home_where_it_is_no_shadow() -> None:
    assert views(TEXT) == {
        "fish": "Stock of fish",
        "hatching": "Stock of fish",
        "hatching rate": "Stock of fish",
        "catch": "Stock of fish",
        "boats": "Fleet",
        "building": "Fleet",
        '"catch, per boat"': "Fleet",
    }


def test_pysd_finds_the_same(tmp_path: Path) -> None:
    from pysd.translators.vensim.vensim_file import VensimFile

    plain = tmp_path / "plain.mdl"  # PySD's grammar of drawings knows no comma in a name
    plain.write_text(TEXT.replace('"catch, per boat"', "catch per boat"), encoding="utf-8")
    file = VensimFile(plain)
    file.parse()
    file.parse_sketch(subview_sep=[])
    ours: dict[str, set[str]] = {}
    for name, view in views(plain.read_text(encoding="utf-8")).items():
        ours.setdefault(view.lower().replace(" ", "_"), set()).add(name.replace(" ", "_"))
    assert ours == file.sections[0].views_dict


def test_a_file_without_a_drawing_has_none() -> None:
    assert views(TEXT.partition("\\\\\\---///")[0]) == {}


def test_broken_lines_are_passed_over() -> None:
    head = "\\\\\\---/// Sketch information\nV300  ignored\n"
    lines = "*V\n10,2,\n10,,y,1\n12,4,0,1,1,1,1,8,3,0\n*no view but a remark\n10,3,z,1,1,1,1,8,3,0\n///---\\\\\\\n"
    assert views(head + "10,1,x,1,1,1,1,1,3\n" + head + lines) == {"z": "V"}


def test_lines_may_end_as_on_windows() -> None:
    assert views(TEXT.replace("\n", "\r\n")) == views(TEXT)
    text = (MODELS / "predation.mdl").read_text(encoding="utf-8")
    assert groups(text.replace("\n", "\r\n")) == groups(text)
