"""The page as a reader, a screen reader, a printer and a hostile title meet it."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import pytest

from sdforecast.forecasting import Forecast
from sdforecast.reporting import page as page_module
from sdforecast.reporting import tables as tables_of
from sdforecast.reporting.page import render
from tests.plot.test_style import contrast
from tests.reporting.conftest import Report, parse, report_of
from tests.sample_forecast import DEATHS, FORMULA, MIXES, SCRIPT, renamed, sample


def test_headings_are_in_order(report: Report) -> None:
    levels = [int(heading.tag[1]) for heading in report.page.every("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_heading_and_list_of_contents_leads_somewhere(report: Report) -> None:
    page = report.page
    identifiers = [element.attributes["id"] for element in page.every() if "id" in element.attributes]
    assert len(identifiers) == len(set(identifiers))
    anchors = [a.attributes["href"] for a in page.every("a") if a.attributes["href"].startswith("#")]
    assert len(anchors) > 8
    assert {anchor[1:] for anchor in anchors} <= set(identifiers)
    assert page.every("a")[0].text == "Skip to the answer"


def test_links_go_to_files_that_are_there(report: Report) -> None:
    links = [a.attributes["href"] for a in report.page.every("a") if not a.attributes["href"].startswith("#")]
    assert {"trajectories.csv", "manifest.json", "figures/deaths.csv"} <= set(links)
    assert all((report.folder / link).is_file() for link in links)


def test_nothing_is_loaded_from_elsewhere(report: Report) -> None:
    page = report.page
    loaded = [e.attributes[key] for e in page.every() for key in ("src", "srcset") if key in e.attributes]
    assert loaded
    assert all(address.startswith("data:image/svg+xml;base64,") for address in loaded)
    assert not page.every("script", "link", "iframe", "object")
    style = page.every("style")[0].text
    assert "url(" not in style
    assert "@import" not in style


def test_every_figure_has_a_text_with_its_finding_and_three_files(report: Report) -> None:
    figures = report.page.every("figure")
    assert len(figures) == 10
    for figure in figures:
        (image,) = figure.every("img")
        assert len(image.attributes["alt"]) > 60
        assert re.search(r"\d", image.attributes["alt"])
        kinds = [Path(a.attributes["href"]).suffix for a in figure.every("a")]
        assert kinds == [".svg", ".png", ".csv"]


def test_every_figure_with_a_range_says_that_it_is_no_probability(report: Report) -> None:
    told = [f.every("figcaption")[0].text for f in report.page.every("figure")]
    names = [f.every("a")[0].text for f in report.page.every("figure")]
    without = {name for name, text in zip(names, told, strict=True) if "not a probability" not in text}
    assert without == {"instruments, SVG", "fit-targets, SVG"}


def test_tables_have_captions_and_headings(report: Report) -> None:
    tables = report.page.every("table")
    assert len(tables) >= 8
    for table in tables:
        assert table.every("caption")[0].text
        assert all(th.attributes["scope"] in ("col", "row") for th in table.every("th"))
        header = len(table.every("thead")[0].every("th"))
        rows = table.every("tbody")[0].every("tr")
        assert rows
        assert all(len(row.children) == header and row.children[0].tag == "th" for row in rows)


def test_scrolling_regions_can_be_reached_by_keyboard_and_have_names(report: Report) -> None:
    regions = [e for e in report.page.every("div") if e.attributes.get("role") == "region"]
    assert regions
    assert all(e.attributes.get("tabindex") == "0" and e.attributes.get("aria-label") for e in regions)


def test_page_has_a_language_a_title_and_a_width_for_telephones(report: Report) -> None:
    page = report.page
    assert page.every("html")[0].attributes["lang"] == "en"
    assert "to December 2035" in page.every("title")[0].text
    assert "width=device-width" in [m.attributes.get("content", "") for m in page.every("meta")][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_enough_contrast(scheme: str) -> None:
    css = (Path(page_module.__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{([^}]*)\}", css)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", blocks[0 if scheme == "light" else 1]))
    colours = {
        name: value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:]) for name, value in found.items()
    }
    for ink, paper in [
        ("ink", "paper"),
        ("quiet", "paper"),
        ("link", "paper"),
        ("ink", "soft"),
        ("warn", "warn-paper"),
    ]:
        assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def test_hostile_texts_stay_texts() -> None:
    title, description = f"{SCRIPT} & “$x^{{”", '"><img src=http://example.org/x onerror=alert(1)>'
    hostile = renamed(sample(), MIXES[1], title=title, description=description)
    html = render(hostile, _no_pictures(hostile))
    page = parse(html)
    assert not page.every("script")
    assert all("onerror" not in e.attributes for e in page.every())
    assert title in [heading.text for heading in page.every("h3")]
    assert description in [p.text for p in page.every("p")]
    # A comment of the model and a source of a constant hold the same script.
    assert html.count("&lt;script&gt;") > 3


def test_headline_is_made_from_the_numbers(report: Report) -> None:
    answers = [p.text for p in report.page.every("p") if p.attributes.get("class") == "answer"]
    # Months 204 to 215 of draw 2: 12 × 2,020 and the months' own numbers, 2,514: 26,754; draws differ by 120.
    assert answers[0] == (
        "Under “Current course”, the model gives about 27,000 deaths in 2027 (nine in ten draws: 27,000 to "
        "27,000); 43,500 were counted in the twelve months to April 2025."
    )
    assert answers[1].startswith(
        "Over 2027–2035, deaths are fewest under “Treatment and naloxone surge”: about 22,000 fewer"
    )
    assert answers[1].endswith("That condition is lowest in all 5 draws.")


def test_page_says_what_must_be_said(report: Report) -> None:
    text = report.page.every("body")[0].text
    for words in (
        "Data to April 2025",
        "988",
        "1-800-662-4357",
        "none is advice",
        "not a probability",
        "not identified",
        "chosen with hindsight",
        "must not be used for",
        "sdforecast forecast",
        "To cite",
        "7.6 %",
    ):
        assert words in text, words
    assert not re.search(r"\b(addicts?|users?|abusers?|junkies)\b", text, re.IGNORECASE)


def test_misses_are_told(report: Report) -> None:
    text = report.page.every("main")[0].text
    assert "Missed by more than a factor of two: Deaths a year (worst: a factor of 2.5, 2013-01 to 2013-12)." in text


def test_constants_stand_under_their_kind_and_what_is_fixed_has_no_bounds(report: Report) -> None:
    tables = {table.every("caption")[0].text: table for table in report.page.every("table")}
    assumed = tables["Assumed: a range by judgement that the observations cannot narrow (1)"]
    assert assumed.every("tbody")[0].every("tr")[0].children[0].text == FORMULA
    fixed = tables["Fixed: definitions, units and data (1)"].every("tbody")[0].every("td")
    assert [cell.text for cell in fixed[:3]] == ["1e-06", "1e-06", "fixed"]


def test_constants_have_their_prior_and_their_posterior(report: Report) -> None:
    tables = {table.every("caption")[0].text: table for table in report.page.every("table")}
    learned = tables["Estimated from the observations (1)"].every("tbody")[0].every("td")
    assert [cell.text for cell in learned[:3]] == ["0.05 (0.01 to 0.2)", "0.06 (0.05 to 0.07)", "learned"]


def test_what_is_carried_on_is_told_only_where_something_is(report: Report) -> None:
    assert "Deaths are not the model alone." in report.page.text
    alone = dataclasses.replace(report.forecast, manifest={**report.forecast.manifest, "propagated": []})
    assert "Deaths are not the model alone." not in parse(render(alone, _no_pictures(alone))).text


def test_a_posterior_of_another_model_or_of_other_data_is_told(report: Report) -> None:
    what = "the posterior was made from others: the data changed since"
    changed = dataclasses.replace(report.forecast, manifest={**report.forecast.manifest, "posterior_differs": [what]})
    assert f"Take these numbers with care: {what}." in parse(render(changed, _no_pictures(changed))).text
    assert "Take these numbers with care" not in report.page.text


def test_fit_tells_coverage_only_where_it_is_judged(report: Report) -> None:
    judged = report.forecast.fit.assign(judged=[True, False], cover_90=[91.1, 50.0])
    rows = tables_of.fit(dataclasses.replace(report.forecast, fit=judged)).rows
    assert [row[-1] for row in rows] == ["91 %", "–"]


def test_the_fall_of_deaths_is_taken_apart(report: Report) -> None:
    turn = {"counted": -44.01, "model": -29.4, "no shock": 0.4}
    told = dataclasses.replace(report.forecast, summary={**report.forecast.summary, "turn": turn})
    text = parse(render(told, _no_pictures(told))).text
    assert "counted −44 %; model alone −29 %; without both 0 %" in text


def test_one_condition_alone_has_no_comparison() -> None:
    page = parse(render(sample(MIXES[:1]), _no_pictures(sample(MIXES[:1]))))
    assert "comparison" not in [e.attributes.get("id") for e in page.every("h2")]
    assert "One condition was run: there is no comparison." in [p.text for p in page.every("p")]


def test_one_set_has_no_range() -> None:
    forecast = sample(draws=1)
    text = parse(render(forecast, _no_pictures(forecast))).every("main")[0].text
    assert "One draw was run, so no range is shown." in text
    assert "nine in ten draws:" not in text


def test_another_model_leaves_out_what_it_lacks_and_says_so() -> None:
    forecast = sample(variables=["fentanyl share"])
    page = parse(render(forecast, _no_pictures(forecast)))
    told = [p.text for p in page.every("p")]
    assert (
        "The model has no variable “synthetic opioid deaths”: headline, comparison and fit by month are left out."
        in told
    )
    assert "The model has none of the variables of the sector “Production”." in told
    assert [h.text for h in page.every("h3") if h.text in page_module.SECTORS] == ["Demand"]


def test_a_bare_forecast_still_gives_a_page(tmp_path: Path) -> None:
    full = sample(MIXES[:2], draws=2, variables=[DEATHS])
    bare = dataclasses.replace(
        full, targets=full.targets.iloc[:0], fit=full.fit.iloc[:0], parameters=full.parameters.iloc[:0],
        history=full.history.iloc[:0], summary={}, manifest={},
    )  # fmt: skip
    page = report_of(bare, tmp_path).page
    assert "fit" not in [e.attributes.get("id") for e in page.every("h2")]
    assert "No table of constants came with this model." in [p.text for p in page.every("p")]


def _no_pictures(forecast: Forecast) -> dict[str, page_module.Picture]:
    """Empty pictures for every figure of a forecast: the page without drawing."""
    from sdforecast.reporting.figures import Picture, sketches

    return {s.name: Picture(s.name, "data:,", "data:,", s.form, s.finding, s.note) for s in sketches(forecast)}
