"""The report on paper: whole, tagged, one page where one is promised, the same bytes from the same content."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sdforecast.errors import MachineError
from sdforecast.reporting import paper
from sdforecast.reporting.content import Content, Link, Paragraph, Strong
from sdforecast.reporting.sections import Extras, content
from sdforecast.reporting.theme import Theme
from sdforecast.reporting.typeset import brief, report
from tests.sample_forecast import MIXES, SCRIPT, renamed, sample

CREATED = "2026-11-25T04:00:00Z"
HOSTILE = f'#panic("x") "] #eval("1") \\ $x$ @a <b> {SCRIPT}'


@pytest.fixture(scope="module")
def made() -> Content:
    forecast = renamed(sample(variables=["synthetic opioid deaths"]), MIXES[1], title=HOSTILE, description=HOSTILE)
    return content(forecast, Extras(title=HOSTILE, authors=("A. Author", HOSTILE)))


@pytest.fixture(scope="module")
def folder(made: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("typst", reason="needs the extra 'pdf'")
    place = tmp_path_factory.mktemp("paper")
    assert paper.write(made, Theme(), place, CREATED) == ""
    return place


def test_the_brief_is_one_page_and_the_report_is_whole(folder: Path) -> None:
    for name in ("brief-a4.pdf", "brief-letter.pdf"):
        assert paper.pages((folder / name).read_bytes()) == 1
    assert paper.pages((folder / "report.pdf").read_bytes()) > 4


def test_files_are_tagged_have_a_language_and_bookmarks(folder: Path) -> None:
    for name in ("report.pdf", "brief-a4.pdf", "brief-letter.pdf"):
        text = (folder / name).read_bytes()
        assert b"pdfuaid:part>1" in text  # Typst refuses to write this of a file that is not accessible
        assert b"/Lang" in text
    assert b"/Outlines" in (folder / "report.pdf").read_bytes()


def test_the_same_content_gives_the_same_bytes(folder: Path, made: Content, tmp_path: Path) -> None:
    assert paper.write(made, Theme(), tmp_path, CREATED) == ""
    for path in folder.glob("*.pdf"):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_a_text_is_never_markup_of_typst(made: Content) -> None:
    for source in (report(made, Theme(), CREATED), brief(made, Theme(), CREATED, "a4")):
        without_strings = re.sub(r'"(?:[^"\\]|\\.)*"', '""', source)
        assert "panic" not in without_strings
        assert "eval" not in without_strings
        assert "script" not in without_strings


def test_without_typst_one_line_says_so(made: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    assert paper.write(made, Theme(), tmp_path, CREATED) == 'no PDF is written: pip install "sdforecast[pdf]"'
    assert not list(tmp_path.iterdir())


def test_a_source_that_is_refused_is_told_in_a_line(
    made: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("typst", reason="needs the extra 'pdf'")
    monkeypatch.setattr(paper, "report", lambda *_: "#nothing-of-this-name")
    with pytest.raises(MachineError, match=r"report\.pdf could not be set"):
        paper.write(made, Theme(), tmp_path, CREATED)


def test_links_are_only_those_that_may_be_followed() -> None:
    with pytest.raises(ValueError, match="no link"):
        Link("click", "javascript:alert(1)")
    assert Paragraph([Strong("a"), Link("b", "https://example.org")]).words
