"""What a page says of past forecasts, where there are some."""

from __future__ import annotations

import pytest

pytest.importorskip("scoringrules")

from sdforecast.backtesting.judging import Backtest, judge
from sdforecast.errors import MachineError
from sdforecast.reporting import skill
from tests.backtesting import samples
from tests.reporting.conftest import Element, Report, page_of
from tests.sample_forecast import sample


@pytest.fixture(scope="module")
def past() -> Backtest:
    return judge([samples.result(month, model_sha256="old") for month in samples.MONTHS])


@pytest.fixture(scope="module")
def page(past: Backtest) -> Element:
    return page_of(sample(), past)


def test_without_results_the_section_is_absent(report: Report) -> None:
    assert "How good past forecasts were" not in report.page.text
    assert not [each for each in report.page.every() if each.attributes.get("id") == "past"]


def test_the_section_has_tables_figures_and_what_must_be_known(page: Element, past: Backtest) -> None:
    text = page.text
    assert "How good past forecasts were" in text
    assert "These results are pseudo-prospective" in text
    assert all(sentence in text for sentence in past.worst_in_words())
    captions = [caption.text for caption in page.every("caption")]
    assert sum("weighted interval score over that of “last value”" in caption for caption in captions) == 2
    assert sum("at the two turns" in caption for caption in captions) == 2
    assert any("Projections that others published" in caption for caption in captions)
    assert len(page.every("figure")) == 15
    identifiers = {element.attributes.get("id") for element in page.every()}
    anchors = [a.attributes["href"] for a in page.every("a") if a.attributes["href"].startswith("#")]
    assert "#past" in anchors
    assert {anchor[1:] for anchor in anchors} <= identifiers


def test_the_numbers_are_those_of_the_table(page: Element, past: Backtest) -> None:
    (row,) = past.skill.query(
        "period == 'joint' and target == 'all drug deaths' and horizon == 24 and method == 'sdforecast'"
    ).to_dict("records")
    tables = [table for table in page.every("table") if "All drug deaths: mean weighted" in table.text]
    assert f"{row['relative']:.2f} ({row['low']:.2f}–{row['high']:.2f})" in tables[0].text


def test_results_of_another_model_say_so(past: Backtest) -> None:
    other = "The back-test was made with another version of the model file than this page."
    assert other in skill.section(past, "new").said
    assert other not in skill.section(past, "old").said
    assert other not in skill.section(past).said


def test_a_page_is_made_without_the_libraries_of_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_history: object) -> None:
        raise MachineError("scoringrules is not installed")

    told: list[str] = []
    monkeypatch.setattr(skill, "shipped_backtest", missing)
    monkeypatch.setattr(skill.issuing, "possible", lambda _forecast: True)
    assert skill.past(sample(), told.append) is None
    assert told == ["the page says nothing of past forecasts: scoringrules is not installed"]
