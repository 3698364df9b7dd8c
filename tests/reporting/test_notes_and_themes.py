"""What an author adds: notes in Markdown, colours and fonts, title and names. All of it may be hostile."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.reporting import notes, theme
from sdforecast.reporting.content import Bullets, Code, Link, Listing, Paragraph, Section, Strong
from sdforecast.reporting.html import render
from sdforecast.reporting.recipe import checked_words
from sdforecast.reporting.sections import content
from tests.plot.test_style import contrast as reference_contrast
from tests.reporting.conftest import parse
from tests.sample_forecast import sample

SECTIONS = [Section("answer", "The answer in short", "Answer"), Section("data", "The data and their vintage", "Data")]


def test_notes_go_to_their_sections() -> None:
    text = (
        "Before.\n\n## Data\n\nOne **strong** word, `code` and [a link](https://example.org).\n\n- a\n- b\n\n"
        "```\nlisted\n```\n"
    )
    found = notes.read(text, SECTIONS)
    assert found["answer"] == [Paragraph(["Before."])]
    first, items, listing = found["data"][0], found["data"][1], found["data"][2]
    assert first == Paragraph(
        ["One ", Strong("strong"), " word, ", Code("code"), " and ", Link("a link", "https://example.org"), "."]
    )
    assert items == Bullets([["a"], ["b"]])
    assert listing == Listing("listed")


def test_a_note_to_no_section_is_told_with_its_line_and_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        notes.read("Hello.\n\n## Dato\n\nText.", SECTIONS, "notes.md")
    (problem,) = caught.value.problems
    assert (problem.line, problem.file) == (3, "notes.md")
    assert "Data" in str(problem)


def test_html_and_bad_links_in_a_note_stay_text() -> None:
    made = content(sample(variables=["fentanyl share"]))
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://example.org/y.png) <b onclick=z>k</b>"
    page = parse(render(made.with_notes(notes.read(hostile, made.sections))))
    (note,) = [e for e in page.every("div") if e.attributes.get("class") == "author"]
    assert [e.tag for e in note.every()] == ["p"]
    assert "<script>alert(1)</script>" in note.text
    assert not page.every("img")


def test_a_theme_changes_the_page_and_is_told_back() -> None:
    made = theme.theme({"light": {"link": "#7A0000"}, "headings": "Palatino, serif"})
    assert "--link: #7a0000;" in made.page_css()
    assert "--headings: Palatino, serif;" in made.page_css()
    assert theme.theme(made.record()) == made


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"lite": {}}, "no 'lite'"),
        ({"light": {"linc": "#000000"}}, "no colour 'linc'"),
        ({"light": {"link": "red;} body{display:none"}}, "no colour"),
        ({"text": "x</style><script>"}, "names of fonts"),
        ({"text": "url(https://example.org)"}, "names of fonts"),
        ({"light": {"ink": "#999999"}}, "contrast"),
        ({"series": ["#000000", "#ffff00"], "series_dark": ["#ffffff", "#ffff00"]}, "contrast"),
        ({"series": ["#000000", "#111111"]}, "as many colours"),
        ({"light": 3}, "table of colours"),
    ],
)
def test_a_theme_with_faults_is_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        theme.theme(given)


def test_a_theme_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theme.toml").write_text("light = ")
    with pytest.raises(InputError, match="not TOML"):
        theme.load(tmp_path / "theme.toml")


@pytest.mark.parametrize(("one", "other"), [("#000000", "#ffffff"), ("#1f4e9e", "#fdf3e4"), ("#777777", "#777777")])
def test_contrast_is_that_of_an_independent_formula(one: str, other: str) -> None:
    assert theme.contrast(one, other) == pytest.approx(reference_contrast(one, other), rel=1e-3)


def test_titles_and_names_are_one_printable_line() -> None:
    assert checked_words("title", " a \n b ") == "a b"
    for bad in ("x" * 301, "a\x00b", "a\u202eb"):
        with pytest.raises(InputError):
            checked_words("title", bad)
